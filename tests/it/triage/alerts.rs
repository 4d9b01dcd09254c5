//! Alerts are acknowledged and silenced like groups: by the keys, by the palette, in a real table, and as `check` sees it.

mod told;

use outpost::{
    action::ScreenId,
    domain::{
        alert::{Alert, RuleId},
        error_group::Errors,
        plan::{Mutation, Plan},
        verdict::Health,
    },
    msg::{Link, LinkId},
};
use pretty_assertions::assert_eq;
use serde_json::Value;

use super::*;
use crate::{
    commands::Shell,
    scenario::{self, World},
};

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

/// A minute of calm, then `stuck` events at a stage for ten seconds, on a console that shows the alerts.
fn stalled(options: Options) -> (Scenario, World) {
    let mut script = Scenario::with(options).links_up();
    let mut world = World::calm(script.now);
    script = script.world(&world).lasts(&world, 60);
    world.stall("slots_created", 412, 423, script.now);
    let script = script
        .lasts(&world, 10)
        .fact(Fact::Server(worlds::server()));
    (script.keys("5").wait(1), world)
}

fn ann() -> Options {
    Options {
        actor: "ann@host".to_owned(),
        ..Options::default()
    }
}

/// The world, where this is said of the stalled pipeline.
fn saying(world: &World, standing: Standing) -> World {
    let mut world = world.clone();
    world.errors.alerts = vec![Triage {
        id: RuleId::PipelineStalled.key(),
        standing,
    }];
    world
}

fn alert(script: &Scenario) -> &Alert {
    let mut alerts = script.model.store.alerts.iter();
    alerts
        .find(|alert| alert.rule == RuleId::PipelineStalled)
        .unwrap()
}

fn plan(script: &Scenario) -> &Plan {
    match script.model.overlays.last() {
        Some(Overlay::Plan { plan, .. }) => plan,
        other => panic!("{other:?} {}", script.notice()),
    }
}

/// What the plan that is shown says of the first rule.
fn planned(script: &Scenario) -> (Deed, Standing, String) {
    let Mutation::Triage { deed, targets, .. } = &plan(script).mutation else {
        panic!("{:?}", plan(script));
    };
    let words = plan(script).mutation.words();
    (*deed, targets[0].becomes.clone(), words)
}

