mod ab_tests;
mod funnel;

use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
};

use super::{State, panes::Panes, rows};
use crate::{
    domain::campaign::{Attribution, Campaign},
    effect::FeedId,
    store::Store,
    ui::{
        Context, Role, freshness, note, panel,
        table::{Column, Row, Table, cell},
        text,
    },
};

const COLUMNS: &[Column] = &[
    Column::left("CAMPAIGN", 18, 0).growing(),
    Column::left("STATE", 9, 10),
    Column::right("AGE", 5, 11),
    Column::right("CONTACTS", 8, 1),
    Column::right("DELIV", 5, 0),
    Column::right("", 5, 2),
    Column::right("OPEN", 5, 3),
    Column::right("", 5, 4),
    Column::right("CLICK", 5, 8),
    Column::right("", 5, 9),
    Column::right("REPLY", 5, 0),
    Column::right("", 5, 2),
    Column::right("BOUNCE", 6, 5),
    Column::right("UNSUB", 6, 6),
    Column::right("QUEUED", 6, 8),
    Column::left("BY", 4, 12),
];

/// Tables that a campaign is counted from.
const TABLES: [&str; 5] = [
    "campaigns",
    "campaign_contacts",
    "delivery_log",
    "engagement_events",
    "responses",
];

/// Paints the campaigns screen.
pub fn view(state: &State, store: &Store, cx: &Context<'_>, frame: &mut Frame<'_>, area: Rect) {
    let buf = frame.buffer_mut();
    let shown = rows::shown(state, store);
    let selected = state.cursor.selected();
    let campaign = shown.iter().find(|row| Some(&row.id) == selected);
    let Some(campaign) = campaign else {
        table(state, store, cx, buf, area, &shown);
        return;
    };
    let panes = Panes::of(area.height, shown.len(), state.open);
    let [list, funnel, tests] = [panes.list, panes.funnel, panes.tests].map(Constraint::Length);
    let [list, funnel, tests] = Layout::vertical([list, funnel, tests]).areas(area);
    if list.height > 0 {
        table(state, store, cx, buf, list, &shown);
    }
    if funnel.height > 0 {
        funnel::paint(store, cx, buf, funnel, campaign);
    }
    if tests.height > 0 {
        let scroll = state.open.then_some(state.scroll);
        ab_tests::paint(store, cx, buf, tests, (campaign, scroll));
    }
}

fn title(state: &State, store: &Store, cx: &Context<'_>, shown: &[&Campaign]) -> String {
    let all = store.campaigns.value().map_or(0, Vec::len);
    let mut title = "CAMPAIGNS  of 7 d, distinct contacts".to_owned();
    title += &note::filtered(&state.filter, shown.len(), all);
    if shown.iter().any(|row| row.attribution == Attribution::Time) {
        title += "  * attributed by time";
    }
    let counted = shown.iter().filter_map(|row| row.as_of);
    title += &note::as_of(cx, counted);
    title
}

fn table(
    state: &State,
    store: &Store,
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    shown: &[&Campaign],
) {
    let badge = freshness::trouble(
        cx,
        &store.campaigns,
        FeedId::Campaigns.interval(),
        &store.reader,
    );
    let inner = panel::panel(cx, buf, area, &title(state, store, cx, shown), &badge, true);
    if store.campaigns.value().is_none() {
        let [above, below] =
            Layout::vertical([Constraint::Length(4), Constraint::Fill(1)]).areas(inner);
        freshness::absent(cx, buf, above, &store.campaigns, &store.reader);
        note::sentences(cx, buf, below, &gaps(store));
        return;
    }
    if shown.is_empty() {
        note::sentences(cx, buf, inner, &nothing(state, store));
        return;
    }
    let gaps = gaps(store);
    let foot = if gaps.is_empty() || inner.height < 6 {
        0
    } else {
        gaps.len().min(3) as u16
    };
    let [list, foot] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(foot)]).areas(inner);
    note::sentences(cx, buf, foot, &gaps);
    let selected = state.cursor.selected();
    let table = Table {
        columns: COLUMNS,
        len: shown.len(),
        selected: shown.iter().position(|row| Some(&row.id) == selected),
        focused: true,
    };
    table.paint(cx, buf, list, |at| match shown.get(at) {
        Some(campaign) => Row {
            marked: state.cursor.is_marked(&campaign.id),
            ..row(cx, campaign)
        },
        None => Row::default(),
    });
}

/// What the schema lacks for this screen, and what would add it.
fn gaps(store: &Store) -> Vec<(Role, String)> {
    let all = store
        .server
        .value()
        .into_iter()
        .flat_map(|server| &server.gaps);
    let ours = all.filter(|gap| {
        let what = gap.what.display_cut(120);
        TABLES.iter().any(|table| what.contains(table))
    });
    let sentence = |gap: &crate::domain::server::Gap| {
        let what = gap.what.display_cut(120);
        (
            Role::Stale,
            format!("Missing {what}: {}. {}", gap.hides, gap.remedy),
        )
    };
    ours.map(sentence).collect()
}

fn nothing(state: &State, store: &Store) -> Vec<(Role, String)> {
    let all = store.campaigns.value().map_or(0, Vec::len);
    if all > 0 {
        return note::no_match(&state.filter, all, "campaigns");
    }
    let mut sentences = vec![
        (
            Role::Text,
            "No campaign was made in the last 7 days.".to_owned(),
        ),
        (
            Role::Dim,
            "Older ones are not shown, as in the guide.".to_owned(),
        ),
    ];
    sentences.extend(gaps(store));
    sentences
}

fn row<'a>(cx: &Context<'_>, campaign: &Campaign) -> Row<'a> {
    let status = campaign
        .status
        .as_ref()
        .map_or_else(|| "-".to_owned(), |it| it.display_cut(12));
    let (by, star) = match campaign.attribution {
        Attribution::Campaign => ("key", ""),
        Attribution::Time => ("time", "* "),
    };
    let name = format!("{star}{}", campaign.name.display_cut(64));
    let mut cells = vec![
        cell(name, Role::Strong),
        cell(status, Role::Text),
        cell(text::span(cx.now - campaign.created_at), Role::Dim),
        cell(text::count(campaign.contacts), Role::Text),
    ];
    for step in campaign.funnel() {
        let short = step.label == "replied" && rows::replies_too_little(campaign);
        let role = if short { Role::Warn } else { Role::Text };
        cells.push(cell(text::count(step.share.part), role));
        cells.push(cell(
            text::told(step.share),
            if short { Role::Warn } else { Role::Dim },
        ));
    }
    let bounce = if rows::bounces_too_much(campaign) {
        Role::Bad
    } else {
        Role::Text
    };
    cells.push(cell(text::told(campaign.bounces()), bounce));
    cells.push(cell(text::told(campaign.unsubscribes()), Role::Text));
    cells.push(cell(text::count(campaign.queued), Role::Text));
    cells.push(cell(by, Role::Dim));
    Row::new(cells)
}
