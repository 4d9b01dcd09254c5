//! What comes into the world from outside: imports, campaigns, and people who open, click and reply. Only rows go
//! in; the events come from the triggers.

use tokio_postgres::types::Type;

use super::{chance::Dice, ledger::Ledger, names};

/// Something that comes again and again, by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// A company is imported.
    Company,
    /// A campaign is started.
    Campaign,
    /// The personalizer writes the next message of a campaign.
    Message,
    /// Somebody opens a message.
    Open,
    /// Somebody clicks in one.
    Click,
    /// Somebody replies.
    Reply,
    /// Follow-ups fall due.
    FollowUp,
}

/// Everything that arrives, and how often a minute in calm. Together, and with what follows from it, about 60
/// events a minute, as in the last hours of the history.
pub(super) const ARRIVALS: [(Arrival, f64); 7] = [
    (Arrival::Company, 2.6),
    (Arrival::Campaign, 0.05),
    (Arrival::Message, 11.0),
    (Arrival::Open, 2.5),
    (Arrival::Click, 0.6),
    (Arrival::Reply, 0.5),
    (Arrival::FollowUp, 1.0),
];

const COMPANY: &str = include_str!("../../sql/demo/world/company.sql");
const CAMPAIGN: &str = include_str!("../../sql/demo/world/campaign.sql");
const MESSAGE: &str = include_str!("../../sql/demo/world/message.sql");
const SIGNAL: &str = include_str!("../../sql/demo/world/signal.sql");
const FOLLOW_UP: &str = include_str!("../../sql/demo/world/follow_up.sql");

/// Imports `count` companies in one statement.
pub(super) async fn import(ledger: &mut Ledger, dice: &mut Dice, count: i32) {
    let (chance, industry, name) = (dice.share(), names::industry(dice), names::company(dice));
    let types = [Type::INT4, Type::FLOAT8, Type::TEXT, Type::TEXT];
    ledger
        .run(COMPANY, &types, &[&count, &chance, &industry, &name])
        .await;
}

/// Lets it happen. `number` counts what has arrived.
pub(super) async fn arrive(ledger: &mut Ledger, dice: &mut Dice, arrival: Arrival, number: u32) {
    match arrival {
        Arrival::Company => import(ledger, dice, 1).await,
        Arrival::Campaign => {
            let (name, segment) = names::campaign(dice, number);
            let types = [Type::TEXT, Type::TEXT];
            ledger.run(CAMPAIGN, &types, &[&name, &segment]).await;
        }
        Arrival::Message => {
            ledger.run(MESSAGE, &[Type::FLOAT8], &[&dice.share()]).await;
        }
        Arrival::Open => signal(ledger, dice, "open").await,
        Arrival::Click => signal(ledger, dice, "click").await,
        Arrival::Reply => signal(ledger, dice, "reply").await,
        Arrival::FollowUp => {
            ledger
                .run(FOLLOW_UP, &[Type::FLOAT8], &[&dice.share()])
                .await;
        }
    }
}

async fn signal(ledger: &mut Ledger, dice: &mut Dice, kind: &str) {
    let types = [Type::TEXT, Type::FLOAT8];
    ledger.run(SIGNAL, &types, &[&kind, &dice.share()]).await;
}
