//! Activating and deactivating.

use outpost::{domain::event::RowId, msg::Fault, sources::n8n::set_active};
use pretty_assertions::assert_eq;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

use super::settings;
use crate::n8n_standin::recorded::fixture;

const JSON: &str = "application/json; charset=utf-8";

/// A server that knows `discover` and answers every write with `answer`.
async fn server(discover: (u16, Vec<u8>), answer: (u16, Vec<u8>)) -> MockServer {
    let server = MockServer::start().await;
    let body =
        |(status, body): (u16, Vec<u8>)| ResponseTemplate::new(status).set_body_raw(body, JSON);
    Mock::given(path("/api/v1/discover"))
        .respond_with(body(discover))
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .respond_with(body(answer))
        .mount(&server)
        .await;
    server
}

fn modern() -> (u16, Vec<u8>) {
    (200, fixture("2.41.1", "discover_full_key.json"))
}

fn old() -> (u16, Vec<u8>) {
    (404, fixture("1.123.81", "discover_limited_key.json"))
}

async fn posted(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    requests
        .iter()
        .filter(|request| request.method == "POST")
        .map(|request| request.url.path().to_owned())
        .collect()
}

#[tokio::test]
async fn a_workflow_is_published_where_the_server_says_so_and_activated_where_not() {
    let id = RowId::parse("Ad4KJfY42zyhglQs").unwrap();
    for (discover, active, version, recorded, verb) in [
        (modern(), true, "2.41.1", "workflow_publish.json", "publish"),
        (
            modern(),
            false,
            "2.41.1",
            "workflow_unpublish.json",
            "unpublish",
        ),
        (
            old(),
            true,
            "1.123.81",
            "workflow_activate.json",
            "activate",
        ),
        (
            old(),
            false,
            "1.123.81",
            "workflow_deactivate.json",
            "deactivate",
        ),
    ] {
        let server = server(discover, (200, fixture(version, recorded))).await;
        assert_eq!(
            set_active(&settings(&server), &id, active).await,
            Ok(()),
            "{verb}"
        );
        assert_eq!(
            posted(&server).await,
            [format!("/api/v1/workflows/Ad4KJfY42zyhglQs/{verb}")]
        );
    }
}

#[tokio::test]
async fn refusals_are_told_in_the_words_of_n8n() {
    let id = RowId::parse("w").unwrap();
    for (status, version, name, told) in [
        (
            400,
            "2.41.1",
            "error_400_workflow_activate_no_trigger.json",
            "Workflow cannot be activated because it has no trigger node. At least one trigger, webhook, or polling node is required.",
        ),
        (
            400,
            "2.41.1",
            "error_400_activate_archived.json",
            "Cannot activate an archived workflow.",
        ),
        (
            400,
            "2.41.1",
            "error_400_activate_missing_credential.json",
            "Cannot publish workflow: 1 node have configuration issues:  Node \"T\":   - Missing required credential: postgres",
        ),
        (
            409,
            "2.41.1",
            "error_409_activate_webhook_conflict.json",
            "There is a conflict with one of the webhooks.",
        ),
        (
            404,
            "2.41.1",
            "error_404_workflow_activate_missing.json",
            "You do not have permission to activate this workflow. Ask the owner to share it with you.",
        ),
        (
            404,
            "1.123.81",
            "error_404_workflow_activate_missing.json",
            "Not Found",
        ),
    ] {
        let server = server(modern(), (status, fixture(version, name))).await;
        let refused = set_active(&settings(&server), &id, true)
            .await
            .expect_err(name);
        assert_eq!(refused.to_string(), format!("refused: {told}"));
    }
}

#[tokio::test]
async fn a_key_that_may_not_is_told_before_anything_is_sent() {
    let discover = (200, fixture("2.41.1", "discover_readonly_key.json"));
    let server = server(discover, (200, b"{}".to_vec())).await;
    let refused = set_active(&settings(&server), &RowId::parse("w").unwrap(), false).await;
    assert_eq!(
        refused.expect_err("refused").to_string(),
        "not allowed: the key needs the scope workflow:deactivate"
    );
    assert_eq!(posted(&server).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_that_shows_no_change_is_no_success() {
    let server = server(
        modern(),
        (200, fixture("2.41.1", "workflow_unpublish.json")),
    )
    .await;
    let refused = set_active(&settings(&server), &RowId::parse("w").unwrap(), true).await;
    assert!(matches!(refused, Err(Fault::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn a_key_that_is_only_dots_is_no_workflow() {
    let server = server(modern(), (200, b"{}".to_vec())).await;
    let refused = set_active(&settings(&server), &RowId::parse("..").unwrap(), true).await;
    assert!(matches!(refused, Err(Fault::Refused(_))), "{refused:?}");
    assert_eq!(posted(&server).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_write_that_fails_is_never_sent_again() {
    let server = server(modern(), (503, b"{}".to_vec())).await;
    let failed = set_active(&settings(&server), &RowId::parse("w").unwrap(), true).await;
    assert!(matches!(failed, Err(Fault::Http(503, _))), "{failed:?}");
    assert_eq!(posted(&server).await.len(), 1);
}
