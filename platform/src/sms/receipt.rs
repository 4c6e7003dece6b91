//! What the providers push back: whether a message arrived, and what people answer.
//!
//! Neither provider signs these pushes, so the address they are sent to must be hard to guess.

use super::phone;
use crate::flexible::{self, de_optional_text, de_text};
use crate::{Class, Error, Result, beijing};
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

#[derive(Clone, PartialEq, Eq)]
pub struct SmsReceipt {
    pub message_id: String,
    pub delivered: bool,
    /// The carrier's word, such as `DELIVRD`.
    pub code: String,
    pub phone: String,
    pub out_id: Option<String>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct SmsReply {
    pub phone: String,
    pub text: String,
    pub replied_at: Option<DateTime<Utc>>,
}

opaque_debug!(SmsReceipt, SmsReply);

#[derive(Deserialize)]
struct TencentStatus {
    #[serde(default, deserialize_with = "de_optional_text")]
    nationcode: Option<String>,
    #[serde(deserialize_with = "de_text")]
    mobile: String,
    report_status: String,
    #[serde(default)]
    errmsg: String,
    #[serde(deserialize_with = "de_text")]
    sid: String,
    #[serde(default, deserialize_with = "de_optional_text")]
    ext: Option<String>,
}

#[derive(Deserialize)]
struct TencentReply {
    #[serde(default, deserialize_with = "de_optional_text")]
    nationcode: Option<String>,
    #[serde(deserialize_with = "de_text")]
    mobile: String,
    text: String,
    #[serde(default)]
    time: Value,
}

#[derive(Deserialize)]
struct AliyunReport {
    #[serde(deserialize_with = "de_text")]
    phone_number: String,
    success: Value,
    #[serde(default, deserialize_with = "de_optional_text")]
    err_code: Option<String>,
    #[serde(deserialize_with = "de_text")]
    biz_id: String,
    #[serde(default, deserialize_with = "de_optional_text")]
    out_id: Option<String>,
}

#[derive(Deserialize)]
struct AliyunUp {
    #[serde(deserialize_with = "de_text")]
    phone_number: String,
    #[serde(default)]
    send_time: String,
    content: String,
}

/// The status push of Tencent: an array.
pub fn tencent_receipts(body: &[u8]) -> Result<Vec<SmsReceipt>> {
    let rows: Vec<TencentStatus> = read(body)?;
    let receipt = |row: TencentStatus| SmsReceipt {
        message_id: row.sid,
        delivered: row.report_status.eq_ignore_ascii_case("success"),
        code: row.errmsg,
        phone: phone::kept(row.nationcode.as_deref().unwrap_or_default(), &row.mobile),
        out_id: row.ext,
    };
    Ok(rows.into_iter().map(receipt).collect())
}

/// The reply push of Tencent: one object.
pub fn tencent_reply(body: &[u8]) -> Result<SmsReply> {
    let reply: TencentReply = read(body)?;
    Ok(SmsReply {
        phone: phone::kept(reply.nationcode.as_deref().unwrap_or_default(), &reply.mobile),
        text: reply.text,
        replied_at: flexible::integer(&reply.time).and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
    })
}

/// The `SmsReport` push of Aliyun: an array.
pub fn aliyun_receipts(body: &[u8]) -> Result<Vec<SmsReceipt>> {
    let rows: Vec<AliyunReport> = read(body)?;
    let receipt = |row: AliyunReport| SmsReceipt {
        message_id: row.biz_id,
        delivered: flexible::text(&row.success).is_some_and(|text| text == "true"),
        code: row.err_code.unwrap_or_default(),
        phone: phone::kept("", &row.phone_number),
        out_id: row.out_id,
    };
    Ok(rows.into_iter().map(receipt).collect())
}

/// The `SmsUp` push of Aliyun: an array.
pub fn aliyun_replies(body: &[u8]) -> Result<Vec<SmsReply>> {
    let rows: Vec<AliyunUp> = read(body)?;
    let reply = |row: AliyunUp| SmsReply {
        phone: phone::kept("", &row.phone_number),
        replied_at: beijing_time(&row.send_time),
        text: row.content,
    };
    Ok(rows.into_iter().map(reply).collect())
}

/// Whether an answer means "no more": `R` and `T` are what the messages ask for, the rest is what people write.
pub fn is_opt_out(text: &str) -> bool {
    let word: String = text.chars().map(half_width).filter(|c| c.is_alphanumeric()).collect();
    matches!(word.to_ascii_uppercase().as_str(), "R" | "T" | "TD" | "退订" | "拒收" | "0000")
}

/// The full-width twin of an ASCII character, which Chinese keyboards give, as that character.
fn half_width(c: char) -> char {
    const FULL_WIDTH_SHIFT: u32 = 0xFEE0;
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - FULL_WIDTH_SHIFT).unwrap_or(c),
        _ => c,
    }
}

fn beijing_time(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%d %H:%M:%S").ok().map(beijing::utc)
}

/// serde's own words quote the value, which may be a phone number.
fn read<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body)
        .map_err(|_| Error::new(Class::Permanent, "unreadable", "the push could not be read"))
}
