//! What stands around the groups: what is counted, hidden, marked and advised, who looks, and what can be taken back.

use outpost::{
    domain::{
        audit::Question,
        plan::{Mutation, Outcome, Plan},
        server::Server,
        triage::Place,
    },
    effect::Effect,
    model::Overlay,
    msg::{Fact, Fault, Msg},
};

use pretty_assertions::assert_eq;

use super::{Scenario, on_errors, paint, snapshot, spoken, text, worlds};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn shown(script: &Scenario, size: (u16, u16)) -> String {
    text(&paint(&script.model, size)).join("\n")
}

fn row(script: &Scenario, size: (u16, u16), says: &str) -> String {
    let all = shown(script, size);
    let found = all.lines().find(|row| row.contains(says));
    found.unwrap_or_else(|| panic!("{says}: {all}")).to_owned()
}

#[test]
fn errors_that_are_left_alone_are_not_counted_among_the_open_ones() {
    let errors = spoken(Place::Database);
    let open: u64 = errors.open_groups().iter().map(|group| group.open).sum();
    assert!(errors.ignored() > 0 && open + errors.ignored() == errors.open());
    let groups = errors.open_groups().len();
    for size in SIZES {
        let title = format!("ERRORS  open {open} in {groups} groups");
        row(&on_errors(size, Place::Database, ""), size, &title);
    }
    let size = (200, 60);
    let below = row(&on_errors(size, Place::Database, ""), size, "ignored 2 = ");
    assert!(
        below.contains(&format!("ignored 2 = {} errors", errors.ignored())),
        "{below}"
    );
    assert!(below.contains("counts exact"), "{below}");
}

#[test]
fn what_a_filter_hides_and_what_is_marked_is_counted_in_errors_and_not_in_groups_alone() {
    let size = (200, 60);
    let errors = spoken(Place::Database);
    let open = errors.open_groups();
    let hidden: u64 = open.iter().skip(1).map(|group| group.open).sum();
    let script = on_errors(size, Place::Database, "/is:assigned note:ticket⏎");
    let words = format!("hidden by filter {} group", open.len() - 1);
    let below = row(&script, size, &words);
    assert!(below.contains(&format!("= {hidden} error")), "{below}");

    let marked = on_errors(size, Place::Database, "*");
    let all: u64 = open.iter().map(|group| group.open).sum();
    let title = row(&marked, size, "marked ");
    let words = format!("marked {} groups = {all} errors, up to ", open.len());
    assert!(title.contains(&words), "{title}");
    assert!(
        title.contains(" people, ") && title.contains(" stages"),
        "{title}"
    );
}

#[test]
fn the_advice_stands_below_the_groups_where_there_is_room_and_what_r_would_do_beside_it() {
    for size in [(120, 40), (200, 60)] {
        let script = on_errors(size, Place::Database, "");
        let advice = row(&script, size, "do not retry yet: ");
        assert!(advice.contains("renew the credential in n8n"), "{advice}");
    }
    let script = on_errors((200, 60), Place::Database, "");
    let all = shown(&script, (200, 60));
    for says in [
        "IF YOU PRESS R",
        "ACTION  retry the events of 9 errors",
        "CONFIRM type 9",
    ] {
        assert!(all.contains(says), "{says}: {all}");
    }
}

#[test]
fn what_was_done_is_asked_for_where_the_errors_have_a_panel_for_it() {
    let asked = |size| {
        let newest = Question::Page(None);
        let fault = Fault::Forbidden("not now".into());
        // It was asked when the screen was shown; answered, it is asked again when that is old.
        let mut script =
            on_errors(size, Place::Database, "").tell(Msg::Audited(newest.clone(), Err(fault)));
        (0..11).any(|_| {
            let model = std::mem::replace(&mut script, Scenario::start());
            script = model.wait(1);
            script.effects.contains(&Effect::Audit(newest.clone()))
        })
    };
    assert!(asked((200, 60)));
    assert!(!asked((120, 40)));
}

#[test]
fn the_screen_is_named_before_those_who_look_and_they_are_counted_where_names_do_not_fit() {
    let server = Server {
        consoles: ["ann@host", "bartholomew@host", "constantine@host"]
            .map(|who| format!("outpost {who}"))
            .to_vec(),
        ..worlds::server()
    };
    let title = |width| {
        let script = on_errors((width, 24), Place::Database, "").fact(Fact::Server(server.clone()));
        text(&paint(&script.model, (width, 24))).remove(0)
    };
    let wide = title(120);
    assert!(
        wide.contains("viewers ann(you), bartholomew, constantine"),
        "{wide}"
    );
    for width in [80, 120] {
        assert!(title(width).contains(" 4 Errors "), "{}", title(width));
    }
    assert!(title(80).contains("3 viewers "), "{}", title(80));
}

