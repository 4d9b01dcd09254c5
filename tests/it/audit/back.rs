//! What was taken back: the history says by whom and when, and nobody plans it a second time.

use outpost::{
    domain::{
        Timestamp,
        audit::{History, TakenBack},
        plan::Plan,
    },
    headless::audit::{Wanted, line, tell},
    headless::rows::Look,
    shell::audit::Audit,
};
use pretty_assertions::assert_eq;

use super::*;

fn ben(db: &database::Db) -> Writer {
    Writer::new(connect::settings(&db.url), "ben@host".to_owned())
}

/// The history as a console has it after it has read its newest page.
async fn history(db: &database::Db) -> History {
    let mut history = History::default();
    let page = page(&db.client, None, 200).await;
    let answer = Ok(Answer::Page(page));
    history.answered(Timestamp::default(), Question::Page(None), answer);
    history
}

/// What it says of each entry that something takes back, or took back; the newest first.
fn said(history: &History) -> Vec<String> {
    let entries = history.entries().into_iter();
    let words = |entry: &Entry| {
        let back = entry.taken_back.as_ref();
        let back = back.map_or_else(String::new, |back| back.words("then"));
        let may = if entry.may_be_taken_back() { "u" } else { "-" };
        format!("{} {may} {back}", entry.action.display())
    };
    entries.map(words).collect()
}

async fn carried_out(writer: &mut Writer, db: &database::Db, mutation: Mutation) -> Plan {
    let plan = shown(&db.client, mutation).await;
    writer.carry_out(&plan).await.unwrap();
    plan
}

#[tokio::test]
async fn an_entry_that_another_operator_took_back_says_so_and_its_plan_would_change_nothing() {
    let db = database::fresh().await;
    errors(&db.client, 3).await;
    carried_out(&mut writer(&db), &db, resolve(1..=2)).await;
    let first = page(&db.client, None, 1).await.entries.remove(0);
    let undo = whole(&db.client, &first).await.undo.unwrap();
    assert_eq!(said(&history(&db).await), ["resolve_errors u "]);

    carried_out(&mut ben(&db), &db, undo.clone()).await;
    let expected = [
        "reopen_errors - ",
        "resolve_errors - taken back then by ben",
    ];
    assert_eq!(said(&history(&db).await), expected);
    // What the plan says that is not offered any more: nothing of it would run.
    let again = shown(&db.client, undo.clone()).await;
    assert_eq!(again.running(), 0);
    let blocked = &again.examined.as_ref().unwrap().blocked;
    assert_eq!(blocked.len(), 2, "{blocked:?}");

    // The same errors resolved once more: that is another entry, which nobody took back.
    carried_out(&mut writer(&db), &db, resolve(1..=2)).await;
    let history = history(&db).await;
    let expected = [
        "resolve_errors u ",
        "reopen_errors - ",
        "resolve_errors - taken back then by ben",
    ];
    assert_eq!(said(&history), expected);
    let oldest = history.entries().pop().unwrap();
    let by = &oldest.taken_back.as_ref().unwrap().by;
    assert_eq!(*by, Untrusted::from("ben@host"));
}

#[tokio::test]
async fn what_takes_back_thousands_in_parts_is_matched_also_where_it_was_killed() {
    let db = database::fresh().await;
    errors(&db.client, 1_005).await;
    carried_out(&mut writer(&db), &db, resolve(1..=1_005)).await;
    let first = page(&db.client, None, 1).await.entries.remove(0);
    let undo = whole(&db.client, &first).await.undo.unwrap();
    carried_out(&mut ben(&db), &db, undo).await;
    let expected = [
        "reopen_errors - ",
        "resolve_errors - taken back then by ben",
    ];
    assert_eq!(said(&history(&db).await), expected);
    let killed = "DELETE FROM outpost.audit WHERE phase = 'end' AND action = 'reopen_errors'";
    db.client.batch_execute(killed).await.unwrap();
    let expected = [
        "reopen_errors - ",
        "resolve_errors u taken back in part then by ben",
    ];
    assert_eq!(said(&history(&db).await), expected);
}

