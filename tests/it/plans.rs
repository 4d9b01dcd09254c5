//! Every plan as it is shown, and how its keys lead to it.

use outpost::{
    action::{Action, ScreenId},
    domain::{
        event::{EventType, RowId},
        pipeline::{Pipeline, SideEffect},
        plan::{
            EventClone, EventTarget, Examination, Leaf, Mutation, NewEvent, Outcome, Plan,
            Retrying, Revision, RunTarget, Strategy, Version,
        },
        server::{Deed, Server},
        untrusted::Untrusted,
        workflow::{Access, ExecutionStatus},
    },
    effect::Effect,
    model::{Options, Overlay},
    msg::{Fact, Msg},
    ui::{Theme, theme::Depth},
};

use crate::{
    scenario::Scenario,
    screen::{paint, paint_with, text},
    snapshots::{snapshot, under},
    worlds,
};

fn run(id: i64, workflow: &str, status: ExecutionStatus, side_effect: SideEffect) -> RunTarget {
    RunTarget {
        id: RowId::from(id),
        workflow: Untrusted::from(workflow),
        status,
        side_effect,
    }
}

fn mutations() -> Vec<(&'static str, Mutation)> {
    let crm = || {
        (
            RowId::parse("f9fjLVse3zjIL04Z").unwrap(),
            Untrusted::from("CRM Syncer"),
        )
    };
    let ((id, name), (bounced, same)) = (crm(), crm());
    let running = ExecutionStatus::Running;
    let failed = || ExecutionStatus::Error;
    vec![
        (
            "deactivate",
            Mutation::SetWorkflowActive {
                id,
                name,
                active: false,
            },
        ),
        (
            "bounce",
            Mutation::BounceWorkflow {
                id: bounced,
                name: same,
            },
        ),
        (
            "stop",
            Mutation::StopExecutions(vec![
                run(88_120, "Send Executor", running, SideEffect::PersonFacing),
                run(
                    88_117,
                    "Apify Enrichment",
                    ExecutionStatus::Waiting,
                    SideEffect::PaidApi,
                ),
            ]),
        ),
        ("insert", Mutation::InsertEvent(Box::new(follow_up()))),
        (
            "delete_test",
            Mutation::DeleteTestEvents {
                ids: vec![RowId::from(90_413)],
                by: "ann@host".to_owned(),
            },
        ),
        (
            "retry_run",
            Mutation::RetryExecutions {
                targets: vec![
                    run(88_126, "Send Executor", failed(), SideEffect::PersonFacing),
                    run(88_114, "CRM Syncer", failed(), SideEffect::CrmWrite),
                ],
                revision: Revision::Original,
            },
        ),
    ]
}

/// Those that try events again other than by default, and what takes that back.
fn retries() -> Vec<(&'static str, Mutation)> {
    vec![
        ("retry_clone", retried(Strategy::Clone)),
        ("retry_webhook", retried(Strategy::Webhook)),
        (
            "delete_clones",
            Mutation::DeleteClones(vec![EventClone {
                id: RowId::from(90_413),
                of: RowId::from(90_377),
                retries: 2,
            }]),
        ),
    ]
}

fn retried(strategy: Strategy) -> Mutation {
    let target = EventTarget {
        id: RowId::from(90_413),
        stage: EventType::from("lead_qualified"),
        side_effect: SideEffect::CrmWrite,
        raw_status: Untrusted::from("failed"),
        retries: 1,
    };
    retrying(strategy).propose(Pipeline::guide(), vec![target])
}

fn retrying(strategy: Strategy) -> Retrying {
    Retrying {
        strategy,
        webhooks: Some("https://barton.app.n8n.cloud/webhook".to_owned()),
        ..Retrying::default()
    }
}

fn follow_up() -> NewEvent {
    let fields = [
        ("record_id", "999"),
        ("contact_id", "17"),
        ("campaign_id", "7"),
        ("full_name", "Test Person"),
        ("email", "test@test.example"),
    ];
    let stage = EventType::from("follow_up_due");
    NewEvent::compose(
        (stage, SideEffect::PersonFacing),
        &fields,
        "",
        ("ann@host", worlds::now()),
    )
    .unwrap()
}

