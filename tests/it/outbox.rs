//! What goes as one message.

use chrono::DateTime;
use proptest::prelude::*;
use service::ids::{NoticeId, OutboxId};
use service::outbox::{Job, Parcel, Row, pack};
use uuid::Uuid;

fn row(number: usize, job: &Job) -> Row {
    Row {
        id: OutboxId(Uuid::from_u128(number as u128)),
        queue: job.queue().to_owned(),
        body: serde_json::to_value(job).unwrap(),
        created_at: DateTime::UNIX_EPOCH,
        claimed_until: None,
    }
}

/// Of so many notices each, or, with none, of something else.
fn rows(counts: &[usize]) -> Vec<Row> {
    let mut next = 0..;
    let mut notice = || NoticeId(Uuid::from_u128(next.next().unwrap_or_default()));
    let job = |count: &usize| match count {
        0 => Job::ExpireCoupons,
        _ => Job::SendNotices { notice_ids: (0..*count).map(|_| notice()).collect() },
    };
    let jobs: Vec<Job> = counts.iter().map(job).collect();
    jobs.iter().enumerate().map(|(number, job)| row(number, job)).collect()
}

fn notices(body: &serde_json::Value) -> Vec<NoticeId> {
    match serde_json::from_value(body.clone()).unwrap() {
        Job::SendNotices { notice_ids } => notice_ids,
        _ => Vec::new(),
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_or_doubled_and_no_message_is_too_long(counts in proptest::collection::vec(0..=20_usize, 0..40)) {
        let rows = rows(&counts);
        let parcels = pack(rows.clone());
        let mut carried: Vec<OutboxId> = parcels.iter().flat_map(|parcel| parcel.ids.clone()).collect();
        carried.sort_unstable();
        prop_assert_eq!(carried, rows.iter().map(|row| row.id).collect::<Vec<_>>());
        let told: Vec<NoticeId> = parcels.iter().flat_map(|parcel| notices(&parcel.body)).collect();
        prop_assert_eq!(told, rows.iter().flat_map(|row| notices(&row.body)).collect::<Vec<_>>());
        for Parcel { ids, queue, body } in &parcels {
            prop_assert!(notices(body).len() <= 100);
            prop_assert!(ids.len() == 1 || queue == "delivery.urgent");
        }
    }
}

#[test]
fn notices_that_wait_together_go_as_one_message_and_everything_else_by_itself() {
    let parcels = pack(rows(&[3, 0, 2, 0, 20]));
    let of = |parcel: &Parcel| parcel.ids.iter().map(|id| id.0.as_u128()).collect::<Vec<_>>();
    assert_eq!(parcels.iter().map(of).collect::<Vec<_>>(), [vec![0, 2, 4], vec![1], vec![3]]);
    assert_eq!(notices(&parcels[0].body).len(), 25);
}
