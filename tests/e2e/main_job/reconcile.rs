//! Holds three accounts of one campaign against each other: the forecast, the delivery states, the phones' inboxes.

use std::collections::{BTreeMap, HashMap};

use super::DORMANT;
use super::phones::Phones;
use super::shop::{Forecast, Shop};

/// Deliveries in one worker's hands at most: 16 batches of 100.
const IN_FLIGHT: u64 = 1_600;

pub async fn hold_against_each_other(shop: &Shop, phones: &Phones, campaign: &str, forecast: &Forecast) {
    let deliveries = shop.all(&format!("/v1/console/campaigns/{campaign}/deliveries")).await;
    assert_eq!(deliveries.len() as u64, DORMANT, "every member of the audience has one delivery");
    assert_eq!(forecast.audience, DORMANT);

    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let person_of = people_by_member(shop).await;
    let mut inboxes = phones.inboxes().await;
    for delivery in &deliveries {
        let member = delivery["member_id"].as_str().expect("a member");
        let state = delivery["state"].as_str().expect("a state");
        let received = inboxes.remove(&person_of[member]).unwrap_or_default();
        match state {
            "sent" | "delivered" => assert_eq!(received, 1, "{member} is {state}"),
            "unknown" => assert!(received <= 1, "{member} got {received} messages"),
            "suppressed" => assert_eq!(received, 0, "{member} is suppressed"),
            other => panic!("{member} ended as {other}"),
        }
        let reason = delivery["reason"]["code"].as_str();
        let line = match (state, reason) {
            ("suppressed", Some(reason)) => reason,
            ("suppressed", None) => panic!("{member} is suppressed without a reason"),
            _ => "sent",
        };
        *counts.entry(line.to_owned()).or_default() += 1;
        if state == "unknown" {
            *counts.entry("unknown".to_owned()).or_default() += 1;
        }
    }
    assert!(
        inboxes.values().all(|received| *received == 0),
        "nobody outside of the audience got the message"
    );
    assert_eq!(phones.duplicates().await, 0);

    let unknown = counts.remove("unknown").unwrap_or_default();
    assert!(unknown <= IN_FLIGHT, "{unknown} are unknown, more than one worker holds");
    let mut expected: BTreeMap<String, u64> = forecast.others.iter().cloned().collect();
    expected.insert("sent".to_owned(), forecast.will_send);
    assert_eq!(counts, expected, "the outcome is what was forecast");
    for reason in ["opted_out", "no_consent", "frequency_cap"] {
        assert!(counts.contains_key(reason), "the campaign meets members who are held back for {reason}");
    }
}

/// The import gave each member its person's id as the name.
async fn people_by_member(shop: &Shop) -> HashMap<String, String> {
    let members = shop.all("/v1/console/members").await;
    members
        .iter()
        .map(|member| {
            let id = member["id"].as_str().expect("an id").to_owned();
            (id, member["name"].as_str().unwrap_or_default().to_owned())
        })
        .collect()
}
