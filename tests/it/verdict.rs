//! Faults put into a calm world, and what the console makes of them.

use chrono::TimeDelta;
use outpost::{
    domain::{
        error_group::{Errors, GroupState},
        event::EventType,
        outcomes::{BounceReason, CrmSync, Share},
        untrusted::Untrusted,
        verdict::{Health, Verdict},
        workflow::{Execution, ExecutionStatus},
    },
    effect::FeedId,
    msg::{Fault, Link, LinkId},
    ui::text::fitting,
};

use crate::{
    scenario::{Scenario, World, drops, error, link, start},
    screen::{paint, text},
};

/// What the verdict is after the world has been like this for two minutes.
fn after(change: impl Fn(&mut World)) -> Scenario {
    let mut world = World::calm(start());
    change(&mut world);
    Scenario::start()
        .links_up()
        .world(&world)
        .lasts(&world, 120)
}

#[track_caller]
fn expect(script: &Scenario, health: Health, root: Option<&str>, headline: &str, why: &str) {
    let verdict: &Verdict = &script.model.store.verdict;
    assert_eq!(verdict.health, health, "{verdict:#?}");
    assert_eq!(verdict.root, root.map(EventType::from), "{verdict:#?}");
    assert!(verdict.headline.starts_with(headline), "{verdict:#?}");
    assert!(verdict.why.contains(why), "{verdict:#?}");
}

fn starving(script: &Scenario) -> Vec<String> {
    let lines = script.model.store.flow.iter();
    lines
        .filter(|line| line.health == Health::Starving)
        .map(|line| line.stage.label())
        .collect()
}

#[test]
fn a_calm_world_is_ok_and_says_how_it_flows() {
    let script = after(|_| {});
    expect(
        &script,
        Health::Ok,
        None,
        "15 stages flowing, 450/min, oldest",
        "",
    );
    assert!(script.model.store.verdict.steps.is_empty());
}

#[test]
fn a_stall_is_found_at_its_stage_with_what_starves_below() {
    let script = after(|world| {
        world.stall("slots_created", 412, 423, start());
        world.workflow("Apify Enrichment").webhooks.clear();
    });
    let headline = "STALLED at slots_created > Apify Enrichment: 412 pending, oldest 9m";
    expect(
        &script,
        Health::Critical,
        Some("slots_created"),
        headline,
        "starving below: contact_enriched",
    );
    assert!(script.model.store.verdict.headline.contains("+38/min"));
    assert_eq!(starving(&script), ["contact_enriched"]);
}

#[test]
fn an_active_workflow_that_runs_nothing_while_events_wait_is_deaf() {
    let script = after(|world| {
        world.stall("slots_created", 412, 423, start());
        world.forget_runs("Apify Enrichment");
    });
    expect(
        &script,
        Health::Critical,
        Some("slots_created"),
        "STALLED",
        "deaf webhook (strong)",
    );
}

#[test]
fn a_long_run_under_way_says_nothing_of_what_ended_meanwhile() {
    let script = after(|world| {
        world.stall("slots_created", 412, 423, start());
        let running = |x: &Execution| matches!(x.status, ExecutionStatus::Running);
        world.executions.recent.retain(running);
    });
    let why = &script.model.store.verdict.why;
    assert!(why.contains("cannot tell: Apify Enrichment is on"), "{why}");
}

#[test]
fn an_inactive_workflow_is_named_as_the_certain_cause() {
    let script = after(|world| {
        world.stall("message_queued", 180, 600, start());
        world.forget_runs("Send Executor");
        world.workflow("Send Executor").active = false;
    });
    let why = "workflow Send Executor is inactive in n8n (certain)";
    expect(
        &script,
        Health::Critical,
        Some("message_queued"),
        "STALLED",
        why,
    );
    let steps = &script.model.store.verdict.steps;
    assert_eq!(steps[0].1, "activate Send Executor");
}

#[test]
fn errors_over_the_limit_are_found_at_their_stage_with_the_group_behind_them() {
    let script = after(|world| {
        let stage = world.stage("lead_qualified");
        (stage.errors_1h, stage.processed_1h) = (40, 60);
        let rows = (1..=9).map(|id| {
            let message = format!("crm 401 invalid_grant for {id}");
            error(id, "lead_qualified", &message)
        });
        world.errors = Errors::of(rows.collect(), start());
    });
    let headline =
        "ERRORS at lead_qualified > CRM Syncer: 40% of 100 failed in 1h (surely over 31%)";
    let why = "credential: crm 401 invalid_grant for # x9 of 9 open (strong)";
    expect(
        &script,
        Health::Critical,
        Some("lead_qualified"),
        headline,
        why,
    );
}

