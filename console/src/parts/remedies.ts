/**
 * What to do about the code that a platform gave with its no, for every code that `service/src/delivery/hint.rs` and the platforms'
 * clients know; a test holds them together. What a campaign that has paused is told (`state_hint`) is the API's own.
 */
import { t } from '@/words'
import type { Words } from '@/words/zh-CN'

type Remedy = keyof Words['remedies']

const CODES: Record<Remedy, readonly string[]> = {
  wechatTemplate: ['40037'],
  wechatPage: ['41030'],
  wechatConsent: ['43101'],
  wechatOpenid: ['40003', '43104'],
  wechatBanned: ['43107'],
  wechatContent: ['47003'],
  wechatPermission: ['48001', '48004'],
  wechatToken: ['40001', '40014', '41001', '42001'],
  wechatSecret: ['40013', '40125', '41002', '41004'],
  wechatAddress: ['40164'],
  wechatFrozen: ['40243'],
  wechatQuota: ['44993', '45009'],
  samePerson: ['43108'],
  sensitive: ['45168', 'isv.BLACK_KEY_CONTROL_LIMIT', 'isv.SMS_CONTENT_ILLEGAL', 'FailedOperation.ContainSensitiveWord'],
  tooFast: ['44990', '44991', '45011', '45047', 'Throttling', 'Throttling.User', 'RequestLimitExceeded'],
  busy: ['-1', '20001', '200001', 'isp.SYSTEM_ERROR', 'ServiceUnavailable', 'InternalError'],
  unheard: ['timeout', 'SignatureNonceUsed', 'InternalError.Timeout', 'InternalError.SendAndRecvFail'],
  notConfigured: ['channel_not_configured', 'setting'],
  smsTemplateMissing: ['sms_template_missing'],
  smsTemplate: [
    'isv.SMS_TEMPLATE_ILLEGAL',
    'FailedOperation.TemplateIncorrectOrUnapproved',
    'FailedOperation.TemplateUnapprovedOrNotExist',
  ],
  smsSignature: [
    'isv.SMS_SIGNATURE_ILLEGAL',
    'isv.SMS_SIGN_ILLEGAL',
    'isv.SIGN_STATE_ILLEGAL',
    'FailedOperation.SignatureIncorrectOrUnapproved',
  ],
  smsSignaturePurpose: ['isv.SMS_SIGNATURE_SCENE_ILLEGAL'],
  smsOptOut: ['InvalidParameterValue.MarketingTemplateWithoutUnsubscribe'],
  smsParameters: [
    'isv.TEMPLATE_MISSING_PARAMETERS',
    'isv.TEMPLATE_PARAMS_ILLEGAL',
    'isv.INVALID_JSON_PARAM',
    'FailedOperation.TemplateParamSetNotMatchApprovedTemplate',
    'InvalidParameterValue.TemplateParameterFormatError',
    'InvalidParameterValue.UnsupportedTemplateVariable',
  ],
  smsAddress: ['isv.PARAM_NOT_SUPPORT_URL', 'InvalidParameterValue.ProhibitedUseUrlInTemplateParameter'],
  smsLength: [
    'isv.PARAM_LENGTH_LIMIT',
    'InvalidParameterValue.TemplateParameterLengthLimit',
    'InvalidParameterValue.ContentLengthLimit',
  ],
  smsNumber: ['isv.MOBILE_NUMBER_ILLEGAL', 'isv.DOMESTIC_NUMBER_NOT_SUPPORTED', 'InvalidParameterValue.IncorrectPhoneNumber'],
  smsRefused: ['FailedOperation.PhoneNumberInBlacklist'],
  smsNumberLimit: [
    'isv.BUSINESS_LIMIT_CONTROL',
    'LimitExceeded.PhoneNumberThirtySecondLimit',
    'LimitExceeded.PhoneNumberOneHourLimit',
    'LimitExceeded.PhoneNumberDailyLimit',
    'LimitExceeded.PhoneNumberSameContentDailyLimit',
    'LimitExceeded.DeliveryFrequencyLimit',
  ],
  smsQuota: ['isv.DAY_LIMIT_CONTROL', 'isv.MONTH_LIMIT_CONTROL', 'LimitExceeded.AppDailyLimit'],
  smsHours: ['FailedOperation.MarketingSendTimeConstraint'],
  smsBalance: ['isv.AMOUNT_NOT_ENOUGH', 'FailedOperation.InsufficientBalanceInSmsPackage'],
  smsArrears: ['isv.OUT_OF_SERVICE', 'UnauthorizedOperation.ServiceSuspendDueToArrears'],
  smsService: ['isv.PRODUCT_UN_SUBSCRIPT', 'isv.PRODUCT_UNSUBSCRIBE'],
  smsAccount: [
    'isv.ACCOUNT_NOT_EXISTS',
    'isv.ACCOUNT_ABNORMAL',
    'isv.DENY_IP_RANGE',
    'isp.RAM_PERMISSION_DENY',
    'UnauthorizedOperation.SmsSdkAppIdVerifyFail',
    'UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny',
  ],
  smsKey: ['SignatureDoesNotMatch', 'InvalidAccessKeyId.NotFound', 'AuthFailure.SignatureFailure', 'AuthFailure.SecretIdNotFound'],
  clock: ['InvalidTimeStamp.Expired', 'AuthFailure.SignatureExpire', 'isv.invalid-timestamp'],
  connection: ['connect', 'connection_lost'],
  slow: ['http_502', 'http_503', 'http_504', 'unreadable'],
  alipayApp: ['isv.invalid-app-id', 'isv.missing-app-id'],
  alipayKey: ['isv.invalid-signature', 'isv.missing-signature', 'isv.missing-signature-key'],
  alipayPublicKey: ['signature'],
}

const REMEDIES = new Map(
  Object.entries(CODES).flatMap(([remedy, codes]) => codes.map((code) => [code, remedy as Remedy] as const)),
)

/** '' where nothing is known of the code. */
export function remedyFor(code?: string | null): string {
  const remedy = REMEDIES.get(code ?? '')
  return remedy ? t(`remedies.${remedy}`) : ''
}
