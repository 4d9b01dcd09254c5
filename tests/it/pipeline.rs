//! A site's own pipeline in place of the guide's: on every screen, in the doctor, on the command line.

use std::{process::Command, sync::Arc};

use chrono::TimeDelta;
use outpost::{
    doctor::{self, Finding},
    domain::{event::EventType, pipeline::Pipeline, stage::StageReading},
    msg::{Fact, Link, LinkId, Msg},
    sources::{
        n8n::Absent,
        postgres::{Settings, address::Address},
    },
};

use crate::{
    database,
    scenario::{Scenario, start},
    screen::{paint, text},
};

/// Four stages of a web shop.
const SHOP: &str = r#"
name = "webshop"
[[phase]]
name = "Intake"
end_to_end = "10m"
[[phase]]
name = "Shipping"
[[stage]]
event = "order_placed"
phase = "Intake"
workflow = "Order Checker"
webhook = "check-order"
side_effect = "internal"
about = "company"
[[stage]]
event = "order_accepted"
phase = "Intake"
workflow = "Order Packer"
webhook = "pack-order"
side_effect = "internal"
about = "company"
parent = "order_placed"
children = "1"
keys = ["order_id"]
[[stage]]
event = "parcel_packed"
phase = "Shipping"
workflow = "Parcel Shipper"
webhook = "ship-parcel"
side_effect = "paid"
about = "company"
parent = "order_accepted"
children = "1..n"
keys = ["order_id"]
[[stage]]
event = "parcel_shipped"
phase = "Shipping"
workflow = "Parcel Tracker"
webhook = "track-parcel"
side_effect = "person"
about = "person"
parent = "parcel_packed"
children = "1"
keys = ["parcel_id"]
latency = "90s"
"#;

/// The stages of the shop, in order, and one that it does not know.
const SHOWN: [&str; 5] = [
    "order_placed",
    "order_accepted",
    "parcel_packed",
    "parcel_shipped",
    "a_stage_of_old",
];

fn shop() -> Scenario {
    let reading = |stage: &str, pending: u64| StageReading {
        pending,
        oldest_pending: Some(start() - TimeDelta::seconds(20)),
        created_5m: 20,
        processed_5m: 20,
        created_1h: 240,
        processed_1h: 240,
        ..StageReading::empty(EventType::from(stage))
    };
    let mut script = Scenario::start();
    script.model.store.pipeline = Arc::new(Pipeline::parse(SHOP).unwrap());
    let link = |id| Msg::Linked(id, Link::Up(start(), None));
    script
        .tell(link(LinkId::Reader))
        .tell(link(LinkId::Listener))
        .fact(Fact::Stages(vec![
            reading("a_stage_of_old", 1),
            reading("parcel_shipped", 2),
            reading("order_placed", 3),
        ]))
}

/// Where each of [`SHOWN`] first stands, by line; none of the guide's stages is there.
fn places(screen: &[String]) -> Vec<usize> {
    for stage in &Pipeline::guide().stages {
        let is_there = screen.iter().any(|line| line.contains(&stage.event));
        assert!(!is_there, "{}\n{}", stage.event, screen.join("\n"));
    }
    let place = |stage: &&str| {
        let mut lines = screen.iter();
        let found = lines.position(|line| line.contains(*stage));
        found.unwrap_or_else(|| panic!("no {stage}\n{}", screen.join("\n")))
    };
    SHOWN.iter().map(place).collect()
}

#[test]
fn a_pipeline_of_four_stages_is_shown_in_its_order_and_what_it_does_not_name_behind() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let overview = text(&paint(&shop().model, size));
        assert!(places(&overview).is_sorted(), "{}", overview.join("\n"));
        let queue = text(&paint(&shop().keys("3").model, size));
        assert!(places(&queue).is_sorted(), "{}", queue.join("\n"));
    }
    let script = shop().keys("3").keys("jjj");
    let queue = text(&paint(&script.model, (200, 60))).join("\n");
    for part in [
        "Parcel Tracker",
        "webhook track-parcel",
        "sends e-mail to people",
        "target 1m30s",
        "phase 2 Shipping: parcel_packed > parcel_shipped > (ends here)",
    ] {
        assert!(queue.contains(part), "{part}\n{queue}");
    }
    let queue = text(&paint(&shop().keys("3").model, (200, 60))).join("\n");
    assert!(
        queue.contains("phase 1 Intake, in 10m: (starts here) > order_placed > order_accepted"),
        "{queue}"
    );
}

#[tokio::test]
async fn the_doctor_names_the_workflow_that_the_description_names() {
    let db = database::fresh().await;
    let waits = "INSERT INTO marketing.pipeline_events (event_type, status, created_at)
                 VALUES ('parcel_packed', 'pending', now() - interval '20 minutes')";
    db.client.batch_execute(waits).await.unwrap();
    let settings = Settings::new(Address::parse(Some(&db.url), |_| None).unwrap());
    let shop = Pipeline::parse(SHOP).unwrap();
    let findings = doctor::examine(&shop, Ok(&settings), Err(Finding::no_n8n(Absent::Both))).await;
    let mut mends = findings.iter().map(|finding| finding.mend.display());
    assert!(
        mends.any(|mend| mend.contains("activate Parcel Shipper in n8n")),
        "{findings:#?}"
    );
}

#[test]
fn the_command_line_says_which_pipeline_is_in_force_and_tells_every_mistake_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.toml");
    std::fs::write(&config, "[pipeline]\nfile = 'shop.toml'\n").unwrap();
    let run = |text: &str| {
        std::fs::write(directory.path().join("shop.toml"), text).unwrap();
        let mut outpost = Command::new(env!("CARGO_BIN_EXE_outpost"));
        outpost.arg("config").arg("--config").arg(&config);
        let output = outpost.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let (code, said) = run(SHOP);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("webshop: 2 phases, 4 stages  (shop.toml)"),
        "{said}"
    );

    let (code, said) = run(&SHOP
        .replace("'1'", "'one'")
        .replace("parent = \"parcel_packed\"", "parent = \"parcel_pakced\""));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the pipeline has 1 mistake:"), "{said}");
    assert!(
        said.contains(
            "there is no stage of `parcel_pakced`, the parent; did you mean `parcel_packed`?"
        ),
        "{said}"
    );
}
