//! Proof 11: the API is killed in the middle of a crowd that claims: exactly the stock is sold, one to each, and every yes that
//! was heard is in the database.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use entity::states::CouponKind;
use entity::{coupon, coupon_event, coupon_template};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::Value;
use service::coupon::template::{TemplateForm, create_template, publish_template};
use service::ids::{CouponTemplateId, MemberId};
use tests::builders::member_token;
use tests::cluster::{Cluster, ClusterPlan};
use tests::level;
use tests::seed::Seed;
use tokio::task::JoinSet;

use super::{BOUND, turn};

const MEMBERS: usize = 1_000;
const STOCK: i64 = 600;

/// What a claimant heard: the coupon, a refusal's code, or nothing.
type Heard = Option<Result<String, String>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_killed_while_a_crowd_claims_sells_exactly_the_stock_and_keeps_every_yes() {
    let _turn = turn().await;
    let Some(mut cluster) = ClusterPlan::of(MEMBERS).start().await else { return };
    let template = hot_template(&cluster).await;
    let mut claimants = Vec::new();
    for (member, _) in &cluster.audience.members {
        claimants.push((*member, member_token(&cluster.ctx, *member).await));
    }
    let mut seed = Seed::of_this_run("claims");
    let mut heard: HashMap<MemberId, String> = HashMap::new();

    // A few crowds, each cut off at another point; who heard nothing comes again.
    let mut waiting = claimants;
    for _ in 0..3 {
        let (crowd, ended) = claim_all(&cluster, template, &waiting);
        let point = seed.below(waiting.len() / 3) + 1;
        assert!(level::reached_or(BOUND, async || ended.load(Ordering::SeqCst) >= point).await);
        cluster.kill_api();
        let outcomes = crowd.join_all().await;
        waiting = outcomes
            .into_iter()
            .filter_map(|(member, token, answer)| match answer {
                Some(Ok(coupon)) => heard.insert(member, coupon).map(|_| (member, token)),
                Some(Err(_)) => None,
                None => Some((member, token)),
            })
            .collect();
        cluster.start_api().await;
        if waiting.len() < 3 {
            break;
        }
    }
    let (crowd, _) = claim_all(&cluster, template, &waiting);
    for (member, _, answer) in crowd.join_all().await {
        match answer.expect("nobody is killed any more") {
            Ok(coupon) => drop(heard.insert(member, coupon)),
            Err(code) => {
                assert!(["coupon_sold_out", "coupon_limit_reached"].contains(&code.as_str()), "{code}")
            }
        }
    }

    judge(&cluster, template, &heard).await;
}

async fn hot_template(cluster: &Cluster) -> CouponTemplateId {
    let owner = cluster.owner();
    let form = TemplateForm {
        stock: STOCK,
        discount_fen: Some(2_000),
        ..TemplateForm::new("秒杀", CouponKind::MoneyOff)
    };
    let id = create_template(&cluster.ctx, &owner, form).await.expect("the template is made").template.id;
    publish_template(&cluster.ctx, &owner, id).await.expect("it is published");
    id
}

type Crowd = JoinSet<(MemberId, String, Heard)>;

/// Everybody at once; the number tells how many are through, with an answer or without.
fn claim_all(
    cluster: &Cluster,
    template: CouponTemplateId,
    claimants: &[(MemberId, String)],
) -> (Crowd, Arc<AtomicUsize>) {
    let url = cluster.url(&format!("/v1/coupon-templates/{template}/claims"));
    let (client, ended) = (cluster.client(), Arc::new(AtomicUsize::new(0)));
    let mut crowd = JoinSet::new();
    for (member, token) in claimants.iter().cloned() {
        let (url, client, ended) = (url.clone(), client.clone(), ended.clone());
        crowd.spawn(async move {
            let heard = claim(&client, &url, &token).await;
            ended.fetch_add(1, Ordering::SeqCst);
            (member, token, heard)
        });
    }
    (crowd, ended)
}

async fn claim(client: &reqwest::Client, url: &str, token: &str) -> Heard {
    let answer = client.post(url).bearer_auth(token).send().await.ok()?;
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.ok()?;
    match status {
        201 => Some(Ok(body["id"].as_str()?.to_owned())),
        409 => Some(Err(body["code"].as_str()?.to_owned())),
        // The process that was killed took the database's answer with it.
        503 => None,
        other => panic!("a claim was answered {other}: {body}"),
    }
}

async fn judge(cluster: &Cluster, template: CouponTemplateId, heard: &HashMap<MemberId, String>) {
    let read = cluster.ctx.db.read();
    let copies = coupon::Entity::find().filter(coupon::Column::TemplateId.eq(template)).all(read).await;
    let copies = copies.expect("the copies can be read");
    let taken = coupon_template::Entity::find_by_id(template).one(read).await.expect("it can be read");
    let events = coupon_event::Entity::find().count(read).await.expect("the events can be counted");
    let owners: HashSet<MemberId> = copies.iter().map(|copy| copy.member_id).collect();
    eprintln!("claims: {} sold, {} heard yes", copies.len(), heard.len());

    assert_eq!(i64::try_from(copies.len()).expect("a count"), STOCK);
    assert_eq!(taken.expect("the template is there").taken, STOCK);
    assert_eq!(owners.len(), copies.len(), "a member has two");
    assert_eq!(events, copies.len() as u64);
    for (member, coupon) in heard {
        let kept = copies.iter().any(|copy| copy.id.to_string() == *coupon && copy.member_id == *member);
        assert!(kept, "{member} was told of {coupon}, which is not in the database");
    }
}
