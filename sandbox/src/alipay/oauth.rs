//! `alipay.system.oauth.token`: auth codes (one use) and refresh tokens. A success carries no `code`.

use serde_json::{Value, json};

use crate::alipay::{Failure, Parameters, of};
use crate::clock::beijing_text;
use crate::pipeline::Desk;
use crate::settings::AlipayIdentity;
use crate::world::code::{CodeKind, Stage};

const ACCESS_SECONDS: u32 = 1_296_000;
const REFRESH_SECONDS: u32 = 2_592_000;

pub(crate) fn token(desk: &Desk<'_>, parameters: &Parameters) -> Result<Value, Failure> {
    let (kind, code) = match of(parameters, "grant_type") {
        "authorization_code" => (CodeKind::AlipayAuth, of(parameters, "code")),
        "refresh_token" => (CodeKind::AlipayRefresh, of(parameters, "refresh_token")),
        _ => return Err(Failure::new("40002", "isv.grant-type-invalid", "grant_type不正确")),
    };
    let (account, world) = (&desk.hub.settings.alipay, desk.world);
    let person = world.codes.redeem(kind, code, &account.app_id, desk.now).map_err(|_| match kind {
        CodeKind::AlipayRefresh => {
            Failure::new("40002", "isv.refresh-token-invalid", "刷新令牌refresh_token无效")
        }
        _ => Failure::new("40002", "isv.code-invalid", "授权码code无效"),
    })?;
    let stage = Stage { appid: &account.app_id, dice: &world.dice, now: desk.now };
    let (refresh_token, _) = world.codes.issue(CodeKind::AlipayRefresh, &person, stage);
    let mut body = json!({
        "access_token": format!("authbseB{}", world.dice.hex(32)), "expires_in": ACCESS_SECONDS,
        "refresh_token": refresh_token, "re_expires_in": REFRESH_SECONDS, "auth_start": beijing_text(desk.now),
        "union_id": *person.unionid,
    });
    match account.identity {
        AlipayIdentity::OpenId => body["open_id"] = json!(*person.alipay_open_id),
        AlipayIdentity::UserId => {
            body["user_id"] = json!(*person.alipay_user_id);
            body["alipay_user_id"] = json!(*person.alipay_user_id);
        }
    }
    Ok(body)
}
