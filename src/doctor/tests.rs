//! Every finding, from facts that are as they should be but for one thing.

use pretty_assertions::assert_eq;

use super::*;
use crate::{
    domain::{
        drops::Drops,
        pipeline::Pipeline,
        server::Server,
        workflow::{Access, Workflow},
    },
    sources::postgres::{
        Opened,
        address::Address,
        connect::Route,
        probe::{Arrivals, Flow, Mode, Notifier, Occasions, Probe, Rights, SessionFacts, Trigger},
        rollup::Lag,
    },
};

const NOTIFIER: &str = "BEGIN PERFORM pg_notify('pipeline_event', 'x'); END";

fn settings(url: &str) -> Settings {
    Settings::new(Address::parse(Some(url), |_| None).unwrap())
}

fn trigger(table: &str, source: &str) -> Trigger {
    Trigger {
        table: table.into(),
        name: "a_trigger".into(),
        is_enabled: true,
        on: Occasions {
            insert: true,
            update: true,
        },
        source: source.into(),
    }
}

/// A database with nothing to complain of.
fn well() -> Probe {
    Probe {
        opened: Opened {
            is_encrypted: true,
            is_standby: false,
            backend: 1,
            route: Route::Given,
        },
        server: Ok(Server {
            version: 170_002,
            clock: crate::domain::Timestamp::UNIX_EPOCH,
            skew_ms: 3,
            standby: false,
            replay: None,
            role: "ops".into(),
            database: "pipeline".into(),
            queue_usage: 0.0,
            read_only: false,
            consoles: Vec::new(),
            denied: Vec::new(),
            gaps: Vec::new(),
        }),
        session: Ok(SessionFacts {
            version: "17.2".into(),
            statement_timeout: "2s".into(),
            idle_session_ms: 0,
            guarded: Vec::new(),
        }),
        hearing: Ok(None),
        triggers: Ok(vec![trigger("marketing.pipeline_events", NOTIFIER)]),
        notifier: Ok(Notifier {
            mode: Some(Mode::On),
            waiting: 1,
        }),
        flow: Ok(Vec::new()),
        drops: Ok(Drops::default()),
        arrivals: Ok(Vec::new()),
        words: crate::domain::event::StatusWords::default(),
        statuses: Ok(vec![("pending".into(), 3)]),
        newest_ahead: Ok(Some(-4.0)),
        rollup: Ok(Some(Lag { behind_s: Some(20) })),
        rights: Rights {
            role: "ops".into(),
            retry: Some(("marketing.pipeline_events".into(), true)),
            resolve: Some(("marketing.pipeline_errors".into(), true)),
        },
        naive: Vec::new(),
    }
}

fn judge(url: &str, probe: &Probe) -> Vec<Finding> {
    let mut findings = database::judge(&settings(url), probe);
    findings.extend(flow::judge(Pipeline::guide(), probe));
    findings
}

const REMOTE: &str = "postgresql://ops@db.example/pipeline?sslmode=require";

/// Checks that the one thing that is not well in `findings` is told by these words, with what mends it.
fn check(findings: &[Finding], (level, what, mend): (Level, &str, &str)) {
    let troubles: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.level != Level::Ok)
        .collect();
    let [found] = troubles.as_slice() else {
        panic!("{what}: not one finding but {troubles:#?}");
    };
    assert_eq!(found.level, level, "{found:#?}");
    assert!(found.what.display().contains(what), "{what}: {found:#?}");
    assert!(found.mend.display().contains(mend), "{mend}: {found:#?}");
    assert!(!found.why.is_empty(), "{found:#?}");
}

#[test]
fn where_all_is_well_nothing_is_complained_of() {
    let findings = judge(REMOTE, &well());
    assert_eq!(worst(&findings), Level::Ok, "{findings:#?}");
    assert!(findings.len() >= 10);
}

/// What is changed, and the finding it leads to.
type Case = (fn(&mut Probe), (Level, &'static str, &'static str));

fn server(probe: &mut Probe) -> &mut Server {
    probe.server.as_mut().unwrap()
}

