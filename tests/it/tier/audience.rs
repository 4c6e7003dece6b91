//! Segments by tier and by points.

use service::audience::{Rule, count, rule::Range};

use super::shop::Ladder;
use crate::points::ledger::give;

#[tokio::test]
async fn a_rule_may_ask_for_the_tier_and_for_the_points() {
    let ladder = Ladder::open().await;
    let shop = &ladder.shop;
    let members = shop.members(4).await;
    ladder.buy(&members[0], 100_000).await;
    give(shop.ctx(), &members[1], 50, None).await;
    let count = |rule: Rule| async move { count(shop.ctx(), &shop.owner, &rule).await.unwrap() };
    let points = |at_least, at_most| Rule::Points(Range { at_least, at_most });

    assert_eq!(count(Rule::Tier(ladder.tiers[0])).await, 3);
    assert_eq!(count(Rule::Tier(ladder.tiers[1])).await, 1);
    assert_eq!(count(points(Some(50), None)).await, 2);
    assert_eq!(count(points(None, Some(0))).await, 2);
    assert_eq!(count(Rule::None(vec![Rule::Tier(ladder.tiers[1]), points(Some(1), None)])).await, 2);
}
