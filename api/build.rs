//! A release build carries the front ends: it is made again when their builds change.

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script what it builds by its environment alone"
)]
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed=../miniprogram/dist/build/h5");
        println!("cargo:rerun-if-changed=../console/dist");
    }
}