fn eligible(id: &str) -> Examination {
    Examination {
        eligible: vec![Version {
            id: RowId::parse(id).unwrap(),
            xmin: None,
        }],
        ..Examination::default()
    }
}

#[test]
fn every_plan_says_what_it_does_what_it_takes_and_what_takes_it_back() {
    for (name, mutation) in [mutations(), retries()].concat() {
        for size in [(80, 24), (120, 40)] {
            let examined = (!mutation.is_in_n8n()).then(|| eligible("90413"));
            let plan = Overlay::Plan {
                plan: Box::new(Plan {
                    examined,
                    ..Plan::new(mutation.clone(), worlds::now())
                }),
                scroll: 0,
                leaf: Leaf::Facts,
            };
            let model = under(&worlds::stall(), plan, size);
            let rows = text(&paint(&model, size));
            let asks = rows.iter().rfind(|row| row.contains("   esc leave"));
            assert!(
                asks.is_some_and(|row| !row.contains('…')),
                "{name}: {asks:?}"
            );
            snapshot(&format!("plan_{name}"), &model, size);
        }
    }
}

fn n8n() -> Scenario {
    Scenario::with(Options::default())
        .links_up()
        .fact(Fact::Workflows(worlds::workflows(&[])))
        .fact(Fact::Executions(worlds::executions()))
        .keys("6")
        .wait(1)
}

fn shown(script: &Scenario) -> &Plan {
    match script.model.overlays.last() {
        Some(Overlay::Plan { plan, .. }) => plan,
        other => panic!("no plan: {other:?}: {}", script.notice()),
    }
}

#[test]
fn a_running_execution_is_stopped_when_its_count_is_typed() {
    let script = n8n().keys("K");
    assert_eq!(script.notice(), "select an execution first (tab)");
    let script = script.keys("⇥/running⏎*K");
    let Mutation::StopExecutions(targets) = &shown(&script).mutation else {
        panic!("{:?}", shown(&script));
    };
    assert_eq!(targets.len(), 2);
    let plan = shown(&script).clone();
    let typed = script.keys("y3⏎");
    assert!(typed.effects.is_empty());
    let typed = typed.keys("⌫2⏎");
    assert_eq!(typed.effects, [Effect::Mutate(plan)]);
}

#[test]
fn a_failed_execution_is_retried_with_the_version_that_is_shown() {
    let script = n8n().keys("⇥/error⏎R");
    let plan = shown(&script).clone();
    let Mutation::RetryExecutions { targets, revision } = &plan.mutation else {
        panic!("{plan:?}");
    };
    assert_eq!((targets.len(), *revision), (1, Revision::Original));
    let other = script.keys("v");
    assert!(other.effects.is_empty(), "only shown");
    let Mutation::RetryExecutions { revision, .. } = shown(&other).mutation else {
        panic!("{:?}", shown(&other));
    };
    assert_eq!(revision, Revision::Latest);
    let back = other.keys("v");
    assert_eq!(shown(&back).mutation, plan.mutation);
}

#[test]
fn a_retry_goes_by_the_strategy_of_the_site_and_v_takes_the_next_which_is_looked_into_anew() {
    let row = crate::screens::world::event(90_413, "lead_qualified", "failed", 400);
    let mut script = Scenario::with(Options::default()).links_up();
    script.model.store.retrying = retrying(Strategy::Clone);
    let mut script = script
        .fact(Fact::Tail(vec![row]))
        .keys("2")
        .wait(1)
        .keys("R");
    for strategy in [
        Strategy::Clone,
        Strategy::Webhook,
        Strategy::Requeue,
        Strategy::Clone,
    ] {
        let plan = shown(&script).clone();
        let Mutation::RetryEvents(retry) = &plan.mutation else {
            panic!("{plan:?}");
        };
        assert_eq!(retry.strategy, strategy);
        assert_eq!(script.effects, [Effect::Examine(plan.clone())]);
        assert_eq!(plan.examined, None);
        // What the guard said of the way before confirms nothing.
        script = script.keys("y");
        assert!(script.effects.is_empty(), "{:?}", script.effects);
        script = script.keys("v");
    }
}

