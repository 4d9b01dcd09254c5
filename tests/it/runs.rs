//! Executions of n8n whole: which is read and when, and what is shown of it.

use outpost::{
    domain::{
        error_group::{ErrorDetail, Errors, Look, Seen},
        event::{EventStatus, RowId},
        run::{self, RunData},
        server::Server,
        untrusted::Untrusted,
        workflow::Access,
    },
    effect::Effect,
    model::Overlay,
    msg::{Fact, Fault, Msg},
};
use pretty_assertions::assert_eq;

use crate::{
    n8n_standin::recorded::recorded,
    scenario::{Scenario, event},
    screen::{paint, text},
    snapshots::snapshot,
    worlds,
};

fn n8n(size: (u16, u16)) -> Scenario {
    let mut script = Scenario::start().links_up();
    script.now = worlds::now();
    script.model.size = size;
    script
        .fact(Fact::Workflows(worlds::workflows(&[])))
        .fact(Fact::Executions(worlds::executions()))
        .keys("6")
        .wait(1)
}

fn read(name: &str) -> RunData {
    run::read(&recorded(name), None)
}

fn asked(script: &Scenario) -> Vec<&Option<RowId>> {
    let effects = script.effects.iter();
    let runs = effects.filter_map(|effect| {
        let Effect::ReadRun(id) = effect else {
            return None;
        };
        Some(id)
    });
    runs.collect()
}

fn shown(script: &Scenario, size: (u16, u16)) -> String {
    text(&paint(&script.model, size)).join("\n")
}

/// The failed execution that the list shows, opened.
fn opened(size: (u16, u16)) -> (Scenario, RowId) {
    let script = n8n(size).keys("\u{21e5}ni");
    let Some(Overlay::Run { id, .. }) = script.model.overlays.last() else {
        panic!("{}", script.notice());
    };
    let id = id.clone();
    (script, id)
}

#[test]
fn an_execution_is_read_when_it_is_opened_and_let_go_when_it_is_closed() {
    let (script, id) = opened((120, 40));
    assert_eq!(asked(&script), [&Some(id.clone())]);
    // It is on its way: nothing is asked again.
    let script = script.wait(2);
    assert!(asked(&script).is_empty());
    let script = script.keys("q");
    assert_eq!(asked(&script), [&None]);
    let script = script.keys("i");
    assert_eq!(asked(&script), [&Some(id.clone())]);
    let run = read("execution_error_detail_http_refused.json");
    let script = script.tell(Msg::RunRead(id.clone(), Ok(Box::new(run))));
    assert_eq!(asked(&script), [&None]);
    // What has ended is read once.
    let script = script.keys("qi").wait(120);
    assert!(asked(&script).is_empty());
    // The event that it names is opened from it.
    let script = script.keys("⏎");
    assert_eq!(script.effects, [Effect::FetchEvent(RowId::from(39))]);
}

#[test]
fn one_that_runs_is_read_again_and_one_that_could_not_be_read_later() {
    let (script, id) = opened((120, 40));
    let running = read("execution_running_detail.json");
    let script = script.tell(Msg::RunRead(id.clone(), Ok(Box::new(running))));
    let script = script.wait(9);
    assert!(asked(&script).is_empty());
    let mut script = script;
    let again = (0..3).any(|_| {
        script = std::mem::replace(&mut script, Scenario::start()).wait(1);
        asked(&script) == [&Some(id.clone())]
    });
    assert!(again);
    let script = script.tell(Msg::RunRead(id, Err(Fault::timed_out(10))));
    assert!(shown(&script, (120, 40)).contains("no answer within 10 s"));
    let script = script.wait(50);
    assert!(asked(&script).is_empty());
}

#[test]
fn where_n8n_asks_to_be_left_alone_no_execution_is_read_until_then() {
    let (script, id) = opened((120, 40));
    let told = Msg::RunRead(id, Err(Fault::RateLimited(120)));
    let script = script.tell(told).keys("qki");
    let all = shown(&script, (120, 40));
    let says = "not read: n8n asked to be left alone, for 119 s more";
    assert!(all.contains(says), "{all}");
    let script = script.keys("y");
    assert!(
        script.notice().starts_with(&says[..40]),
        "{}",
        script.notice()
    );
    let script = script.wait(100);
    assert!(asked(&script).is_empty());
    let mut script = script;
    let again = (0..30).any(|_| {
        script = std::mem::replace(&mut script, Scenario::start()).wait(1);
        asked(&script).iter().any(|wish| wish.is_some())
    });
    assert!(again, "another one is read then");
}

