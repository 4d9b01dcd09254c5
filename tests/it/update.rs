//! Keys, plans, lines and answers, through the one function that changes the model.

use std::collections::BTreeSet;

use outpost::{
    action::{Action, ScreenId},
    domain::{
        error_group::Errors,
        event::{EventDetail, EventRow, EventStatus, RowId},
        plan::{EventTarget, Mutation, Outcome, Plan},
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
    }
}

fn read(script: Scenario, row: EventRow) -> Scenario {
    let id = row.id.clone();
    script.tell(Msg::Detail(id, Ok(Box::new(detail(row)))))
}

/// A console with something to change on every screen.
fn full(options: Options) -> Scenario {
    let world = World {
        errors: Errors {
            recent: (1..=5)
                .map(|id| error(id, "segment_ready", "HTTP 429 for 3"))
                .collect(),
            ..Errors::default()
        },
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
    Plan {
        mutation: Mutation::RetryEvents(vec![EventTarget::of(&row, None).unwrap()]),
        frozen_at: script.now,
    }
}

#[test]
fn a_retry_is_shown_first_and_runs_only_after_a_yes() {
    let asked = opened().keys("R");
    let plan = retry_of_7(&asked);
    assert_eq!(asked.effects, []);
    assert_eq!(
        asked.model.overlays.last(),
        Some(&Overlay::Plan(plan.clone(), 0))
    );
    let confirmed = asked.keys("y");
    assert_eq!(confirmed.effects, [Effect::Mutate(plan)]);
    assert_eq!(confirmed.notice(), "under way: retry 1 event");
}

#[test]
fn neither_enter_nor_the_key_that_asked_confirms_a_plan() {
    let asked = opened().keys("R").keys("R⏎");
    assert!(matches!(
        asked.model.overlays.last(),
        Some(Overlay::Plan(..))
    ));
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
    let moved = asked.fact(Fact::Tail(vec![event(
        7,
        "message_queued",
        EventStatus::Processed,
    )]));
    let moved = read(moved, event(7, "message_queued", EventStatus::Processed));
    assert_eq!(moved.keys("y").effects, [Effect::Mutate(plan)]);
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
        audited_in_database: true,
    };
    let plan = retry_of_7(&script);
    let done = script.tell(Msg::Mutated(plan.clone(), Ok(outcome)));
    assert_eq!(
        done.notice(),
        "retried 3 events; skipped 5: 4 (status changed), 5 (status changed), 6 (status changed) and 2 more"
    );
    let fetches = [FeedId::Tail, FeedId::Stages, FeedId::Totals].map(Effect::Fetch);
    assert_eq!(done.effects, fetches);
    let failed = done.tell(Msg::Mutated(plan, Err(Fault::timed_out(5))));
    assert_eq!(
        failed.notice(),
        "could not retry 1 event: no answer within 5 s"
    );
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
    let plan = Plan {
        mutation,
        frozen_at: asked.now,
    };
    assert_eq!(asked.effects, []);
    assert_eq!(asked.model.overlays, [Overlay::Plan(plan.clone(), 0)]);
    assert_eq!(asked.keys("y").effects, [Effect::Mutate(plan)]);
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
    for n in 0..500 {
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
    assert_eq!(
        (back.model.screen, back.effects.len()),
        (ScreenId::Overview, 0)
    );
    assert_eq!(back.keys("q").effects, [Effect::Quit]);
}

#[test]
fn marked_events_are_retried_together_as_they_were_shown() {
    let asked = full(options()).keys("2  R");
    let Some(Overlay::Plan(plan, _)) = asked.model.overlays.last().cloned() else {
        panic!("no plan: {}", asked.notice());
    };
    let ids: BTreeSet<RowId> = [8, 9].map(RowId::from).into();
    let Mutation::RetryEvents(targets) = &plan.mutation else {
        panic!("{plan:?}");
    };
    assert_eq!(
        targets
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
    assert_eq!(moved.keys("y").effects, [Effect::Mutate(plan)]);
}

#[test]
fn errors_are_resolved_with_the_note_that_was_typed() {
    let asked = full(options()).keys("4*X").keys("quota raised⏎");
    let Some(Overlay::Plan(plan, _)) = asked.model.overlays.last().cloned() else {
        panic!("no plan: {}", asked.notice());
    };
    let Mutation::ResolveErrors { ids, note } = &plan.mutation else {
        panic!("{plan:?}");
    };
    assert_eq!((ids.len(), note.as_str()), (5, "quota raised"));
    assert_eq!(asked.keys("y").effects, [Effect::Mutate(plan)]);
}
