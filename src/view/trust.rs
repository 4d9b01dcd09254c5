//! The trust row: how each connection stands, what the stream kept, how long the database takes. What was last
//! said to the operator stands here for a while.

use chrono::TimeDelta;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use unicode_width::UnicodeWidthStr as _;

use crate::{
    action::Action,
    domain::{Timestamp, cost::UNSTRETCHED, server::Following},
    effect::FeedId,
    keymap::Scope,
    model::Model,
    msg::{Fault, Link},
    store::Store,
    ui::{Context, Role, freshness, panel, text},
};

/// How long what was said stands, s.
const SAID_FOR_S: i64 = 8;

/// A listener that no round trip has proven for so long is not called well: two rounds of proofs, and what one may take.
const UNPROVEN: TimeDelta = TimeDelta::seconds(25);

/// A standby that shows what was true longer ago is pointed out.
const LATE: TimeDelta = TimeDelta::seconds(10);

type Segment = Vec<(String, Role)>;

/// Paints the trust row.
pub(super) fn trust(cx: &Context<'_>, buf: &mut Buffer, area: Rect, model: &Model) {
    if let Some((at, said)) = &model.notice
        && (model.insists || cx.here - *at < TimeDelta::seconds(SAID_FOR_S))
    {
        let role = if model.insists {
            Role::Bad
        } else {
            Role::Strong
        };
        let line = Line::styled(format!(" {said}"), cx.style(role));
        panel::put(buf, area, 0, &line);
        return;
    }
    let mut segments = vec![vec![("TRUST".to_owned(), Role::Header)]];
    if let Some(since) = model.store.resting {
        let rest = text::span(cx.here - since);
        let told = (format!("RESTING {rest}"), Role::Stale);
        segments.push(vec![told, (", any key wakes it".to_owned(), Role::Dim)]);
    }
    segments.extend(super::batch::segment(model));
    let filter = model.screens.filter(model.screen);
    if !filter.is_empty() {
        let typed = crate::domain::untrusted::Untrusted::from(filter).display_cut(30);
        segments.push(vec![(format!("filter {typed}"), Role::Match)]);
    }
    let mut before = segments.len();
    // Why the listener hears nothing is told where there is room for that alone: no other line tells it.
    for (listener, rest) in [(false, false), (false, true), (true, true)] {
        segments.truncate(before);
        segments.extend(facts(cx, &model.store, listener, rest));
        let slow = model.slow_link.map(|frames| slow_link(frames, rest));
        let shown = before + 3 + slow.iter().len();
        segments.splice(before + 2..before + 2, slow);
        if width(segments.iter().take(shown)) <= usize::from(area.width) {
            break;
        }
    }
    // The title of the list has the filter too; how far it all can be trusted stands nowhere else.
    let is_tight = width(segments.iter().take(before + 3)) > usize::from(area.width);
    if is_tight && !filter.is_empty() {
        before -= 1;
        segments.remove(before);
    }
    if let Some(undo) = undo(cx, model) {
        segments.insert((before + 3).min(segments.len()), undo);
    }
    whole(cx, buf, area, &segments);
}

/// That the link to the terminal is slow, and how often data repaints: so many times in 100 s.
fn slow_link(frames: u32, short: bool) -> Segment {
    let rate = format!("{}/s", f64::from(frames) / 100.0);
    if short {
        return vec![(format!("slow link {rate}"), Role::Warn)];
    }
    vec![
        (format!("frames {rate}"), Role::Warn),
        (" (slow link)".to_owned(), Role::Dim),
    ]
}

/// What `u` takes back: `u takes back: resolve 12 errors, 3m ago`.
fn undo(cx: &Context<'_>, model: &Model) -> Option<Segment> {
    let done = model.done.last().filter(|done| done.undo.is_some())?;
    let chord = model.options.keymap.shown(&[Scope::Global], Action::Undo)?;
    let ago = text::span(cx.here - done.at);
    Some(vec![
        (format!("{chord} takes back"), Role::Strong),
        (format!(" {}, {ago} ago", done.words), Role::Text),
    ])
}

/// Cells that segments take with what stands between them.
fn width<'a>(segments: impl Iterator<Item = &'a Segment>) -> usize {
    let words = |segment: &Segment| {
        segment
            .iter()
            .map(|(words, _)| words.width())
            .sum::<usize>()
    };
    segments.map(|segment| words(segment) + 3).sum()
}

