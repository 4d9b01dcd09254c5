//! The palette: every binding as a command, commands that take a name or a filter, and suggestions for what is
//! being typed.

mod rules;

use std::borrow::Cow;

use crate::{
    action::{Action, ScreenId},
    domain::{alert::RuleId, event::RowId},
    keymap::{self, Binding, Chord, Keymap, Scope},
};

/// What the palette may offer.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// The screen under it.
    pub screen: ScreenId,
    /// The keys in force.
    pub keymap: &'a Keymap,
    /// The themes.
    pub themes: &'a [String],
    /// The scenarios; none outside the demo.
    pub scenarios: &'a [String],
    /// Commands given before, latest last.
    pub history: &'a [String],
}

/// Something to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What the line becomes when it is chosen.
    pub text: String,
    /// One sentence about it.
    pub help: Cow<'static, str>,
    /// The key for the same, if there is one.
    pub chord: Option<Chord>,
}

/// A command, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Do as the key of this action would.
    Run(Action),
    /// Show a screen, with this filter if one is given.
    Go(ScreenId, Option<String>),
    /// Set the filter of the screen.
    Filter(String),
    /// Show an event whole.
    Event(RowId),
    /// Show the ledger of the stream.
    Ledger,
    /// Show how the pipeline stood at the moment that this spells.
    At(String),
    /// Show what outpost costs the database.
    Cost,
    /// Show what can be taken back.
    Undo,
    /// Write down that this happened.
    Note(String),
    /// Say of a rule who acknowledges that it fires, in these words.
    Acknowledge(RuleId, String),
    /// Say of a rule until when it is silenced, in these words.
    Silence(RuleId, String),
    /// Change the theme.
    Theme(String),
    /// Start a scenario of the demo.
    Scenario(String),
}

/// Why a line is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// It wants something after it.
    #[error("{0} needs {1}")]
    Incomplete(&'static str, &'static str),
    /// There is no such command, name or key; a sentence.
    #[error("{0}")]
    Wrong(String),
}

/// How many earlier lines are offered on an empty line.
const HISTORY: usize = 5;

const LEDGER: &str = "ledger";
const COST: &str = "cost";
const AT: &str = "at";
const UNDO: &str = "undo";
const THEME: &str = "theme";
const EVENT: &str = "event";
const SCENARIO: &str = "scenario";
const FILTER: &str = "filter";
const NOTE: &str = "note";
const ACK: &str = "ack";
const SILENCE: &str = "silence";

const EARLIER: &str = "A command given before.";

/// Commands that are no binding: name, help.
const OTHERS: [(&str, &str); 7] = [
    (LEDGER, "Show what became of every row since the start."),
    (
        COST,
        "Show what outpost itself costs the database, feed by feed.",
    ),
    (
        AT,
        "Show how the pipeline stood at a moment: at 14:24, at 2h, at yesterday 14:24.",
    ),
    (THEME, "Change the theme: theme NAME."),
    (EVENT, "Show an event whole: event ID."),
    (
        ACK,
        "Acknowledge an alert that fires: ack RULE, ack \"Slow processing\" ben; a note.",
    ),
    (
        SILENCE,
        "Silence an alert until a time: silence RULE 1h, silence \"Slow processing\" until 18:00.",
    ),
];

