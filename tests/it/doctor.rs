//! The doctor on real databases: what is well is said to be, what is not comes with why and how to mend it.

use outpost::{
    doctor::{self, Finding, Level},
    domain::pipeline::Pipeline,
    sources::{
        n8n::Absent,
        postgres::{Settings, address::Address},
    },
};

use crate::database::{self, Db};

async fn examine(db: &Db) -> Vec<Finding> {
    let settings = Settings::new(Address::parse(Some(&db.url), |_| None).unwrap());
    doctor::examine(
        Pipeline::guide(),
        Ok(&settings),
        Err(Finding::no_n8n(Absent::Both)),
    )
    .await
}

#[tokio::test]
async fn our_own_schema_has_nothing_critical_and_every_finding_that_is_not_well_says_why_and_what_to_do()
 {
    let findings = examine(&database::fresh().await).await;
    assert!(findings.len() > 10, "{findings:#?}");
    for finding in &findings {
        assert_ne!(finding.level, Level::Critical, "{finding:#?}");
        if finding.level != Level::Ok {
            assert!(
                !finding.why.is_empty() && !finding.mend.is_empty(),
                "{finding:#?}"
            );
        }
    }
}

#[tokio::test]
async fn a_trigger_that_is_switched_off_is_found_with_the_statement_that_switches_it_on() {
    let db = database::fresh().await;
    let off = "ALTER TABLE intake.company_raw_intake DISABLE TRIGGER outpost_company_insert";
    db.client.batch_execute(off).await.unwrap();
    let findings = examine(&db).await;
    let found = findings
        .iter()
        .find(|f| f.what.display().contains("outpost_company_insert"));
    let found = found.unwrap_or_else(|| panic!("{findings:#?}"));
    assert_ne!(found.level, Level::Ok);
    assert!(found.mend.display().contains("ENABLE TRIGGER"), "{found:?}");
}

#[tokio::test]
async fn the_fault_of_the_classic_shape_is_found_rows_come_and_their_events_do_not() {
    let db = database::classic().await;
    let rows = "INSERT INTO intake.company_raw_intake (company_name, website)
                SELECT 'Company ' || n, 'https://c.example' FROM generate_series(1, 40) n";
    db.client.batch_execute(rows).await.unwrap();
    let findings = examine(&db).await;
    let found = findings
        .iter()
        .find(|f| f.level != Level::Ok && f.what.display().contains("company_created"));
    assert!(found.is_some(), "{findings:#?}");
}

#[tokio::test]
async fn an_empty_database_and_no_database_are_critical_in_words_and_in_json() {
    let findings = examine(&database::empty().await).await;
    assert_eq!(doctor::worst(&findings), Level::Critical, "{findings:#?}");
    let findings = doctor::examine(
        Pipeline::guide(),
        Err(Finding::no_database()),
        Err(Finding::no_n8n(Absent::Both)),
    )
    .await;
    assert_eq!(doctor::worst(&findings).exit_code(), 2);
    let json: serde_json::Value = serde_json::from_str(&doctor::print::json(&findings)).unwrap();
    assert_eq!(json["level"], "critical");
    assert!(doctor::print::text(&findings).contains("DATABASE_URL"));
}

#[tokio::test]
async fn a_trigger_of_any_name_is_switched_on_by_the_statement_that_is_printed() {
    let db = database::fresh().await;
    let sql = r#"CREATE FUNCTION marketing."Tell All"() RETURNS trigger LANGUAGE plpgsql AS
                   $$ BEGIN PERFORM pg_notify('pipeline_event', NEW.id::text); RETURN NEW; END $$;
                 CREATE TRIGGER "Tell ""N8N"" now" AFTER INSERT ON marketing.pipeline_events
                   FOR EACH ROW EXECUTE FUNCTION marketing."Tell All"();
                 ALTER TABLE marketing.pipeline_events DISABLE TRIGGER "Tell ""N8N"" now""#;
    db.client.batch_execute(sql).await.unwrap();
    let disabled = async || {
        let findings = examine(&db).await;
        let mut found = findings.into_iter();
        found.find(|f| f.what.display().ends_with("is disabled"))
    };
    let mend = disabled().await.unwrap().mend.display();
    db.client.batch_execute(&mend).await.unwrap();
    assert!(disabled().await.is_none());
}