/// What is known, said shortly of the listener, and of the rest.
fn facts(cx: &Context<'_>, store: &Store, listener: bool, rest: bool) -> Vec<Segment> {
    let read_at = [store.stages.at(), store.tail.at(), store.errors.at()]
        .into_iter()
        .flatten()
        .max();
    let n8n_at = [store.executions.at(), store.workflows.at()]
        .into_iter()
        .flatten()
        .max();
    let executions = store
        .executions
        .usable(cx.here, FeedId::Executions.interval());
    let workflows = store
        .workflows
        .usable(cx.here, FeedId::Workflows.interval());
    let n8n_at = (n8n_at, stands(executions.is_some() || workflows.is_some()));
    let mut segments = vec![
        listening(cx, store, listener),
        database(cx, store, read_at, rest),
        link(cx, "n8n", &store.n8n, n8n_at, rest),
    ];
    let stream = &store.stream;
    let evicted = stream.evicted();
    let kept = format!(
        "kept {} evicted {}",
        text::count(stream.len() as u64),
        text::count(evicted)
    );
    segments.push(vec![(kept, Role::Dim)]);
    segments.extend(ledger(store));
    segments.push(vec![(
        format!("notified {}", text::count(store.notifications)),
        Role::Dim,
    )]);
    if let Some(server) = store
        .server
        .value()
        .filter(|server| server.skew_ms.abs() >= 500)
    {
        let skew = server.skew_ms as f64 / 1_000.0;
        segments.push(vec![(format!("clock skew {skew:+.1}s"), Role::Warn)]);
    }
    segments
}

/// How the connection that listens stands: how long ago a notification to ourselves last came back over it, for a quiet line
/// and a dead one look the same.
fn listening(cx: &Context<'_>, store: &Store, short: bool) -> Segment {
    let listener = &store.listener;
    let (Link::Up(_, remark), Some((at, took_us))) = (listener, store.proven) else {
        return link(cx, "listen", listener, (None, stands(true)), short);
    };
    let age = cx.here - at;
    let span = text::span(age);
    let mut segment = vec![("listen ".to_owned(), Role::Dim)];
    if age > UNPROVEN {
        segment.push((format!("unproven {span}"), Role::Stale));
    } else {
        segment.push(("ok".to_owned(), Role::Ok));
        segment.push((format!(" {span}"), Role::Dim));
    }
    if !short {
        let ms = took_us as f64 / 1_000.0;
        segment.push((format!(", round trip {ms:.1}ms"), Role::Dim));
        segment.extend(
            remark
                .as_ref()
                .map(|said| (format!(" ({said})"), Role::Dim)),
        );
    }
    segment
}

/// How the connection that reads stands, and what outpost costs the database.
fn database(cx: &Context<'_>, store: &Store, read_at: Option<Timestamp>, short: bool) -> Segment {
    let stages = store.stages.usable(cx.here, FeedId::Stages.interval());
    let tail = store.tail.usable(cx.here, FeedId::Tail.interval());
    let stands = if store.resting.is_some() {
        ("rests", Role::Idle)
    } else {
        stands(stages.is_some() || tail.is_some())
    };
    let mut segment = link(cx, "db", &store.reader, (read_at, stands), short);
    segment.extend(standby(cx, store));
    let Some(rate) = store.cost.rate(cx.here) else {
        return segment;
    };
    let queries = text::rate(rate.queries);
    let busy = if rate.busy_ms < 999.5 {
        format!("{}ms/s", text::rate(rate.busy_ms))
    } else {
        format!("{}s/s", text::rate(rate.busy_ms / 1_000.0))
    };
    let role = if rate.busy_ms > store.cost.budget_ms as f64 {
        Role::Warn
    } else {
        Role::Dim
    };
    segment.push((format!(" {queries}q/s {busy}"), role));
    segment.extend(slowed(store).map(|words| (words, Role::Warn)));
    segment
}

/// How a line stands that is up, by whether what comes over it is fresh.
const fn stands(is_fresh: bool) -> (&'static str, Role) {
    if is_fresh {
        ("ok", Role::Ok)
    } else {
        ("STALE", Role::Stale)
    }
}

/// That the server is a standby, and how far it follows its primary.
fn standby(cx: &Context<'_>, store: &Store) -> Option<(String, Role)> {
    let replay = store.server.value()?.replay?;
    let clock = cx.now;
    let is_close = replay.behind(clock).is_some_and(|behind| behind < LATE);
    let is_well = replay.state == Following::CaughtUp || replay.state == Following::Behind;
    let role = if is_close && is_well {
        Role::Dim
    } else {
        Role::Warn
    };
    Some((format!(", standby {}", replay.words(clock)), role))
}

