//! What hands and pastes can do by accident: show plans, and no more. Every key that writes is taken from the table of keys.

use std::{collections::BTreeSet, sync::LazyLock};

use outpost::{
    action::Action,
    domain::{
        error_group::{Errors, Found, Look, Seen},
        event::{EventRow, EventStatus, RowId},
        plan::{
            Examination, Mutation, Old, Outcome, Plan, Retrying, Strategy, Table, Tier, Version,
        },
        timeline::Join,
        untrusted::Untrusted,
    },
    effect::Effect,
    keymap::{BINDINGS, Chord, Key},
    model::{Options, Overlay},
    msg::{Fact, Msg},
};
use proptest::prelude::*;

use crate::{
    scenario::{Scenario, World, error, event, start},
    worlds,
};

/// A console with something to change on every screen, something to take back, and everything allowed.
fn full() -> Scenario {
    let errors = (1..=5).map(|id| error(id, "segment_ready", "HTTP 429 for 3"));
    let world = World {
        errors: Errors::of(errors.collect(), start()),
        executions: worlds::executions(),
        ..World::calm(start())
    };
    let rows = (1..=9).map(|id| event(id, "message_queued", EventStatus::Failed));
    let options = Options {
        profile: "prod".to_owned(),
        actor: "ann@host".to_owned(),
        allow_destructive: true,
        ..Options::default()
    };
    let mut script = Scenario::with(options).links_up();
    script.model.store.retrying = Retrying {
        strategy: Strategy::Requeue,
        webhooks: Some("/webhook".to_owned()),
        ..Retrying::default()
    };
    let resolve = Mutation::ResolveErrors {
        ids: vec![RowId::from(77)],
        note: "rotated".to_owned(),
    };
    let outcome = Outcome {
        done: vec![RowId::from(77)],
        ..Outcome::default()
    };
    script
        .world(&world)
        .fact(Fact::Server(worlds::server()))
        .fact(Fact::Tail(rows.collect::<Vec<EventRow>>()))
        .tell(Msg::Mutated(Plan::new(resolve, start()), Ok(outcome)))
}

/// Answers what the last key asked at once, and finds nothing that speaks against anything.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other effect asks for no answer"
)]
fn answered(script: Scenario) -> Scenario {
    let asked = script.effects.clone();
    asked
        .into_iter()
        .fold(script, |script, effect| match effect {
            Effect::Examine(plan) => {
                let version = |id: RowId| Version { id, xmin: None };
                let old = |table: Table| Old {
                    table,
                    count: Some(7),
                    more: false,
                    first: None,
                    bound: None,
                    among: Some(0),
                    among_more: false,
                    vacuums: true,
                };
                let mut eligible: Vec<Version> =
                    plan.mutation.ids().into_iter().map(version).collect();
                if eligible.is_empty() {
                    eligible.push(version(RowId::parse("new").unwrap()));
                }
                let found = Examination {
                    eligible,
                    old: Table::ALL.map(old).to_vec(),
                    ..Examination::default()
                };
                script.tell(Msg::Examined(plan, Ok(Box::new(found))))
            }
            Effect::Look(look @ (Look::Behind(..) | Look::Matching(_))) => {
                let row = event(7, "message_queued", EventStatus::Failed);
                let found = Found {
                    events: vec![(row, Join::Exact)],
                    errors: vec![RowId::from(1)],
                    is_cut: false,
                    beyond: 0,
                };
                script.tell(Msg::Looked(look, Ok(Seen::Found(found))))
            }
            _ => script,
        })
}

/// Every chord of the table, each once, and what is typed into lines.
static CHORDS: LazyLock<Vec<Chord>> = LazyLock::new(|| {
    let typed = "17 prod-mewhy".chars().map(|c| Chord {
        key: Key::Char(c),
        ctrl: false,
    });
    let bound = BINDINGS.iter().flat_map(|binding| binding.chords).copied();
    let all: BTreeSet<String> = bound.chain(typed).map(|chord| chord.to_string()).collect();
    all.iter().map(|name| Chord::parse(name).unwrap()).collect()
});

/// The chords that confirm a plan.
fn confirms(chord: Chord) -> bool {
    let confirming = |binding: &&outpost::keymap::Binding| binding.action == Action::Confirm;
    let mut confirming = BINDINGS.iter().filter(confirming);
    confirming.any(|binding| binding.chords.contains(&chord))
}

/// Every key that leads to a write.
fn writing() -> String {
    let writes = BINDINGS
        .iter()
        .filter(|binding| binding.action.writes().is_some() || binding.action == Action::Undo);
    let keys: BTreeSet<String> = writes
        .flat_map(|binding| binding.chords)
        .map(ToString::to_string)
        .collect();
    assert!(keys.len() >= 9, "{keys:?}");
    keys.into_iter().collect()
}

/// The bytes that a terminal sends for the first chord of `action`, one that it sends as it is written.
fn typed(action: Action) -> String {
    let binding = BINDINGS.iter().find(|binding| binding.action == action);
    let chord = binding.unwrap().chords[0].to_string();
    match chord.as_str() {
        "enter" => "\r".to_owned(),
        one => {
            assert_eq!(one.chars().count(), 1, "{one}");
            one.to_owned()
        }
    }
}

