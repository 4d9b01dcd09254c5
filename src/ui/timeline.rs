//! What happened to one record, a line a moment.

use ratatui::text::{Line, Span};

use super::{Context, Role, badge, text};
use crate::domain::{
    error_group::ErrorDetail,
    mask,
    timeline::{self, Happening, Join, Moment},
    workflow::{Execution, ExecutionStatus},
};

/// The moments of `detail` and, at the end, now; each cut to `width` cells.
pub fn lines(
    cx: &Context<'_>,
    detail: &ErrorDetail,
    executions: &[Execution],
    width: usize,
) -> Vec<Line<'static>> {
    let moments = timeline::of(detail, executions, cx.pipeline, cx.now);
    let mut lines: Vec<Line<'static>> = moments
        .iter()
        .map(|moment| line(cx, detail, moment, width))
        .collect();
    let now = format!("{:<9} -- now --", text::clock(cx, cx.now));
    lines.push(Line::styled(now, cx.style(Role::Dim)));
    lines
}

fn line(
    cx: &Context<'_>,
    detail: &ErrorDetail,
    moment: &Moment<'_>,
    width: usize,
) -> Line<'static> {
    let (says, role) = says(cx, detail, moment);
    // What is weakly joined stands in brackets: it may belong to another record.
    let says = match moment.join {
        Join::Weak => format!("[{says}] weak"),
        Join::Exact | Join::Strong => says,
    };
    let clock = format!("{:<9} ", text::clock(cx, moment.at));
    let room = width.saturating_sub(clock.len());
    Line::from(vec![
        Span::styled(clock, cx.style(Role::Dim)),
        Span::styled(text::cut(&says, room), cx.style(role)),
    ])
}

fn says(cx: &Context<'_>, detail: &ErrorDetail, moment: &Moment<'_>) -> (String, Role) {
    match &moment.what {
        Happening::Event(event) => {
            let own = detail
                .event
                .as_ref()
                .is_some_and(|(own, _)| own.id == event.id);
            let took = event.processed_at.map_or_else(String::new, |end| {
                let ms = (end - event.created_at).num_milliseconds();
                format!(" {}", text::latency(u64::try_from(ms).unwrap_or(0)))
            });
            let sign = if own { ">" } else { " " };
            let words = format!(
                "{sign}ev {} {} {}{took}",
                event.id,
                event.stage.label(),
                event.status.label()
            );
            (words, badge::status(&event.status))
        }
        Happening::Error(error) => {
            let own = if error.id == detail.error.id {
                ">"
            } else {
                " "
            };
            let message = mask::addresses(&error.message.display_cut(160));
            (format!("{own}er {} {message}", error.id), Role::Bad)
        }
        Happening::Execution(execution) => {
            let words = format!(
                " ex {} {}",
                execution.id,
                execution_status(&execution.status)
            );
            (words, Role::Text)
        }
        Happening::Missing(stage, after) => {
            let words = format!(
                " -- {stage} is missing after #{after} (due {})",
                text::clock(cx, moment.at)
            );
            (words, Role::Warn)
        }
    }
}

fn execution_status(status: &ExecutionStatus) -> String {
    let word = match status {
        ExecutionStatus::New => "queued",
        ExecutionStatus::Running => "running",
        ExecutionStatus::Waiting => "waiting",
        ExecutionStatus::Success => "ok",
        ExecutionStatus::Error => "ERROR",
        ExecutionStatus::Canceled => "cancelled",
        ExecutionStatus::Crashed => "crashed",
        ExecutionStatus::Other(word) => return word.display_cut(16),
    };
    word.to_owned()
}
