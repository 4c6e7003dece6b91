//! Whose trouble a refusal is: the supplier's, its template's, the message's own, or nobody can say. It decides whether another
//! supplier may be asked at once; a message whose answer was not heard never goes to another.

use crate::{Class, Error};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsTrouble {
    /// The answer was never heard.
    Unheard,
    /// Away, throttled, credentials refused, account empty: another supplier may take it. Surely without effect.
    Supplier,
    /// The supplier does not take this template or signature; another one may have its own.
    Template,
    /// What is said breaks the template's rules.
    Content,
    /// The number is no number.
    Number,
    /// Its holder, or the carrier for them, has refused such messages.
    Refused,
    /// A limit for this number that protects its holder, or the law's hours: another supplier must not get round it.
    Limit,
    /// Any other no.
    Other,
}

/// The account itself, whatever is sent.
const SUPPLIER: [&str; 12] = [
    "FailedOperation.InsufficientBalanceInSmsPackage",
    "UnauthorizedOperation.ServiceSuspendDueToArrears",
    "UnauthorizedOperation.SmsSdkAppIdVerifyFail",
    "UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny",
    "LimitExceeded.AppDailyLimit",
    "isv.AMOUNT_NOT_ENOUGH",
    "isv.OUT_OF_SERVICE",
    "isv.PRODUCT_UN_SUBSCRIPT",
    "isv.PRODUCT_UNSUBSCRIBE",
    "isv.ACCOUNT_NOT_EXISTS",
    "isv.ACCOUNT_ABNORMAL",
    "isp.RAM_PERMISSION_DENY",
];
const TEMPLATE: [&str; 9] = [
    "FailedOperation.SignatureIncorrectOrUnapproved",
    "FailedOperation.TemplateIncorrectOrUnapproved",
    "FailedOperation.TemplateUnapprovedOrNotExist",
    "InvalidParameterValue.MarketingTemplateWithoutUnsubscribe",
    "isv.SMS_TEMPLATE_ILLEGAL",
    "isv.SMS_SIGNATURE_ILLEGAL",
    "isv.SMS_SIGN_ILLEGAL",
    "isv.SIGN_STATE_ILLEGAL",
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
];
const CONTENT: [&str; 14] = [
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
    "FailedOperation.ContainSensitiveWord",
    "InvalidParameterValue.ContentLengthLimit",
    "InvalidParameterValue.TemplateParameterLengthLimit",
    "InvalidParameterValue.TemplateParameterFormatError",
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
    "InvalidParameterValue.UnsupportedTemplateVariable",
    "isv.TEMPLATE_MISSING_PARAMETERS",
    "isv.TEMPLATE_PARAMS_ILLEGAL",
    "isv.SMS_CONTENT_ILLEGAL",
    "isv.BLACK_KEY_CONTROL_LIMIT",
    "isv.PARAM_LENGTH_LIMIT",
    "isv.PARAM_NOT_SUPPORT_URL",
    "isv.INVALID_JSON_PARAM",
];
const LIMIT: [&str; 7] = [
    "FailedOperation.MarketingSendTimeConstraint",
    "LimitExceeded.PhoneNumberThirtySecondLimit",
    "LimitExceeded.PhoneNumberOneHourLimit",
    "LimitExceeded.PhoneNumberDailyLimit",
    "LimitExceeded.PhoneNumberSameContentDailyLimit",
    "LimitExceeded.DeliveryFrequencyLimit",
    "isv.BUSINESS_LIMIT_CONTROL",
];

pub fn trouble(error: &Error) -> SmsTrouble {
    let code = error.code.as_str();
    match code {
        _ if error.class == Class::Unknown => SmsTrouble::Unheard,
        _ if LIMIT.contains(&code) => SmsTrouble::Limit,
        _ if TEMPLATE.contains(&code) => SmsTrouble::Template,
        _ if CONTENT.contains(&code) => SmsTrouble::Content,
        _ if SUPPLIER.contains(&code) => SmsTrouble::Supplier,
        "FailedOperation.PhoneNumberInBlacklist" => SmsTrouble::Refused,
        "InvalidParameterValue.IncorrectPhoneNumber"
        | "isv.MOBILE_NUMBER_ILLEGAL"
        | "isv.DOMESTIC_NUMBER_NOT_SUPPORTED" => SmsTrouble::Number,
        _ => match error.class {
            Class::Token | Class::Throttled | Class::Busy => SmsTrouble::Supplier,
            Class::Permanent | Class::Unknown => SmsTrouble::Other,
        },
    }
}

/// Whether an account that cannot send at all is behind it, which a person has to mend.
pub fn is_account(error: &Error) -> bool {
    error.class == Class::Token || SUPPLIER.contains(&error.code.as_str()) && error.class != Class::Throttled
}
