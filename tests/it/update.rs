//! Keys, plans, lines and answers, through the one function that changes the model.

use std::collections::BTreeSet;

use outpost::{
    action::{Action, ScreenId},
    domain::{
        error_group::Errors,
        event::{EventDetail, EventRow, EventStatus, RowId},
        pipeline::Pipeline,
        plan::{EventTarget, Examination, Marks, Mutation, Outcome, Plan, Version},
        reach::Reach,
        untrusted::Untrusted,
    },
    effect::{Effect, FeedId},
    keymap::{BINDINGS, Key},
    model::{Options, Overlay},
    msg::{Fact, Fault, Msg},
};
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use crate::scenario::{Scenario, World, error, event, start};

fn options() -> Options {
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    Options {
        demo: true,
        themes: names(&["default", "mono"]),
        scenarios: names(&["calm", "stall"]),
        ..Options::default()
    }
}

fn detail(row: EventRow) -> EventDetail {
    EventDetail {
        row,
        payload: Untrusted::from(r#"{"record_id": 7}"#),
        errors: Vec::new(),
        siblings: Vec::new(),
        reach: Box::new((Reach::Whole, Reach::Whole)),
    }
}

fn read(script: Scenario, row: EventRow) -> Scenario {
    let id = row.id.clone();
    script.tell(Msg::Detail(id, Ok(Box::new(detail(row)))))
}

/// A console with something to change on every screen.
fn full(options: Options) -> Scenario {
    let world = World {
        errors: Errors::of(
            (1..=5)
                .map(|id| error(id, "segment_ready", "HTTP 429 for 3"))
                .collect(),
            start(),
        ),
        ..World::calm(start())
    };
    let rows = (1..=9).map(|id| event(id, "message_queued", EventStatus::Failed));
    let rows: Vec<EventRow> = rows.collect();
    Scenario::with(options)
        .links_up()
        .world(&world)
        .fact(Fact::Tail(rows))
}

/// Event 7, opened and read.
fn opened() -> Scenario {
    let script = full(options()).keys(":event 7⏎");
    assert_eq!(script.effects, [Effect::FetchEvent(RowId::from(7))]);
    read(script, event(7, "message_queued", EventStatus::Failed))
}

fn retry_of_7(script: &Scenario) -> Plan {
    let row = event(7, "message_queued", EventStatus::Failed);
    let target = EventTarget::of(Pipeline::guide(), &row, None).unwrap();
    Plan::new(Mutation::RetryEvents(vec![target].into()), script.now)
}

/// What the guard says when it finds nothing against any row of `plan` but `blocked`.
fn examination(plan: &Plan, blocked: &[i64]) -> Examination {
    let blocked: Vec<RowId> = blocked.iter().copied().map(RowId::from).collect();
    let clear = plan
        .mutation
        .ids()
        .into_iter()
        .filter(|id| !blocked.contains(id));
    let version = |id: RowId| Version {
        id,
        xmin: Some("731".to_owned()),
    };
    Examination {
        eligible: clear.map(version).collect(),
        blocked: blocked
            .iter()
            .map(|id| (id.clone(), "already in the delivery log".to_owned()))
            .collect(),
        ..Examination::default()
    }
}

fn examined(script: Scenario, plan: &Plan, blocked: &[i64]) -> (Scenario, Plan) {
    let examination = examination(plan, blocked);
    let answer = Ok(Box::new(examination.clone()));
    let seen = Plan {
        examined: Some(examination),
        ..plan.clone()
    };
    (script.tell(Msg::Examined(plan.clone(), answer)), seen)
}

fn shown(script: &Scenario) -> Plan {
    match script.model.overlays.last() {
        Some(Overlay::Plan { plan, .. }) => (**plan).clone(),
        other => panic!("no plan: {other:?}: {}", script.notice()),
    }
}

#[test]
fn a_retry_is_shown_first_then_examined_and_runs_only_when_its_count_and_a_reason_are_typed() {
    let asked = opened().keys("R");
    let plan = retry_of_7(&asked);
    assert_eq!(asked.effects, [Effect::Examine(plan.clone())]);
    assert_eq!(shown(&asked), plan);
    let early = asked.keys("y");
    assert_eq!(early.effects, []);
    assert!(
        early.notice().starts_with("not yet: "),
        "{}",
        early.notice()
    );

    let (seen, plan) = examined(early, &plan, &[]);
    let typing = seen.keys("y2 mail is back⏎");
    assert_eq!(typing.effects, []);
    assert_eq!(typing.notice(), "not confirmed: type 1 first, exactly");
    let typing = typing.press("ctrl-u").keys("1⏎");
    assert_eq!(typing.effects, []);
    let confirmed = typing.keys(" mail is back⏎");
    let plan = Plan {
        reason: Some("mail is back".to_owned()),
        ..plan
    };
    assert_eq!(confirmed.effects, [Effect::Mutate(plan)]);
    assert_eq!(confirmed.notice(), "under way: retry 1 event");
    assert!(matches!(
        confirmed.model.overlays.last(),
        Some(Overlay::Detail { .. })
    ));
}

#[test]
fn a_plan_whose_every_row_is_blocked_cannot_be_confirmed() {
    let asked = opened().keys("R");
    let (seen, _) = examined(asked, &shown(&opened().keys("R")), &[7]);
    let refused = seen.keys("y");
    assert_eq!(refused.effects, []);
    assert!(
        refused.notice().contains("every row is blocked"),
        "{}",
        refused.notice()
    );
}

#[test]
fn an_answer_about_another_plan_and_a_second_answer_change_nothing() {
    let asked = opened().keys("R");
    let plan = shown(&asked);
    let other = Plan::new(
        plan.mutation.clone(),
        plan.frozen_at - chrono::TimeDelta::seconds(1),
    );
    let (asked, _) = examined(asked, &other, &[]);
    assert_eq!(shown(&asked).examined, None);
    let (asked, seen) = examined(asked, &plan, &[7]);
    let (asked, _) = examined(asked, &plan, &[]);
    assert_eq!(shown(&asked), seen);
}

#[test]
fn an_unanswered_plan_cannot_be_confirmed_and_says_why() {
    let asked = opened().keys("R");
    let plan = shown(&asked);
    let silent = asked.tell(Msg::Examined(plan, Err(Fault::timed_out(5))));
    assert!(silent.notice().contains("no answer within 5 s"));
    assert_eq!(silent.keys("y").effects, []);
}

#[test]
fn what_was_done_is_taken_back_by_a_plan_of_its_own() {
    let script = full(options());
    let nothing = full(options()).keys("u");
    assert!(
        nothing
            .notice()
            .starts_with("there is nothing to take back")
    );
    let resolve = Mutation::ResolveErrors {
        ids: vec![RowId::from(1), RowId::from(2)],
        note: "rotated".to_owned(),
    };
    let outcome = Outcome {
        done: vec![RowId::from(2)],
        skipped: vec![(RowId::from(1), "it is gone".to_owned())],
        audited_in_database: true,
        ..Outcome::default()
    };
    let plan = Plan::new(resolve, script.now);
    let done = script.tell(Msg::Mutated(plan, Ok(outcome)));
    assert!(
        done.notice().ends_with("; u takes it back"),
        "{}",
        done.notice()
    );
    let asked = done.wait(1).keys("u");
    let undo = shown(&asked);
    assert_eq!(asked.effects, [Effect::Examine(undo.clone())]);
    let reopen = Mutation::ReopenErrors {
        ids: vec![RowId::from(2)],
        note: "undone: rotated".to_owned(),
        by: asked.model.options.actor.clone(),
        marks: Marks::default(),
    };
    assert_eq!(undo.mutation, reopen);
    let (asked, undo) = examined(asked, &undo, &[]);
    assert_eq!(asked.keys("y").effects, [Effect::Mutate(undo)]);
}

#[test]
fn an_event_that_is_deleted_here_or_found_gone_is_struck_out_and_not_tried_again() {
    let is_gone = |script: &Scenario, id: i64| script.model.store.stream.is_gone(&RowId::from(id));
    let script = full(options());
    let delete = Mutation::DeleteTestEvents {
        ids: vec![RowId::from(1), RowId::from(2)],
        by: "ann@host".to_owned(),
    };
    let outcome = Outcome {
        done: vec![RowId::from(1)],
        skipped: vec![
            (RowId::from(2), "it is gone".to_owned()),
            (RowId::from(3), "somebody has taken it".to_owned()),
        ],
        ..Outcome::default()
    };
    let kept = script.model.store.stream.len();
    let plan = Plan::new(delete, script.now);
    let script = script.tell(Msg::Mutated(plan, Ok(outcome)));
    assert!(is_gone(&script, 1) && is_gone(&script, 2) && !is_gone(&script, 3));
    assert_eq!(script.model.store.stream.len(), kept);
    // One that is opened, and deleted by somebody else meanwhile.
    let script = script.keys(":event 7⏎");
    let missing = Fault::Missing("event 7: it is gone".into());
    let script = script.tell(Msg::Detail(RowId::from(7), Err(missing)));
    assert!(is_gone(&script, 7));
    // A column that is missing says nothing of the row.
    let script = script.keys(":event 8⏎");
    let missing = Fault::Missing("column status".into());
    let script = script.tell(Msg::Detail(RowId::from(8), Err(missing)));
    assert!(!is_gone(&script, 8));
    // Errors have keys of their own.
    let resolve = Mutation::ResolveErrors {
        ids: vec![RowId::from(5)],
        note: "mended".to_owned(),
    };
    let outcome = Outcome {
        skipped: vec![(RowId::from(5), "it is gone".to_owned())],
        ..Outcome::default()
    };
    let plan = Plan::new(resolve, script.now);
    let script = script.tell(Msg::Mutated(plan, Ok(outcome)));
    assert!(!is_gone(&script, 5));
}

#[test]
fn an_open_event_that_a_sweep_finds_deleted_is_asked_for_again() {
    let mut script = opened();
    script.model.store.stream.strike(|id| *id == RowId::from(7));
    let rows = vec![event(10, "message_queued", EventStatus::Pending)];
    let script = script.fact(Fact::Tail(rows));
    let asked = Effect::FetchEvent(RowId::from(7));
    assert!(script.effects.contains(&asked), "{:?}", script.effects);
}

#[test]
fn neither_enter_nor_the_key_that_asked_confirms_a_plan() {
    let asked = opened().keys("R");
    let plan = shown(&asked);
    let (asked, seen) = examined(asked, &plan, &[]);
    let asked = asked.keys("R⏎");
    assert_eq!(shown(&asked), seen);
    assert_eq!(asked.effects, []);
    let left = asked.keys("n");
    assert_eq!(left.notice(), "left undone: nothing was changed");
    assert!(matches!(
        left.model.overlays.last(),
        Some(Overlay::Detail { .. })
    ));
}

#[test]
fn what_was_shown_is_what_runs_when_the_event_moves_on_meanwhile() {
    let asked = opened().keys("R");
    let plan = retry_of_7(&asked);
    let (asked, plan) = examined(asked, &plan, &[]);
    let moved = asked.fact(Fact::Tail(vec![event(
        7,
        "message_queued",
        EventStatus::Processed,
    )]));
    let moved = read(moved, event(7, "message_queued", EventStatus::Processed));
    let plan = Plan {
        reason: Some("why".to_owned()),
        ..plan
    };
    assert_eq!(moved.keys("y1 why⏎").effects, [Effect::Mutate(plan)]);
}

#[test]
fn a_processed_event_is_not_retried_and_says_so() {
    let script = full(options()).keys(":event 3⏎");
    let script = read(script, event(3, "message_queued", EventStatus::Processed)).keys("R");
    assert_eq!(
        script.notice(),
        "already processed: a retry would do its work a second time"
    );
    assert!(matches!(
        script.model.overlays.last(),
        Some(Overlay::Detail { .. })
    ));
}

#[test]
fn read_only_refuses_every_write_on_every_screen_with_a_sentence() {
    let read_only = Options {
        read_only: true,
        ..options()
    };
    for (screen, key) in [("2", "R"), ("4", "X"), ("6", "P")] {
        let script = full(read_only.clone()).keys(screen).keys(key);
        assert_eq!(
            script.notice(),
            "read-only: outpost was started with --read-only"
        );
        assert_eq!(script.model.overlays, []);
    }
}

#[test]
fn a_key_that_writes_is_ignored_right_after_the_screen_changed() {
    let mut script = full(options()).keys("2");
    script.now += chrono::TimeDelta::milliseconds(200);
    let at = script.now;
    let early = script.tell(Msg::Key("R".chars().map(chord).next().unwrap()));
    assert_eq!(early.now, at);
    assert_eq!(
        early.notice(),
        "ignored, since the screen had just changed; press it again"
    );
    let focused = early
        .wait(5)
        .tell(Msg::Focused(true))
        .tell(Msg::Key(chord('R')));
    assert_eq!(
        focused.notice(),
        "ignored, since the screen had just changed; press it again"
    );
}

fn chord(c: char) -> outpost::keymap::Chord {
    outpost::keymap::Chord {
        key: Key::Char(c),
        ctrl: false,
    }
}

#[test]
fn an_outcome_is_one_sentence_and_what_it_touched_is_read_anew() {
    let script = full(options());
    let outcome = Outcome {
        done: (1..=3).map(RowId::from).collect(),
        skipped: (4..=8)
            .map(|id| (RowId::from(id), "status changed".to_owned()))
            .collect(),
        failed: vec![(RowId::from(9), "HTTP 500".to_owned())],
        unknown: vec![(RowId::from(10), "the line broke".to_owned())],
        audited_in_database: true,
        ..Outcome::default()
    };
    let plan = retry_of_7(&script);
    let done = script.tell(Msg::Mutated(plan.clone(), Ok(outcome)));
    assert_eq!(
        done.notice(),
        "retried 3 events; nobody knows of 1: 10 (the line broke); failed 1: 9 (HTTP 500); skipped 5: 4 (status changed), 5 (status changed), 6 (status changed) and 2 more"
    );
    let fetches = [FeedId::Tail, FeedId::Stages, FeedId::Totals].map(Effect::Fetch);
    assert_eq!(done.effects, fetches);
    let failed = done.tell(Msg::Mutated(plan, Err(Fault::timed_out(5))));
    let said = "could not retry 1 event: no answer within 5 s; before: retried 3 events";
    assert!(failed.notice().starts_with(said), "{}", failed.notice());
    assert_eq!(failed.effects, fetches);
}

#[test]
fn a_note_is_asked_for_before_errors_are_resolved() {
    let ids = vec![RowId::from(1), RowId::from(2)];
    let mut script = full(options());
    script
        .model
        .overlays
        .push(Overlay::Line(outpost::model::Line {
            purpose: outpost::model::Purpose::ResolveNote(ids.clone()),
            text: String::new(),
            cursor: 0,
            suggestion: 0,
            before: String::new(),
            error: None,
        }));
    let empty = script.keys("  ⏎");
    assert_eq!(
        empty.notice(),
        "a note is needed: why are these errors resolved?"
    );
    let asked = empty.keys("quota raised⏎");
    let mutation = Mutation::ResolveErrors {
        ids,
        note: "quota raised".to_owned(),
    };
    let plan = Plan::new(mutation, asked.now);
    assert_eq!(asked.effects, [Effect::Examine(plan.clone())]);
    assert_eq!(shown(&asked), plan);
    let early = asked.keys("y");
    assert!(
        early.notice().starts_with("not yet: "),
        "{}",
        early.notice()
    );
    assert_eq!(early.effects, []);
    let (seen, plan) = examined(early, &plan, &[]);
    assert_eq!(seen.keys("y").effects, [Effect::Mutate(plan)]);
}

#[test]
fn a_filter_works_while_it_is_typed_and_esc_brings_the_old_one_back() {
    let typed = full(options()).keys("4/crm⏎/ OR");
    assert_eq!(typed.model.screens.filter(ScreenId::Errors), "crm OR");
    let Some(Overlay::Line(line)) = typed.model.overlays.last() else {
        panic!("the line is closed");
    };
    let error = line.error.clone().unwrap();
    assert_eq!(error.at, 6);
    assert!(error.reason.starts_with("something is missing after OR"));
    let stays = typed.keys("⏎");
    let notice = stays.notice();
    assert!(notice.starts_with("filter: something is missing after OR"));
    assert!(notice.ends_with(", at 7"), "{notice}");
    let left = stays.keys("⎋");
    assert_eq!(left.model.screens.filter(ScreenId::Errors), "crm");
    assert_eq!(left.model.overlays, []);
}

#[test]
fn commands_run_from_the_palette_and_are_remembered() {
    let script = full(options()).keys(":errors segment⏎");
    assert_eq!(script.model.screen, ScreenId::Errors);
    assert_eq!(script.model.screens.filter(ScreenId::Errors), "segment");
    let themed = script.keys(":theme mono⏎");
    assert_eq!(themed.effects, [Effect::SetTheme("mono".to_owned())]);
    assert_eq!(themed.model.history, ["errors segment", "theme mono"]);
    let again = themed.keys(":").key(Key::Up).key(Key::Up).keys("⏎");
    assert_eq!(again.model.history, ["theme mono", "errors segment"]);
    let wrong = again.keys(":theme pink⏎");
    assert_eq!(
        wrong.notice(),
        "there is no theme `pink`; there is default, mono"
    );
    assert!(
        matches!(wrong.model.overlays.last(), Some(Overlay::Line(_))),
        "it can be mended"
    );
}

#[test]
fn an_incomplete_command_stays_open_for_the_rest() {
    let script = full(options()).keys("Fst⏎");
    assert_eq!(script.effects, [Effect::Scenario("stall".to_owned())]);
    let script = script.keys(":the⏎");
    let Some(Overlay::Line(line)) = script.model.overlays.last() else {
        panic!("the line is closed");
    };
    assert_eq!(
        (line.text.as_str(), script.notice()),
        ("theme ", "theme needs a name")
    );
    assert_eq!(
        script.keys("mo⇥⏎").effects,
        [Effect::SetTheme("mono".to_owned())]
    );
}

#[test]
fn scenarios_outside_the_demo_are_refused_with_the_way_there() {
    let script = full(Options::default()).keys("F");
    assert_eq!(
        script.notice(),
        "scenarios exist in the demo only: outpost demo"
    );
}

#[test]
fn q_closes_what_is_open_and_leaves_only_when_nothing_is() {
    let script = opened().keys("?q");
    assert_eq!(script.effects, []);
    let script = script.keys("q");
    assert_eq!((script.effects.len(), script.model.overlays.len()), (0, 0));
    assert_eq!(script.keys("q").effects, [Effect::Quit]);
    let typing = full(options()).keys("2/q");
    assert_eq!(typing.effects, []);
    assert_eq!(typing.press("ctrl-c").effects, [Effect::Quit]);
}

#[test]
fn the_last_screen_comes_back_with_one_key() {
    let script = full(options()).keys("42-");
    assert_eq!(script.model.screen, ScreenId::Errors);
    assert_eq!(script.keys("-").model.screen, ScreenId::Stream);
}

#[test]
fn a_burst_of_notifications_is_one_query_and_the_last_one_is_not_forgotten() {
    let mut script = full(options()).wait(1);
    let mut fetches = Vec::new();
    for n in 0..600 {
        script.now += chrono::TimeDelta::milliseconds(1);
        script = script.tell(Msg::Notified(n % 7));
        fetches.append(&mut script.effects);
    }
    assert_eq!(fetches, [Effect::Fetch(FeedId::Tail)]);
    let answered = script.fact(Fact::Tail(Vec::new()));
    assert_eq!(
        answered.effects,
        [Effect::Fetch(FeedId::Tail)],
        "what came meanwhile"
    );
    let quiet = answered.fact(Fact::Tail(Vec::new()));
    assert_eq!(quiet.effects, []);
    let lost = quiet.wait(1).tell(Msg::Notified(1)).tell(Msg::Notified(1));
    assert_eq!(lost.effects, []);
    assert_eq!(
        lost.wait(5).effects,
        [Effect::Fetch(FeedId::Tail)],
        "an answer that got lost"
    );
}

#[test]
fn the_same_answer_again_changes_nothing_that_is_shown() {
    let world = World::calm(start());
    let script = full(options()).world(&world).fact(Fact::Tail(Vec::new()));
    let before = script.model.revision;
    let script = script.world(&world).fact(Fact::Tail(Vec::new()));
    assert_eq!(script.model.revision, before);
    let mut changed = world;
    changed.stage("message_queued").pending += 1;
    assert!(script.world(&changed).model.revision > before);
}

#[test]
fn notices_go_after_ten_seconds() {
    let script = full(options()).keys("t");
    assert_eq!(script.notice(), "times are local");
    assert_eq!(script.wait(11).notice(), "");
}

#[test]
fn an_event_that_moved_on_while_it_is_open_is_read_anew() {
    let script = opened().fact(Fact::Tail(vec![event(
        7,
        "message_queued",
        EventStatus::Processed,
    )]));
    assert_eq!(script.effects, [Effect::FetchEvent(RowId::from(7))]);
    let script = read(script, event(7, "message_queued", EventStatus::Processed));
    assert_eq!(script.fact(Fact::Tail(Vec::new())).effects, []);
}

#[test]
fn copying_an_open_event_gives_valid_json() {
    let mut row = event(7, "message_queued", EventStatus::Failed);
    row.error = Some(Untrusted::from("bad \u{1b}[2J \"quote\""));
    let script = full(options()).keys(":event 7⏎");
    let script = read(script, row).keys("y");
    let [Effect::Copy(text)] = script.effects.as_slice() else {
        panic!("{:?}", script.effects);
    };
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(json["event_type"], "message_queued");
    assert_eq!(json["error_message"], "bad \u{1b}[2J \"quote\"");
    assert_eq!(json["payload"], r#"{"record_id": 7}"#);
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn people_are_masked_until_they_are_shown_and_each_showing_is_audited() {
    let row = EventRow {
        subject: Some(Untrusted::from("anna@acme.example")),
        error: Some(Untrusted::from("no user anna@acme.example")),
        ..event(1, "message_queued", EventStatus::Failed)
    };
    let id = row.id.clone();
    let script = full(options()).keys(":event 1⏎");
    let script = read(script, row).keys("y");
    let copied = |script: &Scenario| format!("{:?}", script.effects);
    assert!(copied(&script).contains("a***@acme.example"));
    assert!(!copied(&script).contains("anna@"), "{}", copied(&script));
    let script = script.keys("M");
    assert_eq!(script.effects, [Effect::AuditReveal(id)]);
    let script = script.keys("y");
    assert!(copied(&script).contains("anna@acme.example"));
    let script = script.keys("M");
    assert!(script.effects.is_empty(), "masking needs no line");
    let script = script.keys("y");
    assert!(!copied(&script).contains("anna@"));
}

#[test]
fn every_action_is_bound_to_a_key() {
    let bound: BTreeSet<String> = BINDINGS.iter().map(|b| format!("{:?}", b.action)).collect();
    let all = [
        Action::Quit,
        Action::Back,
        Action::Escape,
        Action::ToggleHelp,
        Action::OpenPalette,
        Action::OpenFilter,
        Action::OpenScenarios,
        Action::LastScreen,
        Action::Refresh,
        Action::Redraw,
        Action::Suspend,
        Action::NextTimeMode,
        Action::Down,
        Action::Up,
        Action::First,
        Action::Last,
        Action::HalfDown,
        Action::HalfUp,
        Action::PageDown,
        Action::PageUp,
        Action::NextProblem,
        Action::PreviousProblem,
        Action::NextPane,
        Action::PreviousPane,
        Action::Open,
        Action::Mark,
        Action::MarkAll,
        Action::ClearMarks,
        Action::Pause,
        Action::Follow,
        Action::Wrap,
        Action::Reveal,
        Action::Copy,
        Action::Retry,
        Action::Resolve,
        Action::Publish,
        Action::Insert,
        Action::StopExecutions,
        Action::RetryExecutions,
        Action::OtherWay,
        Action::Confirm,
        Action::Cancel,
        Action::Submit,
        Action::NextSuggestion,
        Action::PreviousSuggestion,
        Action::Complete,
    ];
    for action in all.into_iter().chain(ScreenId::ALL.map(Action::Go)) {
        assert!(bound.contains(&format!("{action:?}")), "{action:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_is_changed_without_a_yes(keys in "[a-xzA-Z0-9?/:* ⏎⎋⇥⌫-]{0,60}") {
        let mut script = full(options());
        for key in keys.chars() {
            script = script.keys(&key.to_string());
            // The guard answers at once, so that nothing but the missing yes keeps it from running.
            if let Some(Effect::Examine(plan)) = script.effects.first().cloned() {
                script = examined(script, &plan, &[]).0;
            }
            let writes = script.effects.iter().any(|e| matches!(e, Effect::Mutate(_)));
            prop_assert!(!writes, "{keys}");
        }
    }

    #[test]
    fn pasting_never_navigates_and_never_plans(text in "(\\PC|[\n\t1-8RXPy:/]){0,200}", screen in 1_u8..9) {
        let script = full(options()).keys(&screen.to_string()).wait(1);
        let before = script.model.screen;
        let script = script.tell(Msg::Pasted(Untrusted::from(text)));
        prop_assert_eq!(script.model.screen, before);
        prop_assert_eq!(&script.model.overlays, &[]);
        prop_assert_eq!(&script.effects, &[]);
        prop_assert!(script.notice().ends_with("thrown away: no line is open"));
    }

    #[test]
    fn pasted_text_in_a_line_is_made_harmless(text in "(\\PC|\\p{Cc}|\\p{Cf}){0,200}") {
        let script = full(options()).keys("2/").tell(Msg::Pasted(Untrusted::from(text)));
        let Some(Overlay::Line(line)) = script.model.overlays.last() else {
            return Err(TestCaseError::fail("the line is closed"));
        };
        prop_assert_eq!(Untrusted::from(line.text.as_str()).hazards(), 0);
        prop_assert!(!line.text.contains('\n'));
    }
}

#[test]
fn esc_drops_the_marks_then_the_filter_and_never_leaves() {
    let script = full(options()).keys("2/message⏎  ");
    assert_eq!(
        script
            .model
            .screens
            .refusal(ScreenId::Stream, &script.model.store, Action::ClearMarks),
        None
    );
    let once = script.keys("⎋");
    let refusal = |s: &Scenario| {
        s.model
            .screens
            .refusal(ScreenId::Stream, &s.model.store, Action::ClearMarks)
    };
    assert_eq!(refusal(&once), Some("nothing is marked"));
    assert_eq!(once.model.screens.filter(ScreenId::Stream), "message");
    let twice = once.keys("⎋");
    assert_eq!(twice.model.screens.filter(ScreenId::Stream), "");
    let more = twice.keys("⎋⎋⎋⎋");
    assert_eq!(
        (more.effects.len(), more.model.screen),
        (0, ScreenId::Stream)
    );
}

#[test]
fn a_stage_drilled_into_from_the_overview_leads_back_there() {
    let script = full(options()).keys("j⏎");
    assert_ne!(script.model.screen, ScreenId::Overview);
    assert_eq!(script.model.trail, [ScreenId::Overview]);
    let back = script.keys("q");
    assert_eq!(back.model.screen, ScreenId::Overview);
    // All that leaving asks for is what the overview shows beside.
    assert!(matches!(back.effects[..], [Effect::Need(_)]));
    assert_eq!(back.keys("q").effects, [Effect::Quit]);
}

#[test]
fn marked_events_are_retried_together_as_they_were_shown() {
    let asked = full(options()).keys("2  R");
    let plan = shown(&asked);
    let ids: BTreeSet<RowId> = [8, 9].map(RowId::from).into();
    let Mutation::RetryEvents(retry) = &plan.mutation else {
        panic!("{plan:?}");
    };
    assert_eq!(
        retry
            .targets
            .iter()
            .map(|t| t.id.clone())
            .collect::<BTreeSet<_>>(),
        ids
    );
    let moved = asked.fact(Fact::Tail(vec![event(
        9,
        "message_queued",
        EventStatus::Processed,
    )]));
    let (moved, plan) = examined(moved, &plan, &[9]);
    let confirmed = moved.keys("y1 why⏎");
    let plan = Plan {
        reason: Some("why".to_owned()),
        ..plan
    };
    assert_eq!(confirmed.effects, [Effect::Mutate(plan)]);
    assert_eq!(
        confirmed.notice(),
        "under way: retry 2 events, 1 blocked ones left out"
    );
}

#[test]
fn errors_are_resolved_with_the_note_that_was_typed() {
    let asked = full(options()).keys("4*X").keys("quota raised⏎");
    let plan = shown(&asked);
    let Mutation::ResolveErrors { ids, note } = &plan.mutation else {
        panic!("{plan:?}");
    };
    assert_eq!((ids.len(), note.as_str()), (5, "quota raised"));
    let (seen, plan) = examined(asked, &plan, &[]);
    assert_eq!(seen.keys("y").effects, [Effect::Mutate(plan)]);
}

/// Nobody looks at a console all the time: what went wrong meanwhile is still said.
#[test]
fn what_failed_stays_until_a_key_of_somebody_who_can_have_read_it() {
    let script = full(options());
    let resolve = Mutation::ResolveErrors {
        ids: vec![RowId::from(1)],
        note: "rotated".to_owned(),
    };
    let plan = Plan::new(resolve, script.now);
    // A key that was pressed as it came says nothing.
    let failed = script
        .tell(Msg::Mutated(plan, Err(Fault::timed_out(5))))
        .press("j");
    let told = failed.notice().to_owned();
    assert!(told.starts_with("could not resolve 1 error"), "{told}");
    let later = failed.wait(600);
    assert_eq!(later.notice(), told);
    let more = later.tell(Msg::Said("copied".to_owned()));
    assert_eq!(more.notice(), format!("copied; before: {told}"));
    let more = more.wait(60);
    assert!(more.notice().ends_with(&told), "{}", more.notice());
    // Who pressed a key has seen it; it goes as any other.
    let seen = more.press("j").wait(60);
    assert_eq!(seen.notice(), "");
}
