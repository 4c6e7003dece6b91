//! Template management against the public library.

use serde_json::{Value, json};

use super::stranger::{EXPIRY, Stranger, errcode};

#[tokio::test]
async fn a_template_is_found_in_the_library_added_listed_and_deleted() {
    let stranger = Stranger::start().await;
    let token = stranger.token().await;
    let get = async |path: &str| stranger.get(&format!("/wxaapi/newtmpl/{path}access_token={token}")).await;
    let category = get("getcategory?").await["data"][1]["id"].clone();
    let titles = get(&format!("getpubtemplatetitles?ids={category}&start=0&limit=30&")).await;
    let row =
        titles["data"].as_array().unwrap().iter().find(|row| row["title"] == "会员等级变更通知").unwrap();
    let keywords = get(&format!("getpubtemplatekeywords?tid={}&", row["tid"])).await;
    assert_eq!(keywords["data"][0]["rule"], "name");
    let add = format!("/wxaapi/newtmpl/addtemplate?access_token={token}");
    let made = stranger.post(&add, json!({ "tid": row["tid"].to_string(), "kidList": [2, 1] })).await;
    let id = made["priTmplId"].as_str().unwrap();
    let list = get("gettemplate?").await;
    let listed = list["data"].as_array().unwrap().iter().find(|row| row["priTmplId"] == id).unwrap();
    assert_eq!(listed["content"], "变更后等级:{{phrase2.DATA}}\n会员姓名:{{name1.DATA}}\n");
    assert_eq!(listed["type"], 2);
    let delete = format!("/wxaapi/newtmpl/deltemplate?access_token={token}");
    assert_eq!(errcode(&stranger.post(&delete, json!({ "priTmplId": id })).await), 0);
    assert_ne!(errcode(&stranger.post(&delete, json!({ "priTmplId": id })).await), 0);
}

#[tokio::test]
async fn a_wrong_template_wish_has_a_code_for_each_mistake() {
    let stranger = Stranger::start().await;
    let path = format!("/wxaapi/newtmpl/addtemplate?access_token={}", stranger.token().await);
    let code = async |wish: Value| errcode(&stranger.post(&path, wish).await);
    assert_eq!(code(json!({ "tid": 1, "kidList": [1, 2] })).await, 200014);
    assert_eq!(code(json!({ "tid": 2101, "kidList": [1] })).await, 200020);
    assert_eq!(code(json!({ "tid": 2101, "kidList": [1, 9] })).await, 200020);
    let wordy = "一二三四五六七八九十一二三四五六";
    assert_eq!(code(json!({ "tid": 2101, "kidList": [1, 2], "sceneDesc": wordy })).await, 200021);
    assert_eq!(code(json!({ "tid": 2101, "kidList": [3, 1, 2] })).await, 200022);
    stranger.control(reqwest::Method::PATCH, "/account", json!({ "private_template_limit": 1 })).await;
    assert_eq!(code(json!({ "tid": 2101, "kidList": [1, 5] })).await, 200012);
}

#[tokio::test]
async fn the_demo_templates_stand_from_the_start_with_enumerations() {
    let stranger = Stranger::start().await;
    let list =
        stranger.get(&format!("/wxaapi/newtmpl/gettemplate?access_token={}", stranger.token().await)).await;
    let rows = list["data"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["priTmplId"] == EXPIRY && row["title"] == "优惠券到期提醒"));
    let enums = rows.iter().find_map(|row| row.get("keywordEnumValueList")).unwrap();
    assert_eq!(enums[0]["keywordCode"], "enum_string5.DATA");
    assert_eq!(enums[0]["enumValueList"][0], "待取货");
}
