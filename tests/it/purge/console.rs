//! The purge in the console: barred unless it is allowed, confirmed by the name and a reason, paused and stopped by keys.

use outpost::{
    action::Action,
    domain::{
        event::RowId,
        plan::{
            Examination, Mutation, Old, Outcome, Pace, Plan, Progress, PurgeStep, Retention, Table,
            Version,
        },
        server::{Deed, Server},
    },
    effect::{Effect, FeedId},
    model::{Options, Overlay},
    msg::{Fact, Msg},
};
use pretty_assertions::assert_eq;

use crate::{scenario::Scenario, snapshots::snapshot, worlds};

fn options() -> Options {
    Options {
        profile: "prod".to_owned(),
        allow_destructive: true,
        retention: Retention::default(),
        ..Options::default()
    }
}

fn console(options: Options) -> Scenario {
    Scenario::with(options)
        .links_up()
        .fact(Fact::Server(worlds::server()))
        .wait(1)
}

fn found() -> Examination {
    let old = |table: Table, count: u64, more: bool| Old {
        table,
        count: Some(count),
        more,
        first: Some(RowId::from(1)),
        bound: Some(RowId::from(300_001)),
        among: Some(if more { 12 } else { 0 }),
        among_more: false,
        vacuums: table == Table::Events,
    };
    Examination {
        eligible: Table::ALL
            .map(|table| Version {
                id: table.id(),
                xmin: None,
            })
            .to_vec(),
        old: vec![
            old(Table::Events, Old::MOST, true),
            old(Table::Errors, 412, false),
        ],
        statement: "DELETE FROM …".to_owned(),
        ..Examination::default()
    }
}

/// The console with the plan, looked into.
fn planned() -> (Scenario, Plan) {
    let script = console(options()).keys("D");
    let Some(Effect::Examine(plan)) = script.effects.first().cloned() else {
        panic!("{:?}: {}", script.effects, script.notice());
    };
    let whole = Plan {
        examined: Some(found()),
        ..plan.clone()
    };
    let script = script.tell(Msg::Examined(plan, Ok(Box::new(found()))));
    (script, whole)
}

fn progress(events: u64, share: u16) -> Progress {
    Progress {
        table: Table::Events,
        events,
        errors: 0,
        share: Some(share),
        step: PurgeStep::Deletes,
    }
}

#[test]
fn it_is_off_unless_it_is_allowed_and_says_what_keeps_it() {
    let off = console(Options::default());
    let reason = "off: set safety.allow_destructive = true to purge";
    assert_eq!(off.model.barred(Action::Purge), Some(reason));
    let off = off.keys("D");
    assert_eq!(off.notice(), reason);
    assert_eq!(off.model.overlays, []);
    let read_only = console(Options {
        read_only: true,
        ..options()
    });
    let reason = read_only.model.barred(Action::Purge).unwrap();
    assert!(reason.starts_with("read-only"), "{reason}");
    let denied = Server {
        denied: vec![Deed::Purge],
        ..worlds::server()
    };
    let denied = console(options()).fact(Fact::Server(denied));
    assert_eq!(
        denied.model.barred(Action::Purge),
        Some("this role may not purge: have DELETE and UPDATE on pipeline_events granted")
    );
}

#[test]
fn only_the_name_and_a_reason_confirm_it() {
    let (script, plan) = planned();
    let Mutation::Purge(purge) = &plan.mutation else {
        panic!("{plan:?}");
    };
    assert_eq!(purge.name, "prod");
    for size in [(80, 24), (120, 40)] {
        snapshot("plan_purge", &script.model, size);
    }
    let script = script.keys("y");
    assert!(script.effects.is_empty());
    let script = script.keys("y⏎");
    assert!(script.effects.is_empty(), "{}", script.notice());
    let script = script.keys("⌫prod⏎");
    assert!(script.effects.is_empty(), "{}", script.notice());
    assert_eq!(script.notice(), "not confirmed: prod, and behind it why");
    let script = script.keys(" disk is full⏎");
    let plan = Plan {
        reason: Some("disk is full".to_owned()),
        ..plan
    };
    assert_eq!(script.effects, [Effect::Mutate(plan)]);
    assert_eq!(script.model.overlays, [Overlay::Purge]);
}

#[test]
fn while_it_runs_it_shows_how_far_it_is_and_keys_pause_it_and_stop_it() {
    let (script, _) = planned();
    let script = script.keys("yprod disk is full⏎");
    let script = script.tell(Msg::Purging(progress(41_000, 340)));
    for size in [(80, 24), (120, 40)] {
        snapshot("purge_runs", &script.model, size);
    }
    let script = script.keys("p");
    assert_eq!(script.effects, [Effect::Pace(Pace::Pause)]);
    let script = script.keys("p");
    assert_eq!(script.effects, [Effect::Pace(Pace::Run)]);
    // It stands at B, and whoever leaves is told first.
    let listed = script.keys("⎋B");
    for size in [(80, 24), (120, 40)] {
        snapshot("purge_at_batches", &listed.model, size);
    }
    let leaving = listed.keys("q");
    assert_eq!(leaving.effects, []);
    assert!(
        leaving
            .notice()
            .ends_with("the rest stays: once more leaves"),
        "{}",
        leaving.notice()
    );
    assert_eq!(leaving.keys("q").effects, [Effect::Quit]);
    let (script, plan) = planned();
    let script = script.keys("yprod disk is full⏎");
    let script = script.tell(Msg::Purging(progress(41_000, 340)));
    // Hidden, it goes on; D shows it, and plans no second one.
    let script = script.keys("⎋");
    assert_eq!(script.notice(), "the purge goes on: D shows it");
    assert_eq!(script.model.overlays, []);
    let script = script.keys("D");
    assert!(script.effects.is_empty());
    assert_eq!(script.model.overlays, [Overlay::Purge]);
    let script = script.keys("s");
    assert_eq!(script.effects, [Effect::Pace(Pace::Stop)]);
    // A purge that was told to stop is not told anything else.
    assert!(script.keys("p").effects.is_empty());

    let (script, _) = planned();
    let script = script.keys("yprod disk is full⏎");
    let outcome = Outcome {
        deleted: vec![(Table::Events, 41_000)],
        skipped: vec![(Table::Events.id(), "stopped: the rest stays".to_owned())],
        ..Outcome::default()
    };
    let script = script.tell(Msg::Mutated(plan, Ok(outcome)));
    assert_eq!(
        script.notice(),
        "purged 41000 events and 0 errors; skipped 1: pipeline_events (stopped: the rest stays)"
    );
    assert_eq!(script.model.overlays, []);
    assert!(script.effects.contains(&Effect::Fetch(FeedId::Totals)));
    assert_eq!(script.keys("u").model.overlays, []);
}

#[test]
fn where_there_is_no_profile_the_database_is_named() {
    let script = console(Options {
        profile: String::new(),
        ..options()
    });
    let script = script.keys("D");
    let Some(Effect::Examine(plan)) = script.effects.first() else {
        panic!("{:?}", script.effects);
    };
    let Mutation::Purge(purge) = &plan.mutation else {
        panic!("{plan:?}");
    };
    assert_eq!(purge.name, worlds::server().database.display());
}
