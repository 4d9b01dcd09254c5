//! Alert rules in the palette: named whole in quotes, by the name in the configuration, or by its short one; and what stands behind.

use super::{ACK, Command, CommandError, SILENCE, Suggestion, quoted};
use crate::domain::{
    alert::{RULES, Rule, RuleId},
    triage,
};

/// The command that `verb` is of the rule that `rest` begins with.
pub(super) fn command(verb: &'static str, rest: &str) -> Result<Command, CommandError> {
    if rest.is_empty() {
        return Err(CommandError::Incomplete(verb, "a rule"));
    }
    let (name, text) = split(rest);
    let Some(rule) = find(name) else {
        let all: Vec<&str> = RULES.iter().map(|rule| rule.title).collect();
        return Err(CommandError::Wrong(format!(
            "there is no rule {}; there is {}",
            quoted(name),
            all.join(", ")
        )));
    };
    if verb == ACK {
        return Ok(Command::Acknowledge(rule, text.to_owned()));
    }
    if text.is_empty() {
        return Err(CommandError::Incomplete(SILENCE, "a time, such as 1h"));
    }
    Ok(Command::Silence(rule, text.to_owned()))
}

/// What may stand behind `verb`, given what was `typed` there: a rule, and behind the rule of a silence a time.
pub(super) fn offered(verb: &str, typed: &str) -> Vec<Suggestion> {
    let (name, rest) = split(typed);
    let spelled = typed.get(..typed.len() - rest.len()).unwrap_or_default();
    let is_named = find(name).is_some() && spelled.ends_with(' ');
    let suggestion = |text: String, help: &'static str| Suggestion {
        text,
        help: help.into(),
        chord: None,
    };
    if is_named && verb == SILENCE {
        let times = triage::SILENCE.iter();
        let of = |(time, help): &(&str, &'static str)| {
            suggestion(format!("{verb} {spelled}{time}"), help)
        };
        return times.map(of).collect();
    }
    if is_named {
        return Vec::new();
    }
    let of = |rule: &Rule| suggestion(format!("{verb} \"{}\"", rule.title), rule.advice);
    RULES.iter().map(of).collect()
}

/// The name that `text` begins with, and what stands behind it.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let (name, rest) = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => text.split_once(' ').unwrap_or((text, "")),
    };
    (name.trim(), rest.trim_start())
}

fn find(name: &str) -> Option<RuleId> {
    let is = |rule: &&Rule| {
        [rule.title, rule.name, rule.id.short()]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    };
    RULES.iter().find(is).map(|rule| rule.id)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_rule_is_named_in_quotes_or_in_a_word_and_what_is_said_stands_behind() {
        let slow = RuleId::SlowProcessing;
        for (rest, text) in [
            ("\"Slow processing\" 1h", "1h"),
            ("\"slow PROCESSING\"  until 18:00", "until 18:00"),
            ("slow_processing 1h; vendor", "1h; vendor"),
            ("slow 30m", "30m"),
        ] {
            let expected = Command::Silence(slow, text.to_owned());
            assert_eq!(command(SILENCE, rest), Ok(expected), "{rest}");
        }
        assert_eq!(
            command(ACK, "\"Slow processing\""),
            Ok(Command::Acknowledge(slow, String::new()))
        );
    }

    #[test]
    fn what_is_missing_or_unknown_is_said() {
        for (verb, rest, expected) in [
            (ACK, "", "ack needs a rule"),
            (SILENCE, "slow", "silence needs a time, such as 1h"),
            (
                SILENCE,
                "\"Slow pro",
                "there is no rule `Slow pro`; there is Pipeline stalled",
            ),
            (ACK, "nothing", "there is no rule `nothing`"),
        ] {
            let said = command(verb, rest).unwrap_err().to_string();
            assert!(said.starts_with(expected), "{rest}: {said}");
        }
    }

    #[test]
    fn rules_are_offered_and_behind_the_rule_of_a_silence_times() {
        let texts = |verb, typed| -> Vec<String> {
            let offered = offered(verb, typed).into_iter();
            offered.map(|offered| offered.text).collect()
        };
        assert_eq!(texts(ACK, "").len(), RULES.len());
        assert_eq!(texts(ACK, "")[0], "ack \"Pipeline stalled\"");
        assert_eq!(
            texts(SILENCE, "\"Slow processing\" ")[0],
            "silence \"Slow processing\" 1h"
        );
        assert_eq!(texts(SILENCE, "slow 3")[1], "silence slow 30m");
        assert_eq!(texts(SILENCE, "slow").len(), RULES.len());
        assert_eq!(texts(ACK, "slow "), [""; 0]);
    }
}