impl Offer<'_> {
    fn scopes(&self) -> [Scope; 3] {
        [Scope::Screen(self.screen), Scope::Global, Scope::Always]
    }

    /// The bindings that can be commanded; without scenarios, not the one that asks for them.
    fn bindings(&self) -> Vec<&'static Binding> {
        keymap::in_scopes(&self.scopes())
            .filter(|b| b.action != Action::OpenScenarios || !self.scenarios.is_empty())
            .filter(|b| !matches!(b.action, Action::OpenPalette | Action::Escape))
            .collect()
    }

    fn commands(&self) -> Vec<Suggestion> {
        let bound = self.bindings().into_iter().map(|b| Suggestion {
            text: b.name.to_owned(),
            help: b.help.into(),
            chord: self.keymap.chords(b).first().copied(),
        });
        let others = OTHERS.iter().filter(|(name, _)| !self.is_bound(name));
        let others = others.map(|(name, help)| Suggestion {
            text: (*name).to_owned(),
            help: (*help).into(),
            chord: None,
        });
        bound.chain(others).collect()
    }

    /// What `text` could become, the best first. An empty line is offered what was given before.
    pub fn suggestions(&self, text: &str) -> Vec<Suggestion> {
        let text = text.trim_start();
        if let Some((verb, typed)) = text.split_once(' ') {
            let (names, help) = match verb {
                THEME => (self.themes, "Change to this theme."),
                SCENARIO => (self.scenarios, "Start this scenario."),
                ACK | SILENCE => return ranked(rules::offered(verb, typed), text),
                _ => return Vec::new(),
            };
            let full = names.iter().map(|name| Suggestion {
                text: format!("{verb} {name}"),
                help: help.into(),
                chord: None,
            });
            return ranked(full.collect(), &format!("{verb} {}", typed.trim()));
        }
        let mut found = Vec::new();
        if text.is_empty() {
            for line in self.history.iter().rev() {
                if found.len() < HISTORY && found.iter().all(|s: &Suggestion| s.text != *line) {
                    found.push(Suggestion {
                        text: line.clone(),
                        help: EARLIER.into(),
                        chord: None,
                    });
                }
            }
        }
        found.extend(ranked(self.commands(), text));
        found
    }

    /// The command that `text` is.
    pub fn command(&self, text: &str) -> Result<Command, CommandError> {
        let text = text.trim();
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        match verb {
            "" => Err(CommandError::Wrong("nothing was typed".to_owned())),
            LEDGER if rest.is_empty() => Ok(Command::Ledger),
            COST if rest.is_empty() => Ok(Command::Cost),
            UNDO if rest.is_empty() => Ok(Command::Undo),
            AT if rest.is_empty() => Err(CommandError::Incomplete(AT, "a moment: 14:24, 2h")),
            AT => Ok(Command::At(rest.to_owned())),
            THEME if rest.is_empty() => Err(CommandError::Incomplete(THEME, "a name")),
            THEME => named(rest, self.themes, THEME).map(Command::Theme),
            SCENARIO if self.scenarios.is_empty() => Err(CommandError::Wrong(
                "scenarios exist in the demo only: outpost demo".to_owned(),
            )),
            SCENARIO if rest.is_empty() => Err(CommandError::Incomplete(SCENARIO, "a name")),
            SCENARIO => named(rest, self.scenarios, SCENARIO).map(Command::Scenario),
            EVENT if rest.is_empty() => Err(CommandError::Incomplete(EVENT, "an id")),
            EVENT => RowId::parse(rest)
                .map(Command::Event)
                .ok_or_else(|| CommandError::Wrong("that is no id of an event".to_owned())),
            ACK if !rest.is_empty() || !self.is_bound(ACK) => rules::command(ACK, rest),
            SILENCE if !rest.is_empty() || !self.is_bound(SILENCE) => rules::command(SILENCE, rest),
            NOTE if !rest.is_empty() => Ok(Command::Note(rest.to_owned())),
            FILTER if !rest.is_empty() => Ok(Command::Filter(rest.to_owned())),
            _ => self.bound(verb, rest),
        }
    }

    /// Whether a key of this screen does the same.
    fn is_bound(&self, verb: &str) -> bool {
        self.bindings().iter().any(|binding| binding.name == verb)
    }

    fn bound(&self, verb: &str, rest: &str) -> Result<Command, CommandError> {
        let verb = if verb == "q" { "quit" } else { verb };
        let Some(binding) = self.bindings().into_iter().find(|b| b.name == verb) else {
            let near = self.suggestions(verb).into_iter().next();
            let hint = near.map_or_else(String::new, |s| format!("; {} is near", s.text));
            return Err(CommandError::Wrong(format!(
                "there is no command {}{hint}",
                quoted(verb)
            )));
        };
        match screen(binding.action) {
            Some(id) => Ok(Command::Go(id, (!rest.is_empty()).then(|| rest.to_owned()))),
            None if rest.is_empty() => Ok(Command::Run(binding.action)),
            None => Err(CommandError::Wrong(format!(
                "{verb} takes nothing after it"
            ))),
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other action shows no screen"
)]
const fn screen(action: Action) -> Option<ScreenId> {
    match action {
        Action::Go(id) => Some(id),
        _ => None,
    }
}

fn named(text: &str, names: &[String], kind: &str) -> Result<String, CommandError> {
    names
        .iter()
        .find(|name| *name == text)
        .cloned()
        .ok_or_else(|| {
            CommandError::Wrong(format!(
                "there is no {kind} {}; there is {}",
                quoted(text),
                names.join(", ")
            ))
        })
}

fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(24).collect();
    format!("`{cut}`")
}