fn shown_at(script: &Scenario, size: (u16, u16)) -> String {
    let mut lines = text(&paint(&script.model, size));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

#[test]
fn a_acknowledges_what_fires_and_again_takes_that_back() {
    let (script, world) = stalled(ann());
    let script = script.keys("A; asks the vendor⏎");
    let (deed, becomes, words) = planned(&script);
    assert_eq!(deed, Deed::Acknowledge);
    assert_eq!(becomes.owner, Some(Untrusted::from("ann@host")));
    assert_eq!(
        words,
        "ack Pipeline stalled: acked by ann; note \"asks the vendor\""
    );
    // It is acked in the headline, and the counts go by that; the exit code does not.
    let acked = saying(&world, becomes);
    let script = script.keys("n").lasts(&acked, 12);
    let verdict = &script.model.store.verdict;
    assert_eq!(verdict.health, Health::Critical);
    assert!(verdict.headline.ends_with(", acked ann"), "{verdict:?}");
    let screen = shown_at(&script, (120, 40));
    assert!(screen.contains("1 firing  0 unack  0 pending"), "{screen}");
    assert!(screen.contains("asks the vendor"), "{screen}");
    let (deed, becomes, words) = planned(&script.keys("A"));
    assert_eq!((deed, becomes), (Deed::Unacknowledge, Standing::default()));
    assert_eq!(
        words,
        "un-ack Pipeline stalled: not acked (was by ann); no note"
    );
}

#[test]
fn an_ack_lapses_when_the_alert_has_ended_and_does_not_hide_the_next() {
    let (script, world) = stalled(ann());
    let (_, becomes, _) = planned(&script.keys("A⏎"));
    let (script, _) = stalled(ann());
    let calm = World::calm(script.now + TimeDelta::minutes(2));
    let script = script.lasts(&saying(&world, becomes.clone()), 4);
    assert!(alert(&script).acked_by().is_some());
    let script = script.lasts(&saying(&calm, becomes.clone()), 80);
    assert!(!alert(&script).is_firing());
    let headline = &script.model.store.verdict.headline;
    assert!(headline.ends_with(", 0 unack"), "{headline}");
    let mut again = calm;
    again.stall("slots_created", 412, 423, script.now);
    let script = script.lasts(&saying(&again, becomes.clone()), 12);
    assert!(alert(&script).is_unacked());
    assert!(!shown_at(&script, (120, 40)).contains("acked"));
    // The same operator takes the new one: that is something else than before.
    let (deed, anew, words) = planned(&script.keys("A⏎"));
    assert_eq!((deed, &anew.owner), (Deed::Acknowledge, &becomes.owner));
    assert!(anew.owned_at > becomes.owned_at);
    assert!(
        words.contains("acked by ann@host (before by ann@host, "),
        "{words}"
    );
}

#[test]
fn z_silences_until_a_time_and_nothing_else_and_again_wakes() {
    let (script, world) = stalled(ann());
    for (typed, refused) in [
        ("50 more", "an alert is silenced until a time"),
        ("20/h", "an alert is silenced until a time"),
        ("gibberish", "say until when"),
    ] {
        let (script, _) = stalled(ann());
        let script = script.keys(&format!("Z{typed}⏎"));
        assert!(script.notice().starts_with(refused), "{}", script.notice());
        assert!(matches!(
            script.model.overlays.last(),
            Some(Overlay::Line(_))
        ));
    }
    let script = script.keys("Zuntil 23:59⏎");
    let (deed, becomes, words) = planned(&script);
    assert_eq!(deed, Deed::Silence);
    assert!(
        words.starts_with("silence Pipeline stalled: silenced until 20"),
        "{words}"
    );
    let silenced = saying(&world, becomes);
    let script = script.keys("n").lasts(&silenced, 14);
    let verdict = &script.model.store.verdict;
    assert_eq!(verdict.health, Health::Ok, "{verdict:?}");
    // What it points at, and what starves below, does not flow.
    assert!(verdict.headline.starts_with("13 stages flowing, "));
    assert!(verdict.headline.ends_with(", 0 unack, 1 silenced"));
    assert!(
        verdict
            .why
            .contains("Pipeline stalled, which fires: silenced until 23:59Z by ann")
    );
    let (deed, becomes, _) = planned(&script.keys("Z"));
    assert_eq!((deed, becomes.ignored), (Deed::Unsilence, None));
    // It wakes by itself.
    let (mut script, world) = stalled(ann());
    let until = Until::Time(script.now + TimeDelta::seconds(5));
    let soon = saying(&world, ignoring(until, script.now));
    script = script.lasts(&soon, 2);
    assert!(alert(&script).is_silenced());
    script = script.lasts(&soon, 14);
    assert!(alert(&script).is_unacked());
    assert_eq!(script.model.store.verdict.health, Health::Critical);
}

#[test]
fn what_is_silenced_hides_nothing_else_that_is_wrong() {
    let (mut script, mut world) = stalled(ann());
    let stage = world.stage("slots_created");
    (stage.errors_1h, stage.processed_1h) = (300, 300);
    let until = Until::Time(script.now + TimeDelta::hours(1));
    let silenced = saying(&world, ignoring(until, script.now));
    script = script.lasts(&silenced, 14);
    let verdict = &script.model.store.verdict;
    assert_eq!(verdict.health, Health::Critical);
    assert!(
        verdict.headline.starts_with("ERRORS at slots_created"),
        "{verdict:?}"
    );
    assert!(verdict.headline.ends_with("; 1 silenced"), "{verdict:?}");
}

/// The stalled world, silenced for an hour, on a console that has seen it so for a while.
fn silenced(change: impl Fn(&mut World)) -> (Scenario, World) {
    let (script, mut world) = stalled(ann());
    change(&mut world);
    let until = Until::Time(script.now + TimeDelta::hours(1));
    let said = saying(&world, ignoring(until, script.now));
    (script.lasts(&said, 14), said)
}

#[test]
fn what_is_silenced_does_not_hide_what_is_lost_at_the_same_stage() {
    let (script, _) = silenced(|_| {});
    assert_eq!(script.model.store.verdict.health, Health::Ok);
    let lost = scenario::link(
        "slots_created",
        "contact_enriched",
        "1",
        &[(7, 720), (6, 1_300)],
    );
    let script = script.fact(scenario::drops(vec![lost])).wait(1);
    let verdict = &script.model.store.verdict;
    assert_eq!(verdict.health, Health::Warning, "{verdict:?}");
    assert!(
        verdict
            .headline
            .starts_with("DROPPED at slots_created > Apify Enrichment: 2 records done"),
        "{verdict:?}"
    );
    assert!(verdict.headline.ends_with("; 1 silenced"), "{verdict:?}");
}

#[test]
fn a_backlog_that_grows_while_some_are_taken_is_not_the_stall_that_is_silenced() {
    for (taken, expected) in [(0, Health::Ok), (20, Health::Warning)] {
        let (script, _) = silenced(|world| world.stage("slots_created").processed_5m = taken);
        let verdict = &script.model.store.verdict;
        assert_eq!(verdict.health, expected, "{verdict:?}");
        let told = verdict.headline.contains("BACKLOG GROWS at slots_created");
        assert_eq!(told, expected == Health::Warning, "{verdict:?}");
    }
}

#[test]
fn where_n8n_is_out_of_reach_what_is_silenced_is_counted_all_the_same() {
    let (script, world) = silenced(|_| {});
    let down = Link::Down {
        since: script.now,
        fault: Fault::timed_out(10),
        tries: 3,
        next_try: script.now,
    };
    let mut script = script.link(LinkId::N8n, down);
    for _ in 0..25 {
        let facts = [
            Fact::Errors(world.errors.clone()),
            Fact::Outcomes(world.outcomes.clone()),
            Fact::Stages(world.stages.clone()),
        ];
        script = facts.into_iter().fold(script.wait(2), Scenario::fact);
    }
    let verdict = &script.model.store.verdict;
    assert_eq!(verdict.health, Health::Warning);
    assert!(
        verdict.headline.starts_with("no data from n8n for "),
        "{verdict:?}"
    );
    assert!(verdict.headline.ends_with(", 0 unack, 1 silenced"));
}

#[test]
fn without_the_clock_of_the_database_nothing_is_said_of_an_alert() {
    for keys in ["A", "Z", ":ack stall⏎", ":silence stall 1h⏎"] {
        let mut script = Scenario::with(ann()).links_up();
        let mut world = World::calm(script.now);
        world.stall("slots_created", 412, 423, script.now);
        script = script.lasts(&world, 10).keys("5").wait(1).keys(keys);
        assert_eq!(
            script.notice(),
            "an alert is acknowledged by the database's clock, and that is not read yet",
            "{keys}"
        );
        assert!(script.model.overlays.is_empty(), "{keys}");
    }
}

#[test]
fn several_marked_alerts_are_meant_at_once_and_what_does_not_fire_is_not_acknowledged() {
    let (script, _) = stalled(ann());
    let script = script.keys("*Z1h⏎");
    let Mutation::Triage { targets, .. } = &plan(&script).mutation else {
        panic!("{:?}", plan(&script));
    };
    assert_eq!(targets.len(), 7);
    let (script, _) = stalled(ann());
    let script = script.keys("*A⏎");
    let Mutation::Triage { targets, .. } = &plan(&script).mutation else {
        panic!("{:?}", plan(&script));
    };
    assert_eq!(targets.len(), 1);
    let (script, _) = stalled(ann());
    let script = script.keys("jA");
    assert_eq!(
        script.notice(),
        "it does not fire: there is nothing to acknowledge"
    );
    let read_only = Options {
        read_only: true,
        ..ann()
    };
    for keys in ["A", "Z", ":ack stall⏎", ":silence stall 1h⏎"] {
        let (script, _) = stalled(read_only.clone());
        let script = script.keys(keys);
        assert!(script.notice().starts_with("read-only"), "{keys}");
        assert!(script.model.overlays.is_empty(), "{keys}");
    }
}

#[test]
fn the_palette_says_the_same_of_a_rule_from_any_screen() {
    let (script, _) = stalled(ann());
    let script = script.keys("2:silence \"Pipeline stalled\" 1h; vendor⏎");
    let (deed, becomes, _) = planned(&script);
    assert_eq!(deed, Deed::Silence);
    assert_eq!(becomes.note, Some(Untrusted::from("vendor")));
    let (script, _) = stalled(ann());
    let (deed, becomes, _) = planned(&script.keys("2:ack stall ben⏎"));
    assert_eq!(deed, Deed::Acknowledge);
    assert_eq!(becomes.owner, Some(Untrusted::from("ben")));
    let (script, _) = stalled(ann());
    let script = script.keys(":ack slow⏎");
    assert!(script.notice().starts_with("it does not fire"));
}

#[test]
fn the_screens_say_who_has_an_alert_and_until_when_it_is_silenced() {
    for size in SIZES {
        let (mut script, world) = stalled(ann());
        script.model.size = size;
        let acked = Standing {
            note: Some(Untrusted::from(
                "rotating the token\u{202e}; vendor ticket 4711",
            )),
            owned_at: Some(script.now),
            ..owned_by("anna@ops")
        };
        let script = script.lasts(&saying(&world, acked.clone()), 12);
        snapshot("alerts_acked", &script.model, size);
        let script = script.keys("1").wait(1);
        assert_eq!(script.model.screen, ScreenId::Overview);
        snapshot("overview_acked", &script.model, size);

        let (mut script, world) = stalled(ann());
        script.model.size = size;
        let until = Until::Time(script.now + TimeDelta::minutes(59));
        let mut silenced = saying(&world, ignoring(until, script.now));
        silenced.errors.place = Place::Local("this role may not write outpost.triage".to_owned());
        let script = script.lasts(&silenced, 12);
        snapshot("alerts_silenced", &script.model, size);
        let script = script.keys("1").wait(1);
        snapshot("overview_silenced", &script.model, size);

        // A console that began when it fired already.
        let script = Scenario::with(ann()).links_up();
        let mut script = script.fact(Fact::Server(worlds::server()));
        script.model.size = size;
        let acked = Standing {
            owned_at: Some(script.now - TimeDelta::minutes(4)),
            ..acked
        };
        let script = script.lasts(&saying(&world, acked), 12).keys("5").wait(1);
        snapshot("alerts_acked_before", &script.model, size);
        let (script, _) = stalled(ann());
        let mut script = script.keys("Z1h⏎");
        script.model.size = size;
        snapshot("plan_silence", &script.model, size);
    }
}

/// A plan about the stalled pipeline, of which this was said when it was shown.
fn of_rule(deed: Deed, was: Standing, becomes: Standing, place: &Place) -> Mutation {
    let alert = Alert::new(*RuleId::PipelineStalled.rule(), Utc::now());
    Mutation::Triage {
        deed,
        targets: vec![TriageTarget {
            becomes,
            ..TriageTarget::of_alert(&alert, was)
        }],
        place: place.clone(),
    }
}

fn standing(errors: &Errors) -> Standing {
    let said = errors.alerts.first();
    said.map(|said| said.standing.clone()).unwrap_or_default()
}

/// Has anna acknowledge the stalled pipeline, for the first time; her plan, and what is said then.
async fn acked_by_anna(db: &database::Db) -> (Plan, Standing) {
    more(&db.client, 1, 60).await;
    let acked = Standing {
        owned_at: DateTime::from_timestamp_millis(1_772_445_600_123),
        ..owned_by("anna@ops")
    };
    let nothing = Standing::default();
    let ack = of_rule(Deed::Acknowledge, nothing, acked.clone(), &Place::Database);
    let plan = shown(&db.client, ack).await;
    let outcome = writer(db, "anna@ops").carry_out(&plan).await.unwrap();
    assert_eq!(outcome.done, [RuleId::PipelineStalled.key().key()]);
    (plan, acked)
}

/// What another console reads of it, with a memory of its own.
async fn read_elsewhere(db: &database::Db) -> Standing {
    let read = errors(&db.client, &mut Memory::default()).await;
    assert!(read.groups.iter().all(|group| group.standing.is_empty()));
    standing(&read)
}

#[tokio::test]
async fn what_one_console_says_of_an_alert_another_reads_and_who_comes_second_is_told() {
    let db = database::fresh().await;
    let (plan, acked) = acked_by_anna(&db).await;
    assert_eq!(read_elsewhere(&db).await, acked);
    let Mutation::Triage { mut targets, .. } = plan.mutation else {
        panic!("{plan:?}");
    };
    targets[0].becomes.owner = Some(Untrusted::from("ben@ops"));
    let second = Mutation::Triage {
        deed: Deed::Acknowledge,
        targets,
        place: Place::Database,
    };
    let second = shown(&db.client, second).await;
    let blocked = &second.examined.as_ref().unwrap().blocked;
    assert!(
        blocked[0].1.starts_with("anna@ops has it acked since "),
        "{blocked:?}"
    );
    let sql = "SELECT string_agg(action || ': ' || note, ',' ORDER BY id) FROM outpost.audit";
    let audit: String = db.client.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(audit, "ack_alerts: ack Pipeline stalled: acked by anna");
    let sql = "SELECT stage || ' ' || says FROM outpost.triage";
    let row: String = db.client.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(row, "alert Pipeline stalled");
}

#[tokio::test]
async fn an_ack_that_is_taken_back_leaves_that_of_the_firing_before() {
    let db = database::fresh().await;
    let (_, acked) = acked_by_anna(&db).await;
    let anew = Standing {
        owned_at: acked.owned_at.map(|at| at + TimeDelta::hours(1)),
        ..acked.clone()
    };
    let again = of_rule(
        Deed::Acknowledge,
        acked.clone(),
        anew.clone(),
        &Place::Database,
    );
    let again = shown(&db.client, again).await;
    let outcome = writer(&db, "anna@ops").carry_out(&again).await.unwrap();
    assert_eq!(read_elsewhere(&db).await, anew);
    let undo = again.mutation.undo(&outcome, "anna@ops").unwrap();
    assert_eq!(undo.name(), "restore_alerts");
    let undo = shown(&db.client, undo).await;
    writer(&db, "anna@ops").carry_out(&undo).await.unwrap();
    assert_eq!(read_elsewhere(&db).await, acked);
}

#[tokio::test]
async fn check_fails_for_what_is_acknowledged_and_not_for_what_is_silenced() {
    let db = database::fresh().await;
    let stuck = "INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at)
         SELECT 'slots_created', jsonb_build_object('record_id', n), 'pending', now() - interval '10 min'
         FROM generate_series(1, 150) n";
    db.client.batch_execute(stuck).await.unwrap();
    let shell = Shell::on(&db.url);
    let acked = Standing {
        owned_at: Some(Utc::now()),
        ..owned_by("anna\u{1b}[31m@ops")
    };
    let ack = of_rule(
        Deed::Acknowledge,
        Standing::default(),
        acked.clone(),
        &Place::Database,
    );
    let plan = shown(&db.client, ack).await;
    writer(&db, "anna@ops").carry_out(&plan).await.unwrap();
    // It looks but once: whether the alert ended since nobody knows, so it does not count.
    let (code, line, _) = shell.run(&["check"]).await;
    assert_eq!(code, 2, "{line}");
    assert!(line.contains("Pipeline stalled: acked anna"), "{line}");
    assert!(
        line.contains("alerts_unack=1;;;0 alerts_silenced=0;;;0"),
        "{line}"
    );
    let until = Until::Time(Utc::now() + TimeDelta::hours(1));
    let silence = Standing {
        ignored: ignoring(until, Utc::now()).ignored,
        ..acked.clone()
    };
    let silence = of_rule(Deed::Silence, acked, silence, &Place::Database);
    let plan = shown(&db.client, silence).await;
    writer(&db, "anna@ops").carry_out(&plan).await.unwrap();
    let (code, line, _) = shell.run(&["check"]).await;
    assert_eq!(code, 0, "{line}");
    assert!(line.starts_with("OUTPOST OK - "), "{line}");
    assert!(
        line.contains("1 silenced; Pipeline stalled, which fires: silenced until "),
        "{line}"
    );
    assert!(
        line.contains("alerts_firing=1;;;0 alerts_unack=0;;;0 alerts_silenced=1;;;0"),
        "{line}"
    );
    let status = shell.json(&["status", "--json"]).await;
    let alert = &status["alerts"][0];
    assert_eq!(alert["state"], "firing");
    assert_eq!(alert["silenced"]["by"], "ann@host");
    assert_eq!(alert["acked"]["of_this_firing"], Value::Null);
    assert_eq!(
        (&status["alerts_unack"], &status["alerts_silenced"]),
        (&0.into(), &1.into())
    );
}

#[tokio::test]
async fn without_the_table_it_is_silenced_on_this_machine_and_check_heeds_that() {
    let db = database::classic().await;
    let read = errors(&db.client, &mut Memory::default()).await;
    assert!(matches!(read.place, Place::Local(_)));
    let home = tempfile::tempdir().unwrap();
    let until = Until::Time(Utc::now() + TimeDelta::hours(1));
    let silence = ignoring(until, Utc::now());
    let plan = of_rule(
        Deed::Silence,
        Standing::default(),
        silence.clone(),
        &read.place,
    );
    let plan = shown(&db.client, plan).await;
    let outcome = said_here(&local(home.path(), &db), &plan);
    assert_eq!(outcome.done.len(), 1);
    let mut memory = Memory::default();
    memory.hear(local(home.path(), &db).read().unwrap().unwrap());
    let read = errors(&db.client, &mut memory).await;
    let said = standing(&read).ignored.map(|ignored| ignored.until);
    assert_eq!(said, Some(until));
}
