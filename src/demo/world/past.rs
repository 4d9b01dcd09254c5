//! What the world's n8n knows of the time before: the runs that the events themselves name.

use tokio_postgres::Row;

use super::{World, body_of};
use crate::demo::n8n::{ExecutionId, Failure, PastRun};

const PAST: &str = include_str!("../../../sql/demo/world/past.sql");

impl World {
    /// Lets n8n know of the runs that ended before, as the database tells of them now.
    pub(super) async fn recall(&mut self) {
        // Without an answer n8n keeps what it knows.
        if let Some(rows) = self.ledger.run(PAST, &[], &[]).await {
            let past = rows.iter().filter_map(|row| self.past_run(row)).collect();
            self.n8n.remember(past);
        }
    }

    fn past_run(&self, row: &Row) -> Option<PastRun> {
        let event_type: &str = row.get("event_type");
        let work = self.works.iter().find(|work| work.event == event_type)?;
        let failure: Option<String> = row.get("failure");
        Some(PastRun {
            execution: ExecutionId(row.get("execution")),
            webhook: work.webhook,
            body: body_of(row.get("id"), event_type, &row.get("payload")),
            started_at: row.get("started_at"),
            stopped_at: row.get("stopped_at"),
            failure: failure.map(|message| Failure {
                message,
                cause: None,
                http_code: None,
            }),
        })
    }
}
