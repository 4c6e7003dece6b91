//! What the shop's members are worth and which of its goods go together, as of yesterday: so that there is something to look at before the
//! first night.

use crate::association::{self, AssociationRequest};
use crate::context::Context;
use crate::error::Result;
use crate::rfm::{self, RfmRequest};
use crate::staff::StaffCaller;

/// A small shop sells few baskets: those of a year.
const DAYS: i64 = 365;

pub async fn ensure(ctx: &Context, owner: &StaffCaller) -> Result<()> {
    rfm::compute_rfm(ctx, owner, RfmRequest::default()).await?;
    rfm::compute_due(ctx).await?;
    let request = AssociationRequest {
        window_days: DAYS,
        min_support_per_10000: 100,
        min_confidence_percent: 10,
        ..AssociationRequest::default()
    };
    association::find_associations(ctx, owner, request).await?;
    association::find_due(ctx).await?;
    Ok(())
}
