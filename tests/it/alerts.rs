//! The seven rules over a world: what they are judged on, when they fire, and when they end.

use chrono::TimeDelta;
use outpost::{
    domain::{
        alert::{Alert, RULES, Reading, RuleId, State},
        event::EventType,
        outcomes::{Counted, CrmSync, Outcomes, Share, Slow},
        untrusted::Untrusted,
    },
    effect::FeedId,
    msg::{Fact, Fault},
};
use pretty_assertions::assert_eq;

use crate::scenario::{Scenario, World, start};

fn alert(script: &Scenario, rule: RuleId) -> &Alert {
    let alerts = &script.model.store.alerts;
    alerts.iter().find(|alert| alert.rule == rule).unwrap()
}

fn lasts(world: &World, seconds: i64) -> Scenario {
    Scenario::start()
        .links_up()
        .world(world)
        .lasts(world, seconds)
}

#[test]
fn every_rule_of_the_guide_is_judged_and_calm_in_a_calm_world() {
    let script = lasts(&World::calm(start()), 10);
    let judged: Vec<_> = script
        .model
        .store
        .alerts
        .iter()
        .map(|a| (a.rule, a.state))
        .collect();
    let expected: Vec<_> = RULES.iter().map(|rule| (rule.id, State::Ok)).collect();
    assert_eq!(judged, expected);
}

#[test]
fn a_stall_is_counted_over_all_stages_and_reported_by_the_worst() {
    let mut world = World::calm(start());
    world.stage("company_created").stuck = 40;
    world.stage("message_queued").stuck = 61;
    let script = lasts(&world, 2);
    let stalled = alert(&script, RuleId::PipelineStalled);
    assert_eq!(stalled.state, State::Firing(start()));
    assert_eq!(stalled.stage(), Some(EventType::from("message_queued")));
    assert_eq!(
        stalled.reading,
        Reading::Value {
            value: 101.0,
            n: 101,
            stage: Some(EventType::from("message_queued"))
        }
    );
    world.stage("company_created").stuck = 39;
    let below = lasts(&world, 2);
    assert_eq!(alert(&below, RuleId::PipelineStalled).state, State::Ok);
}

#[test]
fn a_firing_alert_ends_below_its_second_threshold_only_and_not_at_once() {
    let mut world = World::calm(start());
    world.stage("message_queued").stuck = 150;
    let script = lasts(&world, 10);
    world.stage("message_queued").stuck = 60;
    let script = script.lasts(&world, 300);
    let state = alert(&script, RuleId::PipelineStalled).state;
    assert_eq!(
        state,
        State::Firing(start()),
        "60 is below 100, and above 50"
    );
    world.stage("message_queued").stuck = 10;
    let script = script.lasts(&world, 50);
    assert_eq!(
        alert(&script, RuleId::PipelineStalled).state,
        State::Firing(start())
    );
    let script = script.lasts(&world, 20);
    let ended = alert(&script, RuleId::PipelineStalled);
    assert_eq!(ended.state, State::Ok);
    assert!(ended.resolved_at.is_some());
}

#[test]
fn the_error_rate_is_of_the_worst_stage_with_enough_cases() {
    let mut world = World::calm(start());
    let few = world.stage("campaign_created");
    (few.errors_1h, few.processed_1h) = (9, 1);
    let many = world.stage("slots_created");
    (many.errors_1h, many.processed_1h) = (15, 85);
    let script = lasts(&world, 70);
    let rate = alert(&script, RuleId::HighErrorRate);
    assert!(matches!(rate.state, State::Firing(_)), "{rate:?}");
    assert_eq!(rate.stage(), Some(EventType::from("slots_created")));
    let (low, high) = rate.interval().unwrap();
    assert!(low > 0.09 && low < 0.10 && high < 0.24, "{low} {high}");
}

#[test]
fn with_too_few_cases_everywhere_the_rate_is_low_n() {
    let mut world = World::quiet(start());
    let stage = world.stage("slots_created");
    (stage.errors_1h, stage.processed_1h) = (1, 2);
    let script = lasts(&world, 120);
    assert_eq!(alert(&script, RuleId::HighErrorRate).state, State::LowN);
    assert_eq!(alert(&script, RuleId::SlowProcessing).state, State::Idle);
}

fn crm(last_success_min: Option<i64>, oldest_due_min: Option<i64>) -> State {
    let ago = |minutes: i64| start() - TimeDelta::minutes(minutes);
    let mut world = World::calm(start());
    world.outcomes.crm = Some(CrmSync {
        last_success: last_success_min.map(ago),
        due_30m: u64::from(oldest_due_min.is_some()) * 4,
        oldest_due: oldest_due_min.map(ago),
    });
    let script = lasts(&world, 2);
    alert(&script, RuleId::CrmSyncFailure).state
}

