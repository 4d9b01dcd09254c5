//! A batch over which quiet hours come.

use outpost::domain::{
    batch::{Halt, Mode, Standing},
    event::RowId,
    pipeline::SideEffect,
    plan::{Mutation, Quiet},
};
use pretty_assertions::assert_eq;

use super::{Desk, FAST, SENDS, WORK, begun, one, plan, resumed, run};
use crate::{database, mutations::shown};

#[tokio::test]
async fn a_batch_rests_when_quiet_hours_begin_and_loses_no_row() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    let desk = Desk::on(&db);
    let mut plan = plan(&db.client, 3..=6, FAST).await;
    let Mutation::RetryEvents(retry) = &mut plan.mutation else {
        panic!("{plan:?}");
    };
    for target in &mut retry.targets {
        target.side_effect = SideEffect::PersonFacing;
    }
    let mut plan = outpost::domain::plan::Plan {
        examined: shown(&db.client, plan.mutation.clone()).await.examined,
        ..plan
    };
    // They begin after it was shown: by the server's clock, whatever it is.
    let hours = "SELECT to_char(now() AT TIME ZONE 'UTC' - interval '1 hour', 'HH24:MI-')
        || to_char(now() AT TIME ZONE 'UTC' + interval '1 hour', 'HH24:MI')";
    let quiet = Quiet::parse(&one(&db.client, hours).await, "UTC").unwrap();
    let why = quiet.why();
    if let Mutation::RetryEvents(retry) = &mut plan.mutation {
        retry.quiet = Some(quiet);
    }
    let means = desk.means("ann@host");
    let (runner, _orders) = begun(&means, plan).await;
    let batch = run(runner).await;
    assert_eq!(batch.mode, Mode::Paused(Halt::Fault(why.clone())));
    let waiting = |id: i64, batch: &outpost::domain::batch::Batch| {
        batch.row(&RowId::from(id)).unwrap().standing == Standing::Waiting
    };
    assert!((3..=6).all(|id| waiting(id, &batch)), "{:?}", batch.rows);
    // Whoever lets it go on too early loses none either.
    let again = run(resumed(&means, &batch.head.batch).await.unwrap()).await;
    assert_eq!(again.mode, Mode::Paused(Halt::Fault(why)));
    assert!((3..=6).all(|id| waiting(id, &again)), "{:?}", again.rows);
    assert_eq!(one(&db.client, SENDS).await, "");
}
