//! An execution of n8n, whole: how far it came, what its nodes said, which event it is of.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Context, Role, freshness, overlay, page::Page, text};
use crate::{
    domain::{
        event::RowId,
        mask,
        run::{RunData, name, words},
        untrusted::Untrusted,
        workflow::{Execution, ExecutionStatus},
    },
    msg::Fault,
};

/// What was read of an execution, if it was.
pub type Known<'a> = Option<&'a Result<RunData, Fault>>;

/// What was read of an execution, and why nothing is, where nothing is.
pub type Ran<'a> = (Known<'a>, Option<String>);

/// What n8n keeps of an execution, a name, what is to be said and how loudly; or `why` nothing is read of it, where nothing is.
pub fn facts(known: Known<'_>, why: Option<&str>) -> Vec<(&'static str, String, Role)> {
    let run = match (known, why) {
        (Some(Ok(run)), _) => run,
        (Some(Err(fault)), _) => return vec![("node", freshness::explained(fault), Role::Stale)],
        (None, Some(why)) => return vec![("node", format!("not read: {why}"), Role::Dim)],
        (None, None) => return vec![("node", "reading it".to_owned(), Role::Dim)],
    };
    let mut facts = Vec::new();
    if run.is_too_long {
        let size = run.bytes.map_or("longer than 3 MB".to_owned(), size);
        let says = format!("its data is {size}, and left where it is: n8n would stand still");
        facts.push(("node", says, Role::Warn));
    } else if let Some(place) = run.place() {
        let role = if run.error.is_some() {
            Role::Bad
        } else {
            Role::Text
        };
        facts.push(("node", place, role));
    } else if run.has_ended {
        let none = "it does not say: n8n keeps no data of it";
        facts.push(("node", none.to_owned(), Role::Dim));
    } else {
        let none = "not told before it ends";
        facts.push(("node", none.to_owned(), Role::Dim));
    }
    if let Some(error) = &run.error {
        let says = words(error);
        facts.push(("failed", says, Role::Bad));
    }
    let version = run.version.as_ref();
    // Its first digits tell it from others, as elsewhere those of a commit do.
    let version = version.map_or_else(|| "-".to_owned(), |it| mask::cut(it, 8));
    let retry = run.retry_of.as_ref().map_or("-", RowId::as_str);
    let data = run.bytes.map_or_else(|| "-".to_owned(), size);
    let says = format!("{version}  retry of {retry}  data {data}");
    facts.push(("version", says, Role::Text));
    if !run.custom.is_empty() {
        let pair =
            |(key, value): &(Untrusted, Untrusted)| format!("{}={}", name(key), words(value));
        let all: Vec<String> = run.custom.iter().map(pair).collect();
        facts.push(("custom", all.join("  "), Role::Text));
    }
    facts
}

/// So many bytes, shortly: `3.1 kB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// Paints the execution `id`, as the list has it if it does, of that workflow.
pub fn run(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    (id, listed, workflow): (&RowId, Option<&Execution>, Option<&Untrusted>),
    (known, why): Ran<'_>,
    scroll: usize,
) {
    let width = area.width.min(110);
    let mut page = Page::new(cx, usize::from(width).saturating_sub(4), true);
    page.optional("workflow", workflow, Role::Strong);
    if let Some(listed) = listed {
        began(&mut page, listed);
    }
    for (name, says, role) in facts(known, why.as_deref()) {
        page.pair(name, &says, role);
    }
    if let Some(Ok(run)) = known {
        let says = match run.event() {
            Some(id) => format!("{id}, joined exact: enter opens it"),
            None if run.is_too_long => "not known: its data was left where it is".to_owned(),
            None => "it names none".to_owned(),
        };
        page.pair("event", &says, Role::Text);
        nodes(&mut page, run);
    }
    let lines = page.lines;
    let height = (lines.len() + 2).min(usize::from(area.height)).max(8) as u16;
    let badge = ("people masked".to_owned(), Role::Dim);
    let title = format!("EXECUTION #{id}");
    let inner = overlay::popup(cx, buf, area, (width, height), &title, &badge);
    overlay::scrolled(cx, buf, inner, &lines, scroll);
}

fn began(page: &mut Page<'_>, listed: &Execution) {
    let took = listed.started_at.zip(listed.stopped_at);
    let took = took.map_or_else(String::new, |(from, to)| {
        let ms = u64::try_from((to - from).num_milliseconds()).unwrap_or(0);
        format!("  {}", text::latency(ms))
    });
    let status = Untrusted::from(listed.status.word()).display_cut(16);
    let role = match listed.status {
        ExecutionStatus::Error | ExecutionStatus::Crashed => Role::Bad,
        ExecutionStatus::New
        | ExecutionStatus::Running
        | ExecutionStatus::Waiting
        | ExecutionStatus::Success
        | ExecutionStatus::Canceled
        | ExecutionStatus::Other(_) => Role::Text,
    };
    let mode = listed.mode.display_cut(16);
    let again = listed.retry_success.as_ref();
    let again = again.map_or_else(String::new, |by| format!("  retried well by {by}"));
    let says = format!("{status}  mode {mode}{took}{again}");
    page.pair("status", &says, role);
    let began = listed.started_at;
    let began = began.map_or_else(
        || "queued".to_owned(),
        |at| {
            let ago = text::span(page.cx.here - at);
            format!("{}, {ago} ago", text::clock(page.cx, at))
        },
    );
    page.pair("began", &began, Role::Text);
}

fn nodes(page: &mut Page<'_>, run: &RunData) {
    if run.nodes.is_empty() {
        return;
    }
    page.heading(&format!(
        "NODES that ran  {} of {}",
        run.ran,
        run.of.max(run.ran)
    ));
    for (at, node) in run.nodes.iter().enumerate() {
        let took = node.took_ms.map_or_else(|| "-".to_owned(), text::latency);
        let times = match node.times {
            0 | 1 => String::new(),
            n => format!("  {n} times"),
        };
        let named = text::cut(&name(&node.name), 32);
        let named = text::padded(&named, 32);
        let status = mask::cut(&node.status, 12);
        let line = format!("{:>3} {named} {status:<9} {took:>6}{times}", at + 1);
        let is_bad = matches!(node.status.raw(), "error" | "crashed");
        let role = if is_bad { Role::Bad } else { Role::Text };
        page.text(&line, role);
        if let Some(error) = &node.error {
            let says = words(error);
            page.text(&format!("    {says}"), Role::Bad);
        }
    }
    let more = run.ran.saturating_sub(run.nodes.len());
    if more > 0 {
        page.text(&format!("    and {more} more"), Role::Dim);
    }
}
