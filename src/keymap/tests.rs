use std::collections::HashSet;

use super::*;

#[test]
fn no_chord_is_bound_twice_in_a_scope() {
    let mut seen = HashSet::new();
    for binding in BINDINGS {
        for chord in binding.chords {
            assert!(
                seen.insert((binding.scope, *chord)),
                "{chord} twice in {:?}",
                binding.scope
            );
        }
    }
}

#[test]
fn names_are_unique_labels_short_and_helps_sentences() {
    let mut seen = HashSet::new();
    for Binding {
        name, label, help, ..
    } in BINDINGS
    {
        assert!(seen.insert(name), "{name} twice");
        assert!(label.chars().count() <= 10, "{label}");
        assert!(help.ends_with('.'), "{help}");
    }
}

#[test]
fn every_screen_has_a_key() {
    for id in ScreenId::ALL {
        assert!(
            BINDINGS.iter().any(|b| b.action == Action::Go(id)),
            "{id:?}"
        );
    }
}

#[test]
fn every_chord_reads_back_as_it_is_shown() {
    for chord in BINDINGS.iter().flat_map(|b| b.chords) {
        assert_eq!(Chord::parse(&chord.to_string()), Some(*chord));
    }
    assert_eq!(Chord::parse("F13"), None);
    assert_eq!(Chord::parse("nonsense"), None);
}

#[test]
fn a_key_that_writes_is_upper_case() {
    for binding in BINDINGS {
        if binding.action.writes().is_some() {
            for chord in binding.chords {
                assert!(matches!(chord.key, Key::Char('A'..='Z')), "{chord}");
            }
        }
    }
}
