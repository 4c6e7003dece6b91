//! The folders that a release build carries and a debug build reads: they must be there when they are named. A release is made
//! again when what is in them changes.

const FOLDERS: [&str; 2] = ["../miniprogram/dist/build/h5", "../console/dist"];

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script what it builds by its environment alone"
)]
fn main() -> std::io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    for folder in FOLDERS {
        std::fs::create_dir_all(folder)?;
        if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
            println!("cargo:rerun-if-changed={folder}");
        }
    }
    Ok(())
}