#[test]
fn n8n_is_left_alone_for_ten_minutes_at_most_whatever_it_asks_for() {
    for seconds in [86_400, u64::MAX] {
        let (script, id) = opened((120, 40));
        let told = Msg::RunRead(id.clone(), Err(Fault::RateLimited(seconds)));
        let script = script.tell(told).wait(599);
        assert!(asked(&script).is_empty());
        let script = script.wait(1);
        assert_eq!(asked(&script), [&Some(id)]);
    }
}

#[test]
fn where_nothing_is_read_it_says_why_and_not_that_it_is_being_read() {
    let size = (200, 60);
    // What stands as the execution is none.
    let (script, look, mut detail) = on_errors(size);
    detail.error.execution = Some(Untrusted::from("run of monday"));
    let seen = Seen::Error(Box::new(detail));
    let script = script.tell(Msg::Looked(look, Ok(seen))).keys("⏎");
    assert!(asked(&script).is_empty());
    let all = shown(&script, size);
    let says = "not read: this is not the key of an execution";
    assert!(all.contains(says), "{all}");
    // The event that failed cannot be read.
    let mut row = event(7, "message_queued", EventStatus::Failed);
    row.execution = Some(Untrusted::from("88126"));
    let script = Scenario::start().links_up().fact(Fact::Tail(vec![row]));
    let script = script.keys(":event 7⏎");
    let script = script.tell(Msg::Detail(RowId::from(7), Err(Fault::timed_out(10))));
    assert!(asked(&script).is_empty());
    let all = shown(&script, size);
    let says = "not read: the event could not be read";
    assert!(all.contains(says), "{all}");
}

#[test]
fn of_what_could_not_be_read_nobody_says_that_it_names_no_event() {
    for (key, says) in [
        (
            "⏎",
            "it could not be read: which event it names is not known",
        ),
        ("y", "it could not be read: there is nothing to copy"),
    ] {
        let (script, id) = opened((120, 40));
        let script = script.keys(key);
        assert_eq!(script.notice(), "this execution is not read yet");
        let script = script.tell(Msg::RunRead(id, Err(Fault::timed_out(10))));
        assert_eq!(script.keys(key).notice(), says);
    }
}

#[test]
fn its_age_goes_by_the_clock_of_this_machine_as_that_of_all_of_n8n() {
    let (script, _) = opened((120, 40));
    let server = Server {
        skew_ms: 3_600_000,
        ..worlds::server()
    };
    let before = shown(&script, (120, 40));
    let script = script.fact(Fact::Server(server));
    let began = |all: &str| {
        let line = all.lines().find(|line| line.contains("began  "));
        line.map(str::to_owned)
    };
    let after = shown(&script, (120, 40));
    assert!(began(&before).is_some_and(|it| it.contains("s ago")));
    assert_eq!(began(&after), began(&before));
}

