//! What a batch of clones did is taken back by `u`, where it is the last thing that was done here.

use outpost::{
    domain::plan::Mutation,
    msg::{Msg, Told},
};
use pretty_assertions::assert_eq;

use super::*;

/// A batch of clones that begins: the console, and the head that it is told.
fn begun() -> (Scenario, Head) {
    let script = planned(25).keys("v");
    let Some(Effect::Examine(asked)) = script.effects.first().cloned() else {
        panic!("{:?}: {}", script.effects, script.notice());
    };
    let version = |target: &EventTarget| Version {
        id: target.id.clone(),
        xmin: None,
    };
    let examined = Examination {
        eligible: asked.targets().iter().map(version).collect(),
        ..Examination::default()
    };
    let script = script.tell(Msg::Examined(asked, Ok(Box::new(examined))));
    let script = script.keys("y30⏎");
    let plan = mutated(&script).clone();
    assert_eq!(plan.strategy_name(), "clone");
    let head = Head {
        plan,
        ..head(script.now)
    };
    (script, head)
}

/// The first two of its rows, cloned as 101 and 102.
fn two(at: Timestamp) -> Vec<Record> {
    let sent = |n: i64| Record::Sent {
        id: RowId::from(n),
        at,
        clone: Some(RowId::from(100 + n)),
    };
    [1, 2].map(sent).to_vec()
}

fn noted(record: Record) -> Msg {
    Msg::Batch(Told::Noted(id(), record))
}

/// The clones that `u` plans to delete.
fn taken_back(script: Scenario) -> Vec<String> {
    let script = script.keys("u");
    let [Effect::Examine(plan)] = script.effects.as_slice() else {
        panic!("{:?}: {}", script.effects, script.notice());
    };
    let Mutation::DeleteClones(clones) = &plan.mutation else {
        panic!("{plan:?}");
    };
    clones.iter().map(|clone| clone.id.to_string()).collect()
}

#[test]
fn a_batch_of_clones_that_stands_is_taken_back_by_u_and_one_under_way_is_not() {
    let (script, head) = begun();
    let at = script.now;
    let known = Told::Known(Box::new(head), two(at), Driver::Here);
    let script = script.tell(Msg::Batch(known));
    let none = script.keys("u");
    assert_eq!(none.effects, [], "it is under way");
    let why = Halt::ByHand("ann@host".to_owned());
    let script = none.tell(noted(Record::Paused { at, why }));
    assert!(
        script.notice().ends_with("; u takes it back"),
        "{}",
        script.notice()
    );
    let who = "ann@host".to_owned();
    let script = script.tell(noted(Record::Resumed { at, who }));
    let none = script.keys("u");
    assert_eq!(none.effects, [], "it is under way again");
    let script = none.tell(noted(Record::Finished { at }));
    assert!(
        script.notice().ends_with("; u takes it back"),
        "{}",
        script.notice()
    );
    assert_eq!(taken_back(script), ["101", "102"]);
}

#[test]
fn the_batch_of_somebody_else_is_not_taken_back_by_u() {
    let (script, head) = begun();
    let at = script.now;
    let mut other = head;
    other.plan.frozen_at = at - TimeDelta::minutes(5);
    let records = [two(at), vec![Record::Finished { at }]].concat();
    let known = Told::Known(Box::new(other), records, Driver::Elsewhere);
    let script = script.tell(Msg::Batch(known)).keys("u");
    assert_eq!(script.effects, []);
}
