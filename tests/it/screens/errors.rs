//! The errors screen: groups, single errors, stages and records; what is marked, and what is asked for it.

mod whole;

use chrono::TimeDelta;
use outpost::{
    action::{Action, ScreenId},
    domain::{
        error_group::{Errors, Look, Values, Wanted},
        event::{EventType, RowId},
    },
    effect::FeedId,
    msg::Fact,
    screens::{Answer, errors::Frozen},
};
use pretty_assertions::assert_eq;

use super::{Console, painting::paint, world};

fn console() -> Console {
    Console::over(world::busy(), ScreenId::Errors)
}

/// The console with so many presses of the key for the mode.
fn in_mode(presses: usize) -> Console {
    let mut console = console();
    for _ in 0..presses {
        console.press(Action::NextMode);
    }
    console
}

/// The stages of what `y` copies.
fn stages(console: &mut Console) -> Vec<String> {
    let copied = console.copied();
    let stage = |row: &serde_json::Value| row["event_type"].as_str().unwrap().to_owned();
    copied.iter().map(stage).collect()
}

fn ids(ids: &[i64]) -> Vec<RowId> {
    ids.iter().map(|id| RowId::from(*id)).collect()
}

/// The errors that `X` asks a note for.
fn asked(console: &mut Console) -> Vec<RowId> {
    let answers = console.press(Action::Resolve);
    let [Answer::AskNote(ids)] = answers.as_slice() else {
        panic!("{answers:?}");
    };
    ids.clone()
}

#[test]
fn the_highest_impact_comes_first_and_the_next_problem_is_the_next_group_to_look_at() {
    let mut console = console();
    let first = stages(&mut console);
    console.press(Action::NextProblem);
    assert_ne!(stages(&mut console), first);
    console.filter("is:resolved");
    assert_eq!(
        console.said(Action::NextProblem),
        "no group shown here is new, came again or is critical"
    );
}

#[test]
fn a_group_is_resolved_and_retried_as_the_errors_it_is_made_of() {
    let mut console = console();
    console.filter("stage:lead");
    assert_eq!(asked(&mut console), ids(&[5_161]));
    let look = Look::Behind(Wanted::Events, ids(&[5_161]), Vec::new());
    assert_eq!(console.press(Action::Retry), [Answer::Look(look)]);
    console.filter("stage:slots_created OR stage:lead");
    console.press(Action::MarkAll);
    assert_eq!(asked(&mut console).len(), 22);
}

#[test]
fn a_group_of_more_errors_than_are_told_is_looked_up_before_it_is_resolved() {
    let mut console = console();
    let mut rows = world::errors().recent;
    let is_slot = |row: &&_| matches!(row, outpost::domain::error_group::ErrorRow { stage, .. } if stage.label() == "slots_created");
    let one = rows.iter().find(is_slot).unwrap().clone();
    rows.extend((0..1_200).map(|n| {
        let mut row = one.clone();
        row.id = RowId::from(10_000 + n);
        row
    }));
    console.tell(FeedId::Errors, Fact::Errors(Errors::of(rows, world::now())));
    console.filter("stage:slots_created");
    let answers = console.press(Action::Resolve);
    let [Answer::Look(Look::Behind(Wanted::Errors, known, groups))] = answers.as_slice() else {
        panic!("{answers:?}");
    };
    assert_eq!((known.len(), groups.len()), (0, 1));
}

#[test]
fn the_sub_tabs_show_groups_of_one_state_and_go_round() {
    let mut console = console();
    console.press(Action::NextTab);
    console.press(Action::MarkAll);
    let new = stages(&mut console).len();
    console.press(Action::NextTab);
    assert_eq!(console.said(Action::Open), "no group is selected");
    console.press(Action::PreviousTab);
    console.press(Action::PreviousTab);
    console.press(Action::MarkAll);
    assert_eq!(stages(&mut console).len(), new);
    console.press(Action::PreviousTab);
    assert_eq!(console.said(Action::Copy), "no group is selected");
}

