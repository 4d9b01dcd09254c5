//! Errors by class over a day, or over the window that was chosen.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use unicode_width::UnicodeWidthStr as _;

use super::Scene;
use crate::{
    domain::{
        Timestamp,
        alert::State,
        error_group::{Bar, Class, GroupState, Window},
        mask,
        outcomes::Share,
        stage::StageReading,
    },
    screens::errors::lines,
    ui::{Role, panel, text},
};

/// The sign and the role of a class in the chart: the sign tells it without colour.
const fn sign(class: Class) -> (char, Role) {
    match class {
        Class::Transient => ('.', Role::Ok),
        Class::Quota => ('#', Role::Warn),
        Class::Credential => ('o', Role::Bad),
        Class::Data => ('+', Role::Graph),
        Class::Code => ('x', Role::Strong),
        Class::Unknown => ('?', Role::Dim),
    }
}

/// Paints the panel.
pub(super) fn paint(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let cx = scene.cx;
    let window = scene.state.window;
    let (hours, lacks) = counted(scene);
    let title = format!(
        "ERRORS PER {}  {}, by class",
        window.column().to_uppercase(),
        window.name()
    );
    let badge = compared(window, &hours);
    let inner = panel::panel(cx, buf, area, &title, &badge, false);
    let inner = noted(scene, buf, inner, lacks);
    bars(scene, buf, inner, &hours);
}

/// Paints what stands below the bars, which gives way to them; what is left for those.
fn noted(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, lacks: Option<String>) -> Rect {
    let mut notes = notes(scene, usize::from(area.width));
    if let Some(lacks) = lacks {
        let says = format!(" {lacks}");
        notes.insert(0, Line::styled(says, scene.cx.style(Role::Warn)));
    }
    notes.truncate(usize::from(area.height).saturating_sub(6));
    let height = area.height - notes.len() as u16;
    let below = Rect {
        y: area.y + height,
        height: area.height - height,
        ..area
    };
    for (row, note) in (0..below.height).zip(&notes) {
        panel::put(buf, below, row, note);
    }
    Rect { height, ..area }
}

fn bars(scene: &Scene<'_>, buf: &mut Buffer, inner: Rect, hours: &[Bar]) {
    let (cx, window) = (scene.cx, scene.state.window);
    let columns = window.columns();
    let most = hours
        .iter()
        .map(|hour| hour.iter().sum::<u64>())
        .max()
        .unwrap_or(0);
    let axis: u16 = 6;
    let height = inner.height.saturating_sub(2);
    let cells = (inner.width.saturating_sub(axis + 1)) / columns as u16;
    if cells == 0 || height < 2 || most == 0 {
        let none = if most == 0 {
            format!("no error in the last {}", window.name())
        } else {
            String::new()
        };
        let line = Line::styled(none, cx.style(Role::Ok));
        panel::put(buf, panel::indented(inner), 0, &line);
        return;
    }
    for row in 0..height {
        let from_below = u64::from(height - 1 - row);
        let label = match row {
            0 => text::count(most),
            _ if row == height / 2 => text::count(most / 2),
            _ => String::new(),
        };
        let mut spans = vec![Span::styled(format!("{label:>5} "), cx.style(Role::Dim))];
        spans.extend(hours.iter().map(|hour| {
            match level(hour, most, u64::from(height), from_below) {
                Some(class) => {
                    let (sign, role) = sign(class);
                    let bar = sign.to_string().repeat(usize::from(cells));
                    Span::styled(bar, cx.style(role))
                }
                None => Span::raw(" ".repeat(usize::from(cells))),
            }
        }));
        panel::put(buf, inner, row, &Line::from(spans));
    }
    let width = usize::from(cells) * columns;
    let [first, second, third, fourth] = window.quarters();
    let quarter = width / 4;
    let ends = format!(
        "{:axis$}{:<quarter$}{:<quarter$}{:<quarter$}{:<rest$}now",
        "",
        first,
        second,
        third,
        fourth,
        axis = usize::from(axis),
        rest = (width - 3 * quarter).saturating_sub(3),
    );
    panel::put(buf, inner, height, &Line::styled(ends, cx.style(Role::Dim)));
    panel::put(buf, inner, height + 1, &legend(scene, hours));
}

