//! What each job calls. Each is harmless when run twice; the use case it calls says why.

use service::delivery::Batch;
use service::outbox::Job;
use service::{Context, association, audience, campaign, coupon, delivery, points, purchase, rfm, tier};
use tokio_util::sync::CancellationToken;

pub async fn run(ctx: &Context, job: &Job, stop: &CancellationToken) -> service::Result<()> {
    match job {
        Job::ResolveAudience { campaign_id } => campaign::resolve(ctx, *campaign_id).await,
        Job::SendDeliveries { campaign_id, batch_id, delivery_ids, .. } => {
            let batch = Batch { id: *batch_id, campaign_id: *campaign_id, deliveries: delivery_ids };
            delivery::send(ctx, batch, stop).await
        }
        Job::SendNotices { notice_ids } => delivery::notices::send_notices(ctx, notice_ids, stop).await,
        Job::ExpireCoupons => {
            coupon::release_locks(ctx).await?;
            coupon::expire(ctx).await.map(|_| ())
        }
        Job::SettlePurchases => purchase::end_return_periods(ctx).await.map(|_| ()),
        Job::ExpirePoints => points::keep_points(ctx).await.map(|_| ()),
        Job::RemindOfPoints => points::remind(ctx).await.map(|_| ()),
        Job::CheckPoints => points::check_if_due(ctx).await.map(|_| ()),
        Job::CheckTiers => tier::check_tiers(ctx).await.map(|_| ()),
        Job::CountSegments => audience::count_segments(ctx).await.map(|_| ()),
        Job::ComputeRfm => rfm::compute_due(ctx).await.map(|_| ()),
        Job::FindAssociations => association::find_due(ctx).await.map(|_| ()),
    }
}

pub fn name(job: &Job) -> &'static str {
    match job {
        Job::ResolveAudience { .. } => "resolve_audience",
        Job::SendDeliveries { .. } => "send_deliveries",
        Job::SendNotices { .. } => "send_notices",
        Job::ExpireCoupons => "expire_coupons",
        Job::SettlePurchases => "settle_purchases",
        Job::ExpirePoints => "expire_points",
        Job::RemindOfPoints => "remind_of_points",
        Job::CheckPoints => "check_points",
        Job::CheckTiers => "check_tiers",
        Job::CountSegments => "count_segments",
        Job::ComputeRfm => "compute_rfm",
        Job::FindAssociations => "find_associations",
    }
}