#[test]
fn the_selection_stays_on_its_group_when_another_comes_before_it() {
    let mut console = console();
    console.filter("stage:message_queued OR stage:company_created");
    let before = stages(&mut console);
    let mut rows = world::errors().recent;
    let mut worse = rows[0].clone();
    worse.id = RowId::from(99_000);
    worse.stage = EventType::from("company_created_too");
    rows.push(worse);
    console.tell(FeedId::Errors, Fact::Errors(Errors::of(rows, world::now())));
    assert_eq!(stages(&mut console), before);
}

#[test]
fn marked_errors_are_asked_a_note_for_and_the_neighbour_is_selected_when_one_goes() {
    let mut console = in_mode(1);
    console.press(Action::Down);
    assert_eq!(asked(&mut console), ids(&[5_160]));
    let mut rows = world::errors().recent;
    rows.remove(1);
    console.tell(FeedId::Errors, Fact::Errors(Errors::of(rows, world::now())));
    assert_eq!(console.ids(), ["5159"]);
    console.press(Action::MarkRange);
    console.press(Action::Down);
    assert_eq!(asked(&mut console), ids(&[5_150, 5_159]));
}

#[test]
fn marking_all_of_a_part_asks_the_whole_table_and_a_new_filter_forgets_the_answer() {
    let mut console = in_mode(1);
    console.filter("stage:slots_created");
    let look = Look::Matching("stage:slots_created".to_owned());
    assert_eq!(console.press(Action::MarkAll), [Answer::Look(look)]);
    console.screens.errors.freeze(Frozen {
        ids: ids(&[1, 2, 3]),
        filter: "stage:slots_created".to_owned(),
    });
    assert_eq!(asked(&mut console), ids(&[1, 2, 3]));
    console.filter("stage:slots");
    assert!(!asked(&mut console).contains(&RowId::from(1)));
}

#[test]
fn a_stage_leads_to_its_groups_and_a_record_to_its_errors() {
    let mut console = in_mode(2);
    assert_eq!(
        console.said(Action::Resolve),
        "go to the groups or the list first: m"
    );
    console.press(Action::Down);
    // The group of it that comes first is explained.
    let answers = console.press(Action::Explain);
    let [Answer::Explain(stage, Some(_))] = answers.as_slice() else {
        panic!("{answers:?}");
    };
    assert_eq!(*stage, EventType::from("lead_qualified"));
    let go = Answer::Go(ScreenId::Errors, Some("stage:lead_qualified".to_owned()));
    assert_eq!(console.press(Action::Open), [go]);
    console.filter("stage:lead_qualified");
    assert_eq!(stages(&mut console), ["lead_qualified"]);

    let mut console = in_mode(3);
    let records = console.copied();
    let record = records[0]["record_id"].as_str().unwrap().to_owned();
    let filter = format!("record=\"{record}\"");
    let go = Answer::Go(ScreenId::Errors, Some(filter.clone()));
    assert_eq!(console.press(Action::Open), [go]);
    console.filter(&filter);
    console.press(Action::MarkAll);
    assert_eq!(console.copied().len(), records.len());
}

#[test]
fn a_group_and_an_error_open_whole() {
    let mut console = console();
    console.filter("stage:lead");
    assert_eq!(
        console.press(Action::Open),
        [Answer::OpenErrors(ids(&[5_161]), 0)]
    );
    let mut console = in_mode(1);
    console.press(Action::Down);
    let answers = console.press(Action::Open);
    let [Answer::OpenErrors(all, 1)] = answers.as_slice() else {
        panic!("{answers:?}");
    };
    assert_eq!(all.len(), world::errors().recent.len());
}

#[test]
fn what_is_selected_is_explained_on_the_screens_that_show_events_and_stages() {
    let mut console = console();
    console.filter("stage:lead");
    let answers = console.press(Action::Explain);
    let [Answer::Explain(stage, Some(_))] = answers.as_slice() else {
        panic!("{answers:?}");
    };
    assert_eq!(stage.label(), "lead_qualified");
    for id in [ScreenId::Stream, ScreenId::Queue, ScreenId::Overview] {
        let mut console = Console::over(world::busy(), id);
        let answers = console.press(Action::Explain);
        assert!(
            matches!(answers.as_slice(), [Answer::Explain(_, None)]),
            "{answers:?}"
        );
    }
    let mut console = Console::over(world::busy(), ScreenId::Campaigns);
    assert!(console.said(Action::Explain).contains("1, 2, 3 and 4"));
}

