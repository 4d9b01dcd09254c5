//! Selection, pause, filters, copies, and where rows lead.

use outpost::{
    action::{Action, ScreenId},
    domain::{
        alert::{RULES, RuleId},
        event::RowId,
        plan::Mutation,
        untrusted::Untrusted,
        workflow::Access,
    },
    effect::FeedId,
    model::Model,
    msg::{Fact, Fault, Link, LinkId},
    screens::Answer,
};
use pretty_assertions::assert_eq;

use super::{Console, world};
use crate::{
    screen::{paint, text},
    worlds,
};

#[test]
fn a_followed_stream_selects_what_comes_and_a_moved_selection_stays_on_its_event() {
    let mut console = Console::over(world::busy(), ScreenId::Stream);
    console.tell(
        FeedId::Tail,
        Fact::Tail(vec![world::event(90_413, "message_sent", "pending", 0)]),
    );
    assert_eq!(console.ids(), ["90413"]);
    console.press(Action::Down);
    console.tell(
        FeedId::Tail,
        Fact::Tail(vec![world::event(90_414, "message_sent", "pending", 0)]),
    );
    assert_eq!(console.ids(), ["90412"]);
    console.press(Action::Follow);
    assert_eq!(console.ids(), ["90414"]);
}

#[test]
fn a_paused_stream_holds_its_rows_and_counts_what_comes() {
    let mut console = Console::over(world::busy(), ScreenId::Stream);
    assert_eq!(console.screens.stream.arrived(&console.store), None);
    console.press(Action::Pause);
    let mut came = [90_413, 90_414]
        .map(|id| world::event(id, "message_sent", "pending", 0))
        .to_vec();
    came.extend(console.store.stream.get(&RowId::from(90_390)).cloned());
    console.tell(FeedId::Tail, Fact::Tail(came));
    assert_eq!(console.screens.stream.arrived(&console.store), Some(2));
    console.press(Action::First);
    assert_eq!(console.ids(), ["90412"]);
    console.press(Action::Pause);
    assert_eq!(console.screens.stream.arrived(&console.store), None);
    console.press(Action::First);
    assert_eq!(console.ids(), ["90414"]);
}

#[test]
fn an_event_opens_whole_and_problems_are_sought_in_turn() {
    let mut console = Console::over(world::busy(), ScreenId::Stream);
    console.press(Action::NextProblem);
    assert_eq!(
        console.press(Action::Open),
        [Answer::OpenEvent(RowId::from(90_405))]
    );
    console.filter("status:processed");
    let words = console.said(Action::NextProblem);
    assert_eq!(words, "no event shown here has failed or is stuck");
}

#[test]
fn an_event_that_the_table_no_longer_has_says_so_and_is_left_out_of_a_retry() {
    let mut console = Console::over(world::busy(), ScreenId::Stream);
    console.filter("is:failed");
    let failed = RowId::from(90_405);
    assert_eq!(console.ids(), ["90405"]);
    assert!(console.store.stream.strike(|id| *id == failed));
    for action in [Action::Open, Action::Retry] {
        let refusal = console
            .screens
            .refusal(ScreenId::Stream, &console.store, action);
        let why = "it no longer exists: somebody deleted it from the table";
        assert_eq!(refusal, Some(why), "{action:?}");
    }
    let words = console.said(Action::NextProblem);
    assert_eq!(words, "no event shown here has failed or is stuck");
}

#[test]
fn a_filter_shows_its_rows_only_and_forgets_the_marks_it_hides() {
    let mut console = Console::over(world::busy(), ScreenId::Stream);
    console.press(Action::Mark);
    console.filter("stage:lead_qualified");
    assert_eq!(console.ids(), ["90405"]);
    assert_eq!(console.said(Action::ClearMarks), "nothing is marked");
    console.press(Action::MarkAll);
    assert_eq!(console.press(Action::ClearMarks), []);
    for (filter, id) in [
        ("is:failed", "90405"),
        ("status:skipped", "90401"),
        ("id:90399", "90399"),
        ("8805 OR nothing", "90405"),
    ] {
        console.filter(filter);
        assert_eq!(console.ids(), [id], "{filter}");
    }
}

#[test]
fn what_is_copied_is_one_json_object_a_marked_row() {
    let mut console = Console::over(world::busy(), ScreenId::Errors);
    console.press(Action::NextMode);
    console.filter("is:info");
    let [error] = console.copied().try_into().unwrap();
    assert_eq!(
        error["error_message"],
        "invalid utf-8 at byte 17: hi \u{1b}[2J \u{202e}moc.live"
    );
    console.filter("");
    console.press(Action::First);
    console.press(Action::Mark);
    console.press(Action::Mark);
    assert_eq!(console.ids(), ["5161", "5160"]);
}

#[test]
fn an_action_of_another_screen_says_where_it_is_done() {
    for id in super::painting::SCREENS {
        let mut console = Console::over(world::busy(), id);
        for (action, homes) in [
            (Action::Retry, [ScreenId::Stream, ScreenId::Errors]),
            (Action::Resolve, [ScreenId::Errors, ScreenId::Errors]),
            (Action::Publish, [ScreenId::N8n, ScreenId::N8n]),
        ] {
            if !homes.contains(&id) {
                assert!(console.said(action).contains("press"), "{id:?} {action:?}");
            }
        }
    }
}

