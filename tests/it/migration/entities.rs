//! The entities are the migrated schema: the same tables, the same columns, null where null is allowed.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, Database, EntityTrait, IdenStatic, Iterable, QuerySelect};
use tests::database::{Column, TestDatabase, Way, columns};

macro_rules! for_each_entity {
    ($do:ident) => {
        $do!(
            association_run,
            attempt,
            attribute,
            audit_entry,
            budget,
            callback_event,
            campaign,
            campaign_version,
            check_in,
            consent,
            consent_event,
            coupon,
            coupon_code,
            coupon_event,
            coupon_pack,
            coupon_pack_claim,
            coupon_pack_item,
            coupon_template,
            coupon_template_store,
            coupon_transfer,
            dead_letter,
            delivery,
            delivery_batch,
            duplicate_hint,
            exchange,
            feedback,
            feedback_reply,
            idempotency_key,
            identity,
            inbox_message,
            invitation,
            mall_item,
            member,
            member_attribute,
            member_event,
            member_merge,
            member_password,
            member_tag,
            merged_slot,
            notice,
            offline_grant,
            offline_redemption,
            opt_out,
            opt_out_event,
            order_gift,
            outbox,
            passkey,
            points_account,
            points_adjustment,
            points_check,
            points_earning,
            points_entry,
            points_lot,
            points_move,
            preference,
            purchase,
            purchase_line,
            redemption,
            refresh_token,
            refund,
            refund_line,
            return_period,
            rfm_member,
            rfm_run,
            right_use,
            scan,
            segment,
            segment_size,
            session,
            setting,
            sign_in_event,
            soter_device,
            staff,
            staff_recovery_code,
            staff_second_factor,
            staff_store,
            stamp,
            stamp_card,
            stamp_sheet,
            store,
            survey,
            survey_answer,
            tag,
            tag_rule,
            tier,
            tier_change,
            tier_standing,
            welcome_gift,
            welcome_guard,
        )
    };
}

fn columns_of<E: EntityTrait>(_: E) -> Vec<Column> {
    let table = E::default().table_name().to_owned();
    E::Column::iter()
        .map(|column| Column {
            table: table.clone(),
            name: column.as_str().to_owned(),
            nullable: column.def().is_null(),
        })
        .collect()
}

#[tokio::test]
async fn entities_and_schema_agree() {
    let database = TestDatabase::create(Way::chosen()).await;
    let connection = Database::connect(database.url()).await.expect("it opens");
    let mut of_entities = BTreeSet::new();
    macro_rules! collect {
        ($($entity:ident),+ $(,)?) => {$( of_entities.extend(columns_of(entity::$entity::Entity)); )+};
    }
    for_each_entity!(collect);

    let of_schema: BTreeSet<_> = columns(&connection).await.into_iter().collect();

    let missing: Vec<_> = of_entities.difference(&of_schema).collect();
    let unknown: Vec<_> = of_schema.difference(&of_entities).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "only in entities: {missing:#?}, in the schema: {unknown:#?}"
    );
    connection.close().await.expect("it closes");
}

#[tokio::test]
async fn every_entity_can_be_selected() {
    let database = TestDatabase::create(Way::chosen()).await;
    let connection = Database::connect(database.url()).await.expect("it opens");
    macro_rules! select {
        ($($entity:ident),+ $(,)?) => {$(
            let rows = entity::$entity::Entity::find().limit(1).all(&connection).await;
            assert!(rows.is_ok(), "{}: {rows:?}", stringify!($entity));
        )+};
    }
    for_each_entity!(select);
    connection.close().await.expect("it closes");
}
