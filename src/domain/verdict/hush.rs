//! What operators said of alerts, in the verdict: an alert that is silenced makes no headline, one that is acknowledged makes it and
//! says by whom, and how many are neither is counted.

use super::{Evidence, finding::Finding};
use crate::domain::{
    alert::{Alert, account, counted},
    flow::Trouble,
};

/// Names of rules that are told.
const NAMED: usize = 3;

impl Evidence<'_> {
    /// Whether the rule is silenced that stands for `trouble`.
    pub(super) fn is_silenced(&self, trouble: Trouble) -> bool {
        let mut silenced = self.alerts.iter().filter(|alert| alert.is_silenced());
        silenced.any(|alert| Trouble::of(alert.rule) == trouble)
    }

    /// `forms`, of which `first` is the head, each with who acknowledged that and with how many others wait or are silenced; the
    /// last form is without.
    pub(super) fn hushed(
        &self,
        first: &Finding<'_>,
        (long, shorter): (String, Vec<String>),
    ) -> (String, Vec<String>) {
        let mut alerts = self.alerts.iter().filter(|alert| alert.is_firing());
        let own = alerts.find(|alert| Trouble::of(alert.rule) == first.trouble);
        let acked = own.and_then(Alert::acked_by);
        let (unack, silenced) = counted(self.alerts);
        let acked = acked.map(|acked| match unack {
            0 => format!("; acked {}", account(&acked.by)),
            _ => format!("; acked {}; {unack} unack", account(&acked.by)),
        });
        let silenced = (silenced > 0).then(|| format!("; {silenced} silenced"));
        let tail: String = [acked, silenced].into_iter().flatten().collect();
        if tail.is_empty() {
            return (long, shorter);
        }
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
        let silenced: Vec<&Alert> = self.alerts.iter().filter(|it| it.is_silenced()).collect();
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
