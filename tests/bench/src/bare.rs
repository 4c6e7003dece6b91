//! The limit: the same requests to the same mock by reqwest alone, with no queue, no database and no question asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

/// The body that the project sends, with the member's number in it.
pub fn body(member: u64) -> String {
    format!(
        "{{\"touser\":\"o{member:027}\",\"template_id\":\"BENCH\",\"data\":{{\"thing1\":{{\"value\":\"周末满减\"}},\
         \"thing2\":{{\"value\":\"会员专享\"}}}},\"miniprogram_state\":\"formal\",\"lang\":\"zh_CN\",\
         \"page\":\"pages/index/index\"}}"
    )
}

pub fn run(port: u16, count: u64, in_flight: usize) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let url: Arc<str> =
            format!("http://127.0.0.1:{port}/cgi-bin/message/subscribe/send?access_token=bench").into();
        let next = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let mut tasks: JoinSet<Result<()>> = JoinSet::new();
        for _ in 0..in_flight {
            let (client, url, next) = (client.clone(), url.clone(), next.clone());
            tasks.spawn(async move {
                loop {
                    let member = next.fetch_add(1, Ordering::Relaxed);
                    if member >= count {
                        return Ok(());
                    }
                    send(&client, &url, member).await?;
                }
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        println!("{}", began.elapsed().as_secs_f64());
        // The meter reads this process's time before it ends.
        std::io::stdin().read_line(&mut String::new())?;
        Ok(())
    })
}

async fn send(client: &reqwest::Client, url: &str, member: u64) -> Result<()> {
    let request = client.post(url).header("content-type", "application/json").body(body(member));
    let answer = request.send().await?.bytes().await?;
    ensure!(answer.starts_with(b"{\"errcode\":0"), "the mock refused");
    Ok(())
}
