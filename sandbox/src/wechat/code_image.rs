//! Mini-program codes. The picture is a fixed tiny JPEG that carries the scene or path in a comment segment, so that a
//! test can read what a code stands for.

use bytes::Bytes;
use serde_json::Value;

use crate::pipeline::Desk;
use crate::wechat::{Answer, Refusal, json_body, text};

const SCENE_CHARACTERS: usize = 32;
const PATH_CHARACTERS: usize = 1024;
const SCENE_SYMBOLS: &str = "!#$&'()*+,/:;=?@-._~";

pub(crate) fn unlimited(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let body = json_body(desk)?;
    let scene = text(&body, "scene");
    check_scene(scene)?;
    if body.get("scancode_time").is_some() {
        return Err(Refusal::new(85096, "scancode_time is reserved"));
    }
    check_page(desk, &body)?;
    Ok(picture(scene))
}

fn check_scene(scene: &str) -> Result<(), Refusal> {
    if scene.is_empty() || scene.chars().count() > SCENE_CHARACTERS {
        return Err(Refusal::new(40169, "invalid length for scene, or the data is not json string"));
    }
    if scene.chars().all(|c| c.is_ascii_alphanumeric() || SCENE_SYMBOLS.contains(c)) {
        Ok(())
    } else {
        Err(Refusal::new(40129, "invalid scene"))
    }
}

/// Neither a leading slash nor a query; the page must be released unless `check_path` is false.
fn check_page(desk: &Desk<'_>, body: &Value) -> Result<(), Refusal> {
    let page = text(body, "page");
    if page.is_empty() {
        return Ok(());
    }
    let shaped = !page.starts_with('/') && !page.contains('?');
    let checked = body["check_path"] != Value::Bool(false);
    let released = desk.world.account.with(|account| {
        account.pages.is_empty() || account.pages.iter().any(|known| known.trim_start_matches('/') == page)
    });
    if shaped && (released || !checked) { Ok(()) } else { Err(Refusal::new(41030, "invalid page")) }
}

/// `getwxacode` and `createwxaqrcode` draw on one lifetime number of codes.
pub(crate) fn fixed(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let body = json_body(desk)?;
    let path = text(&body, "path");
    if path.is_empty() || path.chars().count() > PATH_CHARACTERS {
        return Err(Refusal::new(40159, "invalid length for path, or the data is not json string"));
    }
    desk.world.account.with(|account| {
        if account.fixed_codes_used >= account.fixed_code_cap {
            return Err(Refusal::new(45029, "qrcode count out of limit"));
        }
        account.fixed_codes_used += 1;
        Ok(picture(path))
    })
}

/// A comment segment (FF FE) goes right behind the start of image of a one-pixel JPEG.
fn picture(comment: &str) -> Answer {
    const ONE_PIXEL: &[u8] = include_bytes!("one-pixel.jpg");
    let (start, rest) = ONE_PIXEL.split_at(2);
    let length = u16::try_from(comment.len() + 2).unwrap_or(u16::MAX);
    let bytes = [start, &[0xff, 0xfe], &length.to_be_bytes(), comment.as_bytes(), rest].concat();
    Answer::Image { content_type: "image/jpeg", bytes: Bytes::from(bytes) }
}
