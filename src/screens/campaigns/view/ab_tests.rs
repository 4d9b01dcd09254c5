//! The A/B tests of one campaign: what came of each side, how sure that is, and whether it is more than chance.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::super::panes::{INDENT, Remark, WIDE, said};
use crate::{
    domain::{
        ab_test::{self, ALPHA, AbTest, AbTests, Arm, JUDGED_BY, Measure, Side, Standing},
        as_of::AsOf,
        campaign::{Attribution, Campaign},
    },
    msg::Fault,
    store::Store,
    ui::{Context, Role, freshness, note, panel, text},
};

/// Cells of a rate with its interval.
const RATE: usize = 20;

/// Paints the tests of `campaign`, scrolled down by so many lines where it is open.
pub(super) fn paint(
    store: &Store,
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    (campaign, scroll): (&Campaign, Option<usize>),
) {
    let known = store.ab_tests.as_ref();
    let known = known.filter(|(of, ..)| *of == campaign.id);
    let counted = match known {
        Some((.., Ok(found))) if !found.tests.is_empty() => {
            let (n, judged) = (found.tests.len(), JUDGED_BY.word());
            format!("  {n}, judged by {judged}, p below {ALPHA}")
        }
        Some(_) | None => String::new(),
    };
    let read = known.map_or_else(String::new, |(_, at, _)| note::as_of(cx, [AsOf::Here(*at)]));
    let title = format!("A/B TESTS{counted}{read}");
    let width = usize::from(area.width.saturating_sub(2));
    let said = |role, text: &str| vec![(role, text.to_owned())];
    let sentences = match known {
        None => said(Role::Dim, "Being read."),
        Some((.., Err(fault))) => failed(store, fault),
        Some((.., Ok(found))) if found.tests.is_empty() => {
            said(Role::Dim, "No A/B test of this campaign.")
        }
        Some((.., Ok(found))) => {
            let lines = lines(cx, width, found);
            let room = usize::from(area.height.saturating_sub(3));
            let (first, last) = shown(&lines, scroll.unwrap_or(0), room);
            let key = if scroll.is_some() { "j" } else { "enter" };
            let more = match lines.len() - last {
                0 if first > 0 => "end".to_owned(),
                0 => String::new(),
                left => format!("{left} lines more: {key}"),
            };
            let inner = panel::panel(cx, buf, area, &title, &(more, Role::Warn), false);
            panel::put(buf, inner, 0, &head(cx));
            let lines = lines.iter().take(last).skip(first);
            for (row, (_, line)) in (1..inner.height).zip(lines) {
                panel::put(buf, inner, row, line);
            }
            return;
        }
    };
    let inner = panel::panel(cx, buf, area, &title, &(String::new(), Role::Dim), false);
    note::sentences(cx, buf, inner, &sentences);
}

/// Why there are none, and what would mend it.
fn failed(store: &Store, fault: &Fault) -> Vec<note::Sentence> {
    let mut said = vec![(Role::Stale, freshness::explained(fault))];
    let server = store.server.value();
    let gaps = server.into_iter().flat_map(|server| &server.gaps);
    let ours = gaps.filter(|gap| gap.hides.contains("A/B tests"));
    said.extend(ours.map(|gap| {
        let what = gap.what.display_cut(120);
        (Role::Text, format!("Missing {what}. {}", gap.remedy))
    }));
    said
}