/// A line that would mark all, ask for every write, and confirm `n` rows with a reason, were its keys pressed by a hand.
pub(crate) fn writing_line(n: usize) -> String {
    let [all, confirm, submit] = [Action::MarkAll, Action::Confirm, Action::Submit].map(typed);
    format!("{all}{}{confirm}{n} why{submit}", writing())
}

/// The plan that is shown, or lies below the line in which it is confirmed.
fn shown(script: &Scenario) -> Option<Plan> {
    script.model.overlays.iter().rev().find_map(|overlay| {
        if let Overlay::Plan { plan, .. } = overlay {
            Some((**plan).clone())
        } else {
            None
        }
    })
}

fn pressed(script: Scenario, chord: Chord) -> Scenario {
    answered(script.press(&chord.to_string()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_keys_without_a_confirm_never_write(picks in prop::collection::vec(any::<prop::sample::Index>(), 0..120)) {
        let mut script = full();
        for pick in picks {
            let chord = *pick.get(&CHORDS);
            if confirms(chord) {
                continue;
            }
            script = script.press(&chord.to_string());
            let writes = |effect: &Effect| matches!(effect, Effect::Mutate(_) | Effect::Pace(_));
            prop_assert!(!script.effects.iter().any(writes), "{chord}");
            script = answered(script);
        }
    }

    #[test]
    fn what_is_carried_out_is_what_was_shown_and_confirmed_by_as_much_as_it_takes(
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..10), 0..120)
    ) {
        let mut script = full();
        for (pick, kind) in picks {
            // Now and then what confirms, so that plans are carried out at all.
            let chord = match kind {
                0 | 1 => Chord { key: Key::Char('y'), ctrl: false },
                2 => Chord { key: Key::Enter, ctrl: false },
                _ => *pick.get(&CHORDS),
            };
            if kind == 3 && let Some(Ok(Tier::Typed { text, .. })) = shown(&script).map(|plan| plan.tier())
                && let Some(Overlay::Line(_)) = script.model.overlays.last()
            {
                script = script.keys(&format!("{text} why"));
            }
            let before = shown(&script);
            script = script.press(&chord.to_string());
            for effect in &script.effects {
                let Effect::Mutate(plan) = effect else { continue };
                let before = before.clone().unwrap();
                prop_assert_eq!(&plan.mutation, &before.mutation);
                prop_assert_eq!(&plan.examined, &before.examined);
                let is_seen = plan.examined.is_some() || plan.mutation.is_in_n8n() || plan.mutation.is_local();
                prop_assert!(is_seen, "{:?}", plan);
                match before.tier().unwrap() {
                    Tier::Yes => prop_assert!(confirms(chord), "{chord}"),
                    Tier::Typed { reason, .. } => {
                        prop_assert_eq!(chord.key, Key::Enter);
                        prop_assert!(!reason || plan.reason.is_some());
                    }
                }
            }
            script = answered(script);
        }
    }

    #[test]
    fn a_paste_of_two_hundred_lines_of_keys_that_write_changes_nothing_wherever_it_lands(
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..12)
    ) {
        let mut script = full();
        for pick in picks {
            let chord = *pick.get(&CHORDS);
            if !confirms(chord) {
                script = pressed(script, chord);
            }
        }
        let (before, plan) = (script.model.overlays.len(), shown(&script).map(|plan| plan.hash()));
        let line = format!("{} prod\r\n", writing_line(7).trim_end());
        let script = script.tell(Msg::Pasted(Untrusted::from(line.repeat(200))));
        prop_assert_eq!(&script.effects, &[]);
        prop_assert_eq!(script.model.overlays.len(), before);
        prop_assert_eq!(shown(&script).map(|plan| plan.hash()), plan);
    }
}

#[test]
fn every_key_that_writes_shows_a_plan_or_asks_for_what_it_needs() {
    // The properties above would hold of a console in which nothing can be done.
    let mut plans = BTreeSet::new();
    for keys in [
        "2*R",
        "2I⏎",
        "3I⏎",
        "4*R",
        "4*Xwhy⏎",
        "4Ame⏎",
        "4Z2h⏎",
        "6P",
        "6⇥/error⏎*R",
        "6⇥/running⏎*K",
        "D",
        "u",
    ] {
        let mut script = full();
        for key in keys.chars() {
            script = answered(script.keys(&key.to_string())).wait(1);
        }
        let plan = shown(&script);
        assert!(plan.is_some(), "{keys}: {}", script.notice());
        plans.insert(plan.unwrap().mutation.name());
    }
    let all = [
        "assign_groups",
        "ignore_groups",
        "insert_event",
        "purge",
        "reopen_errors",
        "resolve_errors",
        "retry_events",
        "retry_executions",
        "set_workflow_active",
        "stop_executions",
    ];
    assert_eq!(plans.into_iter().collect::<Vec<_>>(), all);
}