#[test]
fn clones_are_taken_back_by_u() {
    let plan = Plan::new(retried(Strategy::Clone), worlds::now());
    let outcome = Outcome {
        done: vec![RowId::from(90_413)],
        remarks: vec![(RowId::from(90_413), "as 90500".to_owned())],
        clones: vec![EventClone {
            id: RowId::from(90_500),
            of: RowId::from(90_413),
            retries: 2,
        }],
        ..Outcome::default()
    };
    let clones = outcome.clones.clone();
    let script = stream().tell(Msg::Mutated(plan, Ok(outcome)));
    assert_eq!(
        script.notice(),
        "cloned 1 event; note 1: 90413 (as 90500); u takes it back"
    );
    let script = script.keys("u");
    assert_eq!(shown(&script).mutation, Mutation::DeleteClones(clones));
}

#[test]
fn what_ended_well_is_neither_stopped_nor_retried_and_says_why() {
    let script = n8n().keys("⇥/success⏎K");
    assert_eq!(
        script.notice(),
        "this execution has ended: there is nothing to stop"
    );
    let script = script.keys("R");
    assert_eq!(
        script.notice(),
        "this execution ended well: a retry would do its work a second time"
    );
}

#[test]
fn an_active_workflow_is_bounced_where_p_offers_to_deactivate_it() {
    let script = n8n().keys("P");
    assert!(matches!(
        shown(&script).mutation,
        Mutation::SetWorkflowActive { active: false, .. }
    ));
    let script = script.keys("v");
    let plan = shown(&script).clone();
    assert!(matches!(plan.mutation, Mutation::BounceWorkflow { .. }));
    assert_eq!(script.keys("y").effects, [Effect::Mutate(plan)]);
}

#[test]
fn a_key_that_lacks_the_scope_is_told_which_and_shows_no_plan() {
    let with = |scopes: &[&str]| {
        let access = Access {
            scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
            requests_left: None,
        };
        n8n().fact(Fact::Access(access))
    };
    for (action, key, scope, verb) in [
        (Action::StopExecutions, "K", "execution:stop", "stopped"),
        (Action::RetryExecutions, "R", "execution:retry", "retried"),
    ] {
        let lacks = "the n8n key lacks the scope";
        let cases: [(&[&str], String); 3] = [
            (
                &["execution:list"],
                format!("{lacks}s execution:read and {scope}"),
            ),
            (&["execution:read"], format!("{lacks} {scope}")),
            (
                &["execution:list", scope],
                format!("{lacks} execution:read: an execution is looked at before it is {verb}"),
            ),
        ];
        for (scopes, reason) in cases {
            let script = with(scopes);
            // Struck out in the footer, and said when the key is pressed all the same.
            assert_eq!(script.model.barred(action), Some(reason.as_str()));
            let script = script.keys(key);
            assert_eq!(script.notice(), reason);
            assert!(script.model.overlays.is_empty());
        }
        assert_eq!(with(&["execution:read", scope]).model.barred(action), None);
    }
    let script = with(&[]);
    assert_eq!(script.model.screen, ScreenId::N8n);
}

fn stream() -> Scenario {
    let options = Options {
        actor: "ann@host".to_owned(),
        ..Options::default()
    };
    Scenario::with(options).links_up().keys("3").wait(1)
}

fn inserted(script: Scenario) -> (Scenario, Plan) {
    let Some(Effect::Examine(plan)) = script.effects.first().cloned() else {
        panic!("{:?}: {}", script.effects, script.notice());
    };
    let seen = Plan {
        examined: Some(eligible("new")),
        ..plan.clone()
    };
    let answer = Ok(Box::new(eligible("new")));
    (script.tell(Msg::Examined(plan, answer)), seen)
}