/// What happened near the errors, what is usual at this hour, and how large a share they are.
fn notes(scene: &Scene<'_>, width: usize) -> Vec<Line<'static>> {
    let says = [usual(scene), rates(scene)];
    let says = says.into_iter().flatten();
    let marks = marks(scene, width);
    marks
        .into_iter()
        .chain(says)
        .map(|(role, says)| {
            let (head, rest) = says.split_once("  ").unwrap_or((says.as_str(), ""));
            Line::from(vec![
                Span::styled(format!(" {head} "), scene.cx.style(Role::Header)),
                Span::styled(rest.to_owned(), scene.cx.style(role)),
            ])
        })
        .collect()
}

/// The newest moments of the window that errors may have to do with, in order: the first of a class, a workflow that changed, an
/// alert that began to fire.
fn marks(scene: &Scene<'_>, width: usize) -> Option<(Role, String)> {
    let (cx, store) = (scene.cx, scene.store);
    let is_within = |at: &Timestamp| cx.now - *at < scene.state.window.span() && *at <= cx.now;
    let mut marks: Vec<(Timestamp, String)> = Vec::new();
    for class in Class::ALL {
        let own = lines::groups(store).iter().filter(|it| it.class == class);
        // The first of what is new, whatever else of its class came before.
        let new = own.filter(|it| it.state == GroupState::New);
        let first = new.map(|it| it.first_at).min().filter(is_within);
        marks.extend(first.map(|at| (at, format!("first {}", class.label()))));
    }
    for workflow in store.workflows.value().into_iter().flatten() {
        let at = workflow.updated_at.filter(is_within);
        let says = || format!("{} changed", text::cut(&workflow.name.display(), 16));
        marks.extend(at.map(|at| (at, says())));
    }
    for entry in store.audit.entries() {
        let note = entry.note.as_ref().filter(|_| entry.is_note());
        if let Some(note) = note.filter(|_| is_within(&entry.at)) {
            let note = mask::cut(note, 60);
            marks.push((entry.at, text::cut(&note, 24)));
        }
    }
    for alert in &store.alerts {
        if let State::Firing(at) = alert.state
            && is_within(&at)
        {
            marks.push((at, format!("{} fires", alert.rule.short())));
        }
    }
    marks.sort();
    let mut told = String::new();
    for (at, says) in marks.iter().rev() {
        let one = format!("  {} {says}", at.format("%H:%M"));
        if told.width() + one.width() + "marks:".len() + 2 > width {
            break;
        }
        told = one + &told;
    }
    (!told.is_empty()).then(|| (Role::Text, format!("marks:{told}")))
}

/// How many are usual in this hour of this weekday, and how many came in the last hour.
fn usual(scene: &Scene<'_>) -> Option<(Role, String)> {
    let usual = &scene.store.errors.value()?.usual;
    let now: u64 = readings(scene).map(|(_, reading)| reading.errors_1h).sum();
    let Some((median, p95)) = usual.spread() else {
        let says = format!("baseline:  no week of it is known yet   now {now}/h");
        return Some((Role::Dim, says));
    };
    let role = if now as f64 > median * 2.0 && now > p95 && now >= 10 {
        Role::Warn
    } else {
        Role::Text
    };
    let weeks = match usual.weeks.len() {
        4 => "last 4 weeks".to_owned(),
        1 => "last week".to_owned(),
        n => format!("last {n} weeks, no more known"),
    };
    let says = format!("baseline:  same hour {weeks}: {median}/h (p95 {p95})   now {now}/h");
    Some((role, says))
}

/// The largest share of failures of a stage in the last hour, and that of all.
fn rates(scene: &Scene<'_>) -> Option<(Role, String)> {
    // Of few a rate says nothing: one of which enough ended comes first.
    let worst = readings(scene)
        .filter_map(|(stage, reading)| Some((reading.error_share()?, stage)))
        .max_by(|(a, _), (b, _)| {
            let rate = |share: &Share| share.rate().unwrap_or_default();
            let is_enough = (!a.is_low()).cmp(&!b.is_low());
            is_enough.then(rate(a).total_cmp(&rate(b)))
        })?;
    let (bad, all) = readings(scene).fold((0, 0), |(bad, all), (_, reading)| {
        (bad + reading.errors_1h, all + reading.error_rate().1)
    });
    let (share, stage) = worst;
    let (rate, n) = (text::told(share), text::grouped(share.of));
    let says = format!(
        "error rate 1h:  {rate} {stage} n={n}   all {} n={}",
        text::told(Share { part: bad, of: all }),
        text::grouped(all)
    );
    Some((Role::Text, says))
}

fn readings<'a>(scene: &Scene<'a>) -> impl Iterator<Item = (String, &'a StageReading)> {
    let flow = scene.store.flow.iter();
    flow.map(|line| (line.stage.label(), &line.reading))
}

