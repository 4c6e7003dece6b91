//! WeChat's judgement on a text a person wrote.

use super::WeChat;
use super::login::read;
use crate::Result;
use crate::http::Effect;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, PartialEq, Eq)]
pub struct ContentCheck {
    /// Must have visited the mini-program within two hours.
    pub openid: String,
    pub scene: ContentScene,
    /// At most 2500 characters.
    pub content: String,
    pub title: Option<String>,
    pub nickname: Option<String>,
    /// Only with [`ContentScene::Profile`].
    pub signature: Option<String>,
}

opaque_debug!(ContentCheck);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentScene {
    Profile = 1,
    Comment = 2,
    Forum = 3,
    SocialLog = 4,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suggestion {
    Pass,
    Review,
    Risky,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentVerdict {
    pub suggestion: Suggestion,
    /// 100 normal, 10001 advertisement, 20001 politics, 20002 pornography, 20003 abuse, 20006 crime, 20008
    /// fraud, 20012 vulgar, 20013 copyright, 21000 other.
    pub label: u32,
    pub trace_id: String,
    /// Only the rows whose own check worked.
    pub details: Vec<ContentDetail>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ContentDetail {
    pub strategy: String,
    #[serde(default)]
    errcode: i64,
    #[serde(rename = "suggest")]
    pub suggestion: Option<Suggestion>,
    pub label: Option<u32>,
    /// 0 to 100.
    #[serde(rename = "prob")]
    pub probability: Option<u32>,
    pub keyword: Option<String>,
}

#[derive(Serialize)]
struct Request<'a> {
    version: u8,
    openid: &'a str,
    scene: u8,
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<&'a str>,
}

#[derive(Deserialize)]
struct VerdictAnswer {
    #[serde(default)]
    trace_id: String,
    result: Outcome,
    #[serde(default)]
    detail: Vec<ContentDetail>,
}

#[derive(Deserialize)]
struct Outcome {
    suggest: Suggestion,
    label: u32,
}

impl WeChat {
    pub async fn check_content(&self, check: &ContentCheck) -> Result<ContentVerdict> {
        let request = Request {
            version: 2,
            openid: &check.openid,
            scene: check.scene as u8,
            content: &check.content,
            title: check.title.as_deref(),
            nickname: check.nickname.as_deref(),
            signature: check.signature.as_deref(),
        };
        let body = serde_json::to_value(&request).unwrap_or(Value::Null);
        let (value, answer) = self.post("/wxa/msg_sec_check", &body, Effect::Read).await?;
        let verdict: VerdictAnswer = read(value, &answer)?;
        Ok(ContentVerdict {
            suggestion: verdict.result.suggest,
            label: verdict.result.label,
            trace_id: verdict.trace_id,
            details: verdict.detail.into_iter().filter(|row| row.errcode == 0).collect(),
        })
    }
}
