//! The title row: the program, the profile, the tabs; what is open, and the clock.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    action::{Action, ScreenId, TimeMode},
    domain::{
        plan::Pace,
        presence::{self, Viewer},
    },
    model::Model,
    ui::{Context, Role, panel, text},
};

/// Paints the title row.
pub(super) fn title(cx: &Context<'_>, buf: &mut Buffer, area: Rect, model: &Model) {
    let name = Span::styled("outpost", cx.style(Role::Title));
    let mut who = vec![name, Span::raw("  ")];
    let profile = text::cut(&model.options.profile, 16);
    if !profile.is_empty() {
        who.push(Span::styled(profile, cx.style(Role::Strong)));
        who.push(Span::raw("  "));
    }
    if model.options.read_only {
        who.push(Span::styled("READ ONLY", cx.style(Role::WarnBadge)));
        who.push(Span::raw("  "));
    }
    if let Some(purging) = &model.store.purging {
        let share = purging
            .progress
            .as_ref()
            .and_then(|progress| progress.share);
        let share = share.map_or_else(String::new, |share| format!(" {} %", share / 10));
        let paused = if purging.pace == Pace::Pause {
            " paused"
        } else {
            ""
        };
        let words = format!("PURGE{share}{paused}");
        who.push(Span::styled(words, cx.style(Role::WarnBadge)));
        who.push(Span::raw("  "));
    }
    let right = open(cx, model);
    let used = Line::from(who.clone()).width() + right.width() + 2;
    let room = usize::from(area.width).saturating_sub(used);
    who.extend(seen(cx, model, room));
    panel::put_both(buf, area, 0, &Line::from(who), &right);
}

/// Who else looks, and the tabs: as much of both as fits. Which screen this is comes before who they are by name.
fn seen(cx: &Context<'_>, model: &Model, room: usize) -> Vec<Span<'static>> {
    let server = model.store.server.value();
    let consoles = server.map_or(&[][..], |server| &server.consoles);
    let you = Viewer {
        who: &model.options.actor,
        console: model.options.console,
    };
    let viewers = presence::viewers(consoles, you);
    let named = viewers.as_ref().map(|viewers| {
        let words = format!("viewers {}  ", text::cut(&viewers.words, 40));
        vec![Span::styled(words, cx.style(Role::Strong))]
    });
    let counted = viewers.map(|viewers| {
        let words = format!("{} viewers  ", viewers.consoles);
        vec![Span::styled(words, cx.style(Role::Strong))]
    });
    let (named, counted) = (named.unwrap_or_default(), counted.unwrap_or_default());
    let forms = [
        (&named, Tabs::Named),
        (&named, Tabs::Short),
        (&named, Tabs::Shown),
        (&counted, Tabs::Shown),
        (&Vec::new(), Tabs::Shown),
    ];
    forms
        .into_iter()
        .map(|(who, form)| {
            let mut spans = who.clone();
            spans.extend(tabs(cx, model, form));
            spans
        })
        .find(|spans| Line::from(spans.clone()).width() <= room)
        .unwrap_or_default()
}

/// How much of the tabs is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tabs {
    /// Every name.
    Named,
    /// The keys, and the name of the one shown.
    Short,
    /// The one shown.
    Shown,
}

fn tabs(cx: &Context<'_>, model: &Model, form: Tabs) -> Vec<Span<'static>> {
    let mut spans = Vec::with_capacity(32);
    for id in ScreenId::ALL {
        let shown = id == model.screen;
        // Nobody looks for it before there is one.
        let is_empty = id == ScreenId::Batches
            && model.store.batches.is_empty()
            && model.store.purging.is_none();
        if !shown && (is_empty || !id.has_tab()) {
            continue;
        }
        let scopes = [crate::keymap::Scope::Global];
        let chord = model.options.keymap.shown(&scopes, Action::Go(id));
        let key = chord.map_or_else(String::new, |chord| chord.to_string());
        if shown {
            spans.push(Span::styled(
                format!(" {key} {} ", id.title()),
                cx.style(Role::Tab),
            ));
        } else if form != Tabs::Shown {
            spans.push(Span::styled(format!(" {key}"), cx.style(Role::Key)));
            let title = if form == Tabs::Named {
                format!(" {} ", id.title())
            } else {
                String::new()
            };
            spans.push(Span::styled(title, cx.style(Role::Text)));
        }
    }
    spans
}

/// What is open, and the clock.
fn open(cx: &Context<'_>, model: &Model) -> Line<'static> {
    let mut spans = Vec::with_capacity(8);
    // What the verdict beside it speaks of, alerts and what is no alert.
    let (crit, warn) = model.store.verdict.found;
    let mut count = |word: &str, n: u64, role: Role, more: &str| {
        let role = if n == 0 { Role::Dim } else { role };
        spans.push(Span::styled(
            format!("{word} {}{more}  ", text::count(n)),
            cx.style(role),
        ));
    };
    if !model.store.alerts.is_empty() {
        count("crit", crit, Role::Bad, "");
        count("warn", warn, Role::Warn, "");
    }
    if let Some(totals) = model.store.totals.value() {
        let more = if totals.errors_since.is_some() {
            "+"
        } else {
            ""
        };
        count("err", totals.unresolved_errors, Role::Strong, more);
    }
    let zone = match cx.time_mode {
        TimeMode::Age | TimeMode::Utc => Context {
            time_mode: TimeMode::Utc,
            ..*cx
        },
        TimeMode::Local => *cx,
    };
    spans.push(Span::styled(
        text::clock(&zone, cx.here),
        cx.style(Role::Text),
    ));
    Line::from(spans)
}
