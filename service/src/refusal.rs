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
    SecondFactorRequired = "second_factor_required", "请输入动态验证码", "A code of the second factor is needed.";
    SecondFactorWrong = "second_factor_wrong", "动态验证码不正确或已用过", "The code is wrong or was used before.";
    SecondFactorOn = "second_factor_on", "两步验证已开启", "The second factor is on already.";
    SecondFactorMissing = "second_factor_missing", "请先开启两步验证", "Turn on the second factor first.";
    LastOwner = "last_owner", "至少要保留一位在职的店主账号", "The last active owner stays an owner.";
    LoginTaken = "login_taken", "该账号名已被使用", "This login is taken.";
    RefreshTokenInvalid = "refresh_token_invalid", "登录已过期，请重新登录", "The session has ended. Sign in again.";
    RefreshTokenReused = "refresh_token_reused", "登录凭证被重复使用，已全部退出", "The refresh token was used twice; the session is revoked.";
    CardCodeInvalid = "card_code_invalid", "无法识别的会员码", "This is not a card code of ours.";
    CardCodeExpired = "card_code_expired", "会员码已过期，请顾客刷新", "The card code is too old. Ask the member to refresh it.";
    CardCodeUsed = "card_code_used", "会员码已被扫过，请顾客刷新", "The card code was already scanned. Ask the member to refresh it.";
    CardCodeNeeded = "card_code_needed", "请扫会员码办理", "This needs the code of the member's card.";
    ScanExpired = "scan_expired", "扫码已超时，请重新扫码", "The scan has expired. Scan again.";
    StoreNotPermitted = "store_not_permitted", "您没有该门店的权限", "You have no permission for this store.";
    StoreClosed = "store_closed", "门店已停业", "The store is closed.";
    CodeTaken = "code_taken", "该编码已被使用", "This code is taken.";
    NameTaken = "name_taken", "该名称已被使用", "This name is taken.";
    OrderNumberTaken = "order_number_taken", "该门店已有同号订单且内容不同", "The store has another order with this number.";
    CouponSoldOut = "coupon_sold_out", "已领完", "All copies have been claimed.";
    CouponLimitReached = "coupon_limit_reached", "您已领满该券", "You have claimed as many as allowed.";
    CouponNotForTier = "coupon_not_for_tier", "您的等级暂不能领取该券", "This coupon is for members of other tiers.";
    CouponNotClaimable = "coupon_not_claimable", "该券目前不可领取", "This coupon can't be claimed now.";
    NothingToStop = "nothing_to_stop", "这是服务通知，不能退订", "This is a service message; there is nothing to opt out of.";
    CouponNotOwned = "coupon_not_owned", "该券不属于这位会员", "The coupon does not belong to this member.";
    CouponAlreadyRedeemed = "coupon_already_redeemed", "该券已核销", "The coupon has already been redeemed.";
    CouponExpired = "coupon_expired", "该券已过期", "The coupon has expired.";
    CouponNotYetValid = "coupon_not_yet_valid", "该券还未到使用时间", "The coupon is not valid yet.";
    CouponVoided = "coupon_voided", "该券已作废", "The coupon has been voided.";
    CouponLocked = "coupon_locked", "该券已被其他订单占用", "The coupon is held by another order.";
    CouponNotLocked = "coupon_not_locked", "该券未被此订单锁定", "The coupon is not locked for this order.";
    CouponWrongStore = "coupon_wrong_store", "该券不能在此门店使用", "The coupon is not for this store.";
    CouponThresholdNotMet = "coupon_threshold_not_met", "未达到使用门槛", "The amount is below the coupon's threshold.";
    CouponWrongChannel = "coupon_wrong_channel", "该券不能在此渠道使用", "The coupon is not for this channel.";
    CouponOutsideHours = "coupon_outside_hours", "不在该券的可用时段", "The coupon can't be used at this hour.";
    CouponFirstOrderOnly = "coupon_first_order_only", "仅限首单使用", "The coupon is for a first order.";
    CouponNoMatchingGoods = "coupon_no_matching_goods", "没有适用的商品", "The order has none of the goods that the coupon is for.";
    CouponsNotStackable = "coupons_not_stackable", "这些券不能一起使用", "These coupons can't be used together.";
    QuoteChanged = "quote_changed", "优惠已变化，请重新确认", "What was quoted has changed. Confirm it again.";
    CouponSoldOutToday = "coupon_sold_out_today", "今日已领完，请明天再来", "Today's copies have been claimed. Come back tomorrow.";
    CouponDailyLimitReached = "coupon_daily_limit_reached", "您今日已领满该券", "You have claimed as many as allowed in a day.";
    CouponNotTransferable = "coupon_not_transferable", "该券不能转赠", "This coupon can't be given away.";
    TransferOver = "transfer_over", "转赠已失效", "The gift has been taken, called back, or has expired.";
    CouponNotOffline = "coupon_not_offline", "该券须联网核销", "This coupon can only be used at a till that is connected.";
    CouponCodeInvalid = "coupon_code_invalid", "兑换码无效", "This is not a coupon code of ours.";
    CouponCodeUsed = "coupon_code_used", "兑换码已被使用", "This coupon code has been used.";
    ReversalNeedsManager = "reversal_needs_manager", "已超过撤销时限，请店长操作", "Only a manager may take this redemption back now.";
    OfflineTokenInvalid = "offline_token_invalid", "离线券码无效", "This is not an offline coupon code of ours.";
    OfflineTokenExpired = "offline_token_expired", "离线券码已过期", "The offline coupon code had expired when it was used.";
    OfflineGrantOver = "offline_grant_over", "离线授权已过期", "The till's permission to redeem while cut off had ended.";
    OfflineCeilingReached = "offline_ceiling_reached", "超出离线核销额度", "The till has used up what it may take off while cut off.";
    RequestNumberReused = "request_number_reused", "同一请求号已用于另一次核销", "This request number was used for another redemption.";
    RedemptionAlreadyReversed = "redemption_already_reversed", "该核销已撤销", "The redemption has already been reversed.";
    PackHasClaims = "pack_has_claims", "已有人领取，券和份数不能改，每人限领只能调高", "Members have taken it, so its coupons can't change and the limit can only rise.";
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
    PointsShort = "points_short", "积分不足", "There are not enough points.";
    AdjustmentByRequester = "adjustment_by_requester", "须由另一位同事审核", "Somebody else than the requester has to decide.";
    AdjustmentDecided = "adjustment_decided", "该调整已被处理", "The adjustment has been decided.";
    CheckInClosed = "check_in_closed", "签到未开放", "There is no check-in at the moment.";
    InviteClosed = "invite_closed", "邀请活动未开放", "Invitations are not rewarded at the moment.";
    InviteNotNew = "invite_not_new", "仅限新会员填写邀请人", "Only a new member can name who invited them.";
    InviteSelf = "invite_self", "不能邀请自己", "Nobody can invite themselves.";
    InviteTaken = "invite_taken", "已填写过另一位邀请人", "Another inviter has been named already.";
    SharingOff = "sharing_off", "分享送积分未开启", "Points for sharing are turned off.";
    SurveyClosed = "survey_closed", "问卷未开放", "The survey is not open.";
    SurveyHasAnswers = "survey_has_answers", "已有人作答，不能修改题目", "The survey has answers, so its questions can't change.";
    RefundTooLarge = "refund_too_large", "退款超过可退金额或数量", "More is to be given back than is left of the purchase.";
    RefundNumberTaken = "refund_number_taken", "同一退款单号已用于另一次退款", "This refund number was used for another refund.";
    TierInUse = "tier_in_use", "该等级仍有会员", "Members hold this tier.";
    RightUnknown = "right_unknown", "会员当前等级没有此项权益", "The member's tier does not give this right.";
    RightUsedUp = "right_used_up", "该权益本期次数已用完", "The right is used up for this period.";
    MallItemClosed = "mall_item_closed", "该商品目前不可兑换", "The item can't be exchanged for now.";
    MallSoldOut = "mall_sold_out", "已兑完", "All pieces have been exchanged.";
    MallLimitReached = "mall_limit_reached", "已达到每人兑换上限", "You have exchanged as many as allowed.";
    ExchangeDone = "exchange_done", "该兑换已完成", "The exchange is done.";
    ExchangeCancelled = "exchange_cancelled", "该兑换已取消", "The exchange was cancelled.";
    StampCardClosed = "stamp_card_closed", "该集章卡目前不可用", "The stamp card takes no stamps here and now.";
    StampLimitReached = "stamp_limit_reached", "已达到集章上限", "As many stamps as allowed have been given.";
    StampCardInUse = "stamp_card_in_use", "已有人集章，不能修改所需章数", "The card has been stamped, so the number of its stamps can't change.";
    FeedbackClosed = "feedback_closed", "该反馈已关闭", "The feedback is closed.";
    FeedbackUnanswered = "feedback_unanswered", "请先回复这条投诉再关闭", "Answer the complaint before closing it.";
    CallbackSignatureInvalid = "callback_signature_invalid", "回调签名不正确", "The callback's signature is wrong.";
}