/// How far refresh is slowed to keep to the budget, if it is.
fn slowed(store: &Store) -> Option<String> {
    let stretch = f64::from(store.cost.latest()?.stretch_permille) / f64::from(UNSTRETCHED);
    (stretch >= 1.05).then(|| format!(" slowed x{}", text::rate(stretch)))
}

/// What the ledger says of losses, as of the last sweep.
fn ledger(store: &Store) -> Option<Segment> {
    let balance = store.ledger.value()?;
    let lost = balance.count.lost;
    let role = if lost == 0 { Role::Ok } else { Role::Bad };
    let rest = format!(
        " of {} backfilled {}{}",
        text::count(balance.table()),
        text::count(balance.backfilled()),
        if balance.count.is_approximate() {
            ", approximate"
        } else {
            ""
        }
    );
    Some(vec![
        ("ledger ".to_owned(), Role::Dim),
        (format!("lost {}", text::count(lost)), role),
        (rest, Role::Dim),
    ])
}

/// How a connection stands, and how old the newest data from it is.
fn link(
    cx: &Context<'_>,
    name: &str,
    link: &Link,
    (newest, (word, role)): (Option<Timestamp>, (&str, Role)),
    short: bool,
) -> Segment {
    let name = (format!("{name} "), Role::Dim);
    match link {
        Link::Connecting => vec![name, ("connecting".to_owned(), Role::Stale)],
        Link::Up(since, remark) => {
            let age = newest.map_or_else(
                || format!(" for {}", text::span(cx.here - *since)),
                |at| format!(" {} old", text::span(cx.here - at)),
            );
            let remark = remark.as_deref().filter(|_| !short);
            let remark = remark.map_or_else(String::new, |said| format!(" ({said})"));
            let stands = if newest.is_some() {
                (word.to_owned(), role)
            } else {
                ("ok".to_owned(), Role::Ok)
            };
            vec![name, stands, (format!("{age}{remark}"), Role::Dim)]
        }
        Link::Deaf(since, why) => {
            let deaf = format!("DEAF {}", text::span(cx.here - *since));
            let why = if short {
                String::new()
            } else {
                format!(" {why}")
            };
            vec![name, (deaf, Role::Bad), (why, Role::Stale)]
        }
        Link::Down { .. } => [vec![name], down(cx, link, newest.is_none(), short)].concat(),
        Link::Off(why) => vec![
            name,
            ("off".to_owned(), Role::Idle),
            (
                if short {
                    String::new()
                } else {
                    format!(" {why}")
                },
                Role::Dim,
            ),
        ],
    }
}

/// Since when a connection is down, why, and when it is tried again; nothing of one that is not.
fn down(cx: &Context<'_>, link: &Link, is_new: bool, short: bool) -> Segment {
    let Link::Down {
        since,
        fault,
        tries,
        next_try,
    } = link
    else {
        return Vec::new();
    };
    let age = text::span(cx.here - *since);
    if let Fault::Waking(said) = fault {
        let why = if short {
            String::new()
        } else {
            format!(" {}", said.display_cut(80))
        };
        return vec![(format!("waking {age}"), Role::Stale), (why, Role::Dim)];
    }
    let next = if *next_try > cx.here {
        format!("in {}", text::span(*next_try - cx.here))
    } else {
        "now".to_owned()
    };
    let why = if short && is_new {
        String::new()
    } else if short {
        format!(", try {next}")
    } else {
        format!(" {}, try {} {next}", freshness::short(fault), tries + 1)
    };
    vec![(format!("DOWN {age}"), Role::Bad), (why, Role::Stale)]
}

/// As many whole segments as fit.
fn whole(cx: &Context<'_>, buf: &mut Buffer, area: Rect, segments: &[Segment]) {
    let mut line = Line::from(Span::raw(" "));
    for (at, segment) in segments.iter().enumerate() {
        let separator = if at < 2 { "" } else { "| " };
        let mut more = vec![Span::styled(separator, cx.style(Role::Border))];
        for (words, role) in segment {
            more.push(Span::styled(words.clone(), cx.style(*role)));
        }
        more.push(Span::raw(" "));
        let width: usize = more.iter().map(Span::width).sum();
        if at > 1 && line.width() + width > usize::from(area.width) + 1 {
            break;
        }
        line.spans.extend(more);
    }
    panel::put(buf, area, 0, &line);
}
