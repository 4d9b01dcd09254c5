//! What is wrong, where: each trouble of a stage, and each firing alert that no stage stands for.

use super::{Evidence, Health};
use crate::domain::{
    Timestamp,
    alert::{Alert, Level, Reading, RuleId},
    duration,
    event::EventType,
    flow::{FlowLine, Trouble},
};

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub(super) struct Finding<'a> {
    /// How bad.
    pub health: Health,
    /// What kind of trouble.
    pub trouble: Trouble,
    /// The stage, if it is of one.
    pub stage: Option<EventType>,
    /// Its line, if it has one.
    pub line: Option<&'a FlowLine>,
    /// What, where, how much, which way.
    pub headline: String,
    /// The same in fewer words, the longest first.
    pub shorter: Vec<String>,
    /// What and where.
    pub short: String,
    /// Since when.
    pub since: Option<Timestamp>,
}

impl Finding<'_> {
    /// The headline with what else is wrong, and shorter forms of both, the longest first. How many others there
    /// are is the last thing to go.
    pub(super) fn with(&self, others: &[Self]) -> (String, Vec<String>) {
        let (also, more) = match others {
            [] => return (self.headline.clone(), self.shorter.clone()),
            [second] => (format!("; also {}", second.short), "; +1 more".to_owned()),
            [second, rest @ ..] => (
                format!("; also {} and {} more", second.short, rest.len()),
                format!("; +{} more", others.len()),
            ),
        };
        let forms = || std::iter::once(&self.headline).chain(&self.shorter);
        let mut shorter: Vec<String> = forms().map(|form| format!("{form}{more}")).collect();
        shorter.extend(self.shorter.last().cloned());
        (format!("{}{also}", self.headline), shorter)
    }
}

/// The findings: the worst first, of equally bad ones the earliest in the pipeline. A stage that is stalled
/// under a stalled one is a consequence, not a finding.
pub(super) fn findings<'a>(e: &Evidence<'a>) -> Vec<Finding<'a>> {
    let mut found: Vec<Finding<'a>> = e
        .flow
        .iter()
        .filter(|line| !(line.trouble == Some(Trouble::Stalled) && under_a_stall(e, line)))
        .filter_map(|line| line.trouble.map(|trouble| of_line(e, line, trouble)))
        .flatten()
        .filter(|found| !found.trouble.is_silenced(e.alerts))
        .collect();
    let loud = |alert: &&Alert| alert.is_firing() && !alert.is_silenced();
    for alert in e.alerts.iter().filter(loud) {
        let trouble = Trouble::of(alert.rule);
        let covered = found.iter().any(|f| f.trouble == trouble);
        if !covered {
            found.push(of_alert(e, alert, None));
        }
    }
    // Stable: the order of the pipeline stays among equals.
    found.sort_by_key(|finding| finding.health);
    found
}

fn under_a_stall(e: &Evidence<'_>, line: &FlowLine) -> bool {
    e.pipeline.ancestors(&line.stage).any(|above| {
        e.flow.iter().any(|other| {
            other.stage.raw() == above
                && other.trouble == Some(Trouble::Stalled)
                && other.health <= line.health
        })
    })
}

fn of_line<'a>(e: &Evidence<'a>, line: &'a FlowLine, trouble: Trouble) -> Option<Finding<'a>> {
    let reading = &line.reading;
    let stage = line.stage.label();
    let (word, numbers, since) = match trouble {
        Trouble::Starved => return None,
        Trouble::Alert(rule) => {
            let alert = e.alert(rule)?;
            return Some(of_alert(e, alert, Some(line)));
        }
        Trouble::Dropped => return dropped(e, line),
        Trouble::Stalled => ("STALLED", backlog(line), reading.oldest_pending),
        Trouble::Growing => ("BACKLOG GROWS", backlog(line), reading.oldest_pending),
        Trouble::Storm => ("STORM", flood(line), reading.oldest_pending),
        Trouble::Errors => {
            let alert = e.alert(RuleId::HighErrorRate);
            let since = alert.and_then(|alert| alert.state.since());
            ("ERRORS", error_share(line), since)
        }
    };
    let [long, short, least] = numbers;
    Some(Finding {
        health: line.health,
        trouble,
        stage: Some(line.stage.clone()),
        line: Some(line),
        headline: format!("{word} at {}: {long}", place(line)),
        shorter: vec![
            format!("{word} at {stage}: {long}"),
            format!("{word} at {stage}: {short}"),
            format!("{word} {stage}: {least}"),
        ],
        short: format!("{} {stage}", word.to_lowercase()),
        since,
    })
}