#[test]
fn errors_that_are_left_alone_still_explain_why_a_stage_fails() {
    let script = after(|world| {
        let stage = world.stage("lead_qualified");
        (stage.errors_1h, stage.processed_1h) = (40, 60);
        let left = (1..=9).map(|id| error(id, "lead_qualified", "crm 401 invalid_grant"));
        let seen = (10..=12).map(|id| error(id, "lead_qualified", "crm timed out"));
        world.errors = Errors::of(left.chain(seen).collect(), start());
        let groups = &mut world.errors.groups;
        let left = groups.iter_mut().find(|group| group.open == 9).unwrap();
        left.state = GroupState::Ignored;
        // As they are told: those that are open come first.
        groups.sort_by_key(|group| !group.state.is_open());
    });
    let why = &script.model.store.verdict.why;
    let said = "credential: crm 401 invalid_grant x9 of 12 open, left alone (strong)";
    assert!(why.starts_with(said), "{why}");
}

#[test]
fn few_errors_of_few_events_are_no_finding() {
    let script = after(|world| {
        let stage = world.stage("lead_qualified");
        (stage.errors_1h, stage.processed_1h) = (5, 4);
    });
    expect(&script, Health::Ok, None, "15 stages flowing", "");
}

#[test]
fn slow_processing_names_the_slowest_stage() {
    let script = after(|world| {
        for stage in &mut world.stages {
            stage.latency.avg_ms = Some(11_000);
        }
        world.stage("segment_ready").latency.avg_ms = Some(31_000);
    });
    let why = "Message Personalizer takes 31s on average, n=1800 (strong)";
    expect(
        &script,
        Health::Warning,
        Some("segment_ready"),
        "SLOW: 12.3s on average",
        why,
    );
}

#[test]
fn bounces_are_found_at_the_stage_that_sends() {
    let script = after(|world| {
        world.outcomes.deliveries_24h = Some(Share { part: 104, of: 400 });
    });
    let headline = "BOUNCES: 26.0% of 400 deliveries in 24h bounced, limit 20.0%";
    expect(
        &script,
        Health::Critical,
        Some("message_queued"),
        headline,
        "unknown",
    );
}

#[test]
fn bounces_are_laid_to_errors_only_when_there_are_enough_of_them() {
    let with_errors = |n: i64| {
        after(|world| {
            world.outcomes.deliveries_24h = Some(Share { part: 104, of: 400 });
            let rows = (1..=n).map(|id| error(id, "message_queued", "mailbox unavailable"));
            world.errors = Errors::of(rows.collect(), start());
        })
    };
    let headline = "BOUNCES: 26.0% of 400";
    let root = Some("message_queued");
    expect(&with_errors(4), Health::Critical, root, headline, "unknown");
    let why = "data: mailbox unavailable x90 of 90 open (strong)";
    expect(&with_errors(90), Health::Critical, root, headline, why);
}

#[test]
fn the_reason_the_delivery_log_gives_for_most_bounces_is_the_cause() {
    let script = after(|world| {
        world.outcomes.deliveries_24h = Some(Share { part: 104, of: 400 });
        world.outcomes.bounces = [
            ("550 5.7.1 blocked: poor reputation", 90),
            ("550 5.1.1 user unknown", 14),
        ]
        .map(|(reason, part)| BounceReason {
            reason: Untrusted::from(reason),
            share: Share { part, of: 104 },
        })
        .into();
    });
    let why = "550 5.7.1 blocked: poor reputation x90 of 104 bounces (strong)";
    expect(
        &script,
        Health::Critical,
        Some("message_queued"),
        "BOUNCES",
        why,
    );
}

#[test]
fn a_list_of_executions_that_reaches_back_for_a_moment_only_proves_nothing() {
    let script = after(|world| {
        world.stall("slots_created", 412, 423, start());
        world.executions.recent = vec![Execution {
            workflow: world.workflow("Send Executor").id.clone(),
            ..crate::scenario::run(2_000, 1, start() + TimeDelta::seconds(117))
        }];
    });
    let why = "cannot tell: Apify Enrichment is on, and n8n's newest executions reach back";
    expect(
        &script,
        Health::Critical,
        Some("slots_created"),
        "STALLED",
        why,
    );
}

