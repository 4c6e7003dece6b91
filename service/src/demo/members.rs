//! The members with what belongs to them, all in one transaction: either everybody is there or nobody.

use chrono::{DateTime, Duration, Utc};
use entity::states::{ConsentKind, IdentityProvider};
use entity::{coupon, identity, member, member_tag, tag};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::people::{self, Person, Visit};
use crate::calendar;
use crate::consent::{self, Evidence, Said};
use crate::context::Context;
use crate::coupon::claim;
use crate::error::Result;
use crate::ids::{CouponTemplateId, MemberId, StoreId, TagId};
use crate::member::{NewMember, Phone, identity_row, new_row};
use crate::purchase::{self, Line};
use crate::staff::StaffCaller;
use crate::tag::create_tag;

const SOURCE: &str = "demo";

pub async fn ensure(ctx: &Context, owner: &StaffCaller, stores: &[StoreId]) -> Result<()> {
    if first(ctx).await?.is_some() {
        return Ok(());
    }
    let tags = ensure_tags(ctx, owner).await?;
    let mut rows = Rows::default();
    let mut people = Vec::with_capacity(people::MEMBERS);
    for person in people::everybody() {
        let id = rows.add(ctx, &person, stores, &tags)?;
        people.push((id, person));
    }
    let txn = ctx.db.begin().await?;
    member::Entity::insert_many(rows.members).exec_without_returning(&txn).await?;
    identity::Entity::insert_many(rows.identities).exec_without_returning(&txn).await?;
    member_tag::Entity::insert_many(rows.tags).exec_without_returning(&txn).await?;
    purchase::insert_rows(&txn, &rows.purchases).await?;
    purchase::insert_lines(&txn, &rows.lines).await?;
    for (id, person) in &people {
        agree(ctx, &txn, *id, person).await?;
    }
    txn.commit().await?;
    Ok(())
}

/// The first member claims the coupon, unless they have.
pub async fn ensure_held(ctx: &Context, template_id: CouponTemplateId) -> Result<()> {
    let Some(first) = first(ctx).await? else { return Ok(()) };
    let held = coupon::Entity::find()
        .filter(coupon::Column::TemplateId.eq(template_id))
        .filter(coupon::Column::MemberId.eq(first.id))
        .one(ctx.db.read())
        .await?;
    if held.is_none() {
        claim(ctx, &first, template_id).await?;
    }
    Ok(())
}

async fn first(ctx: &Context) -> Result<Option<member::Model>> {
    let known = identity::Entity::find()
        .filter(identity::Column::Provider.eq(IdentityProvider::WechatOpenid))
        .filter(identity::Column::Subject.eq(people::person(0).openid))
        .one(ctx.db.read())
        .await?;
    let Some(known) = known else { return Ok(None) };
    Ok(member::Entity::find_by_id(known.member_id).one(ctx.db.read()).await?)
}

async fn ensure_tags(ctx: &Context, owner: &StaffCaller) -> Result<Vec<TagId>> {
    let mut ids = Vec::with_capacity(people::TAGS.len());
    for name in people::TAGS {
        let known = tag::Entity::find().filter(tag::Column::Name.eq(name)).one(ctx.db.read()).await?;
        ids.push(match known {
            Some(known) => known.id,
            None => create_tag(ctx, owner, name).await?.id,
        });
    }
    Ok(ids)
}

#[derive(Default)]
struct Rows {
    members: Vec<member::ActiveModel>,
    identities: Vec<identity::ActiveModel>,
    tags: Vec<member_tag::ActiveModel>,
    purchases: Vec<entity::purchase::Model>,
    lines: Vec<Line>,
}