/// Those of `all` that `typed` could mean, the best first; as they come where they are equally good.
fn ranked(all: Vec<Suggestion>, typed: &str) -> Vec<Suggestion> {
    let mut scored: Vec<(i32, Suggestion)> = all
        .into_iter()
        .filter_map(|s| score(&s.text, typed).map(|score| (score, s)))
        .collect();
    scored.sort_by_key(|(score, _)| -score);
    scored.into_iter().map(|(_, s)| s).collect()
}

/// How well `typed` fits `name`: every character of it must stand in `name`, in order. Whole words and runs
/// count for more, and short names win.
fn score(name: &str, typed: &str) -> Option<i32> {
    if typed.is_empty() {
        return Some(0);
    }
    let mut total = -(i32::try_from(name.len()).unwrap_or(i32::MAX).min(64));
    let mut previous = None;
    let mut letters = name.char_indices();
    let mut before = ' ';
    for wanted in typed.chars().map(|c| c.to_ascii_lowercase()) {
        loop {
            let (at, letter) = letters.next()?;
            let at_start = !before.is_alphanumeric();
            before = letter;
            if letter.to_ascii_lowercase() == wanted {
                let in_run = previous.is_some_and(|p: usize| p + 1 == at);
                total += 10 + if in_run { 20 } else { 0 } + if at_start { 15 } else { 0 };
                previous = Some(at);
                break;
            }
        }
    }
    Some(total + if name.starts_with(typed) { 50 } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer<'a>(
        keymap: &'a Keymap,
        themes: &'a [String],
        scenarios: &'a [String],
        history: &'a [String],
    ) -> Offer<'a> {
        Offer {
            screen: ScreenId::Errors,
            keymap,
            themes,
            scenarios,
            history,
        }
    }

    fn names(words: &[&str]) -> Vec<String> {
        words.iter().map(|w| (*w).to_owned()).collect()
    }

    #[test]
    fn lines_become_commands() {
        let (keymap, themes, none) = (Keymap::default(), names(&["dark", "mono"]), Vec::new());
        let offer = offer(&keymap, &themes, &none, &none);
        let cases = [
            ("quit", Command::Run(Action::Quit)),
            ("q", Command::Run(Action::Quit)),
            ("resolve", Command::Run(Action::Resolve)),
            ("errors", Command::Go(ScreenId::Errors, None)),
            (
                " stream  stage:crm 401 ",
                Command::Go(ScreenId::Stream, Some("stage:crm 401".to_owned())),
            ),
            ("filter a OR b", Command::Filter("a OR b".to_owned())),
            ("filter", Command::Run(Action::OpenFilter)),
            ("event 90394", Command::Event(RowId::from(90_394))),
            ("theme mono", Command::Theme("mono".to_owned())),
        ];
        for (text, command) in cases {
            assert_eq!(offer.command(text), Ok(command), "{text}");
        }
    }

    #[test]
    fn what_is_no_command_says_why() {
        let (keymap, themes, none) = (Keymap::default(), names(&["dark", "mono"]), Vec::new());
        let offer = offer(&keymap, &themes, &none, &none);
        let cases = [
            ("theme", "theme needs a name"),
            ("theme drk", "there is no theme `drk`; there is dark, mono"),
            ("event a b", "that is no id of an event"),
            ("refresh now", "refresh takes nothing after it"),
            ("refrsh", "there is no command `refrsh`; refresh is near"),
            (
                "scenario stall",
                "scenarios exist in the demo only: outpost demo",
            ),
            ("retry", "there is no command `retry`"),
        ];
        for (text, reason) in cases {
            let error = offer.command(text).unwrap_err().to_string();
            assert!(error.starts_with(reason), "{text}: {error}");
        }
    }

    #[test]
    fn letters_in_order_suggest_and_an_empty_line_offers_what_was_given_before() {
        let keymap = Keymap::default();
        let (themes, scenarios) = (names(&["dark", "high-contrast"]), names(&["calm", "stall"]));
        let history = names(&["errors 429", "stream", "errors 429"]);
        let offer = offer(&keymap, &themes, &scenarios, &history);
        let texts = |typed: &str| -> Vec<String> {
            offer
                .suggestions(typed)
                .into_iter()
                .map(|s| s.text)
                .collect()
        };
        assert_eq!(texts("err")[0], "errors");
        assert_eq!(texts("lsc")[0], "last_screen");
        assert_eq!(texts("theme hc"), ["theme high-contrast"]);
        assert_eq!(texts("scenario "), ["scenario calm", "scenario stall"]);
        assert_eq!(&texts("")[..2], ["errors 429", "stream"]);
        assert!(texts("zzz").is_empty());
    }
}
