//! Themes: a file names colours once and gives each role one of them. The only module that knows what a colour
//! is.

use std::collections::BTreeMap;

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
    /// A line being typed.
    Input,
    /// The tab of the screen that is shown.
    Tab,
}

/// The themes that come with the program: name and text.
pub const BUILT_IN: &[(&str, &str)] = &[("default", include_str!("../../themes/default.toml"))];

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
}

impl Theme {
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
    fn every_built_in_theme_is_whole() {
        for (name, text) in BUILT_IN {
            if let Err(error) = Theme::parse(text) {
                panic!("{name}: {error}");
            }
        }
    }
}
