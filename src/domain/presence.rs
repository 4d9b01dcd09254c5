//! Who else is looking: each console says who sits before it in the name of its connections.

use std::collections::{BTreeMap, BTreeSet};

use super::untrusted::Untrusted;

/// PostgreSQL cuts a longer name.
const MOST_BYTES: usize = 63;

const PREFIX: &str = "outpost ";

/// Between who it is and the number of their console.
const NUMBER: char = '/';

/// Somebody who looks, and through which of their consoles; none for one that looks once and goes, or is older than such numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer<'a> {
    /// The account and the host.
    pub who: &'a str,
    /// What tells their consoles apart: the process.
    pub console: Option<u32>,
}

/// Those who look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewers {
    /// In a few words, `you` among them: `anna, ben x2(you)`.
    pub words: String,
    /// Their consoles.
    pub consoles: usize,
}

impl Viewer<'_> {
    /// The name of the connections of their console: of printable ASCII, at most 63 bytes; without anybody, the program's own.
    pub fn name(self) -> String {
        let who: String = self.who.chars().filter(char::is_ascii_graphic).collect();
        let number = self.console.filter(|_| !who.is_empty());
        let number = number.map_or_else(String::new, |number| format!("{NUMBER}{number}"));
        let mut name = format!("{PREFIX}{who}");
        name.truncate(MOST_BYTES - number.len());
        format!("{}{number}", name.trim_end())
    }
}

/// Who sits before the console whose connection has this name, and the number of it; `None` where it is none of a console's.
fn told(name: &str) -> Option<(&str, Option<u32>)> {
    let told = name.strip_prefix(PREFIX)?;
    // An account and a host: other programs of ours have other names.
    if !told.contains('@') || !told.chars().all(|c| c.is_ascii_graphic()) {
        return None;
    }
    let numbered = told.rsplit_once(NUMBER);
    let numbered = numbered.and_then(|(who, number)| Some((who, Some(number.parse().ok()?))));
    Some(numbered.unwrap_or((told, None)))
}

/// The account of `who`, without the host.
pub fn account(who: &str) -> &str {
    who.split('@').next().unwrap_or(who)
}

/// The same, safe to show, in 64 cells at most.
pub fn shown(who: &Untrusted) -> String {
    account(&who.display_cut(64)).to_owned()
}

/// Who sits before the console whose connection has this name; `None` where it is none of a console's.
pub fn who(name: &str) -> Option<String> {
    told(name).map(|(who, _)| who.to_owned())
}

/// The viewers of these connections, `you` among them. `None` where no other console looks.
pub fn viewers(names: &[String], you: Viewer<'_>) -> Option<Viewers> {
    let own = you.name();
    let (you, _) = told(&own)?;
    let mut all: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for (who, number) in names.iter().chain([&own]).filter_map(|name| told(name)) {
        all.entry(who).or_default().extend(number);
    }
    // One without a number adds nothing to those that have one.
    let of = |numbers: &BTreeSet<u32>| numbers.len().max(1);
    let consoles = all.values().map(of).sum();
    if consoles < 2 {
        return None;
    }
    // The host only where two have the same account.
    let twice = |who: &str| all.keys().filter(|it| account(it) == account(who)).count() > 1;
    let short = |(who, numbers): (&&str, &BTreeSet<u32>)| {
        let shown = if twice(who) {
            (*who).to_owned()
        } else {
            account(who).to_owned()
        };
        let times = match of(numbers) {
            1 => String::new(),
            n => format!(" x{n}"),
        };
        let is_you = if *who == you { "(you)" } else { "" };
        format!("{shown}{times}{is_you}")
    };
    Some(Viewers {
        words: all.iter().map(short).collect::<Vec<_>>().join(", "),
        consoles,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(who: &str, console: Option<u32>) -> String {
        Viewer { who, console }.name()
    }

    fn seen(names: &[String]) -> Option<(String, usize)> {
        let you = Viewer {
            who: "ben@ops",
            console: Some(7),
        };
        viewers(names, you).map(|seen| (seen.words, seen.consoles))
    }

    #[test]
    fn others_are_named_by_their_account_and_by_their_host_where_that_is_not_enough() {
        let of = |all: &[&str]| {
            let names: Vec<String> = all.iter().map(|who| name(who, None)).collect();
            seen(&names)
        };
        assert_eq!(of(&["ben@ops"]), None);
        let two = |words: &str| Some((words.to_owned(), 2));
        assert_eq!(of(&["anna@ops", "ben@ops"]), two("anna, ben(you)"));
        assert_eq!(of(&["ben@home"]), two("ben@home, ben@ops(you)"));
        assert_eq!(seen(&["psql".to_owned(), "outpost".to_owned()]), None);
    }

    #[test]
    fn two_consoles_of_one_account_on_one_host_are_two() {
        let names = [
            name("ben@ops", Some(7)),
            name("ben@ops", Some(8)),
            name("ben@ops", None),
            name("anna@ops", Some(8)),
            name("anna@ops", Some(8)),
        ];
        assert_eq!(seen(names.get(..1).unwrap()), None);
        assert_eq!(
            seen(names.get(..2).unwrap()),
            Some(("ben x2(you)".to_owned(), 2))
        );
        assert_eq!(seen(&names), Some(("anna, ben x2(you)".to_owned(), 3)));
    }

    proptest! {
        #[test]
        fn whatever_an_account_is_called_its_connections_have_a_plain_short_name(who in ".{0,90}", console: Option<u32>) {
            let name = name(&who, console);
            prop_assert!(name.len() <= 63 && name.starts_with("outpost"));
            prop_assert!(name.chars().all(|c| c == ' ' || c.is_ascii_graphic()));
            let number = console.map(|number| format!("/{number}")).unwrap_or_default();
            prop_assert!(name == "outpost" || name.ends_with(&number), "{name}");
        }
    }
}
