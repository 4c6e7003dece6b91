//! The mini-program's browser build at /m and the console at /console, as `scripts/front-ends build` made them.

use tests::{Answer, TestApp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PAGES: [&str; 2] = ["/m/", "/console/"];

async fn page(app: &TestApp, path: &str) -> Answer {
    let answer = app.get(path).await;
    assert_eq!(answer.status.as_u16(), 200, "{path} is not built: scripts/front-ends build");
    answer
}

/// The first script that a page names.
fn script(page: &Answer, base: &str) -> String {
    let html = page.text();
    let source = html.split("src=\"").nth(1).expect("a script");
    let source = source.split('"').next().expect("its address");
    if source.starts_with('/') {
        source.to_owned()
    } else {
        format!("{base}{}", source.trim_start_matches("./"))
    }
}

#[tokio::test]
async fn a_page_lets_in_no_script_but_its_own_files_and_asks_no_other_origin() {
    let app = TestApp::start().await;
    for path in PAGES {
        let page = page(&app, path).await;

        let policy = page.header("content-security-policy").expect("a policy").to_owned();
        for part in
            ["default-src 'self'", "script-src 'self';", "connect-src 'self'", "frame-ancestors 'none'"]
        {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        let html = page.text();
        let inline =
            html.split("<script").skip(1).find(|tag| !tag.split('>').next().unwrap_or("").contains("src="));
        assert_eq!(inline, None, "{path} has a script of its own");
    }
}

#[tokio::test]
async fn what_has_a_hash_in_its_name_is_kept_and_a_held_page_is_not_sent_again() {
    let app = TestApp::start().await;
    for path in PAGES {
        let page = page(&app, path).await;

        let asset = app.get(&script(&page, path)).await;
        assert_eq!(asset.status.as_u16(), 200);
        assert!(asset.header("cache-control").is_some_and(|kept| kept.contains("immutable")));
        let tag = page.header("etag").expect("a tag").to_owned();
        let again = app.get(path).with_header("if-none-match", &tag).await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    }
}

#[tokio::test]
async fn files_are_sent_as_the_build_has_packed_them_to_whoever_takes_that() {
    let app = TestApp::start().await;
    for path in PAGES {
        let script = script(&page(&app, path).await, path);
        let plain = app.get(&script).with_header("accept-encoding", "identity").await;
        let mut sizes = vec![plain.body.len()];
        for packing in ["gzip", "br"] {
            let packed = app.get(&script).with_header("accept-encoding", packing).await;
            let again = app.get(&script).with_header("accept-encoding", "identity, br;q=0, gzip;q=0").await;

            assert_eq!(packed.header("content-encoding"), Some(packing), "{script}");
            assert_eq!(packed.header("content-type"), plain.header("content-type"));
            assert_eq!(
                (packed.header("etag"), again.header("content-encoding")),
                (plain.header("etag"), None)
            );
            assert!(packed.header("vary").is_some_and(|vary| vary.contains("accept-encoding")));
            sizes.push(packed.body.len());
        }
        assert!(sizes.is_sorted_by(|larger, smaller| larger > smaller), "{script}: {sizes:?}");
        assert_eq!(plain.header("content-encoding"), None);
    }
}

/// RFC 9110, 15.4.5: what follows the head of a 304 is the next answer, so a proxy would take a body for that one. A client
/// hides it.
#[tokio::test]
async fn an_answer_to_who_holds_the_page_ends_with_its_head() {
    let app = TestApp::start().await;
    let url = app.url("");
    let address = url.trim_start_matches("http://");
    for path in PAGES {
        let tag = page(&app, path).await.header("etag").expect("a tag").to_owned();

        let mut line = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nif-none-match: {tag}\r\nconnection: close\r\n\r\n"
        );
        line.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        line.read_to_string(&mut answer).await.unwrap();

        assert!(answer.starts_with("HTTP/1.1 304 "), "{answer}");
        assert_eq!(answer.find("\r\n\r\n"), Some(answer.len() - 4), "{answer}");
    }
}

#[tokio::test]
async fn an_address_of_the_pages_own_router_is_the_page_and_a_missing_file_is_missing() {
    let app = TestApp::start().await;

    let first = page(&app, "/console/").await;
    let deep = app.get("/console/campaigns/0190a000-0000-7000-8000-000000000000").await;

    assert_eq!(deep.text(), first.text());
    app.get("/console/assets/no-such-file.js").await.expect_problem(404, "path_not_found");
    let folder = app.get("/console").await;
    assert_eq!(folder.status.as_u16(), 200, "the client followed to the folder");
}
