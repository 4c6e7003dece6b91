//! What a device calls itself, made short enough for a list: `iPhone · WeChat`.

/// Tried in order, as many names contain others: an Android says Linux, WeChat on Windows says Chrome.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
];
const PROGRAMS: [(&str, &str); 6] = [
    ("MicroMessenger", "WeChat"),
    ("AlipayClient", "Alipay"),
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
/// Of a name that none of these is in.
const CHARACTERS: usize = 40;

pub fn label(user_agent: &str) -> String {
    let found = |names: &[(&str, &'static str)]| {
        names.iter().find(|(part, _)| user_agent.contains(part)).map(|(_, label)| *label)
    };
    match (found(&SYSTEMS), found(&PROGRAMS)) {
        (Some(system), Some(program)) => format!("{system} · {program}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => user_agent.chars().take(CHARACTERS).collect(),
    }
}
