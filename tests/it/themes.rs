//! The themes that come with the program: whole, and legible.

use outpost::ui::{
    Role, Theme,
    theme::{BUILT_IN, Depth},
};
use ratatui::style::Color;

/// Relative luminance after WCAG 2.
fn luminance(colour: Color) -> Option<f64> {
    let Color::Rgb(r, g, b) = colour else {
        return None;
    };
    let linear = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.039_28 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    Some(0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b))
}

fn contrast(a: Color, b: Color) -> Option<f64> {
    let (a, b) = (luminance(a)?, luminance(b)?);
    Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
}

fn themes() -> Vec<(&'static str, Theme)> {
    let read = |(name, text): &(&'static str, &str)| (*name, Theme::parse(text).unwrap());
    BUILT_IN.iter().map(read).collect()
}

#[test]
fn every_theme_names_every_role_and_every_file_is_built_in() {
    assert_eq!(themes().len(), 6);
    let files = std::fs::read_dir("themes").unwrap();
    assert_eq!(files.count(), BUILT_IN.len());
}

#[test]
fn text_is_legible_in_every_theme_of_colours_of_its_own() {
    for (name, theme) in themes() {
        if matches!(name, "default" | "mono") {
            continue;
        }
        let least = if name == "high-contrast" { 7.0 } else { 4.5 };
        for role in Role::ALL {
            let style = theme.style(*role);
            let (fg, bg) = (style.fg.unwrap(), style.bg.unwrap());
            let found = contrast(fg, bg).unwrap();
            // A border is no text: 3:1 is enough to see it.
            let least = if *role == Role::Border { 3.0 } else { least };
            assert!(found >= least, "{name} {role:?}: {found:.2}");
        }
    }
}

#[test]
fn states_differ_without_colour() {
    let mono = Theme::named("dark", Depth::Mono).unwrap();
    for role in Role::ALL {
        let style = mono.style(*role);
        assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
    }
    let badges = [
        Role::BadBadge,
        Role::WarnBadge,
        Role::OkBadge,
        Role::StaleBadge,
    ];
    for (at, badge) in badges.iter().enumerate() {
        for other in &badges[at + 1..] {
            assert_ne!(
                mono.style(*badge),
                mono.style(*other),
                "{badge:?} {other:?}"
            );
        }
    }
}

#[test]
fn a_poorer_terminal_is_sent_no_colour_it_lacks() {
    for (name, _) in BUILT_IN {
        let sixteen = Theme::named(name, Depth::Sixteen).unwrap();
        let indexed = Theme::named(name, Depth::Indexed).unwrap();
        for role in Role::ALL {
            for colour in [sixteen.style(*role).fg, sixteen.style(*role).bg]
                .into_iter()
                .flatten()
            {
                assert!(
                    !matches!(colour, Color::Rgb(..) | Color::Indexed(_)),
                    "{name} {role:?}"
                );
            }
            for colour in [indexed.style(*role).fg, indexed.style(*role).bg]
                .into_iter()
                .flatten()
            {
                assert!(!matches!(colour, Color::Rgb(..)), "{name} {role:?}");
            }
        }
    }
}

#[test]
fn a_word_keeps_a_colour_of_its_own_against_its_ground_in_sixteen_colours() {
    for (name, _) in BUILT_IN {
        let theme = Theme::named(name, Depth::Sixteen).unwrap();
        for role in Role::ALL {
            let style = theme.style(*role);
            assert!(
                style.fg.is_none() || style.fg != style.bg,
                "{name} {role:?} {style:?}"
            );
        }
    }
}
