//! What a sign-in writes into the log tells nothing of the person.

use std::io::Write;
use std::sync::{Arc, Mutex};

use service::identity::{SignInBySms, SignInByWechat, send_sms_code, sign_in_by_sms, sign_in_by_wechat};
use service::session::{self, Client};
use tests::Phones;
use tracing::instrument::WithSubscriber;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_sign_in_logs_neither_phone_nor_openid_nor_code_nor_token() {
    let phones = Phones::start().await;
    let person = phones.person("13912345678").await;
    let ctx = &phones.app.ctx;
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("info,service=trace,platform=trace,api=trace")
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let login_code = phones.login_code(&person).await;
    let phone_code = phones.phone_code(&person).await;
    let client = Client { address: "192.0.2.1".to_owned(), device: None };

    let (by_wechat, by_sms, sms_code) = async {
        tracing::info!("the log is captured");
        let command = SignInByWechat {
            code: login_code.clone(),
            phone_code: Some(phone_code.clone()),
            marketing_consent: false,
            client: client.clone(),
        };
        let by_wechat = sign_in_by_wechat(ctx, command).await.unwrap();
        send_sms_code(ctx, &person.phone, &client).await.unwrap();
        let code = phones.last_sms_code(&person).await;
        let command = SignInBySms {
            phone: person.phone.clone(),
            code: code.clone(),
            marketing_consent: false,
            client: client.clone(),
        };
        let by_sms = sign_in_by_sms(ctx, command).await.unwrap();
        session::refresh(ctx, &by_sms.tokens.refresh_token).await.unwrap();
        assert!(session::refresh(ctx, &by_sms.tokens.refresh_token).await.is_err());
        (by_wechat, by_sms, code)
    }
    .with_subscriber(subscriber)
    .await;

    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("the log is captured"));
    for secret in [
        &person.phone,
        &person.openid,
        &person.unionid,
        &login_code,
        &phone_code,
        &sms_code,
        &by_wechat.tokens.access_token,
        &by_wechat.tokens.refresh_token,
        &by_sms.tokens.access_token,
        &by_sms.tokens.refresh_token,
    ] {
        assert!(!log.contains(secret.as_str()), "the log holds {secret}");
    }
}
