//! A batch in the audit history: one entry, whole with what became of each row, and taken back where the data allows it.

use outpost::{
    domain::{
        audit::{Answer, Entry, EntryId, Fate, History, Page, Question, Whole},
        plan::{Mutation, Strategy},
    },
    shell::{batches::Means, export},
    sources::postgres::{Client, queries},
};

use super::{Desk, FAST, Pacing, WORK, begun, one, plan, run, workflow};
use crate::{
    database,
    mutations::{shown, writer},
};

async fn page(client: &Client) -> Page {
    let catalog = database::catalog(client, "marketing").await;
    let read = queries::page(client, &catalog, None, 50).await;
    read.unwrap()
}

async fn whole(client: &Client, id: EntryId) -> Whole {
    let EntryId::Row(key) = id else {
        panic!("{id:?}");
    };
    let catalog = database::catalog(client, "marketing").await;
    let read = queries::whole(client, &catalog, key).await;
    read.unwrap().unwrap()
}

fn fates(whole: &Whole) -> Vec<(String, Fate)> {
    let rows = whole.rows.iter();
    let mut fates: Vec<(String, Fate)> = rows.map(|row| (row.id.display(), row.fate)).collect();
    fates.sort_by(|a, b| a.0.cmp(&b.0));
    fates
}

/// The file of this machine has a batch too, and it is told once, and exported with its five rows.
async fn told_once(means: &Means, read: Page) {
    let file = means.targets.audit.history().unwrap();
    assert_eq!(file.entries.len(), 1);
    let both: Vec<Entry> = read.entries.iter().chain(&file.entries).cloned().collect();
    let mut history = History::default();
    let now = chrono::Utc::now();
    history.answered(now, Question::File, Ok(Answer::File(file)));
    history.answered(now, Question::Page(None), Ok(Answer::Page(read)));
    assert_eq!(history.entries().len(), 1);

    let said = export::entries(&means.targets, "audit-x", &both).await;
    let wanted = "written: audit-x.csv, audit-x.jsonl in ";
    assert!(said.starts_with(wanted), "{said}");
    let path = means
        .targets
        .audit
        .directory()
        .join("exports/audit-x.jsonl");
    let lines = std::fs::read_to_string(path).unwrap();
    let all = lines.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["rows"].as_array().unwrap().len()
    });
    let rows: Vec<usize> = all.collect();
    assert_eq!(rows, [5, 5], "of the table, and of the file");
}

/// Of one that was killed there are the lines of its rows alone; of one whose beginning is lost each is an entry.
async fn without_an_end(client: &Client) {
    let killed = "DELETE FROM outpost.audit WHERE phase IN ('rest', 'end')";
    client.batch_execute(killed).await.unwrap();
    let entry = page(client).await.entries.remove(0);
    assert_eq!(entry.outcome(), "4 done, 1 skipped, no end written");
    let of_rows = whole(client, entry.id).await;
    assert_eq!(of_rows.rows.len(), 5, "{:#?}", of_rows.rows);
    let headless = "DELETE FROM outpost.audit WHERE phase = 'begin'";
    client.batch_execute(headless).await.unwrap();
    assert_eq!(page(client).await.entries.len(), 5);
}