#[test]
fn a_test_event_is_filled_in_shown_and_taken_back_from_the_list() {
    let script = stream().fact(Fact::Stages(Vec::new())).keys("I");
    let Some(Overlay::Form(form)) = script.model.overlays.last() else {
        panic!("no form: {}", script.notice());
    };
    assert_eq!(form.fields()[1].name, "record_id");
    let script = script.press("ctrl-u").keys("⏎");
    assert_eq!(
        script.notice(),
        "record_id is missing: an event is about some record"
    );
    assert!(script.effects.is_empty());
    let script = script.keys("777⇥").press("ctrl-u").keys("Acme y R⏎");
    let (script, plan) = inserted(script);
    let Mutation::InsertEvent(event) = &plan.mutation else {
        panic!("{plan:?}");
    };
    for part in [
        r#""record_id":777"#,
        r#""company_name":"Acme y R""#,
        r#""test":true"#,
        r#""inserted_by":"ann@host""#,
    ] {
        assert!(event.payload.contains(part), "{}", event.payload);
    }
    let script = script.keys("y");
    assert_eq!(script.effects, [Effect::Mutate(plan.clone())]);
    let outcome = Outcome {
        done: vec![RowId::from(4_711)],
        ..Outcome::default()
    };
    let script = script.tell(Msg::Mutated(plan, Ok(outcome)));
    assert_eq!(script.notice(), "inserted 1 test event; u takes it back");
    let script = script.keys(":undo⏎");
    for size in [(80, 24), (120, 40)] {
        snapshot("undo_list", &script.model, size);
    }
    let script = script.keys("⏎");
    assert_eq!(
        shown(&script).mutation,
        Mutation::DeleteTestEvents {
            ids: vec![RowId::from(4_711)],
            by: "ann@host".to_owned(),
        }
    );
}

#[test]
fn a_test_event_of_a_stage_that_writes_to_people_takes_a_number_and_a_reason() {
    let script = stream().fact(Fact::Stages(Vec::new())).keys("I");
    // follow_up_due is the last stage: one before the first.
    let script = script.press("ctrl-p");
    for size in [(80, 24), (120, 40)] {
        snapshot("form_insert", &script.model, size);
    }
    let (script, plan) = inserted(script.keys("⏎"));
    let script = script.keys("y1⏎");
    assert!(script.effects.is_empty(), "a reason is needed");
    let script = script.keys(" trying the new template⏎");
    let plan = Plan {
        reason: Some("trying the new template".to_owned()),
        ..plan
    };
    assert_eq!(script.effects, [Effect::Mutate(plan)]);
}

#[test]
fn text_pasted_into_a_form_stays_in_its_field() {
    let script = stream().fact(Fact::Stages(Vec::new())).keys("I");
    let script = script.tell(Msg::Pasted(Untrusted::from("\u{1b}[31m9\n8")));
    let Some(Overlay::Form(form)) = script.model.overlays.last() else {
        panic!("no form: {}", script.notice());
    };
    let text = &form.fields()[form.selected()].text;
    assert!(text.starts_with("999") && text.ends_with('8'), "{text}");
    assert!(!text.contains(|c: char| c.is_control()), "{text:?}");
}

#[test]
fn what_cannot_be_taken_back_is_not_in_the_list_and_u_takes_back_nothing_before_it() {
    let activate = Mutation::SetWorkflowActive {
        id: RowId::parse("w").unwrap(),
        name: Untrusted::from("CRM Syncer"),
        active: true,
    };
    let stop = Mutation::StopExecutions(vec![run(
        7,
        "CRM Syncer",
        ExecutionStatus::Running,
        SideEffect::CrmWrite,
    )]);
    let script = n8n();
    let done = |id: &str| Outcome {
        done: vec![RowId::parse(id).unwrap()],
        ..Outcome::default()
    };
    let plan = Plan::new(activate, script.now);
    let script = script.tell(Msg::Mutated(plan, Ok(done("w"))));
    let plan = Plan::new(stop, script.now);
    let script = script.tell(Msg::Mutated(plan, Ok(done("7"))));
    assert!(script.model.refusal(Action::Undo).is_some());
    let undoable = script.model.undoable();
    assert_eq!(undoable.len(), 1);
    let script = script.keys(":undo⏎⏎");
    assert!(matches!(
        shown(&script).mutation,
        Mutation::SetWorkflowActive { active: false, .. }
    ));
}

/// The last row of the screen.
fn footer(script: &Scenario) -> String {
    text(&paint(&script.model, (120, 40))).pop().unwrap()
}

