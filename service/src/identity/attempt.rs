//! Sign-in attempts of any kind, counted per client address.

use super::Allowance;
use crate::context::Context;
use crate::error::Result;
use crate::session::Client;

pub(crate) async fn count_attempt(ctx: &Context, client: &Client) -> Result<()> {
    let limit = ctx.settings.sign_in.attempts_per_address_per_minute;
    Allowance::per(ctx, &format!("sign-in:{}", client.address), limit, 60).take(ctx).await
}
