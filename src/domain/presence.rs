//! Who else is looking: each console says who sits before it in the name of its connections.

/// PostgreSQL cuts a longer name.
const MOST_BYTES: usize = 63;

const PREFIX: &str = "outpost ";

/// The name of the connections of the console of `who`: of printable ASCII, at most 63 bytes; without anybody, the
/// program's own.
pub fn name(who: &str) -> String {
    let who: String = who.chars().filter(char::is_ascii_graphic).collect();
    let mut name = format!("{PREFIX}{who}");
    name.truncate(MOST_BYTES);
    name.trim_end().to_owned()
}

/// Who sits before the console whose connection has this name; `None` where it is none of a console's.
pub fn who(name: &str) -> Option<String> {
    let who = name.strip_prefix(PREFIX)?;
    // An account and a host: other programs of ours have other names.
    let plain = who.contains('@') && who.chars().all(|c| c.is_ascii_graphic());
    plain.then(|| who.to_owned())
}

/// The viewers of these connections in a few words, `you` among them: `anna, ben(you)`. `None` where nobody else looks.
pub fn viewers(names: &[String], you: &str) -> Option<String> {
    let you = who(&name(you))?;
    let mut all: Vec<String> = names.iter().filter_map(|name| who(name)).collect();
    all.push(you.clone());
    all.sort_unstable();
    all.dedup();
    if all.len() < 2 {
        return None;
    }
    // The host only where two have the same account.
    let account = |who: &str| who.split('@').next().unwrap_or(who).to_owned();
    let twice = |who: &String| all.iter().filter(|it| account(it) == account(who)).count() > 1;
    let short = |who: &String| {
        let shown = if twice(who) {
            who.clone()
        } else {
            account(who)
        };
        if *who == you {
            format!("{shown}(you)")
        } else {
            shown
        }
    };
    Some(all.iter().map(short).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn others_are_named_by_their_account_and_by_their_host_where_that_is_not_enough() {
        let names = |all: &[&str]| all.iter().map(|who| name(who)).collect::<Vec<_>>();
        let seen = |all: &[&str]| viewers(&names(all), "ben@ops");
        assert_eq!(seen(&["ben@ops"]), None);
        assert_eq!(seen(&["anna@ops", "ben@ops"]).unwrap(), "anna, ben(you)");
        assert_eq!(seen(&["ben@home"]).unwrap(), "ben@home, ben@ops(you)");
        assert_eq!(
            viewers(&["psql".to_owned(), "outpost".to_owned()], "ben@ops"),
            None
        );
    }

    proptest! {
        #[test]
        fn whatever_an_account_is_called_its_connections_have_a_plain_short_name(who in ".{0,90}") {
            let name = name(&who);
            prop_assert!(name.len() <= 63 && name.starts_with("outpost"));
            prop_assert!(name.chars().all(|c| c == ' ' || c.is_ascii_graphic()));
        }
    }
}