impl Rows {
    fn add(
        &mut self,
        ctx: &Context,
        person: &Person,
        stores: &[StoreId],
        tags: &[TagId],
    ) -> Result<MemberId> {
        let phone = Phone::parse(&person.phone)?;
        let phone_index = phone.index(ctx);
        let mut row = new_row(
            ctx,
            NewMember {
                name: Some(person.name.clone()),
                gender: Some(person.gender),
                birthday: Some(person.birthday),
                phone: Some(phone),
                home_store_id: Some(stores[person.store]),
                marketing_consent: person.marketing_consent,
                source: "wechat".to_owned(),
            },
        )?;
        let id: MemberId = ctx.new_id();
        row.id = Set(id);
        let times: Vec<_> = person.visits.iter().map(|visit| visited_at(ctx, visit)).collect();
        let totals: i64 = person.visits.iter().map(Visit::total_fen).sum();
        row.purchase_count = Set(i64::try_from(times.len()).unwrap_or_default());
        row.purchase_total_fen = Set(totals);
        row.first_purchase_at = Set(times.last().copied());
        row.last_purchase_at = Set(times.first().copied());
        // Whoever enrols does so at the first purchase.
        let enrolled_at = times.last().map_or_else(|| ctx.now(), |first| *first - Duration::minutes(3));
        row.created_at = Set(enrolled_at);
        row.marketing_consent_at = Set(person.marketing_consent.then_some(enrolled_at));
        self.members.push(row);
        self.identities.push(identity_row(ctx, id, IdentityProvider::Phone, phone_index));
        let openid = person.openid.clone();
        self.identities.push(identity_row(ctx, id, IdentityProvider::WechatOpenid, openid));
        self.tags.extend(person.tags.iter().map(|tag| tagged(ctx, id, tags[*tag])));
        for (visit, at) in person.visits.iter().zip(times) {
            self.buy(ctx, id, (visit, at), stores);
        }
        Ok(id)
    }

    fn buy(
        &mut self,
        ctx: &Context,
        member_id: MemberId,
        (visit, at): (&Visit, DateTime<Utc>),
        stores: &[StoreId],
    ) {
        let purchase = entity::purchase::Model {
            id: ctx.new_id(),
            store_id: stores[visit.store],
            order_no: format!("SY{:05}", self.purchases.len() + 1),
            member_id,
            staff_id: None,
            total_fen: visit.total_fen(),
            quantity: purchase::rules::quantity(&visit.lines),
            purchased_at: at,
            source: SOURCE.to_owned(),
            created_at: at,
            refunded_fen: 0,
        };
        self.lines.extend(purchase::line_rows(ctx, purchase.id, &visit.lines));
        self.purchases.push(purchase);
    }
}

fn visited_at(ctx: &Context, visit: &Visit) -> DateTime<Utc> {
    let zone = ctx.settings.timezone;
    let day = calendar::local_date(ctx.now() - Duration::days(visit.days_ago.into()), zone);
    calendar::start_of_day(day, zone) + Duration::minutes(visit.minute.into())
}

fn tagged(ctx: &Context, member_id: MemberId, tag_id: TagId) -> member_tag::ActiveModel {
    member_tag::ActiveModel {
        member_id: Set(member_id),
        tag_id: Set(tag_id),
        source: Set("staff".to_owned()),
        reason: Set(None),
        created_at: Set(ctx.now()),
    }
}

/// What the person accepted in WeChat, and who wants no advertising at all.
async fn agree(ctx: &Context, txn: &impl ConnectionTrait, id: MemberId, person: &Person) -> Result<()> {
    for (template_id, accepts) in person.accepts {
        for turn in 0..accepts {
            let evidence = Evidence {
                member_id: id,
                template_id,
                source: SOURCE,
                key: format!("demo|{}|{template_id}|{turn}", person.openid),
                detail: serde_json::json!({}),
            };
            consent::accept(ctx, txn, ConsentKind::OneTime, evidence).await?;
        }
    }
    if person.opted_out {
        consent::opt_out(ctx, txn, id, ("all", "all"), Said::by(SOURCE, serde_json::json!({}))).await?;
    }
    Ok(())
}
