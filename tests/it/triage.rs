//! What operators say of groups of errors: who has one, until when it is left alone. On a real server and on this machine
//! alone, with two who want the same, with errors that wake what is ignored, and after a restart.

mod alerts;
mod around;

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use outpost::{
    domain::{
        error_group::{Book, ErrorGroup, Errors, GroupState, Noted},
        plan::{Mutation, Outcome, Plan},
        triage::{Deed, Ignored, Place, Standing, Triage, TriageTarget, Until},
        untrusted::Untrusted,
    },
    effect::{Effect, FeedId},
    model::{Options, Overlay},
    msg::{Fact, Fault, Msg},
    shell::triage::Local,
    sources::postgres::{
        Client,
        mutations::Writer,
        queries::{self, Memory},
    },
};
use pretty_assertions::assert_eq;

use crate::{
    connect, database,
    mutations::shown,
    scenario::Scenario,
    screen::{paint, text},
    snapshots::snapshot,
    worlds,
};

async fn errors(client: &Client, memory: &mut Memory) -> Errors {
    let catalog = database::catalog(client, "marketing").await;
    for _ in 0..9 {
        match queries::fetch(client, &catalog, FeedId::Errors, memory).await {
            Ok(Fact::Errors(errors)) if errors.coverage.knows_past => return errors,
            Ok(Fact::Errors(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    panic!("the past is not read");
}

/// `n` more errors of the one group, `ago` seconds ago.
async fn more(client: &Client, n: i64, ago: i64) {
    let sql = format!(
        "INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, created_at)
         SELECT 'lead_qualified', n::text, 'crm 401 for contact ' || n, now() - interval '{ago} s' FROM generate_series(1, {n}) n"
    );
    client.batch_execute(&sql).await.unwrap();
}

fn said(deed: Deed, group: &ErrorGroup, place: &Place, becomes: Standing) -> Mutation {
    let target = TriageTarget {
        becomes,
        ..TriageTarget::of(group)
    };
    Mutation::Triage {
        deed,
        targets: vec![target],
        place: place.clone(),
    }
}

fn owned_by(who: &str) -> Standing {
    Standing {
        owner: Some(Untrusted::from(who)),
        ..Standing::default()
    }
}

fn ignoring(until: Until, since: DateTime<Utc>) -> Standing {
    Standing {
        ignored: Some(Ignored {
            until,
            since,
            by: Untrusted::from("ann@host"),
        }),
        ..Standing::default()
    }
}

fn writer(db: &database::Db, who: &str) -> Writer {
    Writer::new(connect::settings(&db.url), who.to_owned())
}

#[tokio::test]
async fn of_two_who_claim_a_group_one_has_it_and_the_other_is_told_who() {
    let db = database::fresh().await;
    more(&db.client, 3, 60).await;
    let read = errors(&db.client, &mut Memory::default()).await;
    assert_eq!(read.place, Place::Database);
    let names = ["anna@ops", "ben@ops"];
    let mut plans = Vec::new();
    for who in names {
        let claim = said(Deed::Assign, &read.groups[0], &read.place, owned_by(who));
        plans.push(shown(&db.client, claim).await);
    }
    let (mut anna, mut ben) = (writer(&db, names[0]), writer(&db, names[1]));
    let (one, other) = tokio::join!(anna.carry_out(&plans[0]), ben.carry_out(&plans[1]));
    let outcomes = [one.unwrap(), other.unwrap()];
    let won = outcomes.iter().position(|it| it.done.len() == 1).unwrap();
    let (winner, lost) = (names[won], &outcomes[1 - won]);
    assert_eq!(lost.done, []);
    assert!(
        lost.skipped[0]
            .1
            .starts_with(&format!("{winner} has it since ")),
        "{lost:?}"
    );
    assert!(outcomes[won].audited_in_database);

    // Every console sees it, one that starts now as well.
    let read = errors(&db.client, &mut Memory::default()).await;
    let group = &read.groups[0];
    assert_eq!(group.standing.owner, Some(Untrusted::from(winner)));
    assert!(group.standing.owned_at.is_some());
    // Who asks now is told before anything runs.
    let late = shown(&db.client, plans[1 - won].mutation.clone()).await;
    let blocked = &late.examined.as_ref().unwrap().blocked;
    assert!(blocked[0].1.starts_with(winner), "{blocked:?}");
    let sql = "SELECT string_agg(actor || ' ' || action || ' ' || jsonb_array_length(outcome->'done'), ',' ORDER BY 1 DESC) FROM outpost.audit WHERE outcome->'done' <> '[]'";
    let audit: String = db.client.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(audit, format!("{winner} assign_groups 1"));
}

#[tokio::test]
async fn what_is_said_is_taken_back_unless_somebody_said_something_else() {
    let db = database::fresh().await;
    more(&db.client, 1, 60).await;
    let read = errors(&db.client, &mut Memory::default()).await;
    let noted = Standing {
        note: Some(Untrusted::from("it's the \"token\"; ask ops")),
        ..owned_by("anna@ops")
    };
    let claim = said(Deed::Assign, &read.groups[0], &read.place, noted.clone());
    let plan = shown(&db.client, claim).await;
    let outcome = writer(&db, "anna@ops").carry_out(&plan).await.unwrap();
    let mut memory = Memory::default();
    let group = errors(&db.client, &mut memory).await.groups.remove(0);
    assert_eq!(group.standing.note, noted.note);
    let undo = plan.mutation.undo(&outcome, "ann@host").unwrap();
    // Somebody takes it over meanwhile; the note is as it was.
    let over = Standing {
        owner: Some(Untrusted::from("ben@ops")),
        ..group.standing.clone()
    };
    let over = shown(&db.client, said(Deed::Assign, &group, &read.place, over)).await;
    let taken = writer(&db, "ben@ops").carry_out(&over).await.unwrap();
    let refused = shown(&db.client, undo).await;
    let blocked = refused.examined.unwrap().blocked;
    assert!(blocked[0].1.starts_with("ben@ops has it"), "{blocked:?}");
    let undo = over.mutation.undo(&taken, "ann@host").unwrap();
    let plan = shown(&db.client, undo).await;
    let outcome = writer(&db, "ben@ops").carry_out(&plan).await.unwrap();
    assert_eq!(outcome.done.len(), 1);
    let group = errors(&db.client, &mut memory).await.groups.remove(0);
    assert_eq!(group.standing.owner, Some(Untrusted::from("anna@ops")));
}

#[tokio::test]
async fn what_is_ignored_wakes_by_itself_and_says_so_also_after_a_restart() {
    let db = database::fresh().await;
    let mut memory = Memory::default();
    let now: DateTime<Utc> = {
        let row = db.client.query_one("SELECT now()", &[]).await.unwrap();
        row.get(0)
    };
    let since = DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap();
    let cases = [
        (Until::Time(since + TimeDelta::hours(1)), 5, 1, false),
        (Until::Time(since - TimeDelta::seconds(1)), 0, 1, true),
        (Until::More(3), 2, 1, false),
        (Until::More(3), 3, 1, true),
        (Until::Rate(3), 2, 1, false),
        (Until::Rate(3), 4, 1, true),
    ];
    for (nth, (until, n, ago, wakes)) in cases.into_iter().enumerate() {
        let empty = "TRUNCATE marketing.pipeline_errors, outpost.triage; DELETE FROM outpost.audit";
        db.client.batch_execute(empty).await.unwrap();
        more(&db.client, 4, 7_200).await;
        let mut memory_of_case = Memory::default();
        let read = errors(&db.client, &mut memory_of_case).await;
        let ignore = ignoring(until, since - TimeDelta::minutes(30));
        let ignore = said(Deed::Ignore, &read.groups[0], &read.place, ignore);
        let plan = shown(&db.client, ignore).await;
        writer(&db, "ann@host").carry_out(&plan).await.unwrap();
        if n > 0 {
            more(&db.client, n, ago).await;
        }
        memory = Memory::default();
        for memory in [&mut memory_of_case, &mut memory] {
            let read = errors(&db.client, memory).await;
            let group = &read.groups[0];
            let is_ignored = group.state == GroupState::Ignored;
            assert_eq!(
                (is_ignored, group.woken.is_some()),
                (!wakes, wakes),
                "{nth} {group:?}"
            );
            assert_eq!(group.came, n.unsigned_abs(), "{nth}");
            assert_eq!(read.open_groups().len(), usize::from(wakes));
        }
    }
    // What woke stays so when its errors are resolved and come again slowly.
    db.client
        .batch_execute("UPDATE marketing.pipeline_errors SET resolved = true, resolved_at = now()")
        .await
        .unwrap();
    let read = errors(&db.client, &mut memory).await;
    assert_eq!(read.groups[0].state, GroupState::Resolved);
    more(&db.client, 1, -60).await;
    let read = errors(&db.client, &mut memory).await;
    assert_eq!(read.groups[0].state, GroupState::Regressed);
    assert!(read.groups[0].woken.is_some());
}

/// Says on this machine what `plan` says.
fn said_here(local: &Local, plan: &Plan) -> Outcome {
    let Mutation::Triage { targets, .. } = &plan.mutation else {
        panic!("{plan:?}");
    };
    local.carry_out(plan, targets, Utc::now()).unwrap()
}

fn local(directory: &Path, db: &database::Db) -> Local {
    Local::new(directory, &connect::settings(&db.url))
}

#[tokio::test]
async fn without_the_table_it_is_kept_on_this_machine_and_outlives_the_program() {
    let db = database::classic().await;
    db.client
        .batch_execute("DELETE FROM marketing.pipeline_errors")
        .await
        .unwrap();
    more(&db.client, 3, 60).await;
    let read = errors(&db.client, &mut Memory::default()).await;
    let Place::Local(why) = &read.place else {
        panic!("{:?}", read.place);
    };
    assert!(why.contains("outpost migrate"), "{why}");
    let home = tempfile::tempdir().unwrap();
    let now = Utc::now();
    let ignore = Standing {
        ignored: ignoring(Until::More(2), now).ignored,
        ..owned_by("ann@host")
    };
    let plan = shown(
        &db.client,
        said(Deed::Ignore, &read.groups[0], &read.place, ignore),
    )
    .await;
    let outcome = said_here(&local(home.path(), &db), &plan);
    assert_eq!(outcome.done, [read.groups[0].id.key()]);
    // The same once more comes second.
    let late = owned_by("ben@host");
    let late = shown(
        &db.client,
        said(Deed::Assign, &read.groups[0], &read.place, late),
    )
    .await;
    let second = said_here(&local(home.path(), &db), &late);
    assert!(
        second.skipped[0].1.starts_with("ann@host has it"),
        "{second:?}"
    );

    let mut memory = Memory::default();
    memory.hear(local(home.path(), &db).read().unwrap().unwrap());
    let read = errors(&db.client, &mut memory).await;
    assert_eq!(read.groups[0].state, GroupState::Ignored);
    assert_eq!(
        read.groups[0].standing.owner,
        Some(Untrusted::from("ann@host"))
    );
    more(&db.client, 2, -60).await;
    let read = errors(&db.client, &mut memory).await;
    assert!(read.groups[0].woken.is_some(), "{:?}", read.groups[0]);
    // Another database on this machine has its own.
    let elsewhere = database::empty().await;
    assert_eq!(local(home.path(), &elsewhere).read().unwrap(), None);
    let undo = plan.mutation.undo(&outcome, "ann@host").unwrap();
    let undo = shown(&db.client, undo).await;
    said_here(&local(home.path(), &db), &undo);
    assert_eq!(local(home.path(), &db).read().unwrap(), Some(Vec::new()));
}

/// Has anna take the only group; her plan, and where a role connects that may read all and write nothing.
async fn taken_by_anna(db: &database::Db) -> (Plan, String) {
    more(&db.client, 1, 60).await;
    let read = errors(&db.client, &mut Memory::default()).await;
    let (group, place) = (&read.groups[0], &read.place);
    let claim = said(Deed::Assign, group, place, owned_by("anna@ops"));
    let plan = shown(&db.client, claim).await;
    writer(db, "anna@ops").carry_out(&plan).await.unwrap();
    let name = connect::role(db, "").await;
    let grants = format!(
        "GRANT USAGE ON SCHEMA marketing, outpost TO {name};
         GRANT SELECT ON ALL TABLES IN SCHEMA marketing, outpost TO {name}"
    );
    db.client.batch_execute(&grants).await.unwrap();
    (plan, db.url.replace("postgres@", &format!("{name}@")))
}

#[tokio::test]
async fn a_role_that_may_not_write_the_table_sees_what_others_say_and_keeps_its_own_here() {
    let db = database::fresh().await;
    let (plan, url) = taken_by_anna(&db).await;
    let client = database::connect(&url).await;
    let mut memory = Memory::default();
    let read = errors(&client, &mut memory).await;
    let Place::Local(why) = &read.place else {
        panic!("{:?}", read.place);
    };
    assert_eq!(why, "this role may not write outpost.triage");
    assert_eq!(
        read.groups[0].standing.owner,
        Some(Untrusted::from("anna@ops"))
    );
    memory.hear(vec![Triage {
        id: read.groups[0].id,
        standing: owned_by("me@here"),
    }]);
    let read = errors(&client, &mut memory).await;
    assert_eq!(
        read.groups[0].standing.owner,
        Some(Untrusted::from("me@here"))
    );
    // A plan that would write it nevertheless is refused.
    let mut settings = connect::settings(&url);
    settings.who = "me@here".to_owned();
    let fault = Writer::new(settings, "me@here".to_owned())
        .carry_out(&plan)
        .await;
    assert!(matches!(fault, Err(Fault::Forbidden(_))), "{fault:?}");
}

#[tokio::test]
async fn what_another_says_is_hidden_here_where_it_cannot_be_cleared_in_the_table() {
    let db = database::fresh().await;
    let (_, url) = taken_by_anna(&db).await;
    let client = database::connect(&url).await;
    let mut memory = Memory::default();
    let read = errors(&client, &mut memory).await;
    let (group, place) = (&read.groups[0], &read.place);
    assert!(group.standing.owner.is_some());

    let clear = said(Deed::Assign, group, place, Standing::default());
    let plan = shown(&client, clear).await;
    let home = tempfile::tempdir().unwrap();
    let local = local(home.path(), &db);
    let outcome = said_here(&local, &plan);
    assert_eq!(outcome.done.len(), 1);
    memory.hear(local.read().unwrap().unwrap());
    let read = errors(&client, &mut memory).await;
    assert_eq!(read.groups[0].standing, Standing::default());
    // Others see what was said, and it is seen here again once that is taken back.
    let theirs = errors(&db.client, &mut Memory::default()).await;
    assert_eq!(theirs.groups[0].standing.owner, owned_by("anna@ops").owner);
    let undo = plan.mutation.undo(&outcome, "ann@host").unwrap();
    said_here(&local, &shown(&client, undo).await);
    memory.hear(local.read().unwrap().unwrap());
    let read = errors(&client, &mut memory).await;
    assert_eq!(read.groups[0].standing.owner, owned_by("anna@ops").owner);
}

#[tokio::test]
async fn a_database_that_an_earlier_build_migrated_gets_the_table() {
    let mut db = database::fresh().await;
    let older = "DROP TABLE outpost.triage; DELETE FROM outpost.migrations WHERE version LIKE 'console/%triage'";
    db.client.batch_execute(older).await.unwrap();
    let report = crate::migrate::run(&mut db).await.unwrap();
    let applied = ["table outpost.triage", "changes of table outpost.triage"];
    assert_eq!(report.applied, applied);
    let comment = "SELECT obj_description('outpost.triage'::regclass, 'pg_class')";
    let comment: String = db.client.query_one(comment, &[]).await.unwrap().get(0);
    assert!(comment.contains("alert rule"), "{comment}");
    let read = errors(&db.client, &mut Memory::default()).await;
    assert_eq!(read.place, Place::Database);
}

/// The errors of `worlds::stall()`, with something said of the first four groups.
fn spoken(place: Place) -> Errors {
    let now = worlds::now();
    let rows = worlds::stall_errors();
    let mut book = Book::default();
    book.take(rows.recent.iter().cloned().map(Noted::open));
    book.has_past();
    let mut errors = rows;
    book.tell(&mut errors, now, true);
    let ago = |minutes: i64| now - TimeDelta::minutes(minutes);
    let standing = |nth: usize| {
        let owned = |who: &str, minutes| Standing {
            owned_at: Some(ago(minutes)),
            ..owned_by(who)
        };
        match nth {
            0 => Standing {
                note: Some(Untrusted::from("rotating the token; vendor ticket 4711")),
                ..owned("anna@ops", 6)
            },
            1 => ignoring(Until::More(50), ago(1)),
            2 => ignoring(Until::Time(now + TimeDelta::minutes(95)), ago(200)),
            3 => Standing {
                ignored: ignoring(Until::More(1), ago(90)).ignored,
                ..owned("ben@ops", 90)
            },
            _ => Standing::default(),
        }
    };
    let said = errors.groups.iter().enumerate().map(|(nth, group)| Triage {
        id: group.id,
        standing: standing(nth),
    });
    book.triaged(said.collect(), now);
    book.tell(&mut errors, now, true);
    Errors { place, ..errors }
}

fn on_errors(size: (u16, u16), place: Place, keys: &str) -> Scenario {
    let options = Options {
        actor: "ann@host".to_owned(),
        ..Options::default()
    };
    let mut script = Scenario::with(options).links_up();
    script.now = worlds::now();
    script.model.size = size;
    script
        .fact(Fact::Errors(spoken(place)))
        .keys("4")
        .wait(1)
        .keys(keys)
}

#[test]
fn groups_show_who_has_them_what_wakes_them_and_where_that_is_kept() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let script = on_errors(size, Place::Database, "");
        snapshot("errors_owned", &script.model, size);
        let script = on_errors(size, Place::Database, "]]]");
        snapshot("errors_ignored", &script.model, size);
        let place =
            Place::Local("outpost.triage is not there: outpost migrate makes it".to_owned());
        let script = on_errors(size, place, "");
        snapshot("errors_local_only", &script.model, size);
        let script = on_errors(size, Place::Database, "Z");
        snapshot("errors_ignore_until", &script.model, size);
    }
}

#[test]
fn a_filter_finds_groups_by_what_was_said_of_them() {
    let script = on_errors((120, 40), Place::Database, "");
    let rows = |script: &Scenario| {
        let all = text(&paint(&script.model, (120, 40)));
        let title = all.iter().find(|row| row.contains("ERRORS  open")).unwrap();
        title.clone()
    };
    for (filter, shown) in [
        ("owner:anna", 1),
        ("is:woken", 1),
        ("is:assigned", 2),
        ("note:ticket", 1),
        ("owner:zoe", 0),
    ] {
        let script = on_errors((200, 60), Place::Database, &format!("/{filter}⏎"));
        let title = rows(&script);
        assert!(
            title.contains(&format!("shown {shown} ")),
            "{filter}: {title}"
        );
    }
    assert!(rows(&script).contains("ignored 2"), "{}", rows(&script));
}

#[test]
fn an_address_in_a_note_is_masked_in_what_is_copied() {
    let mut errors = spoken(Place::Database);
    let note = Untrusted::from("waiting for jane@umbrella.example");
    errors.groups[0].standing.note = Some(note);
    let script = Scenario::with(Options::default())
        .fact(Fact::Errors(errors))
        .keys("4")
        .wait(1)
        .keys("y");
    let [Effect::Copy(all)] = script.effects.as_slice() else {
        panic!("{:?}: {}", script.effects, script.notice());
    };
    assert!(all.contains("waiting for j***@umbrella.example"), "{all}");
    assert!(!all.contains("jane"), "{all}");
}

/// What a plan on top says of its groups.
fn plan(script: &Scenario) -> (Deed, Vec<TriageTarget>) {
    match script.model.overlays.last() {
        Some(Overlay::Plan { plan, .. }) => {
            let Mutation::Triage { deed, targets, .. } = &plan.mutation else {
                panic!("{plan:?}");
            };
            (*deed, targets.clone())
        }
        other => panic!("{other:?}: {}", script.notice()),
    }
}

#[test]
fn z_asks_until_when_shows_a_plan_and_on_what_is_ignored_plans_to_end_it() {
    let script = on_errors((120, 40), Place::Database, "Z");
    let typed = script.keys("soon⏎");
    assert!(
        typed.notice().starts_with("say until when"),
        "{}",
        typed.notice()
    );
    assert!(typed.effects.is_empty());
    let script = on_errors((120, 40), Place::Database, "Z20/h; known⏎");
    let (deed, targets) = plan(&script);
    assert_eq!(deed, Deed::Ignore);
    let becomes = &targets[0].becomes;
    assert_eq!(becomes.ignored.as_ref().unwrap().until, Until::Rate(20));
    assert_eq!(becomes.note, Some(Untrusted::from("known")));
    // What was not confirmed is not said.
    assert!(
        !script
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Mutate(_)))
    );

    // The first that is offered needs no letter.
    let script = on_errors((120, 40), Place::Database, "Z⏎");
    let (_, targets) = plan(&script);
    let until = targets[0].becomes.ignored.as_ref().unwrap().until;
    assert!(matches!(until, Until::Time(_)), "{until:?}");

    let script = on_errors((120, 40), Place::Database, "]]]Z");
    let (deed, targets) = plan(&script);
    assert_eq!(
        (deed, targets[0].becomes.ignored.clone()),
        (Deed::Wake, None)
    );
}

