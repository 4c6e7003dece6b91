//! The guard itself.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tests::Answer;

use super::caller::{Caller, Kind, Outcome};
use super::request::{Operation, Request};
use super::table::{LAST, TABLE, Who};
use super::world::World;

/// Requests under way at once.
const AT_ONCE: usize = 8;

fn who(operation: &Operation) -> Who {
    let line = TABLE.iter().find(|(id, _)| *id == operation.id);
    line.unwrap_or_else(|| panic!("{} has no line in the table", operation.id)).1
}

#[test]
fn every_operation_has_one_line_in_the_table() {
    let operations = Operation::all();
    let ids: BTreeSet<_> = operations.iter().map(|operation| operation.id.as_str()).collect();
    let lines: BTreeSet<_> = TABLE.iter().map(|(id, _)| *id).collect();

    assert_eq!(lines.len(), TABLE.len(), "an operation has two lines");
    let missing: Vec<_> = ids.difference(&lines).collect();
    assert!(missing.is_empty(), "say who may: {missing:?}");
    let gone: Vec<_> = lines.difference(&ids).collect();
    assert!(gone.is_empty(), "there is no such operation: {gone:?}");
}

#[test]
fn the_document_says_which_token_an_operation_needs() {
    for operation in Operation::all() {
        let said = match who(&operation) {
            Who::MembersOrAnonymous => json!([{}, { "member": [] }]),
            Who::Everyone | Who::Platforms => json!([]),
            Who::TokenHolders => json!([{ "member": [] }, { "staff": [] }]),
            Who::Members | Who::OwnMember => json!([{ "member": [] }]),
            Who::Staff(_) | Who::StaffOfStore(_) | Who::AnyStaff | Who::OwnStaff => json!([{ "staff": [] }]),
        };
        assert_eq!(operation.security, said, "{}", operation.id);
    }
}

#[tokio::test]
async fn every_operation_lets_in_who_may_and_refuses_everybody_else_in_one_way() {
    let world = World::create().await;
    let operations = Operation::all();
    let mut wrong = refusals(&world, &operations).await;
    let mut in_order: Vec<_> = operations.iter().collect();
    in_order.sort_by_key(|operation| LAST.iter().position(|id| *id == operation.id));
    for operation in in_order {
        for caller in &world.callers {
            if caller.kind.expects(who(operation)) == Outcome::LetIn {
                let answer = send(&world, caller, &operation.of_world(&world)).await;
                wrong.extend(not_let_in(&answer).map(|why| told(operation, caller, &why)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Whoever may not is refused alike for what exists, for what does not, and for what makes no sense: how they are refused tells
/// them nothing.
async fn refusals(world: &World, operations: &[Operation]) -> Vec<String> {
    let pairs = operations.iter().flat_map(|operation| {
        world.callers.iter().filter_map(move |caller| match caller.kind.expects(who(operation)) {
            Outcome::LetIn => None,
            Outcome::Refused(status, code) => Some((operation, caller, (status, code))),
        })
    });
    let requests = pairs.flat_map(|(operation, caller, due)| {
        let requests = refused_requests(world, operation, caller);
        requests.into_iter().map(move |request| (operation, caller, due, request))
    });
    let answers = stream::iter(requests).map(|(operation, caller, due, request)| async move {
        let answer = send(world, caller, &request).await;
        let (status, code) = (answer.status.as_u16(), code_of(&answer));
        ((status, code.as_str()) != due).then(|| {
            let why = format!("{} {}: {status} {code}, not {due:?}", request.method, request.path);
            told(operation, caller, &why)
        })
    });
    answers.buffer_unordered(AT_ONCE).filter_map(|wrong| async move { wrong }).collect().await
}

fn refused_requests(world: &World, operation: &Operation, caller: &Caller) -> Vec<Request> {
    let mut requests = vec![operation.of_world(world)];
    // A store is named in the body, a redemption has to be looked up: until then nothing can be said about it.
    let is_known_at_once = caller.kind != Kind::CashierElsewhere
        || matches!(
            who(operation),
            Who::Staff(_) | Who::Members | Who::OwnMember | Who::AnyStaff | Who::OwnStaff
        );
    if is_known_at_once && who(operation) != Who::Platforms {
        if operation.has_segments() {
            requests.push(operation.of_nothing(world));
        }
        if operation.has_segments() || operation.takes_body || operation.takes_query {
            requests.push(operation.malformed());
        }
    }
    requests
}

async fn send(world: &World, caller: &Caller, request: &Request) -> Answer {
    let ask = world.app().ask(request.method.clone(), &request.path);
    let ask = match request.method.as_str() {
        "GET" => ask,
        _ => ask.with_body("application/json", request.body.as_str()),
    };
    match &caller.token {
        Some(token) => ask.with_bearer(token).await,
        None => ask.await,
    }
}

/// The request is right and about something that exists, so these can only mean that the guard let it in by mistake or not at all.
fn not_let_in(answer: &Answer) -> Option<String> {
    let code = code_of(answer);
    let closed = ["member_disabled", "staff_disabled", "password_change_required", "store_not_permitted"];
    let status = answer.status.as_u16();
    let refused = closed.contains(&code.as_str()) || matches!(status, 400..=408 | 410..=428 | 500..);
    refused.then(|| format!("not let in: {status} {}", answer.text()))
}

fn code_of(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    body["code"].as_str().unwrap_or_default().to_owned()
}

fn told(operation: &Operation, caller: &Caller, why: &str) -> String {
    format!("{} by {:?}: {why}", operation.id, caller.kind)
}
