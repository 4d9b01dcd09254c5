//! What is made from tables in the code stays equal to them in the README.

use std::collections::BTreeSet;

use outpost::{
    action::ScreenId,
    config::{SETTINGS, Setting},
    domain::filter::{Field, Vocabulary},
    keymap::{BINDINGS, Binding, Scope},
    screens::Screens,
};

/// What stands between `<!-- name -->` and `<!-- /name -->` in the README.
fn section(name: &str) -> &'static str {
    include_str!("../../README.md")
        .split_once(&format!("<!-- {name} -->\n"))
        .and_then(|(_, rest)| rest.split_once(&format!("<!-- /{name} -->")))
        .map_or("", |(inside, _)| inside)
}

#[track_caller]
fn assert_section(name: &str, expected: &str) {
    assert!(
        section(name) == expected,
        "put this between the marks `{name}` of README.md:\n{expected}"
    );
}

#[test]
fn the_readme_lists_the_keys() {
    let row = |binding: &Binding| {
        let place = match binding.scope {
            Scope::Global => "everywhere",
            Scope::Always => "always",
            Scope::Screen(id) => id.title(),
            Scope::Plan => "plan",
            Scope::Line => "line",
            Scope::Form => "form",
            Scope::Undo => "undo",
            Scope::Purge => "purge",
            Scope::Help => "help",
            Scope::Detail => "event",
            Scope::Sample => "error",
            Scope::Why => "explanation",
            Scope::Past => "past",
            Scope::Entry => "entry",
            Scope::Run => "execution",
        };
        let chords: Vec<String> = binding.chords.iter().map(|c| format!("`{c}`")).collect();
        format!(
            "| {place} | {} | {} | `{}` |\n",
            chords.join(" "),
            binding.help,
            binding.name
        )
    };
    let rows: String = BINDINGS.iter().map(row).collect();
    let table = format!("| Where | Keys | What | Name |\n|---|---|---|---|\n{rows}");
    assert_section("keys", &table.replace("`\\`", "`\\\\`"));
}

#[test]
fn the_readme_lists_the_settings() {
    let row = |setting: &Setting| {
        let code = |text: Option<&str>| text.map_or_else(String::new, |text| format!("`{text}`"));
        let (default, env) = (code(setting.default), code(setting.env));
        format!(
            "| `{}` | {default} | {env} | {} |\n",
            setting.name, setting.help
        )
    };
    let rows: String = SETTINGS.iter().map(row).collect();
    let table = format!("| Name | Default | Environment | What |\n|---|---|---|---|\n{rows}");
    assert_section("settings", &table);
}

fn codes<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    words.join(" ")
}

/// The screens with rows, and what their filter understands.
fn vocabularies() -> impl Iterator<Item = (ScreenId, &'static Vocabulary)> {
    let of = |id| (id, Screens::vocabulary(id));
    let mut all = ScreenId::ALL.into_iter().map(of);
    assert_eq!(all.next(), Some((ScreenId::Overview, &Vocabulary::NONE)));
    all
}

#[test]
fn the_readme_lists_what_each_filter_understands() {
    let row = |(id, vocabulary): (ScreenId, &Vocabulary)| {
        let fields = vocabulary.fields.iter().map(|field: &Field| field.names);
        let timed: &[&str] = if vocabulary.is_timed {
            &["age", "since", "until"]
        } else {
            &[]
        };
        let fields = codes(
            fields
                .filter_map(|names| names.first())
                .chain(timed)
                .copied(),
        );
        let own = vocabulary.own.map_or("", |_| ", the site's own");
        let words = codes(vocabulary.words.iter().copied());
        format!("| {} | {fields} | {words}{own} |\n", id.title())
    };
    let rows: String = vocabularies().map(row).collect();
    let table = format!("| Screen | Fields | `is:` |\n|---|---|---|\n{rows}");
    assert_section("filter", &table);
}

/// The names before the arms of every `fn field` in the files of a screen; those of errors are the domain's.
fn arms(screen: &str) -> BTreeSet<String> {
    let source = format!("{}/src", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(format!("{source}/screens/{screen}")).unwrap();
    let mut paths: Vec<std::path::PathBuf> = files.map(|file| file.unwrap().path()).collect();
    if screen == "errors" {
        paths.push(format!("{source}/domain/error_group/filtered.rs").into());
    }
    if screen == "audit" {
        paths.push(format!("{source}/domain/audit/filtered.rs").into());
    }
    let mut names = BTreeSet::new();
    for path in paths {
        let text = if path.is_file() {
            std::fs::read_to_string(path).unwrap()
        } else {
            String::new()
        };
        for body in text.split("fn field(").skip(1) {
            let body = body.split("fn is(").next().unwrap();
            let arms = body.lines().filter_map(|line| line.split_once(" => "));
            for (pattern, _) in arms {
                names.extend(pattern.split('"').skip(1).step_by(2).map(str::to_owned));
            }
        }
    }
    names
}

#[test]
fn every_field_that_a_filter_understands_is_answered_by_its_rows() {
    for (id, vocabulary) in vocabularies() {
        let names = vocabulary.fields.iter().flat_map(|field| field.names);
        // What ends in a dot is a path, which no arm can name.
        let names = names.filter(|name| !name.ends_with('.'));
        let names: BTreeSet<String> = names.map(ToString::to_string).collect();
        assert_eq!(names, arms(&id.title().to_lowercase()), "{id:?}");
    }
}

#[test]
fn one_tls_library_is_built_and_everything_comes_from_the_registry() {
    let lock = include_str!("../../Cargo.lock");
    for banned in ["openssl-sys", "native-tls", "aws-lc-sys"] {
        assert!(
            !lock.contains(&format!("name = \"{banned}\"")),
            "{banned} is in Cargo.lock"
        );
    }
    for single in ["ratatui", "rustls", "tokio-postgres", "reqwest"] {
        assert_eq!(
            lock.matches(&format!("name = \"{single}\"\n")).count(),
            1,
            "{single}"
        );
    }
    let foreign = lock
        .lines()
        .filter(|line| line.starts_with("source = "))
        .find(|line| !line.contains("registry"));
    assert_eq!(foreign, None);
}

#[test]
fn no_test_file_is_forgotten() {
    let listed = include_str!("main.rs");
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.extension().is_some_and(|e| e == "rs") && name != "main" {
            assert!(
                listed.contains(&format!("mod {name};")),
                "tests/it/{name}.rs is not in main.rs"
            );
        }
    }
}
