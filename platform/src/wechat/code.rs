//! Mini-program codes without a limit on their number.

use super::{Call, Reply, WeChat};
use crate::http::Effect;
use crate::{Class, Error, Result};
use bytes::Bytes;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnlimitedCode {
    /// At most 32 visible ASCII characters; the page gets it as `query.scene`.
    pub scene: String,
    /// Without a leading slash or a query; the home page if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Refuse a page the released version does not have.
    pub check_path: bool,
    /// `release`, `trial` or `develop`.
    pub env_version: String,
    /// 280 to 1280 pixels.
    pub width: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_color: Option<Rgb>,
    /// A transparent background, which makes the image a PNG.
    pub is_hyaline: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rgb {
    pub r: u8,
    pub g: u8,
    pub b: u8,
}

impl UnlimitedCode {
    /// A code for the released version with the platform's own defaults.
    pub fn new(scene: impl Into<String>) -> Self {
        Self {
            scene: scene.into(),
            page: None,
            check_path: true,
            env_version: "release".to_owned(),
            width: 430,
            line_color: None,
            is_hyaline: false,
        }
    }
}

impl WeChat {
    /// The image: JPEG, or PNG with a transparent background.
    pub async fn unlimited_code(&self, request: &UnlimitedCode) -> Result<Bytes> {
        let body = serde_json::to_vec(request)
            .map_err(|_| Error::new(Class::Permanent, "request", "the request could not be built"))?;
        let call = Call { path: "/wxa/getwxacodeunlimit", body: Some(body.into()), effect: Effect::Read };
        match self.call(&call).await? {
            Reply::Binary(image) => Ok(image),
            Reply::Json(_, answer) => Err(answer.unreadable()),
        }
    }
}
