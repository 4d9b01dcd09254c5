//! How much it takes to confirm a plan: the more it does that cannot be taken back, the more has to be typed.

use super::{super::pipeline::SideEffect, Mutation, Plan};

/// More rows than this are not confirmed with one key.
const MANY: usize = 25;

/// What confirms a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tier {
    /// One key.
    Yes,
    /// This text, typed; and behind it why, where a reason is needed.
    Typed {
        /// The text: the number of rows, with a word before it where the guard could not look.
        text: String,
        /// Whether a reason is needed.
        reason: bool,
    },
}

/// Why a plan cannot be confirmed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unready {
    /// The database has not said yet what speaks against it.
    Awaited,
    /// Every row is blocked.
    Blocked,
}

impl Unready {
    /// A sentence with the next step.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Awaited => {
                "not yet: the guard has not said what speaks against this; if it does not, leave the plan and ask again"
            }
            Self::Blocked => {
                "there is nothing to run: every row is blocked, each for the reason shown"
            }
        }
    }
}

impl Tier {
    /// What confirms a retry of `n` events that does this outside, where the guard blocks none and sees everything.
    pub fn of(n: usize, effects: &[SideEffect]) -> Self {
        by_effect(n, effects, "")
    }

    /// Takes what was typed: the reason, if one was given.
    ///
    /// # Errors
    /// What is missing, in a sentence.
    pub fn take(&self, typed: &str) -> Result<Option<String>, String> {
        let Self::Typed { text, reason } = self else {
            return Ok(None);
        };
        let typed = typed.trim();
        let rest = typed
            .strip_prefix(text.as_str())
            .filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
            .ok_or_else(|| format!("not confirmed: type {text} first, exactly"))?;
        let why = rest.trim();
        if *reason && why.is_empty() {
            return Err(format!("not confirmed: {text}, and behind it why"));
        }
        Ok((!why.is_empty()).then(|| why.to_owned()))
    }
}

impl Plan {
    /// What confirms it.
    ///
    /// # Errors
    /// Why nothing does, as it stands.
    pub fn tier(&self) -> Result<Tier, Unready> {
        let n = self.running();
        if !self.mutation.is_in_n8n() && self.examined.is_none() {
            return Err(Unready::Awaited);
        }
        if let Mutation::RetryExecutions { targets, .. } = &self.mutation {
            let effects: Vec<SideEffect> =
                targets.iter().map(|target| target.side_effect).collect();
            return Ok(by_effect(n, &effects, ""));
        }
        if let Mutation::InsertEvent(event) = &self.mutation {
            let examined = self.examined.as_ref().ok_or(Unready::Awaited)?;
            if !examined.blocked.is_empty() {
                return Err(Unready::Blocked);
            }
            let blind = if examined.unknown.is_empty() {
                ""
            } else {
                "unchecked "
            };
            return Ok(by_effect(n, &[event.side_effect], blind));
        }
        if let (Mutation::Purge(purge), Some(examined)) = (&self.mutation, &self.examined) {
            if examined.old.is_empty() {
                return Err(Unready::Blocked);
            }
            return Ok(Tier::Typed {
                text: purge.name.clone(),
                reason: true,
            });
        }
        if let Mutation::DeleteTestEvents { .. } = &self.mutation {
            let examined = self.examined.as_ref().ok_or(Unready::Awaited)?;
            if examined.eligible.is_empty() {
                return Err(Unready::Blocked);
            }
        }
        // What was stopped cannot be taken up where it stood.
        if let Mutation::StopExecutions(_) = &self.mutation {
            return Ok(counted(n));
        }
        if n == 0 {
            return Err(Unready::Blocked);
        }
        let (Mutation::RetryEvents(retry), Some(examined)) = (&self.mutation, &self.examined)
        else {
            return Ok(if n > MANY { counted(n) } else { Tier::Yes });
        };
        let versions = examined.versions();
        let runs: Vec<SideEffect> = retry
            .targets
            .iter()
            .filter(|target| versions.contains_key(&target.id))
            .map(|target| target.side_effect)
            .collect();
        // One word for each thing that is known to be risked.
        let blind = match (examined.unknown.is_empty(), retry.is_overridden()) {
            (true, false) => "",
            (false, false) => "unchecked ",
            (true, true) => "quiet ",
            (false, true) => "unchecked quiet ",
        };
        Ok(by_effect(n, &runs, blind))
    }
}

