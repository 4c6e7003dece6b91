//! The urgent lane: a thread and a runtime of its own, with connections and HTTP clients that no campaign can fill. Measured in
//! one runtime with a campaign, the slowest in a hundred waited ten times as long.

use std::sync::Arc;
use std::time::Duration;

use service::outbox::Part;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::topology::Queue;
use crate::worker::{Worker, connect_broker};
use crate::{relay, schedule};

const AFTER_ERROR: Duration = Duration::from_secs(1);

/// Starts the lane's thread, which works until `stop`; what is answered ends with it. Called in a thread of ordinary priority, which the
/// new one has from it.
pub fn start(worker: Worker, stop: CancellationToken) -> impl Future<Output = ()> + Send + use<> {
    let (ended, end) = oneshot::channel();
    let lane = move || {
        let worked = in_own_runtime(worker, stop);
        // Nobody hears it when the process did not wait.
        let _ = ended.send(worked);
    };
    let started = std::thread::Builder::new().name("urgent".to_owned()).spawn(lane);
    async move {
        match started {
            Ok(_) => match end.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "the urgent lane ended"),
                Err(_) => tracing::error!("the urgent lane's thread ended badly"),
            },
            Err(error) => tracing::error!(%error, "the urgent lane's thread could not be started"),
        }
    }
}

fn in_own_runtime(worker: Worker, stop: CancellationToken) -> std::io::Result<()> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).thread_name("urgent").enable_all().build()?;
    runtime.block_on(async {
        while !stop.is_cancelled() {
            if let Err(error) = work(&worker, &stop).await {
                tracing::warn!(%error, "the urgent lane can't begin; trying again");
                tokio::time::sleep(AFTER_ERROR).await;
            }
        }
    });
    Ok(())
}

async fn work(worker: &Worker, stop: &CancellationToken) -> anyhow::Result<()> {
    let ctx = Box::pin(worker.ctx.for_urgent()).await?;
    // In one process there is one broker: what is published is taken here.
    let alone = !ctx.settings.is_embedded();
    let broker = if alone { connect_broker(&ctx.settings).await? } else { Arc::clone(&worker.broker) };
    let lane = Worker { ctx, broker, ..worker.clone() };
    let mut tasks = lane.consume(&[Queue::DeliveryUrgent], stop);
    tasks.spawn(relay::run(lane.clone(), Part::Urgent, stop.clone()));
    tasks.spawn(schedule::run_urgent(lane.ctx.clone(), stop.clone()));
    stop.cancelled().await;
    lane.finish(tasks).await;
    if alone {
        lane.broker.close().await;
        lane.ctx.db.clone().close().await;
    }
    Ok(())
}
