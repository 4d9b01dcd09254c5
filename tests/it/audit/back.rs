//! What was taken back: the history says by whom and when, and nobody plans it a second time.

use outpost::{
    domain::{
        Timestamp,
        audit::{History, TakenBack},
        plan::Plan,
    },
    headless::audit::{Wanted, line, tell},
    headless::rows::Look,
    msg::Fact,
    shell::audit::Audit,
};
use pretty_assertions::assert_eq;

use super::*;
use crate::screen;

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

/// A page on which ben took back the newest entry of [`super::listed`], whole or in part.
fn taken_page(failed: u64) -> Page {
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
    page
}

fn with_taken(size: (u16, u16), failed: u64) -> Scenario {
    opened_below(on_audit(size, taken_page(failed)))
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

#[test]
fn who_took_it_back_is_told_also_of_days_ago_and_in_part() {
    for (minutes, failed, told) in [
        (12, 0, "back by ben 14:20Z "),
        (3_000, 0, "back by ben 11-12 12:32Z "),
        (12, 2, "part back by ben 14:20Z "),
        (3_000, 2, "part back by ben "),
    ] {
        let mut page = taken_page(failed);
        page.entries[0].at = worlds::now() - TimeDelta::minutes(minutes);
        page.entries[1].at = page.entries[0].at - TimeDelta::minutes(1);
        let script = on_audit((120, 40), page);
        let painted = screen::text(&screen::paint(&script.model, (120, 40))).join(
            "
",
        );
        assert!(painted.contains(told), "{told}\n{painted}");
    }
}

/// An entry of a workflow that was switched on, taken back by ben; opened.
fn switched(workflows: Option<Fact>) -> Scenario {
    let switch = |active| Mutation::SetWorkflowActive {
        id: RowId::from(7),
        name: Untrusted::from("CRM Syncer"),
        active,
    };
    let done = |id: i64, minutes: i64, by: &str, active: bool| Entry {
        actor: Untrusted::from(by),
        is_undoable: true,
        undo_key: switch(!active).undo_key(),
        takes_back: switch(active).undo_key(),
        ..entry(EntryId::Row(id), minutes, "set_workflow_active")
    };
    let first = done(1, 50_000, "anna@ops", true);
    let page = Page {
        entries: vec![done(2, 40_000, "ben@ops", false), first.clone()],
        is_last: true,
        missing: None,
    };
    let script = on_audit((120, 40), page).keys("G⏎");
    let read = Whole {
        entry: first,
        rows: Vec::new(),
        more: 0,
        undo: Some(switch(false)),
    };
    let answer = Answer::Whole(Some(Box::new(read)));
    let script = script.tell(Msg::Audited(Question::Whole(EntryId::Row(1)), Ok(answer)));
    match workflows {
        Some(fact) => script.fact(fact),
        None => script,
    }
}

#[test]
fn a_switch_that_n8n_has_otherwise_again_may_be_taken_back_again() {
    let seen = |active| {
        let mut workflow = worlds::workflows(&[]).remove(0);
        workflow.id = RowId::from(7);
        workflow.active = active;
        Some(Fact::Workflows(vec![workflow]))
    };
    for off in [None, seen(false)] {
        let script = switched(off).keys("u");
        assert!(
            script.notice().starts_with("taken back "),
            "{}",
            script.notice()
        );
        assert!(matches!(
            script.model.overlays.last(),
            Some(Overlay::Audit { .. })
        ));
    }
    let script = switched(seen(true));
    let painted = screen::text(&screen::paint(&script.model, (120, 40))).join("\n");
    let both = ["by ben; u plans to", "changed since: nothing"];
    assert!(
        both.iter().all(|words| painted.contains(words)),
        "{painted}"
    );
    assert!(script.model.undo_here().is_some());
}
