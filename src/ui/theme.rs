//! Themes: a file names colours once and gives each role one of them. The only module that knows what a colour
//! is.

mod depth;

use std::collections::BTreeMap;

pub use depth::Depth;
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

macro_rules! roles {
    ($($(#[$doc:meta])+ $role:ident),+ $(,)?) => {
        /// What a piece of the screen means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Role {
            $($(#[$doc])+ $role),+
        }

        impl Role {
            /// Every role.
            pub const ALL: &[Self] = &[$(Self::$role),+];
        }
    };
}

roles! {
    /// Ordinary text.
    Text,
    /// Less important text.
    Dim,
    /// Text that stands out: numbers and names one looks for.
    Strong,
    /// Titles of panels.
    Title,
    /// Headers of table columns.
    Header,
    /// Borders.
    Border,
    /// The border of the pane that has the keys.
    Focus,
    /// A key in a hint.
    Key,
    /// The selected row.
    Selected,
    /// A marked row's sign.
    Marked,
    /// All is well.
    Ok,
    /// Nothing to do.
    Idle,
    /// Look at it today.
    Warn,
    /// Look at it now.
    Bad,
    /// The verdict's word when critical: reversed, so that it is seen without colour.
    BadBadge,
    /// The verdict's word when a warning.
    WarnBadge,
    /// The verdict's word when all is well.
    OkBadge,
    /// The verdict's word when old or unknown.
    StaleBadge,
    /// Old data.
    Stale,
    /// Sparklines and bars.
    Graph,
    /// A word that the filter found.
    Match,
    /// What cannot be done here at all: struck out.
    Barred,
    /// A line being typed.
    Input,
    /// The tab of the screen that is shown.
    Tab,
}

/// The themes that come with the program: name and text.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("default", include_str!("../../themes/default.toml")),
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    (
        "high-contrast",
        include_str!("../../themes/high-contrast.toml"),
    ),
    (
        "colour-blind",
        include_str!("../../themes/colour-blind.toml"),
    ),
    ("mono", include_str!("../../themes/mono.toml")),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    palette: BTreeMap<String, Color>,
    roles: BTreeMap<Role, Paint>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Paint {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    modifiers: Modifier,
}

/// A style for every role, and the characters that may be used.
#[derive(Debug, Clone)]
pub struct Theme {
    styles: BTreeMap<Role, Style>,
    /// Whether only ASCII may be drawn.
    pub ascii: bool,
}

/// What is wrong with a theme file.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// It is no theme file.
    #[error("not a theme file")]
    Toml(#[from] toml::de::Error),
    /// A role names a colour that the palette lacks.
    #[error("role {0:?} uses colour `{1}`, which the palette lacks")]
    NoColour(Role, String),
    /// A role is missing.
    #[error("role {0:?} is missing")]
    NoRole(Role),
    /// There is no theme of that name.
    #[error("no theme `{0}`; there are {names}", names = NAMES)]
    NoTheme(String),
}

/// The names in [`BUILT_IN`], for a message.
const NAMES: &str = "default, dark, light, high-contrast, colour-blind, mono";

impl Theme {
    /// Whether what cannot be done is struck out; else it is marked by characters.
    pub fn strikes(&self) -> bool {
        !self.ascii
            && self
                .style(Role::Barred)
                .add_modifier
                .contains(Modifier::CROSSED_OUT)
    }

    /// The built-in theme `name`, with the colours that a terminal of this `depth` can show.
    pub fn named(name: &str, depth: Depth) -> Result<Self, ThemeError> {
        let name = if depth == Depth::Mono { "mono" } else { name };
        let (_, text) = BUILT_IN
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| ThemeError::NoTheme(name.to_owned()))?;
        Ok(Self::parse(text)?.at_depth(depth))
    }

    /// The same theme with every colour replaced by the nearest that a terminal of this `depth` can show.
    #[must_use]
    pub fn at_depth(mut self, depth: Depth) -> Self {
        for style in self.styles.values_mut() {
            style.fg = style.fg.and_then(|colour| depth::nearest(colour, depth));
            style.bg = style.bg.and_then(|colour| depth::nearest(colour, depth));
        }
        self
    }

    /// Reads a theme.
    pub fn parse(text: &str) -> Result<Self, ThemeError> {
        let file: File = toml::from_str(text)?;
        let style = |role: &Role| {
            let paint = file.roles.get(role).ok_or(ThemeError::NoRole(*role))?;
            let colour = |name: &String| {
                let found = file.palette.get(name).copied();
                found.ok_or_else(|| ThemeError::NoColour(*role, name.clone()))
            };
            let fg = paint.fg.as_ref().map(colour).transpose()?;
            let bg = paint.bg.as_ref().map(colour).transpose()?;
            Ok((
                *role,
                Style {
                    fg,
                    bg,
                    add_modifier: paint.modifiers,
                    ..Style::default()
                },
            ))
        };
        let styles = Role::ALL
            .iter()
            .map(style)
            .collect::<Result<_, ThemeError>>()?;
        Ok(Self {
            styles,
            ascii: false,
        })
    }

    /// The style of `role`.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(&role).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_theme_is_named_with_those_there_are() {
        let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.join(", "), NAMES);
        let error = Theme::named("solarised", Depth::True).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("no theme `solarised`; there are {NAMES}")
        );
    }

    #[test]
    fn a_theme_with_a_colour_or_a_role_too_few_is_refused() {
        let (_, whole) = BUILT_IN[0];
        let no_colour = whole.replacen("red     =", "rot     =", 1);
        assert!(matches!(
            Theme::parse(&no_colour),
            Err(ThemeError::NoColour(..))
        ));
        let no_role = whole.replacen("header      = { fg = \"cyan\" }\n", "", 1);
        assert!(matches!(
            Theme::parse(&no_role),
            Err(ThemeError::NoRole(Role::Header))
        ));
    }
}