#[rustfmt::skip]
const OF_THE_SERVER: &[Case] = &[
    (|p| p.opened.is_encrypted = false, (Level::Warn, "not encrypted", "sslmode=verify-full")),
    (|p| p.opened.route = Route::Pooler, (Level::Warn, "a pooler stands between", "the server itself")),
    (|p| p.opened.is_standby = true, (Level::Warn, "a standby", "the primary")),
    (|p| p.hearing = Ok(Some("notifications do not arrive".into())), (Level::Warn, "do not arrive", "without a pooler")),
    (|p| p.hearing = Err(Fault::timed_out(5)), (Level::Unknown, "LISTEN: no answer", "tried again")),
    (|p| p.server = Err(Fault::timed_out(5)), (Level::Unknown, "the server: no answer", "tried again")),
    (|p| server(p).version = 120_004, (Level::Warn, "PostgreSQL 17.2", "upgrade")),
    (|p| server(p).queue_usage = 0.2, (Level::Warn, "20 % full", "pg_stat_activity")),
    (|p| server(p).queue_usage = 0.6, (Level::Critical, "60 % full", "pg_stat_activity")),
    (|p| server(p).skew_ms = -9_000, (Level::Warn, "differs from ours by -9000 ms", "NTP")),
    (|p| p.session = Err(Fault::TooSlow(0)), (Level::Unknown, "the session: too slow", "outpost doctor")),
    (|p| p.session.as_mut().unwrap().idle_session_ms = 5_000, (Level::Warn, "idle_session_timeout is 5000 ms", "ALTER ROLE \"ops\" SET idle_session_timeout = 0;")),
    (|p| p.session.as_mut().unwrap().guarded = vec!["marketing.pipeline_events".into()], (Level::Warn, "row security guards marketing.pipeline_events", "BYPASSRLS")),
    (|p| p.newest_ahead = Ok(Some(3_600.0)), (Level::Critical, "3600 s in the future", "database.time_zone")),
    (|p| p.newest_ahead = Err(Fault::Missing("x".into())), (Level::Unknown, "the newest event", "named as missing")),
    (|p| p.rights.retry.as_mut().unwrap().1 = false, (Level::Warn, "ops may not retry", "GRANT UPDATE ON marketing.pipeline_events TO \"ops\";")),
    (|p| p.rights.resolve.as_mut().unwrap().1 = false, (Level::Warn, "ops may not resolve", "GRANT UPDATE ON marketing.pipeline_errors TO \"ops\";")),
    (|p| p.statuses = Ok(vec![("odd".into(), 2)]), (Level::Warn, "2 of the newest events bear the unknown status odd", "say what it means in the configuration")),
    (|p| p.statuses = Err(Fault::TooSlow(0)), (Level::Unknown, "the states of events", "indexes")),
];

#[test]
fn each_thing_that_is_wrong_with_the_server_or_the_role_is_one_finding_that_says_what_mends_it() {
    for (change, finding) in OF_THE_SERVER {
        let mut probe = well();
        change(&mut probe);
        check(&judge(REMOTE, &probe), *finding);
    }
}

fn events(probe: &mut Probe) -> &mut Trigger {
    probe.triggers.as_mut().unwrap().first_mut().unwrap()
}

fn arrived(probe: &mut Probe, source: &str, enabled: bool) {
    probe.arrivals = Ok(vec![Arrivals {
        event: "company_created".into(),
        table: "company_raw_intake".into(),
        rows: 40,
        looked: None,
    }]);
    let mut writer = trigger("intake.company_raw_intake", source);
    writer.is_enabled = enabled;
    probe.triggers.as_mut().unwrap().push(writer);
}

#[rustfmt::skip]
const OF_THE_FLOW: &[Case] = &[
    (|p| p.notifier = Err(Fault::TooSlow(0)), (Level::Unknown, "the notifier: too slow", "indexes")),
    (|p| p.notifier = Ok(Notifier { mode: Some(Mode::On), waiting: 5 }), (Level::Warn, "5 writers wait for the commit of another's notification", "SET value = 'coalesce'")),
    (|p| p.notifier = Ok(Notifier { mode: None, waiting: 5 }), (Level::Warn, "5 writers wait", "once a statement rather than once a row")),
    (|p| p.triggers = Err(Fault::TooSlow(0)), (Level::Unknown, "triggers: too slow", "indexes")),
    (|p| p.triggers = Ok(Vec::new()), (Level::Warn, "no enabled trigger notifies", "outpost migrate")),
    (|p| events(p).table = "marketing.company_slots".into(), (Level::Warn, "none on pipeline_events", "outpost migrate")),
    (|p| events(p).on.insert = false, (Level::Warn, "none on pipeline_events", "outpost migrate")),
    (|p| p.arrivals = Err(Fault::TooSlow(0)), (Level::Unknown, "rows of the last 24 h", "indexes")),
    (|p| p.arrivals = Ok(vec![Arrivals { event: "slots_created".into(), table: "company_slots".into(), rows: 0, looked: Some(0) }]), (Level::Unknown, "whether company_slots gained rows in the last 24 h was not looked at", "an index on the time of company_slots")),
    (|p| p.flow = Err(Fault::TooSlow(0)), (Level::Unknown, "events of the last 24 h", "indexes")),
    (|p| arrived(p, "nothing", true), (Level::Critical, "gained 40 rows in 24 h, and no company_created event came", "outpost migrate")),
    (|p| arrived(p, "'company_created'", true), (Level::Critical, "no company_created event came", "correct the condition in the function of trigger a_trigger")),
    (|p| p.flow = Ok(vec![Flow { event: "slots_created".into(), written: 9, processed: 0, stuck: 7 }]), (Level::Critical, "nobody takes slots_created: 7 wait", "pipeline_event")),
];

