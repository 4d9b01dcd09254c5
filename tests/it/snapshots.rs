//! Every screen in every world, as text and as roles. `INSTA_UPDATE=always cargo test` writes; read what
//! changed like code.

use outpost::{
    action::ScreenId,
    domain::{
        event::{EventType, RowId},
        latency::window::Span,
        ledger::Count,
        pipeline::Pipeline,
        plan::{EventTarget, Examination, Leaf, Mutation, Plan, Version},
        untrusted::Untrusted,
    },
    effect::FeedId,
    keymap::{Chord, Key},
    model::{Line, Model, Overlay, Purpose},
    msg::{Fact, Fault, Msg},
    screens::queue::Tab,
    ui::Theme,
};

use crate::{
    screen::{describe, paint, paint_with, text},
    worlds::{self, World},
};

/// The sizes that pictures are kept of.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

pub(crate) fn snapshot(name: &str, model: &Model, size: (u16, u16)) {
    let (width, height) = size;
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        insta::assert_snapshot!(
            format!("{name}_{width}x{height}"),
            describe(&paint(model, size))
        );
    });
}

fn screen_in_every_world(screen: ScreenId) {
    for (name, world) in worlds::all() {
        for size in SIZES {
            let name = format!("{}_{name}", screen.title().to_lowercase());
            snapshot(&name, &world.model(size, screen), size);
        }
    }
}

#[test]
fn the_overview_says_how_bad_it_is_in_every_world() {
    screen_in_every_world(ScreenId::Overview);
}

/// A world with something lying over its screen.
pub(crate) fn under(world: &World, overlay: Overlay, size: (u16, u16)) -> Model {
    let mut model = world.model(size, ScreenId::Overview);
    model.overlays.push(overlay);
    model
}

fn typed(purpose: Purpose, text: &str) -> Overlay {
    Overlay::Line(Line {
        purpose,
        text: text.to_owned(),
        cursor: text.len(),
        suggestion: 0,
        before: String::new(),
        error: None,
    })
}

fn retry() -> Overlay {
    let target = |(id, stage): (i64, &str)| EventTarget {
        id: RowId::from(id),
        stage: EventType::from(stage),
        side_effect: Pipeline::guide().side_effect(&EventType::from(stage)),
        raw_status: Untrusted::from("failed"),
        retries: 0,
    };
    let targets = (0..24)
        .map(|n| {
            (
                90_394 + n,
                if n < 21 {
                    "lead_qualified"
                } else {
                    "message_queued"
                },
            )
        })
        .map(target)
        .collect();
    let version = |target: &EventTarget| Version {
        id: target.id.clone(),
        xmin: Some("731".to_owned()),
    };
    let targets: Vec<EventTarget> = targets;
    let (blocked, eligible) = targets.split_last().unwrap();
    let examined = Examination {
        eligible: eligible.iter().map(version).collect(),
        blocked: vec![(
            blocked.id.clone(),
            "already in the delivery log: delivered, 2026-03-02 09:59:12Z".to_owned(),
        )],
        people: 2,
        campaigns: 1,
        ..Examination::default()
    };
    Overlay::Plan {
        plan: Box::new(Plan {
            examined: Some(examined),
            ..Plan::new(Mutation::RetryEvents(targets.into()), worlds::now())
        }),
        scroll: 0,
        leaf: Leaf::Facts,
    }
}

fn overlays() -> Vec<(&'static str, Overlay)> {
    vec![
        ("help", Overlay::Help(0)),
        ("cost", Overlay::Cost(0)),
        ("palette", typed(Purpose::Palette, "")),
        ("palette_typed", typed(Purpose::Palette, "scr")),
        ("filter", typed(Purpose::Filter, "")),
        ("plan", retry()),
        (
            "detail",
            Overlay::Detail {
                id: RowId::from(90_410),
                scroll: 0,
                wrap: true,
                reveal: false,
            },
        ),
    ]
}

#[test]
fn what_lies_over_the_screen_says_what_its_keys_do() {
    for (name, overlay) in overlays() {
        for size in SIZES {
            snapshot(
                &format!("over_{name}"),
                &under(&worlds::stall(), overlay.clone(), size),
                size,
            );
        }
    }
}

/// The queue's latency tab with the fourth stage selected.
fn latency_tab(world: World, size: (u16, u16)) -> Model {
    let key = |c| {
        Msg::Key(Chord {
            key: Key::Char(c),
            ctrl: false,
        })
    };
    let world = world.then("]jjj".chars().map(key));
    let model = world.model(size, ScreenId::Queue);
    assert_eq!(model.screens.queue.tab, Tab::Latency);
    model
}