/// What confirms `n` runs that do this outside; `blind` is the word to type before the number where nobody could look
/// whether people are written to twice.
fn by_effect(n: usize, effects: &[SideEffect], blind: &str) -> Tier {
    let any = |wanted: SideEffect| effects.contains(&wanted);
    if any(SideEffect::PersonFacing) {
        Tier::Typed {
            text: format!("{blind}{n}"),
            reason: true,
        }
    } else if n > MANY || any(SideEffect::PaidApi) || any(SideEffect::CrmWrite) {
        counted(n)
    } else {
        Tier::Yes
    }
}

fn counted(n: usize) -> Tier {
    Tier::Typed {
        text: n.to_string(),
        reason: false,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{
        super::{EventTarget, Examination, Version},
        *,
    };
    use crate::domain::{
        event::{EventType, RowId},
        pipeline::Pipeline,
        untrusted::Untrusted,
    };

    fn retry(stage: &str, n: i64, examined: Option<Examination>) -> Plan {
        let target = |id: i64| EventTarget {
            id: RowId::from(id),
            stage: EventType::from(stage),
            side_effect: Pipeline::guide().side_effect(&EventType::from(stage)),
            raw_status: Untrusted::from("failed"),
            retries: 0,
        };
        Plan {
            examined,
            ..Plan::new(
                Mutation::RetryEvents((1..=n).map(target).collect::<Vec<_>>().into()),
                DateTime::UNIX_EPOCH,
            )
        }
    }

    fn seen(n: i64) -> Examination {
        let version = |id: i64| Version {
            id: RowId::from(id),
            xmin: Some("7".to_owned()),
        };
        Examination {
            eligible: (1..=n).map(version).collect(),
            ..Examination::default()
        }
    }

    fn typed(text: &str, reason: bool) -> Tier {
        Tier::Typed {
            text: text.to_owned(),
            reason,
        }
    }

    #[test]
    fn what_is_typed_grows_with_what_cannot_be_taken_back() {
        let blind = Examination {
            unknown: vec!["no delivery log".to_owned()],
            ..seen(2)
        };
        let cases = [
            ("email_opened", 25, seen(25), Tier::Yes),
            ("email_opened", 26, seen(26), typed("26", false)),
            ("slots_created", 1, seen(1), typed("1", false)),
            ("lead_qualified", 1, seen(1), typed("1", false)),
            ("message_queued", 3, seen(2), typed("2", true)),
            (
                "follow_up_due",
                2,
                blind.clone(),
                typed("unchecked 2", true),
            ),
            ("a stage of the site", 2, blind, typed("unchecked 2", true)),
        ];
        for (stage, n, examined, tier) in cases {
            assert_eq!(retry(stage, n, Some(examined)).tier(), Ok(tier), "{stage}");
        }
    }

    #[test]
    fn nothing_confirms_a_retry_before_the_guard_has_answered_or_when_all_is_blocked() {
        assert_eq!(retry("email_opened", 1, None).tier(), Err(Unready::Awaited));
        assert_eq!(
            retry("email_opened", 1, Some(seen(0))).tier(),
            Err(Unready::Blocked)
        );
    }

    #[test]
    fn another_number_a_longer_number_or_no_reason_confirms_nothing() {
        let tier = typed("3", true);
        for wrong in ["", "y", "31 why", "3", " 3 ", "why 3"] {
            tier.take(wrong).unwrap_err();
        }
        assert_eq!(
            tier.take(" 3  mail is back "),
            Ok(Some("mail is back".to_owned()))
        );
        assert_eq!(typed("3", false).take("3"), Ok(None));
    }
}