#[test]
fn a_says_who_has_a_group_and_the_plan_runs_exactly_what_was_shown() {
    let script = on_errors((120, 40), Place::Database, "A-⏎");
    let (deed, targets) = plan(&script);
    assert_eq!(
        (deed, targets[0].becomes.owner.clone()),
        (Deed::Assign, None)
    );
    assert_eq!(targets[0].words(), "owner nobody (was anna)");
    let script = on_errors((120, 40), Place::Database, "Aanna@ops⏎");
    assert!(
        script.notice().contains("nothing would change"),
        "{}",
        script.notice()
    );

    let script = on_errors((120, 40), Place::Database, "A⏎");
    let Some(Effect::Examine(asked)) = script.effects.first().cloned() else {
        panic!("{:?}", script.effects);
    };
    let examined = outpost::domain::plan::Examination {
        eligible: vec![outpost::domain::plan::Version {
            id: asked.mutation.ids()[0].clone(),
            xmin: None,
        }],
        ..Default::default()
    };
    let script = script.tell(Msg::Examined(asked.clone(), Ok(Box::new(examined.clone()))));
    for size in [(80, 24), (120, 40)] {
        snapshot("plan_assign", &script.model, size);
    }
    let script = script.keys("y");
    let plan = Plan {
        examined: Some(examined),
        ..asked
    };
    assert_eq!(script.effects, [Effect::Mutate(plan.clone())]);
    let outcome = Outcome {
        done: plan.mutation.ids(),
        ..Outcome::default()
    };
    let script = script.tell(Msg::Mutated(plan, Ok(outcome)));
    assert_eq!(script.notice(), "assigned 1 group; u takes it back");
    assert_eq!(script.effects, [Effect::Fetch(FeedId::Errors)]);
    let script = script.keys("u");
    let (deed, targets) = self::plan(&script);
    assert_eq!(deed, Deed::TakeBack);
    assert_eq!(targets[0].becomes.owner, Some(Untrusted::from("anna@ops")));
}

