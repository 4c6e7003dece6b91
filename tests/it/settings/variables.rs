//! Each setting can be given by a variable of the environment.

use service::settings::{DEFAULTS, dotted};

#[test]
fn the_variable_of_every_setting_leads_back_to_it() {
    let mut section = String::new();
    for line in DEFAULTS.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = format!("{name}.");
        } else if let Some((field, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            let setting = format!("{section}{field}");
            assert_eq!(dotted(&setting.replace('.', "_")), setting);
        }
    }
}