#[test]
fn the_latency_tab_says_how_long_each_stage_takes_and_what_is_usual_in_every_state() {
    let hour = FeedId::Latency(Span::Hour);
    let refused = Fault::Unreachable(Untrusted::from("connection refused (db.example:5432)"));
    let broken = Msg::Fetched(hour, Err(refused), 5.into());
    let why = "a week and a month are told from roll-ups, never by reading all their events; \
               outpost migrate makes the tables, outpost rollup keeps them";
    let week = FeedId::Latency(Span::Week);
    let none = Msg::Fetched(week, Err(Fault::Unsupported(why.to_owned())), 5.into());
    for size in SIZES {
        let filled = || worlds::stall().then([worlds::latency(Span::Hour)]);
        let model = latency_tab(filled(), size);
        snapshot("latency_filled", &model, size);
        let mut ascii = Theme::named("mono", outpost::ui::theme::Depth::Mono).unwrap();
        ascii.ascii = true;
        let painted = paint_with(&model, &ascii, size);
        let odd = painted
            .content()
            .iter()
            .find(|cell| !cell.symbol().is_ascii());
        assert_eq!(odd, None);
        snapshot(
            "latency_nothing_yet",
            &latency_tab(worlds::stall(), size),
            size,
        );
        let known = filled().then([worlds::records(Span::Hour)]);
        let records = known.then("]]j".chars().map(|c| {
            Msg::Key(Chord {
                key: Key::Char(c),
                ctrl: false,
            })
        }));
        snapshot("records", &records.model(size, ScreenId::Queue), size);
        let queue = filled().then("jjj".chars().map(|c| {
            Msg::Key(Chord {
                key: Key::Char(c),
                ctrl: false,
            })
        }));
        snapshot("queue_filled", &queue.model(size, ScreenId::Queue), size);
        let mut rolled = latency_tab(worlds::stall().then([worlds::latency(Span::Week)]), size);
        rolled.screens.queue.span = Span::Week;
        snapshot("latency_rolled_up", &rolled, size);
        let failing = latency_tab(filled().then([broken.clone()]), size);
        snapshot("latency_failing", &failing, size);
        let mut week = latency_tab(filled().then([none.clone()]), size);
        week.screens.queue.span = Span::Week;
        snapshot("latency_without_roll_ups", &week, size);
    }
}

#[test]
fn the_ledger_shows_the_statement_that_recounts_it_whole() {
    let sql = "SELECT count(*) FROM \"marketing\".\"pipeline_events\" WHERE \"id\" > 90353 AND \"id\" <= 90412;";
    let count = Count {
        after: 90_353,
        reach: 90_412,
        rows: 58,
        ahead: 0,
        closed: 0,
        removed: 0,
        older: 2,
        proven: 1,
        waiting: 0,
        aside: 0,
        cache: 1,
        unproven: 0,
        late: 0,
        lost: 0,
        stretches: Vec::new(),
        overlap_s: None,
        gone: Vec::new(),
        struck: Vec::new(),
        sql: Untrusted::from(sql),
    };
    let swept = Msg::Fetched(FeedId::Ledger, Ok(Fact::Ledger(count)), 3.into());
    let world = worlds::stall().then([swept]);
    let size = (80, 40);
    let model = under(&world, Overlay::Ledger(0), size);
    snapshot("over_ledger", &model, size);
    let shown = text(&paint(&model, size)).join(" ");
    for word in sql.split(' ') {
        assert!(shown.contains(word), "{word} is cut: {shown}");
    }
}

#[test]
fn every_size_draws_every_screen_of_every_world() {
    let small = (0..=12).flat_map(|width| (0..=12).map(move |height| (width, height)));
    let large = [
        (20, 5),
        (59, 15),
        (60, 16),
        (79, 23),
        (80, 60),
        (100, 34),
        (116, 30),
        (150, 20),
        (176, 54),
        (300, 100),
        (300, 5),
        (13, 100),
    ];
    for (name, world) in worlds::all() {
        let mut model = world.model((80, 24), ScreenId::Overview);
        for screen in ScreenId::ALL {
            model.screen = screen;
            for size in small.clone().chain(large) {
                let shown = text(&paint(&model, size)).join("");
                let (width, height) = size;
                assert!(
                    width < 6 || height == 0 || !shown.trim().is_empty(),
                    "{name} {screen:?} {size:?}"
                );
            }
        }
        for (_, overlay) in overlays() {
            let model = under(&world, overlay, (80, 24));
            for size in small.clone().chain(large) {
                let _buffer = paint(&model, size);
            }
        }
    }
}

#[test]
fn the_verdict_stands_first_at_every_size_and_on_every_screen() {
    let world = worlds::stall();
    for screen in ScreenId::ALL {
        for size in [(20, 1), (20, 5), (60, 16), (80, 24), (200, 60)] {
            let model = world.model(size, screen);
            let health = model.store.verdict.health.word();
            let shown = text(&paint(&model, size));
            let first = shown.iter().find(|line| line.contains(health));
            assert!(first.is_some(), "{health} not in {shown:#?}");
        }
    }
}

#[test]
fn ascii_mode_draws_nothing_but_ascii() {
    let mut theme = Theme::named("default", outpost::ui::theme::Depth::True).unwrap();
    theme.ascii = true;
    for (name, world) in worlds::all() {
        for size in SIZES {
            let model = world.model(size, ScreenId::Overview);
            let buffer = paint_with(&model, &theme, size);
            let odd = buffer
                .content()
                .iter()
                .find(|cell| !cell.symbol().is_ascii());
            assert_eq!(odd, None, "{name}");
        }
    }
}

#[test]
fn no_escape_sequence_of_a_message_reaches_the_screen() {
    for (_, world) in worlds::all() {
        for size in SIZES {
            let shown = text(&paint(&world.model(size, ScreenId::Overview), size)).join("");
            assert!(!shown.contains(|c: char| c.is_control() || c == '\u{202e}'));
        }
    }
}
