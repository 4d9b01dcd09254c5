//! Campaigns as funnels.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{super::Pane, Scene, quiet};
use crate::{
    domain::{campaign::Campaign, outcomes::Share},
    effect::FeedId,
    ui::{
        Role, freshness, panel, spark,
        table::{Cell, Column, Row, Table, cell},
        text,
    },
};

const COLUMNS: &[Column] = &[
    Column::left("CAMPAIGN", 12, 0).growing(),
    Column::right("CONTACTS", 8, 0),
    Column::right("DELIV", 5, 0),
    Column::right("OPEN", 5, 1),
    Column::right("CLICK", 5, 3),
    Column::right("REPLY", 5, 0),
    Column::right("BOUNCE", 6, 2),
    Column::right("QUEUED", 6, 4),
];

/// Paints the pane.
pub(super) fn campaigns(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let store = scene.store;
    let trouble = freshness::trouble(
        scene.cx,
        &store.campaigns,
        FeedId::Campaigns.interval(),
        &store.reader,
    );
    let title = (Pane::Campaigns, "7 CAMPAIGNS of 7 days");
    let inner = scene.boxed(
        buf,
        area,
        title,
        trouble,
        quiet("distinct contacts".to_owned()),
    );
    if freshness::absent(scene.cx, buf, inner, &store.campaigns, &store.reader) {
        return;
    }
    let all = store
        .campaigns
        .value()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if all.is_empty() {
        let line = Line::styled("no campaign in 7 days", scene.cx.style(Role::Dim));
        panel::put(buf, panel::indented(inner), 0, &line);
        return;
    }
    let has_keys = scene.has_keys(Pane::Campaigns);
    let chosen = scene.state.campaigns.selected();
    let selected = all.iter().position(|campaign| Some(&campaign.id) == chosen);
    let table = Table {
        columns: COLUMNS,
        len: all.len(),
        selected: selected.filter(|_| has_keys),
        focused: has_keys,
    };
    let wanted = all.len().min(8) as u16 + 1;
    let drawn = inner.height >= wanted + 7;
    let height = if drawn { wanted } else { inner.height };
    table.paint(scene.cx, buf, Rect { height, ..inner }, |index| {
        all.get(index).map_or_else(Row::default, row)
    });
    if let Some(campaign) = all.get(selected.unwrap_or(0)).filter(|_| drawn) {
        let rest = Rect {
            y: inner.y + height + 1,
            height: inner.height - height - 1,
            ..inner
        };
        funnel(scene, buf, rest, campaign);
    }
}

fn row(campaign: &Campaign) -> Row<'static> {
    let [delivered, opened, clicked, replied] = campaign.funnel().map(|step| share(step.share));
    Row::new(vec![
        cell(campaign.name.display_cut(60), Role::Text),
        cell(text::count(campaign.contacts), Role::Text),
        delivered,
        opened,
        clicked,
        replied,
        share(campaign.bounces()),
        cell(text::count(campaign.queued), Role::Dim),
    ])
}

fn share(share: Share) -> Cell<'static> {
    let role = if share.part == 0 {
        Role::Dim
    } else {
        Role::Text
    };
    cell(text::told(share), role)
}

/// One campaign, drawn: every bar of all contacts.
fn funnel(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, campaign: &Campaign) {
    let area = panel::indented(area);
    let style = |role| scene.cx.style(role);
    let name = text::cut(&campaign.name.display_cut(60), usize::from(area.width));
    panel::put(buf, area, 0, &Line::styled(name, style(Role::Strong)));
    let everyone = (
        "contacts",
        Share {
            part: campaign.contacts,
            of: campaign.contacts,
        },
    );
    let steps = campaign.funnel().map(|step| (step.label, step.share));
    let width = usize::from(area.width).saturating_sub(26);
    for (row, (label, share)) in (1..area.height).zip(std::iter::once(everyone).chain(steps)) {
        let of_all = share.part as f64 / campaign.contacts.max(1) as f64;
        let line = Line::from(vec![
            Span::styled(format!("{label:10}"), style(Role::Dim)),
            Span::styled(spark::bar(of_all, width), style(Role::Graph)),
            Span::styled(
                format!("{:>7}", text::grouped(share.part)),
                style(Role::Strong),
            ),
            Span::styled(format!("{:>7}", text::told(share)), style(Role::Text)),
        ]);
        panel::put(buf, area, row, &line);
    }
}
