//! What operators did about certain rows: found again by the keys of those rows, in the table and in the file.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use outpost::{
    domain::{
        audit::{
            Answer, Fate, Question,
            about::{Deed, Kind, Source, Subject},
        },
        event::RowId,
        plan::Mutation,
    },
    shell::audit::Audit,
    sources::postgres::{Client, queries},
};
use pretty_assertions::assert_eq;

use crate::{
    database,
    mutations::{shown, writer},
};

fn resolve(ids: impl IntoIterator<Item = i64>, note: &str) -> Mutation {
    Mutation::ResolveErrors {
        ids: ids.into_iter().map(RowId::from).collect(),
        note: note.to_owned(),
    }
}

fn subject(named: &[(Kind, i64)]) -> Subject {
    let named = named.iter();
    Subject {
        named: named.map(|(kind, id)| (*kind, RowId::from(*id))).collect(),
        since: Utc::now() - TimeDelta::hours(1),
    }
}

async fn asked(client: &Client, schema: &str, subject: &Subject) -> (Vec<Deed>, Option<String>) {
    let catalog = database::catalog(client, schema).await;
    let question = Question::About(Source::Table, Box::new(subject.clone()));
    match queries::audit(client, &catalog, question).await.unwrap() {
        Answer::Deeds(deeds) => (deeds.all, deeds.missing),
        other @ (Answer::Page(_) | Answer::File(_) | Answer::Whole(_)) => panic!("{other:?}"),
    }
}

/// What is said of each key.
fn told(deeds: &[Deed]) -> BTreeMap<String, (Option<Fate>, bool)> {
    let one = |deed: &Deed| {
        let (kind, key) = &deed.about;
        let is_said = deed.why.is_some();
        (format!("{} {key}", kind.word()), (deed.fate, is_said))
    };
    deeds.iter().map(one).collect()
}

async fn errors(client: &Client, n: i64) {
    let sql = format!(
        "INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message)
         SELECT 'slots_created', n::text, 'no' FROM generate_series(1, {n}) n"
    );
    client.batch_execute(&sql).await.unwrap();
}

#[tokio::test]
async fn an_entry_is_found_by_each_row_that_it_names_with_what_became_of_that_row() {
    let db = database::fresh().await;
    errors(&db.client, 4).await;
    let plan = shown(&db.client, resolve(1..=3, "key rotated")).await;
    let moved = "UPDATE marketing.pipeline_errors SET severity = 'critical' WHERE id = 3";
    db.client.batch_execute(moved).await.unwrap();
    writer(&db).carry_out(&plan).await.unwrap();

    let of_all = subject(&[
        (Kind::Error, 2),
        (Kind::Error, 3),
        (Kind::Error, 4),
        // The same number is of an event too, about which nothing was done.
        (Kind::Event, 2),
    ]);
    let (deeds, missing) = asked(&db.client, "marketing", &of_all).await;
    assert_eq!(missing, None);
    let expected = [
        ("error 2", (Some(Fate::Done), false)),
        ("error 3", (Some(Fate::Skipped), true)),
    ];
    assert_eq!(
        told(&deeds),
        expected.map(|(key, fate)| (key.to_owned(), fate)).into()
    );
    assert!(
        deeds
            .iter()
            .all(|deed| deed.note.as_ref().unwrap().display() == "key rotated")
    );

    // A moment ago is before what is asked for.
    let later = Subject {
        since: Utc::now() + TimeDelta::hours(1),
        ..of_all.clone()
    };
    assert_eq!(asked(&db.client, "marketing", &later).await.0, []);
    // Another pipeline's rows have the same keys.
    let other = "UPDATE outpost.audit SET schema_name = 'elsewhere'";
    db.client.batch_execute(other).await.unwrap();
    assert_eq!(asked(&db.client, "marketing", &of_all).await.0, []);
}

#[tokio::test]
async fn a_row_of_a_plan_in_several_parts_is_told_once() {
    let db = database::fresh().await;
    errors(&db.client, 2_500).await;
    let plan = shown(&db.client, resolve(1..=2_500, "all of it")).await;
    let outcome = writer(&db).carry_out(&plan).await.unwrap();
    assert_eq!(outcome.done.len(), 2_500);
    let lines = "SELECT count(*) FROM outpost.audit";
    let lines: i64 = db.client.query_one(lines, &[]).await.unwrap().get(0);
    assert!(lines > 2, "{lines}");
    let one = subject(&[(Kind::Error, 2_400), (Kind::Error, 1)]);
    let (deeds, _) = asked(&db.client, "marketing", &one).await;
    let expected = ["error 1", "error 2400"].map(|key| (key.to_owned(), (Some(Fate::Done), false)));
    assert_eq!(told(&deeds), expected.into());
    assert_eq!(deeds.len(), 2);
}

#[tokio::test]
async fn without_the_table_that_is_said_and_the_file_of_this_machine_tells() {
    let db = database::classic().await;
    let one = subject(&[(Kind::Error, 1), (Kind::Error, 7)]);
    let (deeds, missing) = asked(&db.client, "marketing", &one).await;
    assert_eq!(deeds, []);
    assert!(missing.unwrap().contains("outpost.audit is not there"));

    let plan = shown(&db.client, resolve([1], "key rotated")).await;
    let directory = tempfile::tempdir().unwrap();
    let file = Audit::new(directory.path(), "ann@host".to_owned(), "here".to_owned());
    file.begin(&plan).unwrap();
    let outcome = writer(&db).carry_out(&plan).await;
    assert_eq!(outcome.as_ref().unwrap().done, [RowId::from(1)]);
    file.end(&plan, &outcome).unwrap();
    let found = file.about(&one).unwrap();
    assert_eq!(
        told(&found.all),
        [("error 1".to_owned(), (Some(Fate::Done), false))].into()
    );
    let elsewhere = Audit::new(directory.path(), "ann@host".to_owned(), "there".to_owned());
    assert_eq!(elsewhere.about(&one).unwrap().all, []);
}
