//! Every reason for which a rule of the business says no: a stable code, and its words in Chinese and English.

macro_rules! refusals {
    ($($name:ident = $code:literal, $zh:literal, $en:literal;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Refusal { $($name,)+ }

        impl Refusal {
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }
            pub fn chinese(self) -> &'static str {
                match self { $(Self::$name => $zh,)+ }
            }
            pub fn english(self) -> &'static str {
                match self { $(Self::$name => $en,)+ }
            }
        }
    };
}

refusals! {
    IdempotencyKeyReused = "idempotency_key_reused", "同一个幂等键已用于另一个请求", "This idempotency key was used for another request.";
    RequestInProgress = "request_in_progress", "同一请求正在处理，请稍候", "The same request is still being worked on.";
    SmsCodeWrong = "sms_code_wrong", "验证码不正确", "The code is not right.";
    SmsCodeExpired = "sms_code_expired", "验证码已失效，请重新获取", "The code has expired. Ask for a new one.";
    SmsCodeTriesExceeded = "sms_code_tries_exceeded", "验证码输错次数过多，请重新获取", "Too many wrong tries. Ask for a new code.";
    SignInCodeInvalid = "sign_in_code_invalid", "登录凭证无效或已用过，请重试", "The sign-in code is invalid or already used.";
    SignInRisky = "sign_in_risky", "平台拒绝了这次登录", "The platform refused this sign-in.";
    PhoneRequired = "phone_required", "请先授权手机号完成入会", "A phone number is needed to enrol.";
    WechatTaken = "wechat_taken", "该手机号的会员已绑定另一个微信", "The member with this phone is bound to another WeChat account.";
    AlipayTaken = "alipay_taken", "该手机号的会员已绑定另一个支付宝", "The member with this phone is bound to another Alipay account.";
    BehaviourConsentRequired = "behaviour_consent_required", "会员没有同意记录浏览行为", "The member has not agreed to keeping what they do in the mini-program.";
    MemberDisabled = "member_disabled", "会员资格已停用", "This membership is disabled.";
    StaffDisabled = "staff_disabled", "员工账号已停用", "This staff account is disabled.";
    ChallengeExpired = "challenge_expired", "验证已超时或已使用，请重试", "The challenge is too old or was used. Begin again.";
    PasskeyInvalid = "passkey_invalid", "通行密钥验证失败", "The passkey could not be verified.";
    PasskeyCloned = "passkey_cloned", "该通行密钥疑似被复制，已停用，请用其他方式登录后重新添加", "The passkey seems to have been copied and is refused. Sign in another way and add it anew.";
    PasskeyLimitReached = "passkey_limit_reached", "通行密钥数量已达上限", "There are as many passkeys as allowed.";
    SoterRefused = "soter_refused", "指纹或面容验证失败", "The fingerprint or face could not be verified.";
    SoterReplayed = "soter_replayed", "该验证结果已用过", "This verification was used before.";
    LoginWrong = "login_wrong", "账号或密码不正确", "The login or password is not right.";
    PasswordTooWeak = "password_too_weak", "密码至少 10 位", "A password needs at least 10 characters.";
    PasswordChangeRequired = "password_change_required", "请先修改一次性密码", "Change the one-time password first.";
    LastOwner = "last_owner", "至少要保留一位在职的店主账号", "The last active owner stays an owner.";
    LoginTaken = "login_taken", "该账号名已被使用", "This login is taken.";
    RefreshTokenInvalid = "refresh_token_invalid", "登录已过期，请重新登录", "The session has ended. Sign in again.";
    RefreshTokenReused = "refresh_token_reused", "登录凭证被重复使用，已全部退出", "The refresh token was used twice; the session is revoked.";
    CardCodeInvalid = "card_code_invalid", "无法识别的会员码", "This is not a card code of ours.";
    CardCodeExpired = "card_code_expired", "会员码已过期，请顾客刷新", "The card code is too old. Ask the member to refresh it.";
    CardCodeUsed = "card_code_used", "会员码已被扫过，请顾客刷新", "The card code was already scanned. Ask the member to refresh it.";
    ScanExpired = "scan_expired", "扫码已超时，请重新扫码", "The scan has expired. Scan again.";
    StoreNotPermitted = "store_not_permitted", "您没有该门店的权限", "You have no permission for this store.";
    StoreClosed = "store_closed", "门店已停业", "The store is closed.";
    CodeTaken = "code_taken", "该编码已被使用", "This code is taken.";
    NameTaken = "name_taken", "该名称已被使用", "This name is taken.";
    OrderNumberTaken = "order_number_taken", "该门店已有同号订单且内容不同", "The store has another order with this number.";
    CouponSoldOut = "coupon_sold_out", "已领完", "All copies have been claimed.";
    CouponLimitReached = "coupon_limit_reached", "您已领满该券", "You have claimed as many as allowed.";
    CouponNotClaimable = "coupon_not_claimable", "该券目前不可领取", "This coupon can't be claimed now.";
    NothingToStop = "nothing_to_stop", "这是服务通知，不能退订", "This is a service message; there is nothing to opt out of.";
    CouponNotOwned = "coupon_not_owned", "该券不属于这位会员", "The coupon does not belong to this member.";
    CouponAlreadyRedeemed = "coupon_already_redeemed", "该券已核销", "The coupon has already been redeemed.";
    CouponExpired = "coupon_expired", "该券已过期", "The coupon has expired.";
    CouponNotYetValid = "coupon_not_yet_valid", "该券还未到使用时间", "The coupon is not valid yet.";
    CouponVoided = "coupon_voided", "该券已作废", "The coupon has been voided.";
    CouponLocked = "coupon_locked", "该券已被其他订单占用", "The coupon is held by another order.";
    CouponWrongStore = "coupon_wrong_store", "该券不能在此门店使用", "The coupon is not for this store.";
    CouponThresholdNotMet = "coupon_threshold_not_met", "未达到使用门槛", "The amount is below the coupon's threshold.";
    RequestNumberReused = "request_number_reused", "同一请求号已用于另一次核销", "This request number was used for another redemption.";
    RedemptionAlreadyReversed = "redemption_already_reversed", "该核销已撤销", "The redemption has already been reversed.";
    TemplateHasCopies = "template_has_copies", "已有人领取，不能修改规则", "Copies exist, so the rules can't change.";
    CampaignStateConflict = "campaign_state_conflict", "活动当前状态不允许这样做", "The campaign's state does not allow this.";
    CampaignIncomplete = "campaign_incomplete", "活动内容不完整", "The campaign is not complete.";
    CampaignNeedsApproval = "campaign_needs_approval", "活动须由最后编辑者以外的同事审核；店里只有一人时，请添加账号或在规则中关闭审核", "Somebody else than the last editor has to approve this version. With one account only: add another, or turn reviews off in the settings.";
    ApprovalByEditor = "approval_by_editor", "不能审核自己最后编辑的活动", "Who edited the campaign last can't approve it.";
    CampaignVersionChanged = "campaign_version_changed", "活动已被他人修改，请重新查看", "The campaign has been edited meanwhile. Read it again.";
    CampaignMustBePaused = "campaign_must_be_paused", "活动正在发送，请先暂停再修改", "The campaign is sending. Pause it, then edit it.";
    CampaignInFlight = "campaign_in_flight", "还有消息正在发送，请稍后再更换模板", "Some messages are still on their way. Change the template in a moment.";
    OfferOver = "offer_over", "活动优惠已结束，不再发送", "The campaign's offer has ended, so nothing is sent any more.";
    UnknownNotReplayed = "unknown_not_replayed", "结果未知的消息可能已送达，不再重发", "A message whose answer was never heard may have arrived; it is never sent again.";
    DeadLetterUndecodable = "dead_letter_undecodable", "消息内容无法解码，请附上更正后的内容再重放", "The message can't be decoded. Replay it with a corrected body.";
    DeadLetterDiscarded = "dead_letter_discarded", "该死信已被丢弃", "The dead letter was discarded.";
    DeadLetterReplayed = "dead_letter_replayed", "该死信已重放", "The dead letter was replayed.";
    SegmentInUse = "segment_in_use", "分群正被活动使用", "A campaign uses this segment.";
    ChannelNotConfigured = "channel_not_configured", "该渠道还未配置", "This channel is not configured.";
    CallbackSignatureInvalid = "callback_signature_invalid", "回调签名不正确", "The callback's signature is wrong.";
}