#[test]
fn a_list_without_rows_refuses_what_needs_one() {
    for id in super::painting::SCREENS {
        let mut console = Console::over(outpost::store::Store::default(), id);
        for action in [Action::Open, Action::Copy, Action::Mark, Action::MarkAll] {
            let words = console.said(action);
            assert!(words.contains("is selected"), "{id:?} {action:?}: {words}");
        }
    }
}

#[test]
fn a_stage_leads_to_its_events_and_a_rule_to_what_explains_it() {
    let mut console = Console::over(world::busy(), ScreenId::Queue);
    console.press(Action::NextProblem);
    let go = |id, filter: &str| vec![Answer::Go(id, Some(filter.to_owned()))];
    assert_eq!(
        console.press(Action::Open),
        go(ScreenId::Stream, "stage:slots_created")
    );

    let mut console = Console::over(world::busy(), ScreenId::Alerts);
    console.filter("rule:high_error_rate");
    assert_eq!(
        console.press(Action::Open),
        go(ScreenId::Errors, "stage:lead_qualified")
    );
    console.filter("rule:crm_sync_failure");
    assert_eq!(
        console.press(Action::Open),
        go(ScreenId::Stream, "stage:lead_qualified")
    );
    console.filter("rule:deliverability_drop");
    assert_eq!(
        console.press(Action::Open),
        [Answer::Go(ScreenId::Campaigns, None)]
    );

    let mut console = Console::over(world::busy(), ScreenId::Scorecard);
    assert_eq!(
        console.press(Action::Open),
        go(ScreenId::Stream, "stage:company_created")
    );
}

#[test]
fn a_workflow_shows_its_executions_and_an_execution_its_events() {
    let mut console = Console::over(world::busy(), ScreenId::N8n);
    console.press(Action::Down);
    let workflow = console.copied()[0]["name"].clone();
    console.press(Action::Open);
    console.press(Action::MarkAll);
    let copied = console.copied();
    assert_eq!(copied.len(), 3);
    assert!(copied.iter().all(|run| run["workflow"] == workflow));
    console.press(Action::ClearMarks);
    let words = console.said(Action::Open);
    assert!(
        words.starts_with("no event in the stream names execution"),
        "{words}"
    );

    console.press(Action::NextPane);
    console.press(Action::Open);
    console.press(Action::NextPane);
    console.filter("id:88098");
    let go = Answer::Go(ScreenId::Stream, Some("execution:88098".to_owned()));
    assert_eq!(console.press(Action::Open), [go]);
}

#[test]
fn a_workflow_is_proposed_to_become_what_it_is_not() {
    let mut console = Console::over(world::busy(), ScreenId::N8n);
    for (filter, id, name, active) in [
        ("gatekeeper", "wf00", "Validation Gatekeeper", false),
        ("follow-up", "wf13", "Follow-Up Sender", true),
    ] {
        console.filter(filter);
        let mutation = Mutation::SetWorkflowActive {
            id: RowId::parse(id).unwrap(),
            name: Untrusted::from(name),
            active,
        };
        assert_eq!(console.press(Action::Publish), [Answer::Propose(mutation)]);
    }
}

#[test]
fn a_workflow_that_cannot_be_switched_says_why() {
    let mut console = Console::over(world::busy(), ScreenId::N8n);
    console.filter("is:archived");
    assert!(console.said(Action::Publish).contains("archived"));
    console.filter("");
    console.press(Action::First);
    console.press(Action::NextPane);
    assert_eq!(
        console.said(Action::Publish),
        "select a workflow first (tab)"
    );
    console.press(Action::NextPane);
    let scopes = Some(vec![
        "workflow:list".to_owned(),
        "workflow:activate".to_owned(),
    ]);
    console.tell(
        FeedId::Access,
        Fact::Access(Access {
            scopes,
            requests_left: None,
        }),
    );
    assert!(
        console
            .said(Action::Publish)
            .contains("workflow:deactivate")
    );
    let down = |fault| Link::Down {
        since: world::ago(9),
        fault,
        tries: 3,
        next_try: world::now(),
    };
    let why = Untrusted::from("unauthorized");
    for (link, word) in [
        (down(Fault::Unauthorized(why)), "does not accept the key"),
        (down(Fault::timed_out(10)), "does not answer"),
        (Link::Off("no address".to_owned()), "N8N_BASE_URL"),
    ] {
        console.store.linked(world::now(), LinkId::N8n, link);
        assert!(console.said(Action::Publish).contains(word), "{word}");
    }
}

#[test]
fn a_campaign_that_bounces_or_gets_no_replies_is_a_problem() {
    let mut console = Console::over(world::busy(), ScreenId::Campaigns);
    console.press(Action::NextProblem);
    assert_eq!(console.ids(), ["11"]);
    console.press(Action::NextProblem);
    assert_eq!(console.ids(), ["10"]);
    console.press(Action::NextProblem);
    assert_eq!(console.ids(), ["11"]);
}

#[test]
fn a_rule_that_is_switched_off_is_named_beside_those_that_are_judged() {
    let world = worlds::calm();
    let titled = |model: &Model| text(&paint(model, (120, 40))).join("\n");
    let mut model = world.model((120, 40), ScreenId::Alerts);
    assert!(!titled(&model).contains("off: "));
    let kept = RULES.iter().filter(|rule| rule.id != RuleId::ReplyRateDrop);
    model.store.rules = kept.copied().collect();
    model.store.alerts.clear();
    assert!(model.store.judge(worlds::now()));
    assert!(
        titled(&model).contains("off: Reply rate drop"),
        "{}",
        titled(&model)
    );
}
