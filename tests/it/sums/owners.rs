//! Whoever was merged away owns nothing, and answers as somebody who is there.

use entity::states::MemberState;
use entity::{member, member_merge};
use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use service::member::merge::{BELONGINGS, How};

use super::world::World;

/// Their rows name their owners otherwise than by `member_id`.
const OTHERWISE: [&str; 4] = ["session", "coupon_transfer", "invitation", "duplicate_hint"];

pub async fn audit(world: &World) {
    let db = world.shop.ctx().db.read();
    let merges = member_merge::Entity::find().all(db).await.unwrap();
    assert!(!merges.is_empty(), "nobody was merged");
    for row in &merges {
        let answers = member::Entity::find_by_id(row.current_id).one(db).await.unwrap().unwrap();
        let gone = member::Entity::find_by_id(row.from_id).one(db).await.unwrap().unwrap();
        assert_eq!((answers.state, gone.state), (MemberState::Active, MemberState::Merged));
    }
    for (table, how) in BELONGINGS {
        // The account of who is gone stays with its ledger, at nothing; a notice that is written in the moment of a merge finds its member
        // when it is sent.
        let stays = matches!(how, How::Stay(_) | How::Points) || *table == "notice";
        if stays || OTHERWISE.contains(table) {
            continue;
        }
        let sql = format!(
            "SELECT COUNT(*) FROM {table} WHERE member_id IN (SELECT id FROM member WHERE state = 'merged')"
        );
        let query = Statement::from_string(world.shop.ctx().db.backend(), sql);
        let left: i64 = db.query_one_raw(query).await.unwrap().unwrap().try_get_by_index(0).unwrap();
        assert_eq!(left, 0, "rows of {table} are still of who was merged away");
    }
}
