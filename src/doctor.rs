//! `outpost doctor`: what is wrong with an installation, why that matters, and the statement or step that mends it.
//! It changes nothing.

mod database;
mod flow;
mod n8n;
mod notifier;
pub mod print;

pub use n8n::N8nAnswer;

use crate::{
    domain::{pipeline::Pipeline, untrusted::Untrusted},
    msg::Fault,
    sources::{
        n8n::Absent,
        postgres::{Settings, probe},
    },
};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Something does not work, or not well.
    Warn,
    /// The pipeline, or the view of it, is broken.
    Critical,
    /// It could not be found out.
    Unknown,
}

impl Level {
    /// Its word, for people and `--json`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
        }
    }

    /// The exit code it leads to.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warn => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }

    const fn weight(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warn => 1,
            Self::Unknown => 2,
            Self::Critical => 3,
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was found.
    pub what: Untrusted,
    /// Why it matters; empty where all is well.
    pub why: String,
    /// The SQL or the step that mends it; empty where nothing needs to be.
    pub mend: Untrusted,
}

impl Finding {
    fn ok(what: impl Into<String>) -> Self {
        Self::new(Level::Ok, what, "", "")
    }

    fn warn(what: impl Into<String>, why: &str, mend: impl Into<String>) -> Self {
        Self::new(Level::Warn, what, why, mend)
    }

    fn critical(what: impl Into<String>, why: &str, mend: impl Into<String>) -> Self {
        Self::new(Level::Critical, what, why, mend)
    }

    fn unknown(what: &str, fault: &Fault) -> Self {
        let is_gap = matches!(fault, Fault::Missing(_) | Fault::Forbidden(_));
        let mend = if is_gap {
            "grant or add what is named as missing here, then look again"
        } else {
            fault.advice()
        };
        let what = format!("{what}: {fault}");
        Self::new(Level::Unknown, what, "it could not be looked at", mend)
    }

    fn new(level: Level, what: impl Into<String>, why: &str, mend: impl Into<String>) -> Self {
        Self {
            level,
            what: what.into().into(),
            why: why.to_owned(),
            mend: mend.into().into(),
        }
    }

    /// That no database is named.
    pub fn no_database() -> Self {
        Self::critical(
            "no database address is given",
            "everything outpost shows of the pipeline comes from there",
            "set DATABASE_URL, or database.url in the config file",
        )
    }

    /// That n8n is not asked, since something is missing for it.
    pub fn no_n8n(absent: Absent) -> Self {
        n8n::unasked(absent)
    }

    /// That what is set makes no sense: `said` in its first line, and the next step in the others, if there are any.
    pub fn unusable(said: &str) -> Self {
        let (what, mend) = said.split_once('\n').unwrap_or((said, ""));
        let mend = if mend.is_empty() {
            "correct it in the environment or in the config file; outpost config prints what is in force"
        } else {
            mend
        };
        Self::critical(what, "it cannot be asked at all", mend)
    }
}

/// Looks at everything: the database of `settings`, and what `n8n` answered; or tells why there is nothing to
/// look at. Stages are those of `pipeline`.
pub async fn examine(
    pipeline: &Pipeline,
    settings: Result<&Settings, Finding>,
    n8n: Result<&N8nAnswer, Finding>,
) -> Vec<Finding> {
    let mut findings = match settings {
        Ok(settings) => match probe::probe(settings).await {
            Ok(probe) => {
                let mut findings = database::judge(settings, &probe);
                findings.extend(flow::judge(pipeline, &probe));
                findings
            }
            Err(fault) => {
                let what = format!("database: {fault}");
                vec![Finding::critical(
                    what,
                    "nothing can be read",
                    fault.advice(),
                )]
            }
        },
        Err(finding) => vec![finding],
    };
    match n8n {
        Ok(answer) => findings.extend(n8n::judge(answer)),
        Err(finding) => findings.push(finding),
    }
    findings
}

/// The worst of `findings`; critical is worse than unknown, unknown than a warning.
pub fn worst(findings: &[Finding]) -> Level {
    let levels = findings.iter().map(|finding| finding.level);
    levels
        .max_by_key(|level| level.weight())
        .unwrap_or(Level::Unknown)
}

#[cfg(test)]
mod tests;