/// How many came in this stretch so far, and in the median of those before it; and what changes the window.
fn compared(window: Window, hours: &[Bar]) -> panel::Badge {
    let mut sums: Vec<u64> = hours.iter().map(|hour| hour.iter().sum()).collect();
    let last = sums.pop().unwrap_or(0);
    sums.sort_unstable();
    let usual = sums.get(sums.len() / 2).copied().unwrap_or(0);
    let role = if last > usual * 2 && last >= 10 {
        Role::Warn
    } else {
        Role::Dim
    };
    let (last, usual) = (text::count(last), text::count(usual));
    let now = if window == Window::Day {
        "this hour"
    } else {
        "now"
    };
    (format!("{now} {last}, median {usual}  {{ }}"), role)
}

/// Errors of each stretch of the window, the oldest first; and what is not known of it, in words.
fn counted(scene: &Scene<'_>) -> (Vec<Bar>, Option<String>) {
    let window = scene.state.window;
    if window == Window::Day {
        return (hours(scene), None);
    }
    let Some(errors) = scene.store.errors.value() else {
        return (vec![Bar::default(); window.columns()], None);
    };
    let now = scene.store.clock;
    let lacks = errors.bars.lacks(window, now);
    let lacks = lacks.map(|since| {
        let since = text::clock(scene.cx, since);
        format!("before {since} not every resolved error is known")
    });
    (errors.bars.of(window, now), lacks)
}

/// Errors of each hour of the day, the oldest first.
fn hours(scene: &Scene<'_>) -> Vec<Bar> {
    let mut hours = vec![Bar::default(); Window::Day.columns()];
    for group in lines::groups(scene.store) {
        let place = Class::ALL
            .iter()
            .position(|class| *class == group.class)
            .unwrap_or(0);
        for (hour, n) in hours.iter_mut().zip(&group.trend) {
            if let Some(own) = hour.get_mut(place) {
                *own += n;
            }
        }
    }
    hours
}

/// Which class stands at this height of the bar of an hour; the bars are rounded up, so that nothing is left out.
fn level(hour: &Bar, most: u64, height: u64, from_below: u64) -> Option<Class> {
    let mut below = 0;
    for (class, n) in Class::ALL.into_iter().zip(hour) {
        below += n;
        if *n > 0 && (below * height).div_ceil(most) > from_below {
            return Some(class);
        }
    }
    None
}

fn legend(scene: &Scene<'_>, hours: &[Bar]) -> Line<'static> {
    let mut spans = vec![Span::raw("      ")];
    for (place, class) in Class::ALL.into_iter().enumerate() {
        let n: u64 = hours.iter().filter_map(|hour| hour.get(place)).sum();
        if n > 0 {
            let (sign, role) = sign(class);
            let words = format!("{sign} {} {}  ", class.label(), text::count(n));
            spans.push(Span::styled(words, scene.cx.style(role)));
        }
    }
    Line::from(spans)
}
