//! A row whose commit was sent and not answered: looked up by its transaction, or by what that would have left; never
//! guessed, never done twice, and nothing else is sent before.

use std::time::{Duration, Instant};

use outpost::{
    domain::{
        batch::{BatchId, Record, Standing},
        event::RowId,
    },
    msg::{Msg, Told},
    sources::Messages,
};
use tokio::time::timeout;

use super::{Desk, FAST, PATIENCE, SENDS, WORK, begun, one, plan, resumed, run, workflow};
use crate::{
    connect,
    database::{self, Db},
    proxy::{Line, Proxy},
    sources::through,
};

/// Waits until what is told of a batch waits for something that is called like this.
async fn held(messages: &mut Messages, words: &str) -> String {
    let told = async {
        loop {
            let (_, msg) = messages.recv().await.unwrap();
            if let Msg::Batch(Told::Held(_, Some(held))) = msg
                && held.contains(words)
            {
                break held;
            }
        }
    };
    let told = timeout(PATIENCE, told).await;
    told.unwrap_or_else(|_| panic!("nothing of {words} is told"))
}

/// Ends what ann has open, so that nothing can be asked over it.
async fn end(db: &Db) {
    let end = "SELECT count(pg_terminate_backend(pid))::text FROM pg_stat_activity WHERE application_name = 'outpost ann@host' AND datname = current_database()";
    one(&db.client, end).await;
}