#[test]
fn each_break_in_the_flow_of_events_is_one_finding_that_says_what_mends_it() {
    for (change, finding) in OF_THE_FLOW {
        let mut probe = well();
        change(&mut probe);
        check(&judge(REMOTE, &probe), *finding);
    }
}

#[test]
fn a_trigger_that_is_switched_off_is_critical_and_so_is_that_its_events_do_not_come() {
    let mut probe = well();
    arrived(&mut probe, "'company_created'", false);
    let findings = judge(REMOTE, &probe);
    let mends: Vec<String> = findings
        .iter()
        .filter(|finding| finding.level == Level::Critical)
        .map(|finding| finding.mend.display())
        .collect();
    let on = "ALTER TABLE intake.company_raw_intake ENABLE TRIGGER a_trigger;";
    assert_eq!(mends, [on, on]);
}

#[test]
fn what_the_address_says_in_vain_or_means_otherwise_is_told() {
    let odd = "postgresql://ops@db.example/pipeline?sslmode=no-verify";
    let told = (Level::Warn, "taken as verify-full", "leave it out");
    check(&judge(odd, &well()), told);
    let neon = "postgresql://ops@ep-x-1-pooler.eu.aws.neon.tech/pipeline?sslmode=require";
    let mut probe = well();
    probe.opened.route = Route::Direct;
    let findings = judge(neon, &probe);
    assert_eq!(worst(&findings), Level::Ok, "{findings:#?}");
    let text = print::text(&findings);
    assert!(text.contains("the direct one is used"), "{text}");
    assert!(
        text.contains("stays awake, whatever database.canary says"),
        "{text}"
    );
}

fn answer(scopes: &[&str]) -> N8nAnswer {
    N8nAnswer {
        address: "https://n8n.example".to_owned(),
        is_bare: false,
        workflows: Ok(Vec::<Workflow>::new()),
        access: Ok(Access {
            scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
            requests_left: None,
        }),
    }
}

const SCOPES: [&str; 7] = [
    "workflow:list",
    "execution:list",
    "execution:read",
    "execution:retry",
    "execution:stop",
    "workflow:activate",
    "workflow:deactivate",
];

#[test]
fn each_thing_that_n8n_lacks_is_one_finding_that_says_what_mends_it() {
    assert_eq!(worst(&n8n::judge(&answer(&SCOPES))), Level::Ok);
    for missing in SCOPES {
        let rest: Vec<&str> = SCOPES.into_iter().filter(|it| *it != missing).collect();
        let what = format!("the n8n key lacks {missing}");
        let mend = format!("add the scope {missing}");
        check(&n8n::judge(&answer(&rest)), (Level::Warn, &what, &mend));
    }
    for (absent, what, mend) in [
        (Absent::Both, "not set up", "N8N_BASE_URL and N8N_API_KEY"),
        (Absent::Key, "an address and no key", "N8N_API_KEY"),
        (Absent::Address, "a key and no address", "N8N_BASE_URL"),
    ] {
        check(&[Finding::no_n8n(absent)], (Level::Warn, what, mend));
    }
    let mut bare = answer(&SCOPES);
    bare.is_bare = true;
    check(&n8n::judge(&bare), (Level::Warn, "unencrypted", "https://"));
    let mut closed = answer(&SCOPES);
    closed.workflows = Err(Fault::Unauthorized("the key is wrong".into()));
    let told = (
        Level::Critical,
        "https://n8n.example: the key is wrong",
        "Make a new key",
    );
    check(&n8n::judge(&closed), told);
    let mut silent = answer(&SCOPES);
    silent.access = Err(Fault::timed_out(10));
    check(
        &n8n::judge(&silent),
        (Level::Unknown, "what the n8n key may do", "network"),
    );
    let mut old = answer(&SCOPES);
    old.access = Ok(Access {
        scopes: None,
        requests_left: None,
    });
    assert_eq!(worst(&n8n::judge(&old)), Level::Ok);
}

#[test]
fn the_exit_code_is_that_of_the_worst_and_what_is_unknown_is_worse_than_a_warning() {
    let of = |levels: &[Level]| {
        let findings: Vec<Finding> = levels
            .iter()
            .map(|level| Finding::new(*level, "x", "", ""))
            .collect();
        worst(&findings).exit_code()
    };
    assert_eq!(of(&[Level::Ok]), 0);
    assert_eq!(of(&[Level::Ok, Level::Warn]), 1);
    assert_eq!(of(&[Level::Warn, Level::Unknown]), 3);
    assert_eq!(of(&[Level::Unknown, Level::Critical, Level::Warn]), 2);
}

#[test]
fn the_json_has_the_same_four_fields_in_every_finding() {
    let mut probe = well();
    probe.opened.is_standby = true;
    let findings = judge(REMOTE, &probe);
    let json: serde_json::Value = serde_json::from_str(&print::json(&findings)).unwrap();
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys(&json), ["level", "findings"]);
    for finding in json["findings"].as_array().unwrap() {
        assert_eq!(keys(finding), ["level", "what", "why", "mend"]);
    }
}