/// Records that are done, and nothing came of them: which, for how long, and what gap would be usual.
fn dropped<'a>(e: &Evidence<'a>, line: &'a FlowLine) -> Option<Finding<'a>> {
    let lost = e.drops?.news(&line.stage)?;
    let since = lost.dropped.iter().map(|it| it.ended_at).min()?;
    let (stage, child) = (line.stage.label(), lost.child.label());
    let n = match lost.dropped.len() {
        1 => "1 record".to_owned(),
        n => format!("{n} records"),
    };
    let late = duration::format((e.now - since).num_seconds());
    let gap = duration::format(lost.gap_s as i64);
    let p99 = if lost.p99_ms.is_some() { " p99" } else { "" };
    Some(Finding {
        health: line.health,
        trouble: Trouble::Dropped,
        stage: Some(line.stage.clone()),
        line: Some(line),
        headline: format!(
            "DROPPED at {}: {n} done, no {child} for {late} (gap{p99} {gap})",
            place(line)
        ),
        shorter: vec![
            format!("DROPPED at {stage}: {n} done, no {child} for {late} (gap{p99} {gap})"),
            format!("DROPPED at {stage}: {n} done, no {child} for {late}"),
            format!("DROPPED {stage}: {n}"),
        ],
        short: format!("dropped {stage}"),
        since: Some(since),
    })
}

/// The stage, and the workflow that takes its events.
fn place(line: &FlowLine) -> String {
    match &line.workflow {
        Some(workflow) => format!("{} > {workflow}", line.stage.label()),
        None => line.stage.label(),
    }
}

/// `412 pending, oldest 7m03s, +38/min`, with the time to drain when it falls; and two shorter forms.
fn backlog(line: &FlowLine) -> [String; 3] {
    let reading = &line.reading;
    let more = if reading.pending_capped { "+" } else { "" };
    let age = line.oldest_s.map(duration::format);
    let oldest = age
        .as_ref()
        .map_or_else(String::new, |age| format!(", oldest {age}"));
    let drain = reading.drain_seconds().map_or_else(String::new, |s| {
        format!(", drained in {}", duration::format(s as i64))
    });
    let net = reading.net_per_min();
    let pending = reading.pending;
    [
        format!("{pending}{more} pending{oldest}, {net:+.0}/min{drain}"),
        format!("{pending}{more} pending{oldest}, {net:+.0}/min"),
        format!("{pending}{more}, {net:+.0}/min"),
    ]
}

/// What comes in against what usually does, and the backlog.
fn flood(line: &FlowLine) -> [String; 3] {
    let usual = line.trend.usual_in_per_min().unwrap_or_default();
    let rate = line.reading.in_per_min();
    let [long, short, least] = backlog(line);
    [
        format!("{rate:.0}/min in, usual {usual:.0}/min; {long}"),
        format!("{rate:.0}/min in, usual {usual:.0}; {short}"),
        format!("{rate:.0}/min in; {least}"),
    ]
}

fn error_share(line: &FlowLine) -> [String; 3] {
    let reading = &line.reading;
    let (rate, n) = reading.error_rate();
    let share = crate::domain::outcomes::Share {
        part: reading.errors_1h,
        of: n,
    };
    let low = share.wilson().map_or(0.0, |(low, _)| low * 100.0);
    let rate = rate.unwrap_or_default() * 100.0;
    [
        format!("{rate:.0}% of {n} failed in 1h (surely over {low:.0}%)"),
        format!("{rate:.0}% of {n} failed in 1h"),
        format!("{rate:.0}% of {n}"),
    ]
}

fn of_alert<'a>(e: &Evidence<'a>, alert: &Alert, line: Option<&'a FlowLine>) -> Finding<'a> {
    let rule = alert.rule();
    let (value, n) = match &alert.reading {
        Reading::Value { value, n, .. } => (rule.format(*value), *n),
        Reading::Idle | Reading::Unknown(_) => ("?".to_owned(), 0),
    };
    let limit = rule.format(rule.fire);
    let window = rule.window;
    let (word, numbers) = match alert.rule {
        RuleId::PipelineStalled => (
            "STALLED",
            format!("{value} events pending for more than 5m"),
        ),
        RuleId::HighErrorRate => (
            "ERRORS",
            format!("{value} of {n} in {window}, limit {limit}"),
        ),
        RuleId::DeliverabilityDrop => (
            "BOUNCES",
            format!("{value} of {n} deliveries in {window} bounced, limit {limit}"),
        ),
        RuleId::CrmSyncFailure => (
            "CRM SYNC FAILS",
            format!("no success for {value}, {n} leads due in {window}"),
        ),
        RuleId::SlowProcessing => {
            let worst = line.map_or_else(String::new, |line| {
                format!(", slowest {}", line.stage.label())
            });
            (
                "SLOW",
                format!("{value} on average over {window} (n={n}){worst}, limit {limit}"),
            )
        }
        RuleId::LowEnrichment => (
            "ENRICHMENT LOW",
            format!("{value} of {n} in {window} found an e-mail, limit {limit}"),
        ),
        RuleId::ReplyRateDrop => (
            "REPLIES LOW",
            format!("{value} of {n} contacts in {window} replied, limit {limit}"),
        ),
    };
    let stage = alert.stage();
    let line = line.or_else(|| e.flow.iter().find(|l| Some(&l.stage) == stage.as_ref()));
    Finding {
        health: match rule.level {
            Level::Critical => Health::Critical,
            Level::Warning => Health::Warning,
        },
        trouble: Trouble::of(alert.rule),
        stage,
        line,
        headline: format!("{word}: {numbers}"),
        shorter: vec![format!("{word}: {value}, n={n}")],
        short: word.to_lowercase(),
        since: alert.state.since(),
    }
}
