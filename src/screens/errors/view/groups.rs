//! The groups, the highest impact first.

use std::collections::BTreeSet;

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr as _;

use super::{Scene, below, list, said};
use crate::{
    domain::{
        alert::{Alert, State},
        error_group::{ErrorGroup, Errors, GroupState, Severity},
        event::EventType,
        mask,
        pipeline::SideEffect,
        presence,
    },
    effect::FeedId,
    screens::errors::{Tab, lines, order::Order},
    ui::{
        Role, freshness, note, panel, spark,
        table::{Cell, Column, Row, Table, cell},
        text,
    },
};

const COLUMNS: &[Column] = &[
    Column::left("SEV", 4, 0),
    Column::left("STATE", 9, 10),
    Column::right("N", 4, 0),
    Column::right("PPL", 4, 2),
    Column::tail("24h", 8, 6),
    Column::right("FIRST", 6, 9),
    Column::right("LAST", 6, 3),
    Column::left("STAGE", 16, 4),
    Column::left("CLASS", 10, 1),
    Column::left("OWNER", 8, 8),
    Column::right("RETRY OK", 8, 7),
    Column::left("ALERT", 6, 12),
    Column::left("SAYS", 16, 0).growing(),
    Column::left("ID", 4, 11),
];

/// Where those that are left alone are listed, what wakes them is more telling than whether a retry helps.
const IGNORED: &[Column] = &[
    Column::left("WAKES", 17, 0),
    Column::left("STATE", 9, 9),
    Column::right("N", 4, 0),
    Column::right("CAME", 5, 1),
    Column::tail("24h", 8, 6),
    Column::right("FIRST", 6, 8),
    Column::right("LAST", 6, 3),
    Column::left("STAGE", 16, 4),
    Column::left("BY", 8, 2),
    Column::left("OWNER", 8, 5),
    Column::left("SAYS", 16, 0).growing(),
    Column::left("ID", 4, 10),
];

pub(super) fn paint(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let (state, store, cx) = (scene.state, scene.store, scene.cx);
    let shown = lines::shown(state, store);
    let title = title(scene, shown.len());
    let trouble = freshness::trouble(cx, &store.errors, FeedId::Errors.interval(), &store.reader);
    let badge = if trouble.0.is_empty() {
        order(
            state.order,
            usize::from(area.width).saturating_sub(title.width() + 7),
        )
    } else {
        trouble
    };
    let inner = panel::panel(cx, buf, area, &title, &badge, true);
    if freshness::absent(cx, buf, inner, &store.errors, &store.reader) {
        return;
    }
    let inner = below::paint(scene, buf, inner, shown.len());
    if shown.is_empty() {
        note::sentences(cx, buf, inner, &nothing(scene));
        return;
    }
    let selected = state.groups.selected();
    let is_ignored = state.tab == Tab::Only(GroupState::Ignored);
    let columns = columns(is_ignored, inner.width);
    let table = Table {
        columns: &columns,
        len: shown.len(),
        selected: shown.iter().position(|group| Some(&group.id) == selected),
        focused: true,
    };
    table.paint(cx, buf, inner, |at| match shown.get(at) {
        Some(group) => Row {
            marked: state.groups.is_marked(&group.id),
            ..if is_ignored {
                ignored(scene, group)
            } else {
                row(scene, group)
            }
        },
        None => Row::default(),
    });
}

/// In which order the groups stand, and what else can be listed; one that somebody asked for is said in any case.
fn order(order: Order, room: usize) -> panel::Badge {
    let sort = format!("sort {}  s", order.words());
    let long = format!("{sort}   m groups|list|stages|records");
    if long.width() <= room {
        (long, Role::Dim)
    } else if !order.is_usual() {
        (sort, Role::Warn)
    } else if sort.width() <= room {
        (sort, Role::Dim)
    } else {
        (String::new(), Role::Dim)
    }
}

/// The columns; where there is some room, what a group says comes before its key.
fn columns(is_ignored: bool, width: u16) -> Vec<Column> {
    let mut columns = if is_ignored { IGNORED } else { COLUMNS }.to_vec();
    let says = columns.iter_mut().find(|column| column.grows);
    if let Some(says) = says.filter(|_| width >= 100) {
        says.width = 23;
    }
    columns
}