#[test]
fn what_and_why_are_whole_in_80_columns_with_their_figures() {
    let script = after(|world| {
        world.stall("slots_created", 412, 423, start());
        world.forget_runs("Apify Enrichment");
        world.outcomes.deliveries_24h = Some(Share { part: 104, of: 400 });
    });
    let verdict = &script.model.store.verdict;
    let fit = |text: String| !text.contains('…');
    let headline = fitting(verdict.headlines(), 73);
    let why = fitting(verdict.whys(), 74);
    assert!(
        headline.starts_with("STALLED at slots_created: 412 pending, oldest 9m"),
        "{headline}"
    );
    assert!(headline.ends_with("+38/min; +1 more"), "{headline}");
    assert!(why.starts_with("deaf webhook (strong): "), "{why}");
    assert!(why.contains("0 runs in 9m"), "{why}");
    assert!(fit(headline) && fit(why));
    assert!(fitting(verdict.headlines(), 40).starts_with("STALLED slots_created: 412, +38/min"));
}

#[test]
fn a_crm_without_success_is_found_only_while_leads_are_due() {
    let sync = |due_30m| CrmSync {
        last_success: Some(start() - TimeDelta::minutes(38)),
        due_30m,
        oldest_due: (due_30m > 0).then(|| start() - TimeDelta::minutes(36)),
    };
    let due = after(|world| world.outcomes.crm = Some(sync(9)));
    expect(
        &due,
        Health::Critical,
        Some("lead_qualified"),
        "CRM SYNC FAILS: no success for 40m, 9 leads due",
        "",
    );
    let quiet = after(|world| world.outcomes.crm = Some(sync(0)));
    expect(&quiet, Health::Ok, None, "15 stages flowing", "");
}

#[test]
fn a_storm_is_told_from_a_slow_workflow() {
    let script = after(|world| {
        let stage = world.stage("company_created");
        (stage.created_5m, stage.processed_5m, stage.pending) = (4_500, 600, 3_900);
    });
    let headline =
        "STORM at company_created > Validation Gatekeeper: 900/min in, usual 30/min; 3900 pending";
    let why = "30 times the usual arrivals";
    expect(
        &script,
        Health::Warning,
        Some("company_created"),
        headline,
        why,
    );
}

#[test]
fn a_backlog_that_grows_at_the_usual_rate_is_laid_to_what_takes_it() {
    let script = after(|world| {
        let stage = world.stage("message_queued");
        (stage.created_5m, stage.processed_5m, stage.pending) = (225, 155, 96);
    });
    let headline = "BACKLOG GROWS at message_queued > Send Executor: 96 pending";
    expect(
        &script,
        Health::Warning,
        Some("message_queued"),
        headline,
        "more comes than Send Executor takes",
    );
}

#[test]
fn a_stall_under_a_stall_is_a_consequence_and_the_root_is_the_upper_one() {
    let script = after(|world| {
        world.stall("company_promoted", 300, 900, start());
        world.stall("contact_enriched", 120, 900, start());
    });
    expect(
        &script,
        Health::Critical,
        Some("company_promoted"),
        "STALLED at company_promoted",
        "",
    );
    assert!(!script.model.store.verdict.headline.contains("also"));
}

#[test]
fn independent_roots_are_named_after_the_first() {
    let script = after(|world| {
        world.stall("company_created", 300, 900, start());
        world.outcomes.deliveries_24h = Some(Share { part: 104, of: 400 });
        world.outcomes.enrichments_24h = Some(Share { part: 100, of: 300 });
    });
    let verdict = &script.model.store.verdict;
    assert_eq!(verdict.root, Some(EventType::from("company_created")));
    assert!(
        verdict.headline.ends_with("; also bounces and 1 more"),
        "{verdict:#?}"
    );
}

