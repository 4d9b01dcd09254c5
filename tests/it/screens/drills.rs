//! Where the rows of the overview lead.

use outpost::{
    action::{Action, ScreenId},
    screens::Answer,
};

use super::{Console, world};

/// What `enter` answers on the pane that `tabs` presses of tab lead to.
fn opened(tabs: usize) -> (ScreenId, String) {
    let mut console = Console::over(world::busy(), ScreenId::Overview);
    for _ in 0..tabs {
        console.press(Action::NextPane);
    }
    let answers = console.press(Action::Open);
    let [Answer::Go(screen, Some(filter))] = answers.as_slice() else {
        panic!("{answers:?}");
    };
    (*screen, filter.clone())
}

#[test]
fn a_row_of_the_overview_leads_to_that_row_and_no_other() {
    for (tabs, screen) in [
        (0, ScreenId::Queue),
        (1, ScreenId::Alerts),
        (5, ScreenId::Campaigns),
        (6, ScreenId::Scorecard),
    ] {
        let (to, filter) = opened(tabs);
        assert_eq!(to, screen);
        let mut console = Console::over(world::busy(), to);
        console.filter(&filter);
        console.press(Action::MarkAll);
        assert_eq!(console.copied().len(), 1, "{screen:?} {filter}");
    }
}

#[test]
fn an_error_group_leads_to_the_errors_of_its_stage_and_a_run_to_its_workflow() {
    for (tabs, screen) in [(2, ScreenId::Errors), (4, ScreenId::N8n)] {
        let (to, filter) = opened(tabs);
        assert_eq!(to, screen);
        let mut console = Console::over(world::busy(), to);
        console.press(Action::MarkAll);
        let all = console.copied().len();
        console.press(Action::ClearMarks);
        console.filter(&filter);
        console.press(Action::MarkAll);
        let shown = console.copied().len();
        assert!((1..all).contains(&shown), "{shown} of {all}: {filter}");
    }
}
