//! What operators said of alerts, in the verdict: an alert that is silenced makes no headline, one that is acknowledged makes it and
//! says by whom, and how many are neither is counted.

use super::{Evidence, finding::Finding};
use crate::domain::{
    alert::{Alert, counted},
    flow::Trouble,
};

/// Names of rules that are told.
const NAMED: usize = 3;

impl Evidence<'_> {
    /// The headline of `first` and `others` with who acknowledged the first, and behind that how many wait all the same and how many
    /// are silenced; and shorter forms, the last without that.
    pub(super) fn headline(
        &self,
        first: &Finding<'_>,
        others: &[Finding<'_>],
    ) -> (String, Vec<String>) {
        let mut alerts = self.alerts.iter().filter(|alert| alert.is_firing());
        let own = alerts.find(|alert| Trouble::of(alert.rule) == first.trouble);
        let acked = own.and_then(Alert::acked_by);
        let mut first = first.clone();
        if let Some(acked) = acked {
            let acked = format!(", {}", acked.words());
            first.headline.push_str(&acked);
            for form in &mut first.shorter {
                form.push_str(&acked);
            }
        }
        let (long, shorter) = first.with(others);
        let tail = match counted(self.alerts) {
            (unack, 0) if acked.is_some() && unack > 0 => format!("; {unack} unack"),
            (_, 0) => return (long, shorter),
            (unack, silenced) if acked.is_some() && unack > 0 => {
                format!("; {unack} unack; {silenced} silenced")
            }
            (_, silenced) => format!("; {silenced} silenced"),
        };
        let last = shorter.last().unwrap_or(&long).clone();
        let told = shorter.iter().map(|form| format!("{form}{tail}"));
        (format!("{long}{tail}"), told.chain([last]).collect())
    }

    /// How many wait for somebody, and how many are silenced, behind a headline that all is well.
    pub(super) fn unacked(&self) -> String {
        match counted(self.alerts) {
            _ if self.alerts.is_empty() => String::new(),
            (unack, 0) => format!(", {unack} unack"),
            (unack, silenced) => format!(", {unack} unack, {silenced} silenced"),
        }
    }

    /// Which rules are silenced, and until when.
    pub(super) fn silences(&self) -> String {
        let mut silenced: Vec<&Alert> = self.alerts.iter().filter(|it| it.is_silenced()).collect();
        silenced.sort_by_key(|it| !it.is_firing());
        let named = silenced.iter().take(NAMED).map(|alert| {
            let fires = if alert.is_firing() {
                ", which fires"
            } else {
                ""
            };
            let title = alert.rule().title;
            format!("{title}{fires}: {}", alert.said.words_at(self.now))
        });
        let mut named: Vec<String> = named.collect();
        if silenced.len() > NAMED {
            named.push(format!("{} more silenced", silenced.len() - NAMED));
        }
        named.join("; ")
    }
}
