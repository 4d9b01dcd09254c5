//! Reading the file: TOML with spans, so that every mistake has its line.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Kind, Mistake, SETTINGS, keys};
use crate::{domain::spelling::near_miss, keymap::Chord};

/// Settings with their values and lines.
type Values = Vec<(&'static str, String, usize)>;

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) values: Values,
    pub(super) profile: Option<(String, usize)>,
    pub(super) profiles: Vec<(String, Values)>,
    pub(super) keys: Vec<(&'static str, Vec<Chord>)>,
}

/// Reads `text`; what is wrong with it is added to `mistakes`, the rest is read all the same.
pub(super) fn read(text: &str, mistakes: &mut Vec<Mistake>) -> Read {
    let (table, errors) = DeTable::parse_recoverable(text);
    let line = |at: usize| {
        text.get(..at)
            .map_or(1, |before| before.matches('\n').count() + 1)
    };
    for error in &errors {
        let at = error.span().map(|span| line(span.start));
        mistakes.push(Mistake {
            line: at,
            text: error.message().to_owned(),
        });
    }
    let mut reader = Reader {
        line: &line,
        mistakes,
    };
    let mut read = Read::default();
    for (key, value) in table.get_ref() {
        let at = line(key.span().start);
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("profile", DeValue::String(name)) => read.profile = Some((name.to_string(), at)),
            ("profiles", DeValue::Table(profiles)) => {
                for (name, profile) in profiles {
                    let mut values = Values::new();
                    reader.settings("", profile, &mut values);
                    read.profiles.push((name.get_ref().to_string(), values));
                }
            }
            ("keys", DeValue::Table(bindings)) => {
                read.keys = keys::read(bindings, reader.line, reader.mistakes);
            }
            _ => reader.setting("", key, value, &mut read.values),
        }
    }
    read
}

struct Reader<'a> {
    line: &'a dyn Fn(usize) -> usize,
    mistakes: &'a mut Vec<Mistake>,
}

impl Reader<'_> {
    fn mistake(&mut self, at: usize, text: String) {
        self.mistakes.push(Mistake {
            line: Some((self.line)(at)),
            text,
        });
    }

    /// Every setting in the table `value`, whose own name is `prefix`.
    fn settings(&mut self, prefix: &str, value: &Spanned<DeValue<'_>>, values: &mut Values) {
        match value.get_ref().as_table() {
            Some(table) => {
                for (key, value) in table {
                    self.setting(prefix, key, value, values);
                }
            }
            None => self.mistake(value.span().start, format!("`{prefix}` must be a table")),
        }
    }

    fn setting(
        &mut self,
        prefix: &str,
        key: &Spanned<toml::de::DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
        values: &mut Values,
    ) {
        let name = format!("{prefix}{}", key.get_ref());
        let at = key.span().start;
        let group = format!("{name}.");
        if SETTINGS.iter().any(|s| s.name.starts_with(&group)) {
            self.settings(&group, value, values);
        } else if let Some(setting) = SETTINGS.iter().find(|s| s.name == name) {
            let text = match (setting.kind, value.get_ref()) {
                (Kind::Flag, DeValue::Boolean(on)) => Ok(on.to_string()),
                (kind, DeValue::Integer(n)) if kind.takes_numbers() => {
                    Ok(n.as_str().replace('_', ""))
                }
                (
                    Kind::Text
                    | Kind::Secret
                    | Kind::Url
                    | Kind::Choice(_)
                    | Kind::Limit(_)
                    | Kind::Words
                    | Kind::Span
                    | Kind::Hours,
                    DeValue::String(s),
                ) => Ok(s.to_string()),
                (Kind::Limit(_) | Kind::Span, other) => Err(format!(
                    "a bare {} has no unit; write \"12%\" or \"30m\"",
                    other.type_str()
                )),
                (_, other) => Err(format!("`{name}` cannot be a {}", other.type_str())),
            };
            match text.and_then(|text| setting.kind.check(&text).map(|()| text)) {
                Ok(text) => values.push((setting.name, text, (self.line)(at))),
                Err(why) => self.mistake(at, format!("`{name}`: {why}")),
            }
        } else {
            let known: Vec<String> = known_names(prefix);
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            self.mistake(
                at,
                format!("unknown name `{name}`{}", near_miss(&name, &known)),
            );
        }
    }
}

/// The names that may stand in the table `prefix`.
fn known_names(prefix: &str) -> Vec<String> {
    let mut names: Vec<String> = SETTINGS
        .iter()
        .filter_map(|s| {
            let rest = s.name.strip_prefix(prefix)?;
            let first = rest.split('.').next()?;
            Some(format!("{prefix}{first}"))
        })
        .collect();
    if prefix.is_empty() {
        names.extend(["keys", "profile", "profiles"].map(str::to_owned));
    }
    names.dedup();
    names
}