#[test]
fn what_is_shown_of_an_execution_is_its_node_its_event_and_what_it_said_and_nothing_hostile() {
    for size in [(80, 24), (120, 40)] {
        let (script, id) = opened(size);
        snapshot("run_being_read", &script.model, size);
        let run = read("execution_error_detail_http_refused.json");
        let script = script.tell(Msg::RunRead(id, Ok(Box::new(run))));
        snapshot("run_whole", &script.model, size);
    }
    let (script, id) = opened((120, 40));
    let ugly = read("execution_error_detail_ugly_text.json");
    let script = script.tell(Msg::RunRead(id.clone(), Ok(Box::new(ugly))));
    let all = shown(&script, (120, 40));
    assert!(
        all.contains("<ESC>[31m") && all.contains("<U+202E>"),
        "{all}"
    );
    assert!(
        !all.contains('\u{1b}') && !all.contains('\u{202e}'),
        "{all}"
    );
    // Addresses are masked, on the screen and where it is copied.
    let mut run = read("execution_success_detail.json");
    let pair = |key: &str, value: &str| (Untrusted::from(key), Untrusted::from(value));
    let long = "k".repeat(200);
    let address = "jane@umbrella.example";
    run.custom = vec![
        pair("who", address),
        pair(address, "who"),
        pair(&long, "long"),
    ];
    run.nodes[0].name = Untrusted::from(address);
    run.last = Some((Untrusted::from(address), 1));
    let script = script.tell(Msg::RunRead(id, Ok(Box::new(run))));
    let all = shown(&script, (120, 40));
    for says in [
        "who=j***@umbrella.example  j***@umbrella.example=who",
        "node      \"j***@umbrella.example\" (1 of",
        "1 j***@umbrella.example  ",
    ] {
        assert!(all.contains(says), "{says}: {all}");
    }
    assert!(!all.contains("jane"), "{all}");
    let script = script.keys("y");
    let [Effect::Copy(json)] = script.effects.as_slice() else {
        panic!("{:?}", script.effects);
    };
    assert!(
        json.contains("j***@umbrella.example") && !json.contains("jane"),
        "{json}"
    );
    assert!(!json.contains(&long), "{json}");
}

#[test]
fn what_is_too_long_says_so_and_without_the_scope_nothing_is_asked() {
    let (script, id) = opened((120, 40));
    let long = RunData {
        is_too_long: true,
        bytes: Some(22_000_000),
        has_ended: true,
        ..RunData::default()
    };
    let script = script.tell(Msg::RunRead(id, Ok(Box::new(long))));
    let all = shown(&script, (120, 40));
    assert!(
        all.contains("its data is 22.0 MB, and left where it is"),
        "{all}"
    );
    assert!(
        all.contains("event     not known: its data was left where it is"),
        "{all}"
    );
    let script = script.keys("⏎");
    assert_eq!(
        script.notice(),
        "its data was left where it is: which event its webhook was called with is not known"
    );

    let access = Access {
        scopes: Some(vec!["execution:list".to_owned()]),
        requests_left: None,
    };
    let script = n8n((120, 40)).fact(Fact::Access(access)).keys("\u{21e5}ni");
    assert!(asked(&script).is_empty());
    let all = shown(&script, (120, 40));
    assert!(
        all.contains("not read: the n8n key lacks the scope execution:read"),
        "{all}"
    );
}

#[test]
fn of_many_nodes_that_failed_at_length_the_last_can_be_seen() {
    for size in [(80, 24), (120, 40)] {
        let (script, id) = opened(size);
        let mut run = read("execution_error_detail_http_refused.json");
        let mut node = run.nodes.remove(2);
        // Words that break badly, and some that take more cells than they have characters.
        let said = "a word that breaks: ".to_owned() + &"\u{202e}".repeat(35) + " 漢字 ";
        node.error = Some(Untrusted::from(said.repeat(6)));
        run.nodes = vec![node.clone(); run::NODES - 1];
        node.error = Some(Untrusted::from("the very last"));
        run.nodes.push(node);
        let script = script.tell(Msg::RunRead(id, Ok(Box::new(run))));
        let script = (0..400).fold(script, |script, _| script.press("ctrl-d"));
        let all = shown(&script, size);
        assert!(all.contains("the very last"), "{all}");
    }
}

/// The error that is selected, whole, which says in which execution it happened.
fn on_errors(size: (u16, u16)) -> (Scenario, Look, ErrorDetail) {
    let mut rows = worlds::stall_errors().recent;
    for row in &mut rows {
        row.execution = Some(Untrusted::from("88126"));
    }
    let errors = Errors::of(rows, worlds::now());
    let mut script = Scenario::start().links_up();
    script.now = worlds::now();
    script.model.size = size;
    let mut script = script
        .fact(Fact::Workflows(worlds::workflows(&[])))
        .fact(Fact::Executions(worlds::executions()))
        .fact(Fact::Errors(errors.clone()))
        .keys("4")
        .wait(1);
    let look = (0..5).find_map(|_| {
        let look = script.effects.iter().find_map(|effect| {
            let Effect::Look(look @ Look::Error(_)) = effect else {
                return None;
            };
            Some(look.clone())
        });
        if look.is_none() {
            script = std::mem::replace(&mut script, Scenario::start()).keys("j");
        }
        look
    });
    let look = look.unwrap();
    let Look::Error(id) = &look else {
        panic!("{look:?}");
    };
    let error = errors.recent.iter().find(|row| row.id == *id).unwrap();
    let detail = ErrorDetail {
        error: error.clone(),
        resolved: false,
        resolved_at: None,
        event: None,
        payload: Untrusted::default(),
        last_ok: None,
        events: Vec::new(),
        errors: vec![error.clone()],
        reach: Box::default(),
    };
    (script, look, detail)
}

