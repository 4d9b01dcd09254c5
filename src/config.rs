//! The configuration: defaults, the file, the profile, the environment, the flags, later ones winning. Every
//! mistake is reported at once, with its line and the name that was probably meant. Reads no file and no
//! environment itself: `cli` hands them in.

mod bulk;
mod file;
mod keys;
mod pipeline;
mod rules;
mod settings;
mod status;

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

pub use settings::{Kind, SETTINGS, Setting};

use crate::{
    domain::{pipeline::Pipeline, spelling::near_miss},
    keymap::Keymap,
};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It is built in.
    Default,
    /// This line of the file.
    File(usize),
    /// This line of the file, in the profile that is in force.
    Profile(usize),
    /// This variable of the environment.
    Environment(&'static str),
    /// This flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(line) => write!(f, "file, line {line}"),
            Self::Profile(line) => write!(f, "profile, line {line}"),
            Self::Environment(name) => write!(f, "environment, {name}"),
            Self::Flag(name) => write!(f, "flag, --{name}"),
        }
    }
}

/// A mistake, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line of the file; `None` for one in a flag or the environment.
    pub line: Option<usize>,
    /// What is wrong, and what to write instead.
    pub text: String,
}

/// Every mistake that was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Mistakes {
    /// What has them: the configuration, or the pipeline.
    pub what: &'static str,
    /// The file's path, for the message.
    pub path: String,
    /// In the order of the file.
    pub all: Vec<Mistake>,
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.all.len();
        write!(
            f,
            "the {} has {n} mistake{}:",
            self.what,
            if n == 1 { "" } else { "s" }
        )?;
        for Mistake { line, text } in &self.all {
            match line {
                Some(line) => write!(f, "\n  {}:{line}: {text}", self.path)?,
                None => write!(f, "\n  {text}")?,
            }
        }
        Ok(())
    }
}

/// What was handed in besides the file.
#[derive(Debug, Default)]
pub struct Overrides {
    /// The profile asked for by flag or environment, if one was.
    pub profile: Option<(String, Origin)>,
    /// Values from the environment and the flags, in rising order of strength.
    pub values: Vec<(&'static str, String, Origin)>,
}

/// The effective configuration.
#[derive(Debug, Clone)]
pub struct Config {
    values: BTreeMap<&'static str, (String, Origin)>,
    /// The profile in force; empty without one.
    pub profile: String,
    /// The keys in force.
    pub keymap: Keymap,
    pipeline: Arc<Pipeline>,
}

impl Config {
    /// Puts everything together. `file` is the path, for messages, and the text of the file, if there is one.
    ///
    /// # Errors
    /// Every mistake in the file, the environment and the flags.
    pub fn load(file: Option<(&str, &str)>, overrides: Overrides) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        let read = file.map_or_else(file::Read::default, |(_, text)| {
            file::read(text, &mut mistakes)
        });
        let mut values: BTreeMap<&'static str, (String, Origin)> = SETTINGS
            .iter()
            .filter_map(|s| Some((s.name, (s.default?.to_owned(), Origin::Default))))
            .collect();
        for (name, value, line) in read.values {
            values.insert(name, (value, Origin::File(line)));
        }
        let profile = overrides
            .profile
            // A variable that is set to nothing asks for nothing, as everywhere.
            .and_then(|(name, _)| (!name.is_empty()).then_some((name, None)))
            .or_else(|| read.profile.map(|(name, line)| (name, Some(line))));
        let mut name_of_profile = String::new();
        if let Some((name, line)) = profile {
            if let Some((_, profile)) = read.profiles.iter().find(|(known, _)| *known == name) {
                for (setting, value, line) in profile.clone() {
                    values.insert(setting, (value, Origin::Profile(line)));
                }
            } else {
                let known: Vec<&str> = read
                    .profiles
                    .iter()
                    .map(|(name, _)| name.as_str())
                    .collect();
                let text = format!("there is no profile `{name}`{}", near_miss(&name, &known));
                mistakes.push(Mistake { line, text });
            }
            name_of_profile = name;
        }
        for (name, value, origin) in overrides.values {
            if let Some(setting) = SETTINGS.iter().find(|s| s.name == name) {
                match setting.kind.check(&value) {
                    Ok(()) => drop(values.insert(name, (value, origin))),
                    Err(why) => mistakes.push(Mistake {
                        line: None,
                        text: format!("{origin}: {why}"),
                    }),
                }
            }
        }
        let config = Self {
            values,
            profile: name_of_profile,
            keymap: Keymap::with(read.keys),
            pipeline: Arc::default(),
        };
        config.crossed_limits(&mut mistakes);
        config.words_said_twice(&mut mistakes);
        if mistakes.is_empty() {
            return Ok(config);
        }
        mistakes.sort_by_key(|m| m.line);
        Err(Mistakes {
            what: "configuration",
            path: file.map_or("", |(path, _)| path).to_owned(),
            all: mistakes,
        })
    }