#[test]
fn counts_of_a_day_that_were_not_made_just_now_say_how_old_they_are() {
    let mut console = in_mode(2);
    assert!(!paint(&console, (120, 40), 0).contains("counted"));
    let mut errors = console.store.errors.value().unwrap().clone();
    errors.counted = Some(world::now() - TimeDelta::minutes(4));
    console.tell(FeedId::Errors, Fact::Errors(errors));
    let painted = paint(&console, (120, 40), 0);
    assert!(
        painted.contains("ERRORS  by stage  counted 4m"),
        "{painted}"
    );
}

#[test]
fn of_how_many_errors_a_payload_is_not_known_stands_beside_the_filter() {
    for presses in [0, 1] {
        let mut console = in_mode(presses);
        console.filter("payload.tier=gold");
        let rows = &console.store.errors.value().unwrap().recent;
        let ids: Vec<RowId> = rows.iter().map(|row| row.id.clone()).collect();
        let values = Values {
            found: Vec::new(),
            beyond: ids.iter().take(3).cloned().collect(),
        };
        let paths = vec!["payload.tier".to_owned()];
        let (state, store) = (&mut console.screens.errors, &console.store);
        state.found(store, (&paths, &ids), Ok(values));
        let painted = paint(&console, (160, 40), 0);
        let said = "  3 not looked at";
        assert!(painted.contains(said), "{painted}");
    }
}

/// The groups that are listed, by stage, from the top.
fn listed(console: &Console) -> Vec<String> {
    let painted = paint(console, (200, 54), 0);
    let stages = world::errors().stages;
    let stage = |line: &str| {
        let name = |it: &_| matches!(it, outpost::domain::error_group::ErrorStage { stage, .. } if line.contains(&stage.label()));
        let known = stages.iter().find(|it| name(*it))?;
        Some(known.stage.label())
    };
    let rows = painted.lines().skip(2).take(5);
    let rows = rows.map(|row| row.chars().take(130).collect::<String>());
    rows.filter_map(|row| stage(&row)).collect()
}

#[test]
fn groups_are_sorted_by_what_s_goes_through_and_the_selection_stays_on_its_group() {
    let mut console = console();
    console.press(Action::Down);
    let selected = stages(&mut console);
    let impact = listed(&console);
    let mut orders = Vec::new();
    for word in ["newest", "count", "people", "first"] {
        console.press(Action::NextOrder);
        assert!(paint(&console, (80, 18), 0).contains(&format!("sort {word}  s")));
        assert_eq!(stages(&mut console), selected);
        orders.push(listed(&console));
    }
    assert_eq!(orders[0][0], "lead_qualified");
    assert_eq!(orders[1][0], "slots_created");
    assert_eq!(orders[3][0], "company_created");
    console.press(Action::ReverseOrder);
    assert!(paint(&console, (80, 18), 0).contains("sort first, reversed  s"));
    assert_eq!(listed(&console)[0], "lead_qualified");
    console.press(Action::NextOrder);
    assert_eq!(listed(&console), impact);
    assert_eq!(stages(&mut console), selected);
    console.press(Action::NextMode);
    assert_eq!(console.said(Action::NextOrder), "only groups are sorted: m");
}

#[test]
fn the_alert_of_a_stage_stands_beside_its_groups_and_in_their_explanation() {
    let console = console();
    let painted = paint(&console, (200, 54), 0);
    let fires = console
        .store
        .alerts
        .iter()
        .filter(|alert| alert.is_firing());
    let of: Vec<EventType> = fires
        .filter_map(outpost::domain::alert::Alert::stage)
        .collect();
    let row = |stage: &str| {
        let mut rows = painted.lines().skip(2).take(5);
        let row = rows.find(|row| row.contains(stage)).unwrap();
        row.to_owned()
    };
    assert!(of.contains(&EventType::from("lead_qualified")), "{of:?}");
    assert!(row("lead_qualified").contains(" CRM "), "{painted}");
    assert!(row("message_queued").contains(" - "), "{painted}");
    assert!(
        painted.contains("alert   CRM sync failure FIRING"),
        "{painted}"
    );
}