#[test]
fn the_sample_of_an_error_says_at_which_node_its_execution_ended() {
    let size = (200, 60);
    let (script, look, detail) = on_errors(size);
    let seen = || Ok(Seen::Error(Box::new(detail.clone())));
    let script = script.tell(Msg::Looked(look.clone(), seen()));
    let id = RowId::from(88_126);
    assert_eq!(asked(&script), [&Some(id.clone())]);
    let run = read("execution_error_detail_http_refused.json");
    let script = script.tell(Msg::RunRead(id.clone(), Ok(Box::new(run.clone()))));
    let all = shown(&script, size);
    for says in [
        "node \"Call Send API\" (3 of 3)",
        "version d5f99e46…  retry of -  data 5.6 kB",
        "custom event_id=39",
    ] {
        assert!(all.contains(says), "{says}: {all}");
    }
    // Without the panel nothing is read before the error is opened.
    let (script, look, _) = on_errors((80, 24));
    let script = script.tell(Msg::Looked(look, seen()));
    assert!(asked(&script).is_empty());
    let script = script.keys("⏎");
    assert_eq!(asked(&script), [&Some(id.clone())]);
    let script = script.tell(Msg::RunRead(id, Ok(Box::new(run))));
    let all = shown(&script, (80, 24));
    assert!(
        all.contains("node      \"Call Send API\" (3 of 3)"),
        "{all}"
    );
}

#[test]
fn a_group_that_is_hot_has_an_execution_read_once_in_30_s_and_at_once_after_a_key() {
    let (mut script, look, mut detail) = on_errors((200, 60));
    let ended = || Box::new(read("execution_error_detail_http_refused.json"));
    let seen = Seen::Error(Box::new(detail.clone()));
    script = script.tell(Msg::Looked(look, Ok(seen)));
    let first = RowId::from(88_126);
    assert_eq!(asked(&script), [&Some(first.clone())]);
    script = script.tell(Msg::RunRead(first, Ok(ended())));
    // An error of the group each 2 s, and each the sample then, as the reader tells it.
    let mut rows = vec![detail.error.clone()];
    let mut come = |mut script: Scenario, n: i64| {
        let mut wishes = Vec::new();
        for _ in 0..2 {
            script = script.wait(1);
            wishes.extend(asked(&script).into_iter().flatten().cloned());
        }
        detail.error.id = RowId::from(1_000_000 + n);
        detail.error.created_at = script.now;
        detail.error.execution = Some(Untrusted::from((90_000 + n).to_string()));
        rows.insert(0, detail.error.clone());
        let errors = Errors::of(rows.clone(), script.now);
        script = script.fact(Fact::Errors(errors));
        let look = Look::Error(detail.error.id.clone());
        let seen = Seen::Error(Box::new(detail.clone()));
        assert!(script.effects.contains(&Effect::Look(look.clone())));
        script = script.tell(Msg::Looked(look, Ok(seen)));
        wishes.extend(asked(&script).into_iter().flatten().cloned());
        (script, wishes)
    };
    let mut read_after = Vec::new();
    for n in 1..=40 {
        let wishes;
        (script, wishes) = come(script, n);
        for id in wishes {
            read_after.push(2 * n);
            script = script.tell(Msg::RunRead(id, Ok(ended())));
        }
    }
    assert_eq!(read_after, [30, 60], "seconds");
    // A key is a hand that looks: what is shown is read at once, and to its end, whatever comes meanwhile.
    script = script.keys("é");
    assert_eq!(asked(&script), [&Some(RowId::from(90_040))]);
    for n in 41..=44 {
        (script, _) = come(script, n);
        assert!(asked(&script).is_empty());
    }
}