#[tokio::test]
async fn a_batch_is_one_entry_of_the_history_with_what_became_of_each_row() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    let _workflow = workflow(&db, "id = 6").await;
    let desk = Desk::on(&db);
    let pacing = Pacing {
        canary: 0,
        brake: 9,
        ..FAST
    };
    let plan = plan(&db.client, 3..=7, pacing).await;
    let moved = "UPDATE marketing.pipeline_events SET status = 'processed' WHERE id = 7";
    db.client.batch_execute(moved).await.unwrap();
    let means = desk.means("ann@host");
    let (runner, _orders) = begun(&means, plan).await;
    let id = runner.id().to_string();
    let entry = page(&db.client).await.entries.remove(0);
    assert_eq!(entry.outcome(), "no end written", "it has just begun");
    let batch = run(runner).await;
    assert!(batch.is_over(), "{:?}", batch.mode);

    let read = page(&db.client).await;
    let [entry] = read.entries.as_slice() else {
        panic!("{:#?}", read.entries);
    };
    assert_eq!(entry.batch.as_ref().unwrap().display(), id);
    assert_eq!((entry.targets, entry.has_ended), (5, true));
    assert_eq!(entry.outcome(), "3 done, 1 skipped, 1 failed");
    let read_whole = whole(&db.client, entry.id).await;
    let wanted = [
        ("3", Fate::Done),
        ("4", Fate::Done),
        ("5", Fate::Done),
        ("6", Fate::Failed),
        ("7", Fate::Skipped),
    ];
    let wanted = wanted.map(|(id, fate)| (id.to_owned(), fate));
    assert_eq!(fates(&read_whole), wanted);
    assert_eq!(read_whole.undo, None, "its workflows ran");

    told_once(&means, read).await;
    without_an_end(&db.client).await;
}

#[tokio::test]
async fn a_batch_of_clones_is_taken_back_from_the_history() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    let desk = Desk::on(&db);
    let pacing = Pacing {
        canary: 0,
        brake: 9,
        patience_s: 0,
        ..FAST
    };
    let mut plan = plan(&db.client, 3..=5, pacing).await;
    let Mutation::RetryEvents(retry) = &mut plan.mutation else {
        panic!("{plan:?}");
    };
    retry.strategy = Strategy::Clone;
    let means = desk.means("ann@host");
    let (runner, _orders) = begun(&means, plan).await;
    let batch = run(runner).await;
    assert!(batch.is_over(), "{:?}", batch.mode);
    let clones = "SELECT count(*)::text FROM marketing.pipeline_events WHERE payload ? 'retry_of'";
    assert_eq!(one(&db.client, clones).await, "3");

    let file = means.targets.audit.history().unwrap().entries.remove(0);
    assert!(file.is_undoable, "from the file as well");
    let killed = "DELETE FROM outpost.audit WHERE phase IN ('rest', 'end')";
    for cut in ["SELECT", killed] {
        db.client.batch_execute(cut).await.unwrap();
        let entry = page(&db.client).await.entries.remove(0);
        assert!(entry.is_undoable, "{cut}");
        let undo = whole(&db.client, entry.id).await.undo.unwrap();
        assert!(matches!(&undo, Mutation::DeleteClones(all) if all.len() == 3));
    }
    let entry = page(&db.client).await.entries.remove(0);
    let undo = whole(&db.client, entry.id).await.undo.unwrap();
    let taken_back = shown(&db.client, undo).await;
    let outcome = writer(&db).carry_out(&taken_back).await.unwrap();
    assert_eq!(outcome.done.len(), 3);
    assert_eq!(one(&db.client, clones).await, "0");
}

#[tokio::test]
async fn what_a_batch_that_rests_has_not_tried_is_not_called_skipped() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    let _workflow = workflow(&db, "id = 4").await;
    let desk = Desk::on(&db);
    let pacing = Pacing { canary: 1, ..FAST };
    let plan = plan(&db.client, 3..=7, pacing).await;
    let means = desk.means("ann@host");
    let (runner, _orders) = begun(&means, plan).await;
    let batch = run(runner).await;
    assert!(
        !batch.is_over(),
        "the second canary failed: {:?}",
        batch.mode
    );
    let entry = page(&db.client).await.entries.remove(0);
    assert_eq!(entry.outcome(), "1 done, 1 failed, 3 not tried");
    let read = whole(&db.client, entry.id).await;
    let untried = ["5", "6", "7"].map(|id| (id.to_owned(), Fate::Untried));
    assert_eq!(fates(&read)[2..], untried);
    // The file of this machine says the same.
    let filed = means.targets.audit.history().unwrap().entries.remove(0);
    assert_eq!(filed.outcome(), "1 done, 1 failed, 3 not tried");
}
