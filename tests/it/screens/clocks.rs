//! Ages beside a clock of the database that is not ours.

use outpost::{
    action::{Action, ScreenId},
    domain::{as_of::AsOf, scorecard::MetricReading},
    effect::FeedId,
    msg::Fact,
};
use pretty_assertions::assert_eq;

use super::{Console, painting::paint_beside, world};

/// What a screen says of when it was counted, with the clock of the database an hour ahead.
fn counted(console: &Console) -> Vec<String> {
    let painted = paint_beside(console, (120, 34), 1, 3_600);
    let said = painted.split("counted ").skip(1);
    said.map(|rest| rest.split(" ago").next().unwrap().to_owned())
        .collect()
}

#[test]
fn what_was_counted_is_as_old_as_the_clock_of_who_counted_it_says() {
    let ago = |seconds: i64| world::now() - chrono::TimeDelta::seconds(seconds);
    let mut console = Console::over(world::busy(), ScreenId::Campaigns);
    console.press(Action::Open);
    assert_eq!(counted(&console), [""; 0], "read a second ago");
    console.press(Action::Open);
    let all = console.store.campaigns.value().unwrap().clone();
    for (as_of, said) in [
        (AsOf::Here(ago(2)), None),
        (AsOf::Here(ago(119)), Some("2m00s")),
        (AsOf::server(ago(119 - 3_600)), Some("2m00s")),
        (AsOf::server(ago(2 - 3_600)), None),
    ] {
        let mut all = all.clone();
        all[0].as_of = Some(as_of);
        console.tell(FeedId::Campaigns, Fact::Campaigns(all));
        assert_eq!(counted(&console), Vec::from_iter(said), "{as_of:?}");

        let mut console = Console::over(world::busy(), ScreenId::Scorecard);
        let readings = console.store.scorecard.value().unwrap().clone();
        let readings = readings.into_iter().map(|reading| MetricReading {
            as_of: Some(as_of),
            ..reading
        });
        console.tell(FeedId::Scorecard, Fact::Scorecard(readings.collect()));
        assert_eq!(counted(&console), Vec::from_iter(said), "{as_of:?}");
    }
}
