//! What a plan says that is about who has groups of errors, and which are left alone; the same of alerts.

use super::{Page, counted, guard};
use crate::{
    domain::{
        mask,
        plan::Examination,
        triage::{Deed, Place, Subject, TriageTarget},
    },
    ui::Role,
};

/// Groups, or alerts, that something would be said of.
pub(super) fn lines(
    page: &mut Page<'_>,
    (deed, targets, place): (Deed, &[TriageTarget], &Place),
    examined: Option<&Examination>,
) {
    let noun = deed.noun();
    let counted = counted(targets.len(), noun);
    let set = if deed.is_of_alerts() {
        counted
    } else {
        format!("{counted}, whole: every error of it, listed or not, and those to come")
    };
    page.fact("SET", &set, Role::Strong);
    guard(page, examined, false);
    if let Some((label, words)) = lasts(deed) {
        page.fact(label, words, Role::Text);
    }
    match place {
        Place::Database => page.fact(
            "STORE",
            "outpost.triage, where every console sees it",
            Role::Text,
        ),
        Place::Local(why) => page.fact("STORE", &format!("local only: {why}"), Role::Warn),
    }
    let skip = format!(
        "{} of which somebody says something else meanwhile",
        one(deed)
    );
    page.fact("SKIP", &skip, Role::Text);
    page.fact("EFFECT", effect(deed), Role::Text);
    page.undo("u, as long as nobody says something else", Role::Text);
    page.blank();
    let versions = examined.map(Examination::versions);
    let runs = |target: &&TriageTarget| {
        let known = versions.as_ref();
        known.is_none_or(|known| known.contains_key(&target.key()))
    };
    page.text(
        heading(deed),
        targets.iter().filter(runs).flat_map(|target| {
            let says = mask::cut(&target.says(), 200);
            let first = match &target.of {
                Subject::Rule { .. } => says,
                Subject::Group { stage, .. } => {
                    format!("{}  {}  {says}", target.id, stage.label())
                }
            };
            [first, format!("      {}", target.words())]
        }),
    );
}

/// What it changes beside what is said.
const fn effect(deed: Deed) -> &'static str {
    match deed {
        Deed::Ignore | Deed::Wake | Deed::Assign | Deed::Note | Deed::TakeBack => {
            "internal: no error and no event changes"
        }
        Deed::Acknowledge | Deed::Unacknowledge => {
            "internal: it stays in the headline, and outpost check goes by it as before"
        }
        Deed::Silence => {
            "until then, whatever fires, it makes no headline and outpost check does not fail for it: it is counted as silenced"
        }
        Deed::Unsilence | Deed::TakeBackAlert => {
            "what fires and is not silenced makes the headline, and outpost check goes by it"
        }
    }
}

/// How long what is said lasts, where that has an end of its own.
const fn lasts(deed: Deed) -> Option<(&'static str, &'static str)> {
    match deed {
        Deed::Ignore => Some((
            "WAKES",
            "it wakes by itself, is shown again, and says that it did; Z before that ends it",
        )),
        Deed::Silence => Some((
            "WAKES",
            "it wakes by itself at that moment; Z before that ends it",
        )),
        Deed::Acknowledge => Some((
            "HOLDS",
            "for this firing: it lapses once the alert has ended, and where nobody saw that it did not",
        )),
        Deed::Wake
        | Deed::Assign
        | Deed::Note
        | Deed::TakeBack
        | Deed::Unacknowledge
        | Deed::Unsilence
        | Deed::TakeBackAlert => None,
    }
}

const fn one(deed: Deed) -> &'static str {
    if deed.is_of_alerts() {
        "an alert"
    } else {
        "a group"
    }
}

const fn heading(deed: Deed) -> &'static str {
    if deed.is_of_alerts() {
        "ALERTS, exactly these:"
    } else {
        "GROUPS, exactly these:"
    }
}
