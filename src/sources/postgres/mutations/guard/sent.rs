//! Which messages have left already, as the delivery log says.

use tokio_postgres::{Row, types::Type};

use super::{Barred, Look, Parameter, Statements, Subject, barred};
use crate::{
    domain::Timestamp,
    msg::Fault,
    sources::postgres::{
        fault_of,
        mutations::{newest::NEWEST, rows_from},
        syntax::fits,
    },
};

const TO_CONTACT: &str = include_str!("../../../../../sql/mutations/sent_to_contact.sql");
const AS_MESSAGE: &str = include_str!("../../../../../sql/mutations/sent_as_message.sql");

/// What is said where the log could not be read.
const UNREAD: &str = "whether these messages have left already";
const LEFT: &str = "already in the delivery log";

/// How far back a log is looked at that is not looked at whole.
#[derive(Debug, Clone, Copy)]
struct Reach {
    /// The lowest key.
    first: i64,
    /// When its row was written, where that is known.
    since: Option<Timestamp>,
}

impl Reach {
    /// Whether what was written at `written` may have left before.
    fn misses(self, written: Option<Timestamp>) -> bool {
        let is_within = self
            .since
            .zip(written)
            .is_some_and(|(since, at)| at >= since);
        !is_within
    }
}

/// A message to a contact that is looked for.
struct Sought<'a> {
    subject: &'a Subject,
    contact: &'a String,
    /// Only what left from then on is that message; `None` for any time.
    since: Option<Timestamp>,
}

impl<C: Statements> Look<'_, C> {
    /// Those whose message the delivery log has.
    pub(super) async fn sent(&mut self, facing: &[&Subject]) -> Vec<Barred> {
        let by_contact = self.catalog.type_of("delivery_log", "contact_id");
        let by_message = self.catalog.type_of("delivery_log", "message_id");
        let mut rows = Vec::new();
        if let Some(data_type) = by_message {
            rows.extend(self.sent_as_message(facing, data_type).await);
        }
        match by_contact {
            Some(data_type) => rows.extend(self.sent_to_contact(facing, data_type).await),
            None if by_message.is_none() => {
                let lack = self.rows(TO_CONTACT, &[]).await;
                rows.extend(self.known(UNREAD, lack));
            }
            None => {}
        }
        barred(&rows, LEFT)
    }

    async fn sent_to_contact(&mut self, facing: &[&Subject], data_type: &str) -> Vec<Row> {
        let has_campaign = self
            .catalog
            .type_of("delivery_log", "campaign_id")
            .is_some();
        if !has_campaign {
            let text = "the delivery log names no campaign: only what was sent since each event was written is found";
            self.unknown.push(text.to_owned());
        }
        // An earlier message of another campaign, or the one that this follows, is not this message.
        let any_time = |s: &Subject| has_campaign && s.campaign.is_some() && !s.is_follow_up;
        let sought: Vec<Sought<'_>> = facing
            .iter()
            .filter_map(|subject| {
                let contact = subject.contact.as_ref();
                Some(Sought {
                    subject,
                    contact: contact.filter(|key| fits(data_type, key))?,
                    since: subject.written.filter(|_| !any_time(subject)),
                })
            })
            .collect();
        self.note(
            facing.len() - sought.len(),
            "name no contact that the delivery log could have",
        );
        let homeless = sought.iter().filter(|it| it.subject.campaign.is_none());
        self.note(homeless.count(), "name no campaign");
        let reach = match self.reach("contact_id").await {
            Ok(reach) => reach,
            Err(fault) => return self.known(UNREAD, Err(fault)),
        };
        self.note_missed(reach, sought.iter().map(|it| it.since));
        let events: Vec<&str> = sought.iter().map(|it| it.subject.id.as_str()).collect();
        let contacts: Vec<&String> = sought.iter().map(|it| it.contact).collect();
        let campaigns: Vec<Option<&String>> = sought
            .iter()
            .map(|it| it.subject.campaign.as_ref())
            .collect();
        let since: Vec<Option<Timestamp>> = sought.iter().map(|it| it.since).collect();
        let parameters: [Parameter<'_>; 4] = [
            (&events, Type::TEXT_ARRAY),
            (&contacts, Type::TEXT_ARRAY),
            (&campaigns, Type::TEXT_ARRAY),
            (&since, Type::TIMESTAMPTZ_ARRAY),
        ];
        let answer = self.deliveries(TO_CONTACT, reach, &parameters).await;
        self.known(UNREAD, answer)
    }

    async fn sent_as_message(&mut self, facing: &[&Subject], data_type: &str) -> Vec<Row> {
        let sought: Vec<(&Subject, &String)> = facing
            .iter()
            .filter(|subject| !subject.is_follow_up)
            .filter_map(|subject| Some((*subject, subject.message.as_ref()?)))
            .filter(|(_, message)| fits(data_type, message))
            .collect();
        if sought.is_empty() {
            return Vec::new();
        }
        let reach = match self.reach("message_id").await {
            Ok(reach) => reach,
            Err(fault) => return self.known(UNREAD, Err(fault)),
        };
        self.note_missed(reach, sought.iter().map(|(subject, _)| subject.written));
        let (events, messages): (Vec<&str>, Vec<&String>) = sought
            .iter()
            .map(|(subject, message)| (subject.id.as_str(), *message))
            .unzip();
        let parameters: [Parameter<'_>; 2] =
            [(&events, Type::TEXT_ARRAY), (&messages, Type::TEXT_ARRAY)];
        let answer = self.deliveries(AS_MESSAGE, reach, &parameters).await;
        self.known(UNREAD, answer)
    }

    /// Notes how many of these moments, since which a message may have left, lie before what is looked at.
    fn note_missed(
        &mut self,
        reach: Option<Reach>,
        moments: impl Iterator<Item = Option<Timestamp>>,
    ) {
        let Some(reach) = reach else { return };
        let missed = moments.filter(|moment| reach.misses(*moment)).count();
        self.note(
            missed,
            "may have been sent long ago: only the newest 200,000 rows of the delivery log were looked at",
        );
    }

    /// How far back the log is looked at for `column`; `None` where that is all of it.
    async fn reach(&self, column: &str) -> Result<Option<Reach>, Fault> {
        if !self.catalog.scans_for("delivery_log", column) {
            return Ok(None);
        }
        let sql = include_str!("../../../../../sql/mutations/deliveries_reach.sql");
        let rows = self.rows(sql, &[(&NEWEST, Type::INT8)]).await?;
        let read = |row: &Row| -> Result<Reach, tokio_postgres::Error> {
            Ok(Reach {
                first: row.try_get("first")?,
                since: row.try_get("since")?,
            })
        };
        let reach = rows.first().map(read).transpose();
        reach.map_err(|error| fault_of(&error))
    }

    async fn deliveries(
        &self,
        sql: &str,
        reach: Option<Reach>,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Fault> {
        let first = reach.map(|reach| reach.first);
        rows_from(self.client, self.catalog, (sql, first), parameters).await
    }
}
