//! The funnel of one campaign: a bar a step, each with its rate, its n and where the truth lies.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    domain::{
        campaign::{Attribution, Campaign},
        outcomes::Share,
    },
    effect::FeedId,
    store::Store,
    ui::{Context, Role, freshness, panel, spark, text},
};

pub(super) fn paint(
    store: &Store,
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    campaign: &Campaign,
) {
    let title = format!("FUNNEL  {}", campaign.name.display_cut(64));
    let badge = freshness::trouble(
        cx,
        &store.campaigns,
        FeedId::Campaigns.interval(),
        &store.reader,
    );
    let inner = panel::panel(cx, buf, area, &title, &badge, false);
    let width = usize::from(inner.width);
    let bar = width
        .saturating_sub(54)
        .clamp(if width >= 34 { 8 } else { 0 }, 100);
    let whole = campaign.contacts;
    let everyone = Share {
        part: whole,
        of: whole,
    };
    let steps = campaign.funnel();
    let steps = steps.iter().map(|it| (it.label, it.share, true));
    let airy = inner.height >= 16;
    let mut lines = Vec::new();
    for (label, share, rated) in std::iter::once(("contacts", everyone, false)).chain(steps) {
        lines.push(step(cx, label, share, whole, bar, rated));
        if airy {
            lines.push(Line::default());
        }
    }
    if !airy {
        lines.push(Line::default());
    }
    lines.push(remark(cx, campaign));
    if campaign.attribution == Attribution::Time {
        lines.push(Line::styled(
            " * attributed by time: the log tables have no campaign, so a step counts within 7 d of the contact's adding",
            cx.style(Role::Dim),
        ));
    }
    for (row, line) in (0..inner.height).zip(&lines) {
        panel::put(buf, inner, row, line);
    }
}

/// A step: its bar is its part of all contacts; its rate is of those who could have come so far.
fn step(
    cx: &Context<'_>,
    label: &str,
    share: Share,
    whole: u64,
    bar: usize,
    rated: bool,
) -> Line<'static> {
    let drawn = if whole == 0 {
        0.0
    } else {
        share.part as f64 / whole as f64
    };
    let mut spans = vec![
        Span::styled(format!(" {label:<10}"), cx.style(Role::Header)),
        Span::styled(spark::bar(drawn, bar), cx.style(Role::Graph)),
        Span::styled(
            format!("{:>7}", text::grouped(share.part)),
            cx.style(Role::Strong),
        ),
    ];
    if rated {
        let rate = text::told(share);
        spans.push(Span::styled(format!(" {rate:>6}"), cx.style(Role::Text)));
        let n = text::grouped(share.of);
        let span = share.wilson().map_or_else(String::new, |(low, high)| {
            format!(" [{}-{}]", text::percent(low), text::percent(high))
        });
        spans.push(Span::styled(
            format!("{span:<16} of {n}"),
            cx.style(Role::Dim),
        ));
    }
    Line::from(spans)
}

fn remark(cx: &Context<'_>, campaign: &Campaign) -> Line<'static> {
    let part = |name: &str, share: Share| {
        format!(
            "{name} {} ({} of {})",
            text::told(share),
            text::grouped(share.part),
            text::grouped(share.of)
        )
    };
    let words = format!(
        " {}   {}   queued {}",
        part("bounced", campaign.bounces()),
        part("unsubscribed", campaign.unsubscribes()),
        text::grouped(campaign.queued)
    );
    Line::styled(words, cx.style(Role::Text))
}