/// A line, and how many below it belong to it: no test is named without its numbers.
type Told = (usize, Line<'static>);

/// Which of `lines` are shown, scrolled down by `scroll` where there is more than `room`: the first, and the one behind the last.
fn shown(lines: &[Told], scroll: usize, room: usize) -> (usize, usize) {
    let first = scroll.min(lines.len().saturating_sub(room));
    let mut last = lines.len().min(first + room);
    let parted = (first..last).find(|at| {
        let with = lines.get(*at).map_or(0, |(with, _)| *with);
        at + with >= last
    });
    // Where there is no room for more than these they are shown all the same.
    if let Some(parted) = parted.filter(|at| *at > first) {
        last = parted;
    }
    (first, last)
}

fn head(cx: &Context<'_>) -> Line<'static> {
    let heads = Measure::ALL.map(|it| format!("  {:<RATE$}", it.word().to_uppercase()));
    let head = format!("       {:>7}{}", "DELIV", heads.concat());
    Line::styled(head, cx.style(Role::Header))
}

fn lines(cx: &Context<'_>, width: usize, found: &AbTests) -> Vec<Told> {
    let wide = width >= WIDE;
    let mut lines: Vec<Told> = Vec::new();
    for test in &found.tests {
        lines.push((Side::BOTH.len() + 1, title(cx, test)));
        for (side, arm) in Side::BOTH.into_iter().zip(&test.arms) {
            let variant = test.variant(side).filter(|_| wide);
            let variant = variant.map(|it| it.display_cut(80));
            lines.push((0, arm_line(cx, side, arm, variant)));
        }
        lines.push((0, chances(cx, test)));
        for (remark, words) in said(test, (cx.now, wide), text::grouped) {
            let wrapped = text::wrap(&words, width.saturating_sub(INDENT)).into_iter();
            let wrapped =
                wrapped.map(|line| Line::styled(format!("   {line}"), cx.style(role(remark))));
            lines.extend(wrapped.map(|line| (0, line)));
        }
    }
    if found.by == Attribution::Time {
        let words = " * attributed by time: a step counts within 7 d of a contact's first message";
        lines.push((0, Line::styled(words, cx.style(Role::Dim))));
    }
    lines
}

fn title(cx: &Context<'_>, test: &AbTest) -> Line<'static> {
    let role = match test.standing() {
        Standing::Leads(_) => Role::Ok,
        Standing::Few(_) => Role::Warn,
        Standing::NotDecided(_) => Role::Strong,
    };
    let ran = match (test.started, test.ended) {
        (_, Some(end)) if end <= cx.now => format!("ended {} ago", text::span(cx.now - end)),
        (Some(start), _) if start <= cx.now => format!("runs for {}", text::span(cx.now - start)),
        (Some(start), _) => format!("starts in {}", text::span(start - cx.now)),
        (None, _) => "of all time".to_owned(),
    };
    let recorded = test.winner.as_ref().map_or_else(
        || "no winner recorded".to_owned(),
        |word| format!("winner recorded: {}", word.display_cut(12)),
    );
    Line::from(vec![
        Span::styled(format!(" {}", test.word()), cx.style(role)),
        Span::styled(format!("  {recorded}, {ran}"), cx.style(Role::Dim)),
        Span::styled(
            format!("  {}", test.name.display_cut(80)),
            cx.style(Role::Strong),
        ),
    ])
}

fn arm_line(cx: &Context<'_>, side: Side, arm: &Arm, variant: Option<String>) -> Line<'static> {
    let n = text::grouped(arm.delivered);
    let mut spans = vec![
        Span::styled(format!("     {} ", side.word()), cx.style(Role::Header)),
        Span::styled(format!("{n:>7}"), cx.style(Role::Strong)),
    ];
    for measure in Measure::ALL {
        let share = arm.share(measure);
        let rate = text::share(share.part, share.of);
        let (words, role) = match share.wilson() {
            _ if arm.is_low() => (format!("lown {} of {}", share.part, share.of), Role::Warn),
            Some((low, high)) => (
                format!("{rate} [{}-{}]", text::percent(low), text::percent(high)),
                Role::Text,
            ),
            None => (rate, Role::Dim),
        };
        spans.push(Span::styled(format!("  {words:<RATE$}"), cx.style(role)));
    }
    let variant = variant.map(|text| Span::styled(format!("  {text}"), cx.style(Role::Dim)));
    spans.extend(variant);
    Line::from(spans)
}

/// The chance of each measure, below its rates; that by which the test is judged stands out.
fn chances(cx: &Context<'_>, test: &AbTest) -> Line<'static> {
    let mut spans = vec![Span::styled(" ".repeat(14), cx.style(Role::Dim))];
    for measure in Measure::ALL {
        let words = test.chance(measure).map_or_else(String::new, |chance| {
            let exact = if chance.is_exact { " exact" } else { "" };
            format!("{}{exact}", ab_test::p(chance.p))
        });
        let role = if measure == JUDGED_BY {
            Role::Strong
        } else {
            Role::Dim
        };
        spans.push(Span::styled(format!("  {words:<RATE$}"), cx.style(role)));
    }
    Line::from(spans)
}

const fn role(remark: Remark) -> Role {
    match remark {
        Remark::Contradiction => Role::Bad,
        Remark::Why => Role::Text,
        Remark::Aside => Role::Dim,
    }
}
