pub struct SmsReceipt {
    pub message_id: String,
    pub delivered: bool,
    pub code: String,
    pub phone: String,
    pub out_id: Option<String>,
}
pub fn is_opt_out(_text: &str) -> bool {
    false
}