#[tokio::test]
async fn what_an_older_program_wrote_of_an_entry_is_matched_once_it_is_read_whole() {
    let db = database::fresh().await;
    errors(&db.client, 2).await;
    carried_out(&mut writer(&db), &db, resolve(1..=2)).await;
    let first = page(&db.client, None, 1).await.entries.remove(0);
    let undo = whole(&db.client, &first).await.undo.unwrap();
    let older = "UPDATE outpost.audit SET outcome = outcome - 'undo_key'";
    db.client.batch_execute(older).await.unwrap();
    carried_out(&mut ben(&db), &db, undo).await;
    let mut history = history(&db).await;
    assert_eq!(said(&history), ["reopen_errors - ", "resolve_errors u "]);
    let read = whole(&db.client, &first).await;
    let answer = Ok(Answer::Whole(Some(Box::new(read))));
    history.answered(Timestamp::default(), Question::Whole(first.id), answer);
    let expected = [
        "reopen_errors - ",
        "resolve_errors - taken back then by ben",
    ];
    assert_eq!(said(&history), expected);
    let whole = history.whole(first.id).read().unwrap();
    assert!(whole.entry.taken_back.is_some());
}

/// The lines of `outpost audit list` for `filter`.
async fn listed(db: &database::Db, filter: &str) -> Vec<String> {
    let settings = connect::settings(&db.url);
    let mut look = Look::open(&settings).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let own = Audit::new(home.path(), "ann@host".to_owned(), settings.place());
    let mut file = own.everything(false).unwrap();
    let wanted = Wanted::new(filter, None, (9, false)).unwrap();
    let mut lines = Vec::new();
    let mut take = |entry: &Entry, _: Option<&Whole>| {
        lines.push(line(entry));
        Ok(())
    };
    let place = settings.place();
    let told = tell((&mut look, &place), &mut file, &wanted, &mut take);
    told.await.unwrap();
    lines
}

#[tokio::test]
async fn outpost_audit_says_what_was_taken_back_also_where_the_filter_leaves_out_by_what() {
    let db = database::fresh().await;
    errors(&db.client, 3).await;
    carried_out(&mut writer(&db), &db, resolve(1..=2)).await;
    let first = page(&db.client, None, 1).await.entries.remove(0);
    let undo = whole(&db.client, &first).await.undo.unwrap();
    carried_out(&mut ben(&db), &db, undo).await;
    carried_out(&mut writer(&db), &db, resolve(3..=3)).await;
    let lines = listed(&db, "action:resolve is:undone").await;
    let [line] = lines.as_slice() else {
        panic!("{lines:#?}");
    };
    assert!(line.contains("\ttaken back 20"), "{line}");
    assert!(line.ends_with("Z by ben: key rotated"), "{line}");
    let lines = listed(&db, "is:undoable").await;
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].ends_with("\t1 done\tkey rotated"), "{lines:#?}");
}

/// A history in which ben took back the newest entry of [`super::listed`], whole or in part.
fn with_taken(size: (u16, u16), failed: u64) -> Scenario {
    let mut page = table();
    let undo = Some("a key".to_owned());
    page.entries[0].undo_key.clone_from(&undo);
    let back = Entry {
        actor: Untrusted::from("ben@ops"),
        note: Some(Untrusted::from("undone: bounced")),
        counts: Counts {
            done: 11 - failed,
            failed,
            ..Counts::default()
        },
        takes_back: undo,
        ..entry(EntryId::Row(42), 12, "reopen_errors")
    };
    page.entries.insert(0, back);
    opened_below(on_audit(size, page))
}

fn opened_below(script: Scenario) -> Scenario {
    opened(script.keys("j"))
}

#[test]
fn what_was_taken_back_is_shown_so_and_u_says_it_instead_of_a_plan() {
    for size in [(80, 24), (120, 40)] {
        let script = with_taken(size, 0);
        snapshot("audit_taken_back_entry", &script.model, size);
        let script = script.keys("u");
        assert_eq!(script.notice(), "taken back 14:20:07Z by ben");
        assert!(script.effects.is_empty(), "{:?}", script.effects);
        assert!(matches!(
            script.model.overlays.last(),
            Some(Overlay::Audit { .. })
        ));
        snapshot("audit_taken_back", &script.keys("⎋").model, size);
    }
    // What was left of it is planned again.
    let script = with_taken((120, 40), 2);
    let row = script.model.store.audit.find(EntryId::Row(41)).unwrap();
    assert!(matches!(
        row.taken_back,
        Some(TakenBack {
            is_in_part: true,
            ..
        })
    ));
    let script = script.keys("u");
    assert!(matches!(
        script.model.overlays.last(),
        Some(Overlay::Plan { .. })
    ));
}
