use super::*;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn schedule(now: Instant) -> Schedule {
    Schedule::new(now, FEEDS.into_iter().collect(), 50)
}

fn run_all(schedule: &mut Schedule, now: Instant, took: Duration) -> Vec<FeedId> {
    let mut order = Vec::new();
    while let Job::Feed(feed) = schedule.next(now, 0.0) {
        order.push(feed);
        schedule.done(feed, now, took, MS);
    }
    order
}

/// Runs for so long, each feed costing what `busy` says and taking no time; how often each was fetched.
fn watch(
    schedule: &mut Schedule,
    from: Instant,
    seconds: u32,
    busy: impl Fn(FeedId) -> Duration,
) -> BTreeMap<FeedId, u32> {
    let mut turns = BTreeMap::new();
    let mut now = from;
    while now < from + SECOND * seconds {
        match schedule.next(now, schedule.busy_ms) {
            Job::Feed(feed) => {
                *turns.entry(feed).or_default() += 1;
                schedule.done(feed, now, Duration::ZERO, busy(feed));
            }
            Job::Wait(until) => now = until.min(now + SECOND),
            job @ (Job::Event(_) | Job::Look(_) | Job::Audit(_) | Job::Examine(_)) => {
                panic!("{job:?}")
            }
        }
    }
    turns
}

#[test]
fn after_a_connect_every_feed_is_fetched_once_and_then_each_in_its_interval() {
    let now = Instant::now();
    let mut schedule = schedule(now);
    assert_eq!(run_all(&mut schedule, now, MS), FEEDS);
    assert_eq!(
        schedule.next(now, 0.0),
        Job::Wait(now + Duration::from_secs(2))
    );
    let later = now + Duration::from_secs(2);
    assert_eq!(
        run_all(&mut schedule, later, MS),
        [FeedId::Stages, FeedId::Tail]
    );
}

#[test]
fn a_feed_asked_for_many_times_is_fetched_once_and_not_again_within_200_ms() {
    let now = Instant::now();
    let mut schedule = schedule(now);
    run_all(&mut schedule, now, MS);
    for _ in 0..50 {
        schedule.ask(now, Ask::Fetch(FeedId::Campaigns));
    }
    assert_eq!(schedule.next(now, 0.0), Job::Wait(now + SHORTEST));
    assert_eq!(
        run_all(&mut schedule, now + SHORTEST, MS),
        [FeedId::Campaigns]
    );
}

#[test]
fn an_event_somebody_waits_for_goes_before_every_feed() {
    let now = Instant::now();
    let mut schedule = schedule(now);
    schedule.ask(now, Ask::Event(RowId::from(7)));
    schedule.ask(now, Ask::Event(RowId::from(7)));
    assert_eq!(schedule.next(now, 0.0), Job::Event(RowId::from(7)));
    assert_eq!(schedule.next(now, 0.0), Job::Feed(FeedId::Stages));
}

#[test]
fn of_errors_to_be_read_whole_only_the_last_is() {
    let now = Instant::now();
    let mut schedule = schedule(now);
    let matching = Look::Matching("x".to_owned());
    let one = |id: i64| Look::Error(RowId::from(id));
    for look in [one(1), matching.clone(), one(2), matching.clone()] {
        schedule.ask(now, Ask::Look(look));
    }
    assert_eq!(schedule.next(now, 0.0), Job::Look(one(2)));
    assert_eq!(schedule.next(now, 0.0), Job::Look(matching));
    assert_eq!(schedule.next(now, 0.0), Job::Feed(FeedId::Stages));
}

#[test]
fn of_moments_that_are_stepped_through_only_the_last_is_read() {
    let now = Instant::now();
    let mut schedule = schedule(now);
    let moment = |n| Look::Past(chrono::DateTime::from_timestamp(n, 0).unwrap());
    for look in [moment(1), moment(2), moment(3)] {
        schedule.ask(now, Ask::Look(look));
    }
    assert_eq!(schedule.next(now, 0.0), Job::Look(moment(3)));
    assert_eq!(schedule.next(now, 0.0), Job::Feed(FeedId::Stages));
}

#[test]
fn a_feed_that_takes_two_seconds_is_fetched_every_ten_at_most_and_says_so() {
    let now = Instant::now();
    let mut schedule = schedule(now);
    run_all(&mut schedule, now, 2 * SECOND);
    assert_eq!(schedule.next(now, 0.0), Job::Wait(now + 8 * SECOND));
    let interval = schedule.done(FeedId::Stages, now, 2 * SECOND, MS);
    assert_eq!(interval, 8 * SECOND);
}

