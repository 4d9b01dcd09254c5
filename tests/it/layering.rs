//! Who may import whom. Adding a module means adding a row here.

use std::{fs, path::Path};

/// `(modules by path prefix, what of the crate they may import, which watched crates they may use)`; the first
/// row that fits a file holds. `std`, `chrono`, `serde`, `serde_json`, `thiserror` and the width tables of Unicode
/// are free for all.
const LAYERS: &[(&[&str], &[&str], &[&str])] = &[
    // A text in, a pipeline out: as pure as the JSON that is free for all.
    (&["domain/pipeline/description"], &["domain"], &["toml"]),
    (&["domain"], &["domain"], &["strsim"]),
    (
        &["action", "effect", "msg", "keymap", "palette", "store"],
        WORDS,
        &[],
    ),
    (
        &["ui"],
        &["domain", "action", "effect", "msg", "keymap", "store", "ui"],
        &["ratatui", "toml"],
    ),
    (
        &["config"],
        &["domain", "action", "keymap", "config"],
        &["toml"],
    ),
    (
        &["sources"],
        &["domain", "action", "effect", "msg", "keymap", "sources"],
        &[
            "tokio",
            "tokio_util",
            "futures_util",
            "rustix",
            "tokio_postgres",
            "tokio_postgres_rustls",
            "reqwest",
            "rustls",
            "tracing",
        ],
    ),
    (
        &["screens.rs"],
        &["domain", "action", "effect", "store", "screens", "ui"],
        &["ratatui"],
    ),
    (
        &[
            "screens/overview/view",
            "screens/stream/view",
            "screens/queue/view",
            "screens/errors/view",
            "screens/alerts/view",
            "screens/n8n/view",
            "screens/campaigns/view",
            "screens/scorecard/view",
            "screens/batches/view",
            "screens/audit/view",
        ],
        &[
            "domain", "action", "effect", "msg", "store", "screens", "ui",
        ],
        &["ratatui"],
    ),
    (
        &["screens"],
        &["domain", "action", "effect", "msg", "store", "screens"],
        &[],
    ),
    (
        &["model", "update"],
        &[
            "domain", "action", "effect", "msg", "keymap", "palette", "store", "screens", "model",
            "update",
        ],
        &[],
    ),
    (
        &["view"],
        &[
            "domain", "action", "effect", "msg", "keymap", "palette", "store", "screens", "model",
            "ui", "update", "view",
        ],
        &["ratatui"],
    ),
    (
        &["migrate"],
        &["domain", "sources", "migrate"],
        &["tokio", "tokio_postgres", "tracing"],
    ),
    (
        &["doctor"],
        &["domain", "effect", "msg", "sources", "doctor"],
        &["tokio", "tokio_postgres", "tracing"],
    ),
    (
        &["cluster"],
        &["cluster"],
        &["tokio", "tokio_postgres", "rustix", "tracing"],
    ),
    (
        &["demo"],
        &["domain", "cluster", "migrate", "demo"],
        &[
            "tokio",
            "tokio_util",
            "futures_util",
            "tokio_postgres",
            "hyper",
            "tracing",
        ],
    ),
    (
        &["shell"],
        &[
            "domain", "action", "effect", "msg", "model", "sources", "shell", "store", "ui",
            "update", "view",
        ],
        &[
            "ratatui",
            "tokio",
            "tokio_util",
            "crossterm",
            "rustix",
            "tracing",
        ],
    ),
    (
        &["headless"],
        &[
            "domain", "effect", "msg", "store", "sources", "headless", "migrate", "doctor",
            "screens",
        ],
        &["tokio", "tokio_util", "tracing"],
    ),
    (
        &["cli", "lib", "main", "logging", "program"],
        &["*"],
        &["*"],
    ),
];

/// The layers of words.
const WORDS: &[&str] = &["domain", "action", "effect", "msg", "keymap", "store"];