#[test]
fn a_silent_database_makes_everything_stale_and_nothing_green() {
    let calm = after(|_| {});
    let at = calm.now;
    let fault = Fault::Unreachable(Untrusted::from("connection refused"));
    let down = Link::Down {
        since: at,
        fault,
        tries: 3,
        next_try: at,
    };
    let script = calm.link(LinkId::Reader, down).wait(70);
    expect(
        &script,
        Health::Stale,
        None,
        "no data from PostgreSQL for 1m",
        "connection refused",
    );
    assert!(
        script
            .model
            .store
            .verdict
            .headline
            .contains("last known: OK 15 stages flowing")
    );
    assert!(
        script
            .model
            .store
            .flow
            .iter()
            .all(|line| line.health == Health::Stale)
    );
    assert!(
        script
            .model
            .store
            .alerts
            .iter()
            .all(|a| a.state.word() == "no data")
    );
}

#[test]
fn a_database_that_never_answered_makes_the_verdict_unknown() {
    let at = start();
    let fault = Fault::Unauthorized(Untrusted::from("password authentication failed"));
    let down = Link::Down {
        since: at,
        fault,
        tries: 1,
        next_try: at,
    };
    let script = Scenario::start().link(LinkId::Reader, down).wait(5);
    expect(
        &script,
        Health::Unknown,
        None,
        "cannot tell: PostgreSQL gives nothing",
        "password authentication failed",
    );
}

#[test]
fn n8n_that_does_not_answer_keeps_a_flowing_database_from_green() {
    let world = World::calm(start());
    let calm = after(|_| {});
    let at = calm.now;
    let down = Link::Down {
        since: at,
        fault: Fault::timed_out(10),
        tries: 3,
        next_try: at,
    };
    let mut script = calm.link(LinkId::N8n, down);
    for _ in 0..25 {
        script = script
            .wait(2)
            .fact(outpost::msg::Fact::Stages(world.stages.clone()));
        script = script.fact(outpost::msg::Fact::Outcomes(world.outcomes.clone()));
    }
    expect(
        &script,
        Health::Warning,
        None,
        "no data from n8n for",
        "no answer within 10 s",
    );
    assert!(
        script
            .model
            .store
            .verdict
            .headline
            .contains("15 stages flowing")
    );
}

#[test]
fn n8n_that_is_not_set_up_leaves_the_verdict_of_the_database_alone() {
    let off = Link::Off("no N8N_BASE_URL".to_owned());
    let without = |change: fn(&mut World)| {
        let mut world = World::calm(start());
        change(&mut world);
        let facts = [
            outpost::msg::Fact::Trend(world.trend.clone()),
            outpost::msg::Fact::Outcomes(world.outcomes),
            outpost::msg::Fact::Stages(world.stages.clone()),
        ];
        let script = Scenario::start().links_up().link(LinkId::N8n, off.clone());
        facts.into_iter().fold(script, Scenario::fact)
    };
    expect(&without(|_| {}), Health::Ok, None, "15 stages flowing", "");
    let stalled = without(|world| world.stall("slots_created", 412, 423, start()));
    let why = "unknown: without n8n it cannot be told whether the workflow hears";
    expect(
        &stalled,
        Health::Critical,
        Some("slots_created"),
        "STALLED",
        why,
    );
}

#[test]
fn a_world_without_events_is_idle_and_says_that_it_listens() {
    let world = World::quiet(start());
    let script = Scenario::start().links_up().world(&world).lasts(&world, 60);
    expect(
        &script,
        Health::Idle,
        None,
        "nothing pending and no event in 1h, listening",
        "",
    );
}

#[test]
fn executions_that_fail_are_the_cause_of_a_stall() {
    let script = after(|world| {
        world.stall("slots_created", 412, 423, start());
        world.forget_runs("Apify Enrichment");
        let id = world.workflow("Apify Enrichment").id.clone();
        for n in 0..4 {
            world.executions.recent.push(Execution {
                workflow: id.clone(),
                status: ExecutionStatus::Error,
                ..crate::scenario::run(2_000 + n, 1, start() - TimeDelta::seconds(n))
            });
        }
    });
    expect(
        &script,
        Health::Critical,
        Some("slots_created"),
        "STALLED",
        "4 of 4 executions of Apify Enrichment failed",
    );
}

