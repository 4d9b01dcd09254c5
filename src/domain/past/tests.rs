use super::*;

fn at(minute: u32) -> Timestamp {
    let text = format!("2026-03-09T14:{minute:02}:00Z");
    chrono::DateTime::parse_from_rfc3339(&text)
        .unwrap()
        .to_utc()
}

fn past(stages: Vec<StagePast>) -> Past {
    Past {
        stages,
        ..Past::nothing(at(24))
    }
}

fn stage(name: &str) -> StagePast {
    StagePast::none(EventType::from(name))
}

#[test]
fn what_stood_still_the_longest_comes_before_what_failed() {
    let failing = StagePast {
        done: 28,
        failed: 4,
        ..stage("contact_enriched")
    };
    let short = StagePast {
        waiting: 3,
        oldest: Some(at(23)),
        ..stage("slots_created")
    };
    let (standing, words) = past(vec![failing.clone(), short.clone()]).verdict();
    assert_eq!(standing, Standing::Bad);
    assert_eq!(
        words,
        "contact_enriched failed: 4 of the 32 that ended in 5m00s"
    );
    let stuck = StagePast {
        waiting: 41,
        oldest: Some(at(12)),
        arrived: 9,
        ..stage("company_validated")
    };
    let moving = StagePast {
        done: 1,
        ..stuck.clone()
    };
    let (_, words) = past(vec![failing.clone(), stuck.clone(), short.clone()]).verdict();
    assert_eq!(
        words,
        "company_validated stood still: 41 waited, the oldest for 12m, and none ended well in 5m00s"
    );
    let retried = StagePast {
        retried: 40,
        ..stuck
    };
    let (_, words) = past(vec![retried]).verdict();
    assert!(
        words.ends_with(
            "; 40 of them were tried again at some time; what ended well may have been purged since"
        ),
        "{words}"
    );
    let few = StagePast {
        done: 5,
        failed: 4,
        ..stage("contact_enriched")
    };
    let (standing, words) = past(vec![few, moving, short]).verdict();
    assert_eq!(standing, Standing::Well);
    assert_eq!(
        words,
        "nothing stood still or failed much: 44 waited, 10 ended in 5m00s"
    );
}

#[test]
fn of_very_many_events_the_window_is_as_long_as_they_reach() {
    let mut known = past(vec![StagePast {
        waiting: 7,
        arrived: 600,
        ..stage("slots_created")
    }]);
    assert!((known.a_minute(600) - 120.0).abs() < 1e-9);
    known.since = Some(at(24) - TimeDelta::seconds(60));
    assert!((known.a_minute(600) - 600.0).abs() < 1e-9);
    let (standing, words) = known.verdict();
    assert_eq!(standing, Standing::Unknown);
    assert_eq!(
        words,
        "so many came that only 1m00s were looked at: what stood still cannot be told"
    );
    known.since = Some(at(24) - TimeDelta::hours(3));
    assert_eq!(known.window(), WINDOW);
    let (_, words) = known.verdict();
    assert_eq!(
        words,
        "nothing stood still or failed much: at least 7 waited, 0 ended in 5m00s"
    );
    if let Some(it) = known.stages.first_mut() {
        it.oldest = Some(at(2));
        it.failed = 3;
    }
    known.stages.push(StagePast {
        done: 9,
        ..stage("company_created")
    });
    let (standing, words) = known.verdict();
    assert_eq!(standing, Standing::Bad);
    assert_eq!(
        words,
        "slots_created stood still: at least 7 waited, the oldest for at least 22m, and none of those looked at ended well in 5m00s"
    );
    let notes = known.notes(|at| at.format("%H:%M").to_string());
    assert_eq!(
        notes.first().unwrap(),
        "Only events since 11:24 were looked at: there were more."
    );
}

#[test]
fn stages_stand_in_the_order_of_the_pipeline_and_strange_ones_behind() {
    let pipeline = Pipeline::guide();
    let known = past(vec![
        stage("homemade"),
        StagePast {
            waiting: 2,
            ..stage("slots_created")
        },
    ]);
    let ordered = known.ordered(pipeline);
    assert_eq!(ordered.len(), pipeline.stages.len() + 1);
    assert_eq!(ordered.last().unwrap().stage, EventType::from("homemade"));
    assert!(ordered.iter().any(|it| it.waiting == 2));
}
