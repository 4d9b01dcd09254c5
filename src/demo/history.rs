//! The past: thirty days of it, the same for the same seed.

use tokio_postgres::{Client, Error};

/// The parts, each building on the ones before.
const PARTS: [&str; 7] = [
    include_str!("../../sql/demo/history/001_dice.sql"),
    include_str!("../../sql/demo/history/002_companies.sql"),
    include_str!("../../sql/demo/history/003_campaigns.sql"),
    include_str!("../../sql/demo/history/004_engagement.sql"),
    include_str!("../../sql/demo/history/005_events.sql"),
    include_str!("../../sql/demo/history/006_errors.sql"),
    include_str!("../../sql/demo/history/007_intelligence.sql"),
];

/// The number after the last execution that the history names.
pub const FIRST_EXECUTION: i64 = 180_001;

/// Writes the history into a migrated and empty database; it ends at the present. Takes about 3 s.
///
/// # Errors
/// The server refuses a statement: the schema is not ours, or the role is not a superuser, which switching
/// triggers off needs.
pub async fn write(client: &Client, seed: u32) -> Result<(), Error> {
    let begin = include_str!("../../sql/demo/history/begin.sql");
    client
        .batch_execute(&begin.replace("{seed}", &seed.to_string()))
        .await?;
    for part in PARTS {
        client.batch_execute(part).await?;
    }
    Ok(())
}