#[test]
fn what_nobody_needs_rests_and_is_asked_at_once_when_it_is_needed_again() {
    let now = Instant::now();
    let mut schedule = schedule(now);
    run_all(&mut schedule, now, MS);
    let all: BTreeSet<FeedId> = FEEDS.into_iter().collect();
    let mut few = all.clone();
    few.remove(&FeedId::Scorecard);
    few.remove(&FeedId::Campaigns);
    schedule.need(now, few.clone());
    let turns = watch(&mut schedule, now, 120, |_| MS);
    assert_eq!(turns.get(&FeedId::Scorecard), None);
    assert_eq!(turns.get(&FeedId::Outcomes), Some(&3));
    let later = now + 120 * SECOND;
    run_all(&mut schedule, later, MS);
    schedule.need(later, all.clone());
    let woken = run_all(&mut schedule, later, MS);
    assert_eq!(woken, [FeedId::Campaigns, FeedId::Scorecard]);
    // A glance away is not long enough to ask again.
    schedule.need(later + SECOND, few);
    schedule.need(later + 2 * SECOND, all);
    let glance = run_all(&mut schedule, later + 2 * SECOND, MS);
    assert_eq!(glance, [FeedId::Stages, FeedId::Tail]);
}

#[test]
fn a_feed_that_rests_is_fetched_when_somebody_asks_for_it() {
    let now = Instant::now();
    let mut schedule = Schedule::new(now, BTreeSet::new(), 50);
    assert_eq!(run_all(&mut schedule, now, MS), []);
    schedule.ask(now, Ask::Fetch(FeedId::Scorecard));
    assert_eq!(run_all(&mut schedule, now, MS), [FeedId::Scorecard]);
}

#[test]
fn over_budget_the_dear_feeds_come_less_often_and_the_stages_as_before() {
    let now = Instant::now();
    let mut schedule = schedule(now);
    let dear = |feed| {
        if feed == FeedId::Totals {
            800 * MS
        } else {
            4 * MS
        }
    };
    let turns = watch(&mut schedule, now, 300, dear);
    assert!(schedule.stretch() > 1.5, "{}", schedule.stretch());
    // Of 30 turns in its own interval.
    let totals = turns[&FeedId::Totals];
    assert!((14..=20).contains(&totals), "{totals}");
    let stages = turns[&FeedId::Stages];
    assert!((149..=151).contains(&stages), "{stages}");
    let spent = schedule.busy_ms / 300.0;
    assert!((40.0..=56.0).contains(&spent), "{spent} ms/s");
    let again = watch(&mut schedule, now + 300 * SECOND, 60, |_| MS);
    assert!((schedule.stretch() - 1.0).abs() < 1e-9);
    assert!(again[&FeedId::Totals] >= 5, "{again:?}");
}

#[test]
fn a_feed_that_a_person_asks_for_comes_at_once_however_slow_refresh_is() {
    let now = Instant::now();
    let mut schedule = schedule(now);
    let _turns = watch(&mut schedule, now, 120, |_| 900 * MS);
    assert!(schedule.stretch() > 20.0, "{}", schedule.stretch());
    let later = now + 121 * SECOND;
    let _due = watch(&mut schedule, later, 1, |_| 900 * MS);
    let asked = later + 2 * SECOND;
    schedule.ask(asked, Ask::Fetch(FeedId::Campaigns));
    let next = std::iter::from_fn(|| match schedule.next(asked, schedule.busy_ms) {
        Job::Feed(feed) => {
            schedule.done(feed, asked, Duration::ZERO, 900 * MS);
            Some(feed)
        }
        Job::Event(_) | Job::Look(_) | Job::Audit(_) | Job::Examine(_) | Job::Wait(_) => None,
    });
    assert!(next.collect::<Vec<_>>().contains(&FeedId::Campaigns));
}

#[test]
fn notifications_do_not_get_round_the_budget() {
    let now = Instant::now();
    let mut schedule = schedule(now);
    let tail_alone = BTreeSet::from([FeedId::Tail]);
    schedule.need(now, tail_alone);
    let (mut turns, mut spent_from) = (0, 0.0);
    for tenth in 0..600_u32 {
        let at = now + Duration::from_millis(100) * tenth;
        schedule.ask(at, Ask::Fetch(FeedId::Tail));
        if tenth == 300 {
            (turns, spent_from) = (0, schedule.busy_ms);
        }
        if let Job::Feed(feed) = schedule.next(at, schedule.busy_ms) {
            turns += 1;
            schedule.done(feed, at, Duration::ZERO, 80 * MS);
        }
    }
    // Twice a second would be 160 ms/s.
    let spent = (schedule.busy_ms - spent_from) / 30.0;
    assert!((25.0..=60.0).contains(&spent), "{spent} ms/s");
    assert!(turns >= 12, "{turns}");
}

#[test]
fn a_bad_minute_is_forgotten_soon_after_it() {
    let now = Instant::now();
    let mut schedule = schedule(now);
    // A loaded server: every answer costs 1.5 s of its time.
    let _bad = watch(&mut schedule, now, 60, |_| 1_500 * MS);
    assert!(schedule.stretch() > 30.0, "{}", schedule.stretch());
    let mut good = now + 60 * SECOND;
    let mut minutes = 0;
    while schedule.stretch() > 1.01 && minutes < 20 {
        let _good = watch(&mut schedule, good, 60, |_| 5 * MS);
        good += 60 * SECOND;
        minutes += 1;
    }
    assert!(minutes <= 8, "{minutes}, {}", schedule.stretch());
}