#[test]
fn the_record_comes_first_with_its_key_and_a_test_event_is_of_the_selected_stage() {
    let script = on_errors((120, 40), Place::Database, "T");
    let Some(Overlay::Errors { look, .. }) = script.model.overlays.last() else {
        panic!("{:?}", script.model.overlays);
    };
    assert!(look.timeline);
    let script = script.keys("T");
    let Some(Overlay::Errors { look, .. }) = script.model.overlays.last() else {
        panic!("{:?}", script.model.overlays);
    };
    assert!(!look.timeline);
    let script = on_errors((120, 40), Place::Database, "I");
    row(&script, (120, 40), "stage             lead_qualified");
}

#[test]
fn a_plan_over_the_group_of_another_says_who_has_it() {
    let size = (120, 40);
    let taken = on_errors(size, Place::Database, "Xmended⏎");
    let says = row(&taken, size, "TAKEN");
    assert!(says.contains("anna@ops has the group"), "{says}");
    assert!(says.contains("for 6m"), "{says}");
    let other = row(
        &on_errors(size, Place::Database, "GXmended⏎"),
        size,
        "TAKEN",
    );
    assert!(other.contains("ben@ops has the group"), "{other}");
    // One's own is nobody else's, from whichever host.
    let mut own = on_errors(size, Place::Database, "");
    own.model.options.actor = "anna@laptop".to_owned();
    let own = own.keys("Xmended⏎");
    row(&own, size, "PLAN resolve");
    assert!(!shown(&own, size).contains("TAKEN"));
}

#[test]
fn a_plan_is_copied_as_it_is_printed_elsewhere_once_the_guard_has_looked() {
    let script = on_errors((120, 40), Place::Database, "Xmended⏎c");
    assert!(
        script.notice().starts_with("not yet: "),
        "{}",
        script.notice()
    );
    let Some(Overlay::Plan { plan, .. }) = script.model.overlays.last() else {
        panic!("no plan");
    };
    let about = plan.clone();
    let found = outpost::domain::plan::Examination::default();
    let script = script
        .tell(Msg::Examined(*about, Ok(Box::new(found))))
        .keys("c");
    let [Effect::Copy(copied)] = script.effects.as_slice() else {
        panic!("{:?}", script.effects);
    };
    let copied: serde_json::Value = serde_json::from_str(copied).unwrap();
    assert_eq!(copied["action"], "resolve_errors");
    assert_eq!(copied["hash"].as_str().map(str::len), Some(32));
}

#[test]
fn a_long_filter_leaves_room_for_how_far_what_is_shown_can_be_trusted() {
    let size = (80, 24);
    let filter = "/record=\"04.04.01.58.02580.001.CEO\"⏎";
    let script = on_errors(size, Place::Database, filter).wait(9);
    let trust = row(&script, size, " TRUST ");
    assert!(
        trust.contains("listen ok") && trust.contains("n8n ok"),
        "{trust}"
    );
    row(&script, size, "/record=");
    let wide = row(&script, (200, 60), " TRUST ");
    assert!(wide.contains("filter record="), "{wide}");
}

#[test]
fn what_u_takes_back_stands_in_the_trust_row_until_something_else_is_done() {
    let size = (200, 60);
    let mut script = on_errors(size, Place::Database, "");
    let mutation = Mutation::ResolveErrors {
        ids: spoken(Place::Database).groups[0].ids.to_vec(),
        note: "mended".to_owned(),
    };
    let plan = Plan::new(mutation.clone(), script.now);
    let outcome = Outcome {
        done: mutation.ids(),
        ..Outcome::default()
    };
    script = script.tell(Msg::Mutated(plan, Ok(outcome))).wait(9);
    let trust = row(&script, size, " TRUST ");
    assert!(trust.contains("u takes back resolve 9 errors, "), "{trust}");
}

#[test]
fn the_chart_looks_back_shorter_and_longer_where_it_stands_and_says_what_is_not_known() {
    let size = (200, 60);
    let script = on_errors(size, Place::Database, "");
    row(&script, size, "ERRORS PER HOUR  24 h, by class");
    let script = script.keys("}");
    row(&script, size, "ERRORS PER 6 H  7 d, by class");
    let axis = row(&script, size, "-3d12h");
    assert!(axis.contains("-7d") && axis.contains("-42h"), "{axis}");
    let script = script.keys("}");
    row(&script, size, "ERRORS PER 6 H  7 d, by class");
    let script = script.keys("{{");
    row(&script, size, "ERRORS PER 15 MIN  6 h, by class");
    let script = script.keys("{{{");
    row(&script, size, "ERRORS PER 5 MIN  2 h, by class");
    row(&script, size, "now ");
    snapshot("errors_chart_2h", &script.model, size);
    // Where there is no chart the keys say so.
    let script = on_errors((120, 40), Place::Database, "}");
    assert_eq!(
        script.notice(),
        "there is no room for the chart of errors: it stands at 200x60"
    );
}