fn title(scene: &Scene<'_>, shown: usize) -> String {
    let (state, store) = (scene.state, scene.store);
    let Some(errors) = store.errors.value() else {
        return "ERRORS".to_owned();
    };
    let mut parts = vec![format!(
        "ERRORS  {}{}",
        summary(errors),
        list::reach(scene.cx, errors)
    )];
    let counted = Tab::ALL.into_iter().skip(1).map(|tab| {
        let n = errors
            .groups
            .iter()
            .filter(|group| tab.holds(group))
            .count();
        (tab, n)
    });
    let named = counted.filter(|(tab, n)| *n > 0 || *tab == state.tab);
    parts.extend(named.map(|(tab, n)| {
        let is_chosen = tab == state.tab;
        let (open, close) = if is_chosen { ("[", "]") } else { ("", "") };
        format!("{open}{} {n}{close}", tab.name())
    }));
    parts.extend(marked(scene));
    let all = errors
        .groups
        .iter()
        .filter(|group| state.tab.holds(group))
        .count();
    let filtered = note::shown_and_hidden(&state.filter, shown, all);
    parts.join("  ") + &list::payloads(state) + &filtered
}

/// `marked 2 groups = 33 errors, up to 33 people, 2 stages, 0 sends to people`, where some are.
fn marked(scene: &Scene<'_>) -> Option<String> {
    let counted = |n: u64, one: &str, many: &str| {
        let noun = if n == 1 { one } else { many };
        format!("{} {noun}", text::grouped(n))
    };
    let state = scene.state;
    let all = lines::groups(scene.store).iter();
    let marked: Vec<&ErrorGroup> = all
        .filter(|group| state.groups.is_marked(&group.id))
        .collect();
    let sum = |of: fn(&ErrorGroup) -> u64| marked.iter().map(|group| of(group)).sum::<u64>();
    let stages: BTreeSet<&EventType> = marked.iter().map(|group| &group.stage).collect();
    let sends = |group: &&&ErrorGroup| {
        scene.cx.pipeline.side_effect(&group.stage) == SideEffect::PersonFacing
    };
    let sends: u64 = marked.iter().filter(sends).map(|group| group.count()).sum();
    // Somebody may be in two groups.
    let up_to = if marked.len() > 1 { "up to " } else { "" };
    (!marked.is_empty()).then(|| {
        format!(
            "marked {} = {}, {up_to}{}, {}, {} to people",
            counted(marked.len() as u64, "group", "groups"),
            counted(sum(ErrorGroup::count), "error", "errors"),
            counted(sum(|group| group.people), "person", "people"),
            counted(stages.len() as u64, "stage", "stages"),
            counted(sends, "send", "sends"),
        )
    })
}

/// `open 48 in 6 groups`, without those that are left alone, and what is not counted yet.
fn summary(errors: &Errors) -> String {
    let total = errors.open();
    let groups = errors.open_groups().len();
    let plural = if groups == 1 { "" } else { "s" };
    let coverage = &errors.coverage;
    let grouped = if coverage.has_all_open || coverage.open >= total {
        String::new()
    } else {
        format!(" ({} grouped)", text::count(coverage.open))
    };
    format!(
        "open {} in {groups} group{plural}{grouped}",
        text::at_least(
            total.saturating_sub(errors.ignored()),
            errors.since.is_some()
        )
    )
}

fn nothing(scene: &Scene<'_>) -> Vec<(Role, String)> {
    let (state, store) = (scene.state, scene.store);
    let Some(errors) = store.errors.value() else {
        return Vec::new();
    };
    let held = errors
        .groups
        .iter()
        .filter(|group| state.tab.holds(group))
        .count();
    if held > 0 {
        return note::no_match(&state.filter, held, "groups");
    }
    let last = errors.groups.iter().map(|group| group.last_at).max();
    let last = last.map_or_else(
        || "None is known of the past either.".to_owned(),
        |at| format!("The last error came {} ago.", text::span(scene.cx.now - at)),
    );
    let ignored = errors
        .groups
        .iter()
        .filter(|group| group.state == GroupState::Ignored)
        .count();
    match state.tab {
        Tab::Open if ignored > 0 => vec![
            (Role::Ok, "No group is open.".to_owned()),
            (Role::Dim, format!("{ignored} ignored: ] goes there.")),
        ],
        Tab::Open if errors.since.is_some() => vec![list::none_yet(scene.cx, errors)],
        Tab::Open => {
            let came = list::raised_today(scene.cx, errors).unwrap_or(last);
            vec![
                (Role::Ok, "No unresolved errors.".to_owned()),
                (Role::Dim, came),
            ]
        }
        Tab::Only(group_state) => vec![
            (Role::Text, format!("No group is {}.", group_state.name())),
            (Role::Dim, "[ and ] show the others.".to_owned()),
        ],
    }
}

