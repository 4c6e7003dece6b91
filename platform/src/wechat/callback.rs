pub struct CallbackSettings {
    pub token: String,
    pub encoding_aes_key: Option<String>,
    pub appid: String,
}
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct CallbackQuery {
    pub signature: Option<String>,
    pub timestamp: Option<String>,
    pub nonce: Option<String>,
    pub echostr: Option<String>,
    pub openid: Option<String>,
    pub encrypt_type: Option<String>,
    pub msg_signature: Option<String>,
}
pub struct Callback {}
#[derive(Debug)]
pub enum CallbackError {
    BadSignature,
    BadBody,
    WrongAppid,
}
#[derive(Debug, Clone)]
pub struct SubscriptionItem {
    pub template_id: String,
    pub accepted: bool,
    pub scene: Option<String>,
}
#[derive(Debug, Clone)]
pub struct SentItem {
    pub template_id: String,
    pub msgid: String,
    pub error_code: String,
    pub error_status: String,
}
#[derive(Debug, Clone)]
pub enum Event {
    SubscribePopup { openid: String, created_at: i64, items: Vec<SubscriptionItem> },
    SubscribeChange { openid: String, created_at: i64, items: Vec<SubscriptionItem> },
    SubscribeSent { openid: String, created_at: i64, items: Vec<SentItem> },
    AuthorizationRevoked { openid: String, revoke_info: Vec<u32>, created_at: i64 },
    Other { event: String },
}
impl Callback {
    pub fn new(_: CallbackSettings) -> crate::Result<Self> {
        Ok(Self {})
    }
    pub fn verify_url(&self, _query: &CallbackQuery) -> Option<String> {
        None
    }
    pub fn open(
        &self,
        _query: &CallbackQuery,
        _body: &[u8],
    ) -> std::result::Result<Vec<Event>, CallbackError> {
        Ok(vec![])
    }
}