/// Every crate that a layer may be kept from.
const WATCHED: &[&str] = &[
    "ratatui",
    "crossterm",
    "tokio",
    "tokio_util",
    "futures_util",
    "tokio_postgres",
    "tokio_postgres_rustls",
    "hyper",
    "reqwest",
    "rustls",
    "rustix",
    "strsim",
    "toml",
    "tracing",
    "clap",
];

#[test]
fn every_module_imports_only_lower_layers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut broken = Vec::new();
    visit(&root, &mut |path, text| {
        let name = path
            .strip_prefix(&root)
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        let fits = |prefixes: &[&str]| {
            prefixes.iter().any(|p| {
                name == *p || name == format!("{p}.rs") || name.starts_with(&format!("{p}/"))
            })
        };
        let Some((_, modules, crates)) = LAYERS.iter().find(|(prefixes, ..)| fits(prefixes)) else {
            broken.push(format!("{name}: no row in LAYERS"));
            return;
        };
        let code: String = text
            .lines()
            .filter(|l| !l.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        for used in paths_after(&code, "crate::") {
            if !modules.contains(&"*") && !modules.contains(&used.as_str()) {
                broken.push(format!("{name} imports crate::{used}"));
            }
        }
        for name_of_crate in WATCHED {
            let used = code.contains(&format!("{name_of_crate}::"))
                || code.contains(&format!("use {name_of_crate};"));
            if used && !crates.contains(&"*") && !crates.contains(name_of_crate) {
                broken.push(format!("{name} uses {name_of_crate}"));
            }
        }
    });
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// `ui/theme` gives meaning a colour; `shell/encode.rs` spells it for the terminal.
#[test]
fn colours_are_named_by_the_theme_and_the_encoder_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    visit(&root, &mut |path, text| {
        assert!(
            ["ui/theme.rs", "ui/theme/", "shell/encode.rs"]
                .iter()
                .any(|p| path.to_string_lossy().contains(p))
                || !text.contains("Color"),
            "{} names a colour",
            path.display()
        );
    });
}

/// A statement that goes past the counting client would be missing in what outpost says that it costs.
#[test]
fn no_statement_of_a_source_goes_uncounted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sources/postgres");
    visit(&root, &mut |path, text| {
        let uncounted = [
            ".query(",
            ".query_one(",
            ".query_opt(",
            ".query_raw(",
            ".execute(",
            ".prepare(",
            ".simple_query(",
            ".copy_in(",
            ".copy_out(",
            "build_transaction(",
        ];
        for call in uncounted {
            assert!(!text.contains(call), "{}: {call}", path.display());
        }
        let counts = path.ends_with("client.rs") || path.ends_with("connect.rs");
        assert!(
            counts || !text.contains("tokio_postgres::Client"),
            "{} takes the client of the driver",
            path.display()
        );
    });
}

#[test]
fn no_file_is_long() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    visit(&root, &mut |path, text| {
        let lines = text.lines().count();
        assert!(lines <= 400, "{} has {lines} lines", path.display());
    });
}

/// The first segment of every path after `prefix`, braces opened.
fn paths_after(code: &str, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in code.split(prefix).skip(1) {
        if let Some(body) = rest.strip_prefix('{') {
            let mut depth = 0_i32;
            let mut segment = String::new();
            for c in body.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => found.push(std::mem::take(&mut segment)),
                    _ if depth == 0 => segment.push(c),
                    _ => {}
                }
            }
            found.push(segment);
        } else {
            found.push(
                rest.chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect(),
            );
        }
    }
    let first = |s: String| {
        s.trim()
            .split("::")
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    found
        .into_iter()
        .map(first)
        .filter(|s| !s.is_empty())
        .collect()
}

fn visit(dir: &Path, each: &mut dyn FnMut(&Path, &str)) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, each);
        } else if path.extension().is_some_and(|e| e == "rs") {
            each(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}
