//! Every screen in every state and size: text as it stands on the screen.

use chrono::TimeDelta;
use outpost::{
    action::{Action, ScreenId, TimeMode},
    domain::zone::Zone,
    msg::{Link, LinkId},
    store::Store,
    ui::{Context, Theme, theme::BUILT_IN},
};
use ratatui::{Terminal, backend::TestBackend};

use super::{Console, world};

/// The screens of this module.
pub(super) const SCREENS: [ScreenId; 7] = [
    ScreenId::Stream,
    ScreenId::Queue,
    ScreenId::Errors,
    ScreenId::Alerts,
    ScreenId::N8n,
    ScreenId::Campaigns,
    ScreenId::Scorecard,
];

pub(super) fn paint(console: &Console, size: (u16, u16), later: i64) -> String {
    paint_beside(console, size, later, 0)
}

/// The same where the clock of the database is `ahead` of ours, s.
pub(super) fn paint_beside(
    console: &Console,
    (width, height): (u16, u16),
    later: i64,
    ahead: i64,
) -> String {
    let theme = Theme::parse(BUILT_IN[0].1).unwrap();
    let cx = Context {
        theme: &theme,
        pipeline: &console.store.pipeline,
        now: world::now() + TimeDelta::seconds(later + ahead),
        here: world::now() + TimeDelta::seconds(later),
        size: (width, height),
        time_mode: TimeMode::Age,
        zone: &Zone::default(),
    };
    let Console { screens, store, id } = console;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| screens.view(*id, store, &cx, frame, frame.area()))
        .unwrap();
    let buffer = terminal.backend().buffer();
    let row = |row: &[ratatui::buffer::Cell]| {
        row.iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect::<String>()
    };
    let rows: Vec<String> = buffer
        .content()
        .chunks(usize::from(width))
        .map(row)
        .collect();
    let lines: Vec<&str> = rows.iter().map(|row| row.trim_end()).collect();
    lines.join("\n")
}

fn without_n8n() -> Store {
    let mut store = world::empty();
    store.workflows = outpost::store::feed::Feed::default();
    store.linked(
        world::now(),
        LinkId::N8n,
        Link::Off("no address is given".to_owned()),
    );
    store
}

/// Each state, and how many seconds after its last answer it is looked at.
fn states() -> Vec<(&'static str, Store, i64)> {
    vec![
        ("busy", world::busy(), 0),
        ("waiting", Store::default(), 0),
        ("empty", world::empty(), 0),
        ("stale", world::busy(), 600),
        ("failing from the start", world::failing(false), 0),
        ("failing after a good minute", world::failing(true), 120),
        ("without n8n", without_n8n(), 0),
    ]
}

#[test]
fn every_screen_is_as_it_was_reviewed_in_a_bad_hour() {
    for id in SCREENS {
        let console = Console::over(world::busy(), id);
        for size in [(80, 18), (120, 34), (200, 54)] {
            let name = format!("{}_{}x{}", id.title().to_lowercase(), size.0, size.1);
            insta::assert_snapshot!(name, paint(&console, size, 0));
        }
    }
}

#[test]
fn every_screen_says_what_it_lacks_and_what_to_do() {
    for id in SCREENS {
        let shown = states().into_iter().skip(1).map(|(name, store, later)| {
            let console = Console::over(store, id);
            format!("{name}\n{}\n", paint(&console, (80, 8), later))
        });
        let shown: Vec<String> = shown.collect();
        let name = format!("{}_states", id.title().to_lowercase());
        insta::assert_snapshot!(name, shown.join("\n"));
    }
}

#[test]
fn every_way_a_screen_can_be_turned_is_as_it_was_reviewed() {
    use Action::{MarkAll, NextMode, NextTab, Open, Pause, Wrap};
    let turns: [(ScreenId, &str, &[Action]); 7] = [
        (ScreenId::Stream, "paused_and_marked", &[Pause, MarkAll]),
        (ScreenId::Errors, "wrapped", &[NextMode, Wrap]),
        (ScreenId::Errors, "stages", &[NextMode, NextMode]),
        (ScreenId::Errors, "records", &[NextMode, NextMode, NextMode]),
        (ScreenId::Errors, "new", &[NextTab, MarkAll]),
        (ScreenId::N8n, "of_one_workflow", &[Open]),
        (ScreenId::Campaigns, "open", &[Open]),
    ];
    for (id, name, actions) in turns {
        let mut console = Console::over(world::busy(), id);
        for action in actions {
            console.press(*action);
        }
        let name = format!("{}_{name}", id.title().to_lowercase());
        insta::assert_snapshot!(name, paint(&console, (80, 18), 0));
    }
}

#[test]
fn no_state_panics_at_any_size_and_no_filter_leaves_a_screen_without_words() {
    for (name, store, later) in states() {
        for id in SCREENS {
            let mut console = Console::over(store.clone(), id);
            for width in [1, 2, 5, 8, 13, 20, 34, 47, 60, 79, 109, 131, 152, 300] {
                for height in [1, 2, 3, 4, 5, 7, 11, 16, 19, 25, 100] {
                    drop(paint(&console, (width, height), later));
                }
            }
            console.filter("there is no such row");
            let text = paint(&console, (80, 10), later);
            let words = text.matches(char::is_alphabetic).count();
            assert!(words > 12, "{name} {id:?}\n{text}");
        }
    }
}