#[test]
fn in_a_list_of_single_errors_and_by_record_a_and_z_mean_their_groups() {
    // m: by groups, one by one, by stage, by record.
    // One record has errors of four groups.
    for (modes, n, size) in [("m", 1, (120, 40)), ("mmm", 4, (80, 24))] {
        let script = on_errors(size, Place::Database, modes);
        let script = script.keys("Aben; asked⏎");
        let (deed, targets) = plan(&script);
        assert_eq!(deed, Deed::Assign, "{modes}");
        assert_eq!(targets.len(), n, "{modes}: {targets:?}");
        let rows = text(&paint(&script.model, size)).join("\n");
        assert!(rows.contains(", whole: every error of it"), "{rows}");
        let script = on_errors(size, Place::Database, modes).keys("Z4h⏎");
        assert_eq!(plan(&script).0, Deed::Ignore, "{modes}");
    }
    let script = on_errors((120, 40), Place::Database, "m*A");
    let Some(Overlay::Line(line)) = script.model.overlays.last() else {
        panic!("{}", script.notice());
    };
    let outpost::model::Purpose::Triage(_, targets, _) = &line.purpose else {
        panic!("{line:?}");
    };
    assert!(targets.len() > 1, "of all marked errors each group once");
    let script = on_errors((120, 40), Place::Database, "mmA");
    assert_eq!(script.notice(), "go to the groups or the list first: m");
}

#[test]
fn a_read_only_console_says_nothing_of_groups() {
    let options = Options {
        read_only: true,
        ..Options::default()
    };
    let script = Scenario::with(options)
        .fact(Fact::Errors(spoken(Place::Database)))
        .keys("4")
        .wait(1);
    let script = script.keys("Z");
    assert!(
        script.notice().starts_with("read-only: "),
        "{}",
        script.notice()
    );
}
