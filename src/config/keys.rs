//! The `[keys]` table: names of bindings to chords.

use toml::de::{DeTable, DeValue};

use super::Mistake;
use crate::{
    domain::spelling::near_miss,
    keymap::{BINDINGS, Chord},
};

/// Reads the table; bindings with a mistake keep their own chords.
pub(super) fn read(
    table: &DeTable<'_>,
    line: &dyn Fn(usize) -> usize,
    mistakes: &mut Vec<Mistake>,
) -> Vec<(&'static str, Vec<Chord>)> {
    let mut overrides: Vec<(&'static str, Vec<Chord>)> = Vec::new();
    for (key, value) in table {
        let at = Some(line(key.span().start));
        let name = key.get_ref().as_ref();
        let mut told = |text: String| mistakes.push(Mistake { line: at, text });
        let Some(binding) = BINDINGS.iter().find(|b| b.name == name) else {
            let known: Vec<String> = BINDINGS
                .iter()
                .map(|b| format!("keys.{}", b.name))
                .collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let name = format!("keys.{name}");
            told(format!("unknown name `{name}`{}", near_miss(&name, &known)));
            continue;
        };
        match chords(value.get_ref()) {
            Ok(chords) => overrides.push((binding.name, chords)),
            Err(why) => told(format!("`keys.{name}`: {why}")),
        }
    }
    clashes(&overrides, table, line, mistakes);
    overrides
}

fn chords(value: &DeValue<'_>) -> Result<Vec<Chord>, String> {
    let one = |value: &DeValue<'_>| {
        let name = value
            .as_str()
            .ok_or_else(|| format!("a key is a text, not a {}", value.type_str()))?;
        Chord::parse(name).ok_or_else(|| {
            format!(
                "`{name}` is no key; keys are written as in the help: `j`, `ctrl-d`, `pgup`, `F1`"
            )
        })
    };
    match value.as_array() {
        Some(values) if values.is_empty() => Err("needs at least one key".to_owned()),
        Some(values) => values.iter().map(|v| one(v.get_ref())).collect(),
        None => one(value).map(|chord| vec![chord]),
    }
}

/// Chords that would stand for two things in one scope.
fn clashes(
    overrides: &[(&'static str, Vec<Chord>)],
    table: &DeTable<'_>,
    line: &dyn Fn(usize) -> usize,
    mistakes: &mut Vec<Mistake>,
) {
    let in_force = |name: &str, own: &'static [Chord]| {
        overrides
            .iter()
            .find(|(n, _)| *n == name)
            .map_or_else(|| own.to_vec(), |(_, chords)| chords.clone())
    };
    for (name, chords) in overrides {
        let Some(binding) = BINDINGS.iter().find(|b| b.name == *name) else {
            continue;
        };
        for other in BINDINGS
            .iter()
            .filter(|b| b.scope == binding.scope && b.name != *name)
        {
            for chord in in_force(other.name, other.chords) {
                if chords.contains(&chord) {
                    let at = table
                        .iter()
                        .find(|(key, _)| key.get_ref() == name)
                        .map(|(key, _)| line(key.span().start));
                    let text = format!(
                        "`keys.{name}`: `{chord}` already stands for `{}`",
                        other.name
                    );
                    mistakes.push(Mistake { line: at, text });
                }
            }
        }
    }
}