#[test]
fn a_crm_that_takes_nothing_fires_by_day_and_is_idle_on_a_quiet_night() {
    assert_eq!(crm(Some(480), None), State::Idle);
    assert_eq!(
        crm(Some(480), Some(1)),
        State::Ok,
        "the first lead of the morning"
    );
    assert_eq!(
        crm(Some(480), Some(20)),
        State::Firing(start()),
        "20 min due, and nothing since the night"
    );
    assert_eq!(crm(Some(31), Some(29)), State::Firing(start()));
    assert_eq!(crm(Some(29), Some(29)), State::Ok);
    assert_eq!(
        crm(None, Some(45)),
        State::Firing(start()),
        "never, and one waits for 45 min"
    );
}

#[test]
fn shares_fire_on_their_own_side_and_only_with_enough_cases() {
    let state = |outcomes: Outcomes, rule| {
        let mut world = World::calm(start());
        world.outcomes = outcomes;
        alert(&lasts(&world, 70), rule).state.word()
    };
    let share = |part, of| Some(Share { part, of });
    let with = |deliveries_24h, enrichments_24h, replies_7d| Outcomes {
        deliveries_24h,
        enrichments_24h,
        replies_7d,
        crm: None,
        bounces: Vec::new(),
        slow: Slow::default(),
        counted: Counted::default(),
        sampled: outpost::domain::outcomes::Sampled::default(),
    };
    let all = |part, of| with(share(part, of), share(part, of), share(part, of));
    let cases = [
        (
            RuleId::DeliverabilityDrop,
            [(21, 100, "FIRING"), (20, 100, "ok"), (5, 19, "low n")],
        ),
        (
            RuleId::LowEnrichment,
            [(69, 100, "FIRING"), (70, 100, "ok"), (0, 19, "low n")],
        ),
        (
            RuleId::ReplyRateDrop,
            [(2, 100, "FIRING"), (3, 100, "ok"), (0, 0, "idle")],
        ),
    ];
    for (rule, rows) in cases {
        for (part, of, expected) in rows {
            assert_eq!(state(all(part, of), rule), expected, "{rule:?} {part}/{of}");
        }
    }
    assert_eq!(
        state(with(None, None, None), RuleId::DeliverabilityDrop),
        "no data"
    );
}

#[test]
fn rules_whose_table_is_missing_say_so_and_leave_the_verdict_alone() {
    let mut world = World::calm(start());
    world.outcomes = Outcomes::default();
    let script = lasts(&world, 30);
    let blind = alert(&script, RuleId::CrmSyncFailure)
        .blind
        .clone()
        .unwrap();
    assert_eq!(blind.0, "no CRM sync log");
    assert_eq!(script.model.store.verdict.health.word(), "OK");
}

#[test]
fn a_failing_feed_turns_rules_blind_only_when_their_value_is_old() {
    let world = World::calm(start());
    let fault = || Fault::Missing(Untrusted::from("delivery_log"));
    let mut script = lasts(&world, 4).fault(FeedId::Outcomes, fault());
    assert_eq!(alert(&script, RuleId::ReplyRateDrop).state, State::Ok);
    for _ in 0..35 {
        script = script.wait(2).fact(Fact::Stages(world.stages.clone()));
    }
    let replies = alert(&script, RuleId::ReplyRateDrop);
    assert!(matches!(replies.state, State::NoData(_)));
    assert_eq!(replies.blind.as_ref().unwrap().0, "missing: delivery_log");
    assert!(
        matches!(replies.reading, Reading::Value { .. }),
        "the last reading stays"
    );
    assert_eq!(alert(&script, RuleId::PipelineStalled).state, State::Ok);
}

#[test]
fn the_rule_of_the_error_rate_says_how_long_the_errors_that_are_allowed_last() {
    for size in [(120, 40), (200, 60)] {
        let mut model = crate::worlds::stall().model(size, outpost::action::ScreenId::Alerts);
        let mut found = String::new();
        for _ in 0..7 {
            let shown = crate::screen::text(&crate::screen::paint(&model, size)).join("\n");
            let is_rate = shown.contains("High error rate  enter shows");
            assert_eq!(shown.contains(" budget "), is_rate, "{shown}");
            if is_rate {
                let words = shown.replace('│', " ");
                found = words.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            let key = outpost::keymap::Chord {
                key: outpost::keymap::Key::Char('j'),
                ctrl: false,
            };
            let at = crate::worlds::now();
            drop(outpost::update::update(
                &mut model,
                at,
                outpost::msg::Msg::Key(key),
            ));
        }
        assert!(found.contains("errors that a day allows"), "{found}");
        assert!(
            found.contains("x as fast as allowed in the last hour"),
            "{found}"
        );
    }
}
