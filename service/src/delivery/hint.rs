//! What to mend when a campaign has stopped by itself: words for every code that can stop one.

/// What to do about a `state_reason`, in Chinese and English.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    pub chinese: &'static str,
    pub english: &'static str,
}

macro_rules! hints {
    ($($($code:literal)|+ => $zh:literal, $en:literal;)+) => {
        /// Every code that has words of its own.
        pub const CODES: &[&str] = &[$($($code,)+)+];

        fn known(code: &str) -> Option<Hint> {
            match code {
                $($($code)|+ => Some(Hint { chinese: $zh, english: $en }),)+
                _ => None,
            }
        }
    };
}

hints! {
    "by_staff" => "员工手动暂停。需要时点击继续。",
        "Paused by staff. Resume it when it may go on.";
    "error_rate" => "失败比例过高，已自动暂停。请在发送明细里查看失败代码，处理后再继续。",
        "Too large a share failed. Look at the codes in its deliveries, mend the cause, then resume.";
    "budget_campaign" => "活动预算已用完。请提高预算后继续，或就此结束。",
        "The campaign's budget is used up. Raise it and resume, or end the campaign.";
    "budget_month" | "budget_brand" => "品牌的营销预算已用完。请在设置里调整上限，或等到下个月。",
        "The brand's budget is used up. Change the ceiling in the settings, or wait for the next month.";
    "40037" => "模板编号不正确，或模板已从小程序后台删除。请换成现有模板后继续。",
        "The template id is wrong or the template was deleted. Choose a template that exists, then resume.";
    "41030" => "跳转页面不在已发布的小程序版本里。请改正页面路径，或先发布新版本。",
        "The page is not in the released mini-program. Correct the path or release the version that has it.";
    "43107" => "订阅消息能力或该模板被平台封禁。请到小程序后台查看处罚原因并申诉。",
        "WeChat has banned subscribe messages or this template. See the notice in the mini-program's admin site and appeal.";
    "47003" => "消息内容连续不符合模板的参数规则。请检查各参数的类型、长度和变量。",
        "Content was refused several times in a row. Check each parameter's type, length and variables against the template.";
    "45168" => "消息内容连续含有敏感词。请修改文案后继续。",
        "The text was refused several times in a row for a sensitive word. Change the wording.";
    "48001" | "48004" => "账号没有此接口的权限，或接口被封禁。请到小程序后台检查权限。",
        "The account may not use this API, or it was banned. Check its permissions in the admin site.";
    "40001" | "40014" | "42001" | "41001" => "访问凭证反复失效。请检查 AppSecret，以及是否有别的系统在刷新凭证。",
        "The access token keeps being refused. Check the AppSecret and whether another system refreshes the token.";
    "40013" | "40125" | "41002" | "41004" => "AppID 或 AppSecret 不正确。请更新设置并重启。",
        "The AppID or AppSecret is wrong. Correct the settings and restart.";
    "40164" => "服务器地址不在微信 IP 白名单内。请在小程序后台添加。",
        "This server's address is not in WeChat's IP whitelist. Add it in the admin site.";
    "40243" => "AppSecret 已被冻结。请在小程序后台解冻。",
        "The AppSecret is frozen. Unfreeze it in the admin site.";
    "sms_template_missing" => "没有一家短信供应商配置了此模板。请在活动里填写模板编号。",
        "No configured SMS supplier has this template. Fill in the template ids of the campaign.";
    "FailedOperation.TemplateIncorrectOrUnapproved" | "FailedOperation.TemplateUnapprovedOrNotExist" | "isv.SMS_TEMPLATE_ILLEGAL"
        => "短信模板不存在或未通过审核。请检查模板编号，或等待审核通过。",
        "The SMS template does not exist or is not approved. Check its id or wait for the approval.";
    "FailedOperation.SignatureIncorrectOrUnapproved" | "isv.SMS_SIGNATURE_ILLEGAL" | "isv.SMS_SIGN_ILLEGAL" | "isv.SIGN_STATE_ILLEGAL"
        => "短信签名不存在、未通过审核或未实名报备。请在供应商控制台处理。",
        "The SMS signature does not exist, is not approved or not registered. Settle it in the supplier's console.";
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL" => "签名的用途与模板类型不符。请使用适用于营销的签名。",
        "The signature's purpose does not fit the template's kind. Use one that is meant for it.";
    "InvalidParameterValue.MarketingTemplateWithoutUnsubscribe" => "营销短信模板缺少退订方式。请在模板里写明“拒收请回复R”。",
        "The marketing template lacks the opt-out words. Add them (拒收请回复R) to the template.";
    "FailedOperation.InsufficientBalanceInSmsPackage" | "isv.AMOUNT_NOT_ENOUGH" => "短信余额不足。请充值后继续。",
        "The SMS balance is used up. Top it up, then resume.";
    "UnauthorizedOperation.ServiceSuspendDueToArrears" | "isv.OUT_OF_SERVICE" => "短信服务因欠费停用。请结清后继续。",
        "The SMS service is suspended for arrears. Settle them, then resume.";
    "isv.PRODUCT_UN_SUBSCRIPT" | "isv.PRODUCT_UNSUBSCRIBE" => "账号没有开通短信服务。请在供应商控制台开通。",
        "The account has no SMS service. Open it in the supplier's console.";
    "isv.ACCOUNT_NOT_EXISTS" | "isv.ACCOUNT_ABNORMAL" | "isp.RAM_PERMISSION_DENY" | "isv.DENY_IP_RANGE"
        | "UnauthorizedOperation.SmsSdkAppIdVerifyFail" | "UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny"
        => "短信账号不可用或权限不足。请检查账号、密钥权限和 IP 限制。",
        "The SMS account can't be used or lacks a permission. Check the account, the key's rights and its IP limits.";
    "SignatureDoesNotMatch" | "AuthFailure.SignatureFailure" | "AuthFailure.SecretIdNotFound" | "InvalidAccessKeyId.NotFound"
        => "短信接口的密钥不正确。请更新设置并重启。",
        "The SMS API key is wrong. Correct the settings and restart.";
    "InvalidTimeStamp.Expired" | "AuthFailure.SignatureExpire" => "服务器时间不准。请校准时间（NTP）。",
        "This server's clock is wrong. Run NTP.";
    "isv.TEMPLATE_MISSING_PARAMETERS" | "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
        => "短信参数与模板的变量对不上。请检查参数的数量和名称。",
        "The parameters do not match the SMS template's variables. Check their number and names.";
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter" | "isv.PARAM_NOT_SUPPORT_URL"
        => "短信变量里不能放网址。请把网址写进模板，变量用 {{opt_out_token}}。",
        "Web addresses are not allowed in SMS variables. Put the address into the template and use {{opt_out_token}}.";
    "isv.BLACK_KEY_CONTROL_LIMIT" | "isv.SMS_CONTENT_ILLEGAL" | "FailedOperation.ContainSensitiveWord"
        => "短信内容连续含有敏感词。请修改文案后继续。",
        "The text was refused several times in a row for a sensitive word. Change the wording.";
    "isv.PARAM_LENGTH_LIMIT" | "InvalidParameterValue.TemplateParameterLengthLimit" | "InvalidParameterValue.ContentLengthLimit"
        => "短信变量或全文过长。请缩短后继续。",
        "A variable or the whole text is too long. Shorten it.";
}

const OTHER: Hint = Hint {
    chinese: "平台拒绝了此活动的消息。请在发送明细里查看代码，处理后再继续。",
    english: "The platform refuses this campaign's messages. Look at the code in its deliveries, mend it, then resume.",
};

/// Words for a campaign's `state_reason`.
pub fn hint(code: &str) -> Hint {
    known(code).unwrap_or(OTHER)
}
