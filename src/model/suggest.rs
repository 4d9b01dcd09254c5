//! What may be chosen for a line that is being typed.

use super::{Line, Model, Purpose};
use crate::{
    domain::{
        presence,
        triage::{Deed, SILENCE, UNTIL},
    },
    effect::KeptFilter,
    palette::Suggestion,
};

/// That a group is nobody's.
const NOBODY: &str = "nobody";

/// Names offered at most.
const NAMES: usize = 8;

impl Model {
    /// What `line` could become, the best first.
    pub fn suggestions(&self, line: &Line) -> Vec<Suggestion> {
        match &line.purpose {
            Purpose::Kept => self.kept_here(&line.text),
            Purpose::Palette => self.offer().suggestions(&line.text),
            Purpose::Triage(Deed::Assign, ..) => self.owners(&line.text),
            Purpose::Triage(Deed::Acknowledge, ..) => {
                let mut names = self.owners(&line.text);
                names.retain(|offered| offered.text != NOBODY);
                names
            }
            Purpose::Triage(Deed::Silence, ..) => beginning(
                &line.text,
                SILENCE.map(|(text, help)| (text.to_owned(), help)).to_vec(),
            ),
            Purpose::Triage(..) => beginning(
                &line.text,
                UNTIL.map(|(text, help)| (text.to_owned(), help)).to_vec(),
            ),
            Purpose::Filter
            | Purpose::ResolveNote(_)
            | Purpose::Confirm(_)
            | Purpose::Pace
            | Purpose::Note
            | Purpose::Order(..) => Vec::new(),
        }
    }

    /// The filters that are kept for this screen and whose name, or what they say, holds what was typed.
    fn kept_here(&self, typed: &str) -> Vec<Suggestion> {
        let typed = typed.trim().to_lowercase();
        let own = self
            .kept
            .iter()
            .filter(|kept| kept.screen == self.screen)
            .zip(1..);
        let fits = |kept: &KeptFilter, number: usize| {
            let lower = |text: &str| text.to_lowercase();
            number.to_string() == typed
                || lower(&kept.name).contains(&typed)
                || lower(&kept.text).contains(&typed)
        };
        own.filter(|(kept, number)| fits(kept, *number))
            .map(|(kept, number)| Suggestion {
                text: kept.name.clone(),
                help: format!("{number}  {}", kept.text).into(),
                chord: None,
            })
            .collect()
    }

    /// Who could have a group: you, nobody, who else is known.
    fn owners(&self, typed: &str) -> Vec<Suggestion> {
        let mut all = vec![
            ("me".to_owned(), "You."),
            (NOBODY.to_owned(), "Nobody has it."),
        ];
        let mut name = |name: String, help: &'static str| {
            let is_known =
                name == self.options.actor || all.iter().any(|(known, _)| *known == name);
            if !is_known && all.len() < NAMES {
                all.push((name, help));
            }
        };
        if let Some(server) = self.store.server.value() {
            for who in server
                .consoles
                .iter()
                .filter_map(|name| presence::who(name))
            {
                name(who, "Looks at this database now.");
            }
        }
        for group in self
            .store
            .errors
            .value()
            .iter()
            .flat_map(|errors| &errors.groups)
        {
            if let Some(owner) = &group.standing.owner {
                name(owner.display_cut(64), "Has other groups.");
            }
        }
        beginning(typed, all)
    }
}

/// Those of `all` that begin with what was typed.
fn beginning(typed: &str, all: Vec<(String, &'static str)>) -> Vec<Suggestion> {
    let typed = typed.trim_start().to_lowercase();
    let fitting = all
        .into_iter()
        .filter(|(text, _)| text.to_lowercase().starts_with(&typed));
    fitting
        .map(|(text, help)| Suggestion {
            text,
            help: help.into(),
            chord: None,
        })
        .collect()
}
