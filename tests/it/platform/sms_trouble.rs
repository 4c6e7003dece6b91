//! Whose trouble each code of the SMS providers is.

use platform::sms::{SmsTrouble, is_account, trouble};
use platform::{Class, Error};

#[test]
fn each_code_says_whether_another_supplier_may_be_asked() {
    use SmsTrouble::{Content, Limit, Number, Other, Refused, Supplier, Template, Unheard};
    for (class, code, due) in [
        (Class::Unknown, "timeout", Unheard),
        (Class::Unknown, "connection_lost", Unheard),
        (Class::Unknown, "http_502", Unheard),
        (Class::Unknown, "InternalError.Timeout", Unheard),
        (Class::Busy, "connect", Supplier),
        (Class::Busy, "isp.SYSTEM_ERROR", Supplier),
        (Class::Throttled, "http_503", Supplier),
        (Class::Throttled, "RequestLimitExceeded", Supplier),
        (Class::Throttled, "LimitExceeded.AppDailyLimit", Supplier),
        (Class::Token, "SignatureDoesNotMatch", Supplier),
        (Class::Busy, "isv.AMOUNT_NOT_ENOUGH", Supplier),
        (Class::Permanent, "isv.SMS_SIGNATURE_ILLEGAL", Template),
        (Class::Permanent, "FailedOperation.TemplateIncorrectOrUnapproved", Template),
        (Class::Permanent, "InvalidParameterValue.MarketingTemplateWithoutUnsubscribe", Template),
        (Class::Permanent, "isv.TEMPLATE_MISSING_PARAMETERS", Content),
        (Class::Permanent, "FailedOperation.ContainSensitiveWord", Content),
        (Class::Permanent, "isv.MOBILE_NUMBER_ILLEGAL", Number),
        (Class::Permanent, "FailedOperation.PhoneNumberInBlacklist", Refused),
        (Class::Throttled, "FailedOperation.MarketingSendTimeConstraint", Limit),
        (Class::Busy, "LimitExceeded.PhoneNumberThirtySecondLimit", Limit),
        (Class::Permanent, "isv.BUSINESS_LIMIT_CONTROL", Limit),
        (Class::Permanent, "isv.SOMETHING_NEW", Other),
    ] {
        assert_eq!(trouble(&Error::new(class, code, "")), due, "{code}");
    }
}

#[test]
fn an_account_that_cannot_send_is_told_from_one_that_is_only_full_for_today() {
    assert!(is_account(&Error::new(Class::Busy, "isv.AMOUNT_NOT_ENOUGH", "")));
    assert!(is_account(&Error::new(Class::Token, "AuthFailure.SecretIdNotFound", "")));
    assert!(!is_account(&Error::new(Class::Throttled, "LimitExceeded.AppDailyLimit", "")));
    assert!(!is_account(&Error::new(Class::Busy, "connect", "")));
}