/// The word at the head of a group: how bad it is; where it is no worse than others, what is new about it.
fn head(group: &ErrorGroup) -> (&'static str, Role) {
    match (&group.severity, group.state) {
        (_, GroupState::Resolved) => ("done", Role::Dim),
        (_, GroupState::Ignored) => ("ign", Role::Dim),
        (Severity::Critical, _) => ("CRIT", Role::Bad),
        (_, GroupState::Regressed) => ("REGR", Role::Bad),
        (_, GroupState::Open | GroupState::New) if group.woken.is_some() => ("WOKE", Role::Warn),
        (_, GroupState::New) => ("NEW", Role::Warn),
        (Severity::Error, GroupState::Open) => ("err", Role::Text),
        (Severity::Warning, GroupState::Open) => ("warn", Role::Warn),
        (Severity::Other(_), GroupState::Open) => ("low", Role::Dim),
    }
}

/// The role of a state.
pub(super) const fn role(state: GroupState) -> Role {
    match state {
        GroupState::New => Role::Warn,
        GroupState::Regressed => Role::Bad,
        GroupState::Open => Role::Text,
        GroupState::Ignored | GroupState::Resolved => Role::Dim,
    }
}

fn row(scene: &Scene<'_>, group: &ErrorGroup) -> Row<'static> {
    let cx = scene.cx;
    let (word, head) = head(group);
    let retries = group.retries;
    let (went, how) = match retries.tried {
        0 => ("-".to_owned(), Role::Dim),
        tried if retries.ok == 0 => (format!("0/{tried}"), Role::Bad),
        tried => (format!("{}/{tried}", retries.ok), Role::Ok),
    };
    Row::new(vec![
        cell(word, head),
        state(group),
        cell(text::count(group.count()), Role::Strong),
        cell(text::count(group.people), Role::Text),
        trend(group),
        cell(text::moment(cx, group.first_at), Role::Dim),
        cell(text::moment(cx, group.last_at), Role::Text),
        cell(group.stage.label(), Role::Text),
        cell(group.class.name(), class(group)),
        said::owner(group),
        cell(went, how),
        alert(scene, group),
        cell(says(group), list::says(&group.severity)),
        cell(group.id.to_string(), Role::Dim),
    ])
}

/// The alert of its stage that fires, else the one that is about to; a rule of that stage alone comes before one of any.
fn alert(scene: &Scene<'_>, group: &ErrorGroup) -> Cell<'static> {
    let of = |is_meant: fn(&Alert) -> bool| {
        let alerts = scene.store.alerts.iter().filter(|alert| is_meant(alert));
        let own = alerts.filter(|alert| alert.stage().as_ref() == Some(&group.stage));
        own.min_by_key(|alert| alert.rule().home.is_none())
    };
    let pending = |alert: &Alert| matches!(alert.state, State::Pending(_));
    match (of(Alert::is_firing), of(pending)) {
        (Some(fires), _) => cell(fires.rule.short(), Role::Bad),
        (None, Some(waits)) => cell(waits.rule.short(), Role::Warn),
        (None, None) => cell("-", Role::Dim),
    }
}

fn trend(group: &ErrorGroup) -> Cell<'static> {
    let pairs = group.trend.chunks(2);
    let hours: Vec<u64> = pairs.map(|pair| pair.iter().sum()).collect();
    cell(spark::spark(&hours, 8), Role::Graph)
}

/// The state of a group; of one that was left alone, that it woke.
fn state(group: &ErrorGroup) -> Cell<'static> {
    if group.is("woken") {
        cell("woken", Role::Warn)
    } else {
        cell(group.state.name(), role(group.state))
    }
}

/// A group that is left alone.
fn ignored(scene: &Scene<'_>, group: &ErrorGroup) -> Row<'static> {
    let cx = scene.cx;
    let ignored = group.standing.ignored.as_ref();
    let by = ignored.map_or_else(String::new, |ignored| presence::shown(&ignored.by));
    Row::new(vec![
        cell(said::wakes(cx, group), Role::Strong),
        state(group),
        cell(text::count(group.count()), Role::Text),
        cell(text::count(group.came), Role::Text),
        trend(group),
        cell(text::moment(cx, group.first_at), Role::Dim),
        cell(text::moment(cx, group.last_at), Role::Text),
        cell(group.stage.label(), Role::Text),
        cell(by, Role::Dim),
        said::owner(group),
        cell(says(group), list::says(&group.severity)),
        cell(group.id.to_string(), Role::Dim),
    ])
}

/// What the group says: its fingerprint where there are several, else the message.
pub(super) fn says(group: &ErrorGroup) -> String {
    if group.count() > 1 {
        group.fingerprint.as_str().to_owned()
    } else {
        mask::cut(&group.message, 400)
    }
}

/// The role of the class: whether a retry helps.
pub(super) fn class(group: &ErrorGroup) -> Role {
    match group.class.retry_helps() {
        Some(true) => Role::Ok,
        Some(false) => Role::Warn,
        None => Role::Dim,
    }
}
