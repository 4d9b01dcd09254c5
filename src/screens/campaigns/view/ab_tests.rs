//! The A/B tests of one campaign: what came of each side, how sure that is, and whether it is more than chance.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    domain::{
        Timestamp,
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
/// Cells from which on what a side is stands behind its rates.
const WIDE: usize = 110;

pub(super) fn paint(
    store: &Store,
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    campaign: &Campaign,
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
            let hidden = lines
                .len()
                .saturating_sub(usize::from(area.height.saturating_sub(2)));
            let more = if hidden > 0 {
                format!("{hidden} lines more")
            } else {
                String::new()
            };
            let inner = panel::panel(cx, buf, area, &title, &(more, Role::Warn), false);
            for (row, line) in (0..inner.height).zip(&lines) {
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

fn lines(cx: &Context<'_>, width: usize, found: &AbTests) -> Vec<Line<'static>> {
    let wide = width >= WIDE;
    let heads = Measure::ALL.map(|it| format!("  {:<RATE$}", it.word().to_uppercase()));
    let head = format!("       {:>7}{}", "DELIV", heads.concat());
    let mut lines = vec![Line::styled(head, cx.style(Role::Header))];
    for test in &found.tests {
        lines.push(title(cx, test));
        for (side, arm) in Side::BOTH.into_iter().zip(&test.arms) {
            let variant = test.variant(side).filter(|_| wide);
            lines.push(arm_line(
                cx,
                side,
                arm,
                variant.map(|it| it.display_cut(80)),
            ));
        }
        lines.push(chances(cx, test));
        for (role, words) in remarks(test, cx.now, wide) {
            let wrapped = text::wrap(&words, width.saturating_sub(3)).into_iter();
            lines.extend(wrapped.map(|line| Line::styled(format!("   {line}"), cx.style(role))));
        }
    }
    if found.by == Attribution::Time {
        lines.push(Line::styled(
            " * attributed by time: a step counts within 7 d of a contact's first message",
            cx.style(Role::Dim),
        ));
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

fn remarks(test: &AbTest, now: Timestamp, wide: bool) -> Vec<note::Sentence> {
    let mut said: Vec<note::Sentence> = Vec::new();
    said.extend(test.contradiction().map(|it| (Role::Bad, it)));
    said.push((Role::Text, test.why(now)));
    let left_out = |n: u64, of: &str| {
        (n > 0).then(|| {
            let n = text::grouped(n);
            (
                Role::Dim,
                format!("{n} contacts with messages of {of} are left out"),
            )
        })
    };
    said.extend(left_out(test.both, "more than one side"));
    said.extend(left_out(test.neither, "neither side"));
    if !wide {
        let variants = Side::BOTH.into_iter().filter_map(|side| {
            let shown = test.variant(side)?.display_cut(70);
            Some((Role::Dim, format!("{} {shown}", side.word())))
        });
        said.extend(variants);
    }
    said
}
