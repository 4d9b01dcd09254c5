//! What to do about a group, step by step, and which of it was seen to be done.

use crate::{
    domain::{
        batch::Bulk,
        error_group::{ErrorGroup, Outlook},
    },
    screens::errors::view::{Scene, below},
    ui::text,
};

/// A step, and whether it was seen to be done.
pub(super) struct Step {
    says: String,
    /// The same in fewer words.
    brief: String,
    /// What it waits for, and what is known of it.
    remark: String,
    is_done: bool,
}

impl Step {
    fn new(says: impl Into<String>, remark: impl Into<String>, is_done: bool) -> Self {
        let says = says.into();
        Self {
            brief: says.clone(),
            says,
            remark: remark.into(),
            is_done,
        }
    }

    /// `2 [ ] R canary 1 of 9  waits for 1`; without the remark where there is no room for it.
    pub(super) fn line(&self, number: usize, room: usize) -> String {
        let mark = if self.is_done { 'x' } else { ' ' };
        let short = format!("{number} [{mark}] {}", self.says);
        let long = if self.remark.is_empty() {
            short.clone()
        } else {
            format!("{short}  {}", self.remark)
        };
        text::fitting([long.as_str(), short.as_str()], room)
    }
}

/// The steps for `group`; none where nothing of it is unresolved.
pub(super) fn steps(scene: &Scene<'_>, group: &ErrorGroup) -> Vec<Step> {
    let n = group.open;
    if n == 0 {
        return Vec::new();
    }
    let (tried, ok) = (group.retries.tried, group.retries.ok);
    // One that was tried again and ended well is what the canary would show.
    let went_well = ok > 0 && ok * 2 >= tried;
    let went = match tried {
        0 => String::new(),
        _ => format!("{ok}/{tried} tried again ok"),
    };
    let mut steps: Vec<Step> = Vec::new();
    match group.outlook() {
        Outlook::Mend => steps.push(Step::new(below::until(group), went.clone(), went_well)),
        Outlook::Look => steps.push(Step::new("enter: read a sample", "", false)),
        Outlook::Retry | Outlook::RetryOne => {}
    }
    let waits = |steps: &Vec<Step>| match steps.len() {
        0 => went.clone(),
        before => format!("waits for {before}"),
    };
    let Bulk { above, pacing } = scene.store.bulk;
    if n > above as u64 {
        let canary = u64::from(pacing.canary).min(n);
        let says = format!("R canary {canary} of {}", text::grouped(n));
        steps.push(Step {
            brief: format!("R canary {canary}"),
            ..Step::new(says, waits(&steps), went_well)
        });
        let (rest, pace) = (text::grouped(n - canary), pacing.per_minute);
        let says = format!("R remaining {rest} @{pace}/min");
        steps.push(Step {
            brief: format!("R rest {rest} @{pace}/m"),
            ..Step::new(says, waits(&steps), false)
        });
    } else {
        let n_text = text::grouped(n);
        let (says, brief) = match n {
            1 => ("R retry it".to_owned(), "R retry it".to_owned()),
            _ => (
                format!("R retry all {n_text} in one plan"),
                format!("R retry all {n_text}"),
            ),
        };
        steps.push(Step {
            brief,
            ..Step::new(says, waits(&steps), false)
        });
    }
    let n = text::grouped(n);
    let remark = format!("when {n}/{n} ended well");
    steps.push(Step {
        brief: "X resolve".to_owned(),
        ..Step::new("X resolve the group", remark, false)
    });
    steps
}

/// The steps in one line: `1 wait for the quota  2 R canary 1  3 R rest 96 @20/m`.
pub(super) fn plan(steps: &[Step]) -> String {
    // What is resolved after that is told at larger sizes.
    let told = steps.iter().take(3).enumerate();
    let told: Vec<String> = told
        .map(|(at, step)| format!("{} {}", at + 1, step.brief))
        .collect();
    told.join("  ")
}