/// Waits until the first row is sent as far as the table tells.
async fn stands(db: &Db) {
    while one(&db.client, SENDS).await != "1x1" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Begins a batch of rows 1 to 4 over a line that breaks in the first commit and takes nobody after; it is in doubt when this
/// returns.
async fn in_doubt(db: &Db, breaks: Line) -> (Desk, Proxy, BatchId, Doubtful) {
    db.client.batch_execute(WORK).await.unwrap();
    let desk = Desk::on(db);
    let proxy = Proxy::start(&db.url, Line::Sound).await;
    let mut settings = through(&proxy, db);
    settings.patience = Duration::from_millis(200);
    let (means, mut messages) = desk.over(settings, "ann@host");
    let pacing = super::Pacing { canary: 0, ..FAST };
    let plan = plan(&db.client, 1..=4, pacing).await;
    let (runner, orders) = begun(&means, plan).await;
    let id = runner.id().clone();
    proxy.set(breaks);
    let runs = tokio::spawn(run(runner));
    timeout(PATIENCE, proxy.does(Line::Closed)).await.unwrap();
    if matches!(breaks, Line::BreaksForGood) {
        // The server has the commit: it is not to be ended before it has done it.
        timeout(PATIENCE, stands(db)).await.unwrap();
    }
    end(db).await;
    held(&mut messages, "waits for the lock").await;
    let kept = desk.journals().read(&id).unwrap().batch();
    let row = kept.row(&RowId::from(1)).unwrap();
    assert_eq!(row.standing.word(), "in doubt");
    assert_eq!(
        kept.report().to_string(),
        "4: ok 0, failed 0, pending 0, skipped 0, in doubt 1, not tried 3"
    );
    let doubtful = Doubtful {
        runs,
        cancel: means.cancel.clone(),
        _orders: orders,
    };
    (desk, proxy, id, doubtful)
}

struct Doubtful {
    runs: tokio::task::JoinHandle<outpost::domain::batch::Batch>,
    cancel: tokio_util::sync::CancellationToken,
    _orders: tokio::sync::mpsc::Sender<outpost::domain::batch::Order>,
}

const ONCE: &str = "1x1 2x1 3x1 4x1";

/// Lets the batch go on where its line is sound and workflows run: each row is done once.
async fn is_done_once_over_a_sound_line(db: &Db, proxy: &Proxy, doubtful: Doubtful) {
    let _workflow = workflow(db, "false").await;
    proxy.set(Line::Sound);
    let batch = doubtful.runs.await.unwrap();
    assert_eq!(batch.report().ok, 4, "{}", batch.report());
    assert_eq!(one(&db.client, SENDS).await, ONCE);
}

#[tokio::test]
async fn a_row_whose_commit_stands_and_was_not_answered_is_done_once() {
    let db = database::fresh().await;
    let (_desk, proxy, _, doubtful) = Box::pin(in_doubt(&db, Line::BreaksForGood)).await;
    assert_eq!(one(&db.client, SENDS).await, "1x1", "it stands");
    is_done_once_over_a_sound_line(&db, &proxy, doubtful).await;
}

#[tokio::test]
async fn a_row_whose_commit_never_came_is_sent_again_and_done_once() {
    let db = database::fresh().await;
    let (_desk, proxy, _, doubtful) =
        Box::pin(in_doubt(&db, Line::BreaksBeforeCommitForGood)).await;
    is_done_once_over_a_sound_line(&db, &proxy, doubtful).await;
}

#[tokio::test]
async fn who_resumes_a_batch_that_was_left_in_doubt_looks_it_up_first() {
    let db = database::fresh().await;
    let (desk, proxy, id, doubtful) = Box::pin(in_doubt(&db, Line::BreaksForGood)).await;
    doubtful.cancel.cancel();
    let left = doubtful.runs.await.unwrap();
    assert_eq!(left.report().in_doubt, 1, "left as it stands");
    let _workflow = workflow(&db, "false").await;
    proxy.set(Line::Sound);
    let (ben, _told) = desk.over(through(&proxy, &db), "ben@host");
    let batch = run(resumed(&ben, &id).await.unwrap()).await;
    assert_eq!(batch.report().ok, 4, "{}", batch.report());
    assert_eq!(one(&db.client, SENDS).await, ONCE);
}

fn record(id: i64, xid: &str, skip: Option<&str>) -> Record {
    Record::Begun {
        id: RowId::from(id),
        at: chrono::Utc::now(),
        xid: xid.to_owned(),
        skip: skip.map(ToOwned::to_owned),
        clone: None,
    }
}

const XID: &str = "SELECT pg_current_xact_id()::text";

/// What a killed outpost left of rows 1 to 7 of the batch `id`, as its journal would tell it. Row 1 was sent, and it died before it
/// could write that down; of row 2 nothing stands; row 3 was left alone. The server does not know the transactions of rows 4
/// to 7: row 4 is as it was shown, so nothing came of it; row 5 was changed by somebody; row 6 has its line in the audit log;
/// row 7 bears the number of who wrote it last.
async fn left_behind(db: &Db, id: &BatchId) -> Vec<Record> {
    let sent = |n: i64| {
        format!(
            "WITH sent AS (UPDATE marketing.pipeline_events SET status = 'pending', retry_count = 1 WHERE id = {n} RETURNING id)
             SELECT (pg_current_xact_id()::text::bigint + CASE WHEN id = 7 THEN 1::bigint << 40 ELSE 0 END)::text FROM sent"
        )
    };
    let committed = one(&db.client, &sent(1)).await;
    let mut other = db.connect().await;
    let transaction = other.transaction().await.unwrap();
    let aborted: String = transaction.query_typed(XID, &[]).await.unwrap()[0].get(0);
    transaction.rollback().await.unwrap();
    let fifth_and_sixth = format!(
        "INSERT INTO outpost.audit (actor, action, targets, outcome) VALUES ('ann@host', 'retry_events', '[\"6\"]', jsonb_build_object('key', '{}'));
         UPDATE marketing.pipeline_events SET status = 'pending', retry_count = 1 WHERE id = 6;
         UPDATE marketing.pipeline_events SET retry_count = 5 WHERE id = 5;",
        id.key(&RowId::from(6))
    );
    db.client.batch_execute(&fifth_and_sixth).await.unwrap();
    let seventh = one(&db.client, &sent(7)).await;
    vec![
        record(1, &committed, None),
        record(2, &aborted, None),
        record(3, &committed, Some("already in the delivery log")),
        record(4, FORGOTTEN, None),
        record(5, FORGOTTEN, None),
        record(6, FORGOTTEN, None),
        record(7, &seventh, None),
    ]
}

const FORGOTTEN: &str = "999999999999";

#[tokio::test]
async fn what_was_begun_and_not_seen_to_end_is_looked_up_and_not_guessed() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    let desk = Desk::on(&db);
    let means = desk.means("ann@host");
    let (runner, _orders) = begun(&means, plan(&db.client, 1..=8, FAST).await).await;
    let id = runner.id().clone();
    drop(runner);
    let (mut journal, _) = desk.journals().resume(&id).unwrap();
    for record in left_behind(&db, &id).await {
        journal.add(&record).unwrap();
    }
    drop(journal);
    let runs = tokio::spawn(run(resumed(&means, &id).await.unwrap()));
    let until = Instant::now() + PATIENCE;
    while desk.journals().read(&id).unwrap().batch().report().in_doubt > 0 {
        assert!(Instant::now() < until, "they are not looked up");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Before that it would have written over what tells who wrote last.
    let _workflow = workflow(&db, "false").await;
    let batch = runs.await.unwrap();
    assert!(batch.is_over(), "{:?}", batch.mode);
    let rows = (1..=8).map(|id| batch.row(&RowId::from(id)).unwrap());
    let words: Vec<String> = rows
        .map(|row| format!("{} {}", row.id, row.standing.word()))
        .collect();
    let wanted = "1 ok, 2 ok, 3 skipped, 4 ok, 5 unknown, 6 ok, 7 ok, 8 ok";
    assert_eq!(words.join(", "), wanted);
    let Standing::Unknown(why) = &batch.row(&RowId::from(5)).unwrap().standing else {
        panic!("{:?}", batch.rows);
    };
    let said = "has forgotten transaction 999999999999";
    assert!(why.contains(said), "{why}");
    assert_eq!(one(&db.client, SENDS).await, "1x1 2x1 4x1 6x1 7x1 8x1");
}

#[tokio::test]
async fn a_transaction_that_still_runs_is_waited_for_and_one_of_a_dead_outpost_is_ended() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    let desk = Desk::on(&db);
    let ann = desk.means("ann@host");
    let (runner, _orders) = begun(&ann, plan(&db.client, 1..=4, FAST).await).await;
    let id = runner.id().clone();
    drop(runner);
    let send = |n: i64| {
        format!(
            "UPDATE marketing.pipeline_events SET status = 'pending', retry_count = 1 WHERE id = {n}"
        )
    };
    // Row 1 is in the hands of somebody whom nobody may end, row 2 in those of an outpost that hangs.
    let mut other = db.connect().await;
    let running = other.transaction().await.unwrap();
    running.batch_execute(&send(1)).await.unwrap();
    let xid: String = running.query_typed(XID, &[]).await.unwrap()[0].get(0);
    let mut dead = db.connect().await;
    let name = "SET application_name = 'outpost ann@host'";
    dead.batch_execute(name).await.unwrap();
    let hanging = dead.transaction().await.unwrap();
    hanging.batch_execute(&send(2)).await.unwrap();
    let hung: String = hanging.query_typed(XID, &[]).await.unwrap()[0].get(0);
    let (mut journal, _) = desk.journals().resume(&id).unwrap();
    journal.add(&record(1, &xid, None)).unwrap();
    journal.add(&record(2, &hung, None)).unwrap();
    drop(journal);

    let (ben, mut messages) = desk.over(connect::settings(&db.url), "ben@host");
    let runs = tokio::spawn(run(resumed(&ben, &id).await.unwrap()));
    let said = held(&mut messages, "is not decided yet").await;
    assert!(said.contains(&xid), "{said}");
    let kept = desk.journals().read(&id).unwrap().batch().report();
    assert_eq!((kept.in_doubt, kept.waiting), (2, 2), "{kept}");
    let _workflow = workflow(&db, "false").await;
    running.commit().await.unwrap();
    let until = Instant::now() + PATIENCE;
    while !runs.is_finished() {
        assert!(Instant::now() < until, "it does not end");
        // Nobody listens at the other end of what is told.
        drop(timeout(Duration::from_millis(20), messages.recv()).await);
    }
    let batch = runs.await.unwrap();
    assert_eq!(batch.report().ok, 4, "{}", batch.report());
    assert_eq!(one(&db.client, SENDS).await, ONCE);
}