    /// The value of a setting, if it has one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|(value, _)| value.as_str())
    }

    /// Where the value of a setting came from, if it has one.
    pub fn origin(&self, name: &str) -> Option<&Origin> {
        self.values.get(name).map(|(_, origin)| origin)
    }

    /// Whether a setting of kind [`Kind::Flag`] is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// The value of a setting of kind [`Kind::Whole`]; 0 where it has none.
    pub fn number(&self, name: &str) -> u64 {
        self.get(name)
            .and_then(|value| value.parse().ok())
            .unwrap_or_default()
    }

    /// The value of a setting of kind [`Kind::Span`]; none where that is no time at all.
    pub fn span(&self, name: &str) -> Option<Duration> {
        let seconds = self.get(name).and_then(settings::span)?;
        (seconds > 0).then(|| Duration::from_secs(seconds))
    }

    /// The effective configuration as text, with origins; secrets are not in it.
    pub fn describe(&self) -> String {
        let width = SETTINGS
            .iter()
            .map(|s| s.name.len())
            .max()
            .unwrap_or_default();
        let mut text = String::new();
        for setting in SETTINGS {
            let (value, origin) = match self.values.get(setting.name) {
                Some((value, origin)) => (setting.kind.shown(value), origin.to_string()),
                None => ("-".to_owned(), "not set".to_owned()),
            };
            text.push_str(&format_row(setting.name, width, &value, &origin));
        }
        for (name, chords) in self.keymap.overrides() {
            let chords: Vec<String> = chords.iter().map(ToString::to_string).collect();
            text.push_str(&format_row(
                &format!("keys.{name}"),
                width,
                &chords.join(" "),
                "file",
            ));
        }
        text.push_str(&format_row(
            "# the pipeline",
            width,
            &self.pipeline.summary(),
            self.pipeline_origin(),
        ));
        text
    }
}

fn format_row(name: &str, width: usize, value: &str, origin: &str) -> String {
    format!("{name:<width$}  {value}  ({origin})\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<(Option<usize>, String)> {
        let error = Config::load(Some(("c.toml", text)), Overrides::default()).unwrap_err();
        error.all.into_iter().map(|m| (m.line, m.text)).collect()
    }

    #[test]
    fn later_origins_win_and_are_told() {
        let text = "profile = 'prod'\n[ui]\ntheme = 'dark'\nascii = true\n[profiles.prod.ui]\ntheme = 'mono'\n";
        let overrides = Overrides {
            profile: None,
            values: vec![("ui.time", "utc".to_owned(), Origin::Flag("time"))],
        };
        let config = Config::load(Some(("c.toml", text)), overrides).unwrap();
        assert_eq!(config.get("ui.theme"), Some("mono"));
        assert_eq!(config.profile, "prod");
        assert!(config.is_on("ui.ascii"));
        let told = config.describe();
        assert!(told.contains("mono  (profile, line 6)"), "{told}");
        assert!(told.contains("utc  (flag, --time)"), "{told}");
        assert!(told.contains("2000  (default)"), "{told}");
    }

    #[test]
    fn a_variable_for_the_profile_that_is_set_to_nothing_asks_for_none() {
        let overrides = || Overrides {
            profile: Some((String::new(), Origin::Environment("OUTPOST_PROFILE"))),
            values: Vec::new(),
        };
        let none = Config::load(None, overrides()).unwrap();
        assert_eq!(none.profile, "");
        let text = "profile = 'prod'\n[profiles.prod.ui]\ntheme = 'mono'\n";
        let file = Config::load(Some(("c.toml", text)), overrides()).unwrap();
        assert_eq!(file.profile, "prod");
    }

    #[test]
    fn every_mistake_is_told_at_once_with_its_line() {
        let text = "[ui]\ntehme = 'dark'\nascii = 'yes'\n[databse]\nurl = 'x'\n[database]\nstatement_timeout_ms = 1\n";
        let told = mistakes(text);
        assert_eq!(told.len(), 4, "{told:?}");
        assert_eq!(
            told[0],
            (
                Some(2),
                "unknown name `ui.tehme`; did you mean `ui.theme`?".to_owned()
            )
        );
        assert_eq!(told[1].0, Some(3));
        assert_eq!(
            told[2],
            (
                Some(4),
                "unknown name `databse`; did you mean `database`?".to_owned()
            )
        );
        assert_eq!(told[3].0, Some(7));
    }

    #[test]
    fn a_file_that_is_no_toml_is_told_with_its_line() {
        assert_eq!(mistakes("[ui]\ntheme = \n")[0].0, Some(2));
    }

    #[test]
    fn secrets_are_not_described() {
        let text = "[database]\nurl = 'postgres://ann:hunter2@db/x'\n[n8n]\nkey = 'eyJhbGciOi'\n";
        let told = Config::load(Some(("c.toml", text)), Overrides::default())
            .unwrap()
            .describe();
        assert!(!told.contains("hunter2") && !told.contains("eyJ"), "{told}");
        assert!(told.contains("postgres://ann:***@db/x"), "{told}");
    }

    #[test]
    fn keys_are_checked() {
        let told = mistakes("[keys]\nretri = 'r'\nretry = ['ctrl-']\npause = 'f'\n");
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].1.contains("did you mean `keys.retry`?"), "{told:?}");
        assert!(told[1].1.contains("`ctrl-` is no key"), "{told:?}");
        assert!(
            told[2].1.contains("`f` already stands for `follow`"),
            "{told:?}"
        );
    }

    #[test]
    fn a_missing_profile_is_told_with_those_there_are() {
        let told = mistakes("profile = 'prdo'\n[profiles.prod.ui]\ntheme = 'dark'\n");
        assert_eq!(
            told,
            [(
                Some(1),
                "there is no profile `prdo`; did you mean `prod`?".to_owned()
            )]
        );
    }
}
