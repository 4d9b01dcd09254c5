//! Every plan as it is shown, and how its keys lead to it.

use outpost::{
    action::{Action, ScreenId},
    domain::{
        event::RowId,
        pipeline::SideEffect,
        plan::{Mutation, Plan, Revision, RunTarget},
        untrusted::Untrusted,
        workflow::{Access, ExecutionStatus},
    },
    effect::Effect,
    model::{Options, Overlay},
    msg::Fact,
};

use crate::{
    scenario::Scenario,
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

#[test]
fn every_plan_says_what_it_does_what_it_takes_and_what_takes_it_back() {
    for (name, mutation) in mutations() {
        for size in [(80, 24), (120, 40)] {
            let plan = Overlay::Plan {
                plan: Plan::new(mutation.clone(), worlds::now()),
                scroll: 0,
                statement: false,
            };
            snapshot(
                &format!("plan_{name}"),
                &under(&worlds::stall(), plan, size),
                size,
            );
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
    let access = Access {
        scopes: Some(vec!["execution:list".to_owned()]),
        requests_left: None,
    };
    let script = n8n().fact(Fact::Access(access));
    for (action, scope) in [
        (Action::StopExecutions, "execution:stop"),
        (Action::RetryExecutions, "execution:retry"),
    ] {
        let reason = script.model.refusal(action).unwrap();
        assert_eq!(reason, format!("the n8n key lacks the scope {scope}"));
    }
    assert_eq!(script.model.screen, ScreenId::N8n);
}