fn read_only() -> Scenario {
    let options = Options {
        read_only: true,
        ..Options::default()
    };
    Scenario::with(options)
        .links_up()
        .fact(Fact::Workflows(worlds::workflows(&[])))
        .fact(Fact::Executions(worlds::executions()))
        .keys("6")
        .wait(1)
}

#[test]
fn what_a_read_only_console_cannot_do_is_struck_out_with_the_reason_wherever_it_is_offered() {
    let reason = "read-only: outpost was started with --read-only";
    let script = read_only();
    let shown = footer(&script);
    for struck in ["-P- publish", "-R- retry", "-K- stop", "  read-only"] {
        assert!(shown.contains(struck), "{struck}: {shown}");
    }
    assert!(shown.contains("enter open"), "{shown}");
    for size in [(80, 24), (120, 40)] {
        snapshot("read_only_n8n", &script.model, size);
    }
    let help = script.keys("?");
    let all = text(&paint(&help.model, (200, 60))).join("\n");
    assert!(all.contains(&format!("-P-         {reason}")), "{all}");
    let palette = help.keys("⎋:publ");
    let all = text(&paint(&palette.model, (120, 40))).join("\n");
    assert!(all.contains(reason), "{all}");
    let refused = palette.keys("⏎");
    assert_eq!(refused.notice(), reason);
    assert_eq!(refused.model.overlays, []);
}

#[test]
fn a_theme_that_can_strikes_out_and_one_that_cannot_writes_dashes() {
    let script = read_only();
    let theme = Theme::named("default", Depth::True).unwrap();
    let buffer = paint_with(&script.model, &theme, (120, 40));
    let last = text(&buffer).pop().unwrap();
    assert!(last.starts_with("P publish"), "{last}");
    let cell = &buffer[(0, 39)];
    assert!(
        cell.modifier
            .contains(ratatui::style::Modifier::CROSSED_OUT)
    );
    let mono = Theme::named("mono", Depth::Mono).unwrap();
    let last = text(&paint_with(&script.model, &mono, (120, 40))).pop();
    assert!(last.unwrap().starts_with("-P- publish"));
}

#[test]
fn what_the_role_was_not_granted_is_barred_and_the_rest_is_not() {
    let server = Server {
        denied: vec![Deed::Insert, Deed::Resolve],
        ..worlds::server()
    };
    let script = stream().fact(Fact::Server(server));
    let barred = |action| script.model.barred(action);
    assert_eq!(
        barred(Action::Insert),
        Some("this role may not insert: have INSERT on pipeline_events granted")
    );
    assert_eq!(
        barred(Action::Resolve),
        Some("this role may not resolve: have UPDATE on pipeline_errors granted")
    );
    assert_eq!(barred(Action::Retry), None);
    assert_eq!(barred(Action::Publish), None);
    assert!(footer(&script).contains("-I- insert"));
    assert_eq!(script.keys("I").model.overlays, []);
}

#[test]
fn read_only_by_the_configuration_says_so() {
    let options = Options {
        read_only: true,
        read_only_by_file: true,
        ..Options::default()
    };
    let script = Scenario::with(options);
    for action in [
        Action::Retry,
        Action::Resolve,
        Action::Insert,
        Action::Publish,
        Action::StopExecutions,
        Action::RetryExecutions,
        Action::Confirm,
    ] {
        assert_eq!(
            script.model.barred(action),
            Some("read-only: safety.read_only is on in the configuration")
        );
    }
}

#[test]
fn who_else_is_looking_stands_in_the_title() {
    let alone = stream().fact(Fact::Server(worlds::server()));
    let title = |script: &Scenario| text(&paint(&script.model, (160, 40))).remove(0);
    assert!(!title(&alone).contains("viewers"), "{}", title(&alone));
    let names = [
        "outpost anna@ops/7",
        "outpost anna@ops/8",
        "outpost ann@host",
        "outpost demo",
    ];
    let server = Server {
        consoles: names.map(str::to_owned).to_vec(),
        ..worlds::server()
    };
    let both = alone.fact(Fact::Server(server));
    assert!(
        title(&both).contains("viewers ann(you), anna x2"),
        "{}",
        title(&both)
    );
}