#[tokio::test]
async fn the_mode_of_the_notifier_is_told_and_one_that_was_chosen_is_no_fault() {
    let db = database::fresh().await;
    for (switch, said) in [
        ("SELECT", "outpost.settings notify = on)"),
        (
            "UPDATE outpost.settings SET value = 'coalesce'",
            "outpost.settings notify = coalesce)",
        ),
        (
            "UPDATE outpost.settings SET value = 'off'",
            "outpost.settings notify = off)",
        ),
        (
            "CREATE OR REPLACE FUNCTION marketing.outpost_notify() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_notify('pipeline_event', 'mine'); RETURN NULL; END $$;
             UPDATE outpost.settings SET value = 'coalesce'",
            "not as outpost migrate made it",
        ),
    ] {
        db.client.batch_execute(switch).await.unwrap();
        let findings = examine(&db).await;
        let about = |f: &&Finding| f.what.display().contains("notif");
        let of_it: Vec<&Finding> = findings.iter().filter(about).collect();
        let is_told = of_it.iter().any(|f| f.what.display().contains(said));
        assert!(is_told, "{switch}: {of_it:#?}");
        assert!(of_it.iter().all(|f| f.level == Level::Ok), "{switch}: {of_it:#?}");
    }
}

/// Rows of large tables that no index on time finds: contacts whose keys are in order, of which the first few were enriched today, and
/// slots, whose keys are text. Nothing wrote an event of either today.
const LARGE: &str = "
    SET session_replication_role = replica;
    UPDATE intake.company_raw_intake SET created_at = now() - interval '3 days';
    UPDATE marketing.company_master SET created_at = now() - interval '3 days';
    UPDATE marketing.pipeline_events SET created_at = now() - interval '3 days' WHERE event_type <> 'company_promoted';
    INSERT INTO intake.company_raw_intake (company_name) VALUES ('new');
    INSERT INTO marketing.pipeline_events (event_type, payload) VALUES ('company_created', '{}');
    INSERT INTO marketing.contact_enrichment (company_slot_unique_id, created_at) SELECT 'old', now() - interval '3 days' FROM generate_series(1, 60000);
    INSERT INTO marketing.company_slots (company_slot_unique_id) SELECT 'slot' || n FROM generate_series(1, 60000) AS n;
    RESET session_replication_role;
    ANALYZE marketing.contact_enrichment, marketing.company_slots";

#[tokio::test]
async fn of_a_large_table_without_an_index_on_time_the_newest_rows_are_looked_at_and_what_was_not_is_said()
 {
    let db = database::classic().await;
    db.client.batch_execute(LARGE).await.unwrap();
    let findings = examine(&db).await;
    let found = |part: &str| {
        let found = findings.iter().find(|it| it.what.display().contains(part));
        found.unwrap_or_else(|| panic!("no {part}: {findings:#?}"))
    };
    let well = found("every table that gained rows in the last 24 h wrote its events");
    assert_eq!(well.level, Level::Ok);
    assert!(
        well.what
            .display()
            .ends_with("(looked at: the newest 20000 of contact_enrichment)"),
        "{well:?}"
    );
    let unseen = found("whether company_slots gained rows in the last 24 h was not looked at");
    assert_eq!(unseen.level, Level::Unknown);
    // With an index on time all of them are found.
    let index = "CREATE INDEX ON marketing.contact_enrichment (enriched_at); CREATE INDEX ON marketing.company_slots (created_at)";
    db.client.batch_execute(index).await.unwrap();
    let findings = examine(&db).await;
    for (table, rows, event) in [
        ("contact_enrichment", "36", "contact_enriched"),
        ("company_slots", "1,000 or more", "slots_created"),
    ] {
        let told = format!("{table} gained {rows} rows in 24 h, and no {event} event came");
        let found = findings.iter().find(|it| it.what.display() == told);
        assert_eq!(
            found.map(|it| it.level),
            Some(Level::Critical),
            "{told}: {findings:#?}"
        );
    }
}