#[test]
fn the_headline_changes_at_most_once_in_ten_seconds_but_gets_worse_at_once() {
    let mut world = World::calm(start());
    let mut script = Scenario::start().links_up().world(&world).lasts(&world, 30);
    let mut changes = Vec::new();
    let mut last = script.model.store.verdict.headline.clone();
    for round in 0..60_u64 {
        world.stage("company_created").created_5m = 150 + round * 7;
        script = script.wait(2).world(&world);
        let headline = &script.model.store.verdict.headline;
        if *headline != last {
            changes.push(script.now);
            last.clone_from(headline);
        }
    }
    assert!(changes.len() > 5, "{changes:?}");
    for pair in changes.windows(2) {
        assert!(pair[1] - pair[0] >= TimeDelta::seconds(10), "{changes:?}");
    }
    world.stall("slots_created", 412, 423, start());
    let worse = script.wait(1).world(&world);
    expect(
        &worse,
        Health::Critical,
        Some("slots_created"),
        "STALLED",
        "",
    );
}

/// The number of the headline is that of the step and of the table, or is marked as about that.
#[test]
fn a_headline_that_is_held_says_so_while_the_numbers_beside_it_are_newer() {
    let stalled = |pending| {
        let mut world = World::calm(start());
        world.stall("slots_created", pending, 423, start());
        world.workflow("Apify Enrichment").webhooks.clear();
        world
    };
    let mut script = Scenario::start().links_up().world(&stalled(412));
    script = script.lasts(&stalled(412), 60);
    // Whether it is held, while the table says that so many are pending.
    let is_held = |script: &Scenario, pending: u64| {
        let verdict = &script.model.store.verdict;
        let lines = text(&paint(&script.model, (120, 40)));
        let head = &lines[1];
        assert_eq!(head.contains("CRIT ~STALLED"), verdict.is_held, "{head}");
        let says = format!("STALLED at slots_created > Apify Enrichment: {pending} pending");
        assert!(verdict.is_held || head.contains(&says), "{head}");
        let mut table = lines.iter().filter(|line| line.contains("slots_created  "));
        assert!(
            table.any(|line| line.contains(&format!(" {pending} "))),
            "{lines:#?}"
        );
        verdict.is_held
    };
    let mut seen = Vec::new();
    for pending in 412..432 {
        script = script.world(&stalled(pending));
        seen.push(is_held(&script, pending));
        for _ in 0..2 {
            script = script.wait(1);
            seen.push(is_held(&script, pending));
        }
    }
    assert!(seen.contains(&true) && seen.contains(&false), "{seen:?}");
}

#[test]
fn a_feed_that_fails_once_leaves_the_verdict_until_its_value_is_old() {
    let calm = after(|_| {});
    let failed = calm.fault(FeedId::Stages, Fault::TooSlow(1_000)).wait(3);
    expect(&failed, Health::Ok, None, "15 stages flowing", "");
    expect(
        &failed.wait(8),
        Health::Stale,
        None,
        "no data from PostgreSQL",
        "too slow",
    );
}

#[test]
fn a_silent_drop_warns_though_no_error_says_anything_and_an_old_one_does_not() {
    let lost = [(7, 720), (6, 1_300), (5, 1_900)];
    let found = |dropped: &[(i64, i64)]| {
        after(|_| {}).fact(drops(vec![
            link("company_promoted", "slots_created", "1..n", &[]),
            link("slots_created", "contact_enriched", "1", dropped),
        ]))
    };
    let script = found(&lost);
    let headline = "DROPPED at slots_created > Apify Enrichment: 3 records done, no contact_enriched for 33m (gap p99 1m40s)";
    expect(
        &script,
        Health::Warning,
        Some("slots_created"),
        headline,
        "runs of Apify Enrichment ended well: its write-back, or the trigger behind it, is missing (strong)",
    );
    let verdict = &script.model.store.verdict;
    assert_eq!(verdict.since, Some(start() - TimeDelta::seconds(1_900)));
    let short = fitting(verdict.headlines(), 73);
    assert_eq!(
        short,
        "DROPPED at slots_created: 3 records done, no contact_enriched for 33m"
    );
    let old = found(&[(7, 4_000)]);
    expect(&old, Health::Ok, None, "15 stages flowing", "");
    let line = |script: &Scenario, stage: &str| {
        let mut lines = script.model.store.flow.iter();
        let line = lines.find(|line| line.stage == EventType::from(stage));
        line.unwrap().lost.clone()
    };
    assert_eq!(line(&old, "slots_created").as_deref(), Some("1"));
    assert_eq!(line(&old, "company_promoted").as_deref(), Some("?"));
    assert_eq!(line(&old, "contact_enriched"), None);
}
