//! Five hundred events of records that overlap, and the executions that they started, of which it is known which is whose.

use std::collections::BTreeMap;

use pretty_assertions::assert_eq;

use super::*;

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

const STAGES: [&str; 4] = [
    "company_created",
    "slots_created",
    "message_queued",
    "lead_qualified",
];

/// How long all but one in a hundred events of the stage take, ms.
const fn slowest(stage: usize) -> u64 {
    [1_500, 9_000, 3_000, 2_000][stage]
}

struct Fixture {
    events: Vec<EventRow>,
    runs: Vec<Execution>,
    /// Which event started which execution; one that nobody's event started is not here.
    truth: BTreeMap<RowId, RowId>,
    workflows: Vec<Workflow>,
}

fn later(from: Timestamp, ms: u64) -> Timestamp {
    from + TimeDelta::milliseconds(ms as i64)
}

fn fixture() -> Fixture {
    let mut numbers = Numbers(20_261_126);
    let pipeline = Pipeline::guide();
    let workflow = |(n, stage): (usize, &&str)| {
        let stage = pipeline.find(&EventType::from(*stage)).unwrap();
        Workflow {
            id: RowId::from(n as i64),
            name: Untrusted::from(stage.workflow.as_str()),
            active: true,
            archived: false,
            updated_at: None,
            webhooks: Vec::new(),
        }
    };
    let mut all = Fixture {
        events: Vec::new(),
        runs: Vec::new(),
        truth: BTreeMap::new(),
        workflows: STAGES.iter().enumerate().map(workflow).collect(),
    };
    let mut now = at(0);
    for id in 1..=500 {
        now = later(now, numbers.below(6_000));
        let stage = numbers.below(4) as usize;
        let mut event = event(id, STAGES[stage], EventStatus::Processed, 0);
        event.created_at = now;
        event.record = Some(Untrusted::from(format!("{}", numbers.below(60))));
        // Of one in a hundred n8n has no execution any more, and one in a hundred takes longer than all others.
        let began = match numbers.below(100) {
            0 => None,
            1 => Some(later(now, slowest(stage) * 3)),
            _ => Some(later(now, 20 + numbers.below(slowest(stage) - 20))),
        };
        if let Some(began) = began {
            let run = all.run(1_000 + id, stage, "webhook", began);
            all.truth.insert(run.clone(), event.id.clone());
            if numbers.below(100) < 55 {
                event.execution = Some(Untrusted::from(run.as_str()));
            }
        }
        all.events.push(event);
        // Somebody tries a workflow by hand, or calls its webhook.
        match numbers.below(60) {
            0 => drop(all.run(3_000 + id, stage, "manual", later(now, 40))),
            1 => {
                let stage = numbers.below(4) as usize;
                let began = later(now, numbers.below(5_000));
                all.run(5_000 + id, stage, "webhook", began);
            }
            _ => {}
        }
    }
    all
}

impl Fixture {
    fn run(&mut self, id: i64, stage: usize, mode: &str, began: Timestamp) -> RowId {
        self.runs.push(Execution {
            workflow: RowId::from(stage as i64),
            mode: Untrusted::from(mode),
            started_at: Some(began),
            ..run(id, 0)
        });
        RowId::from(id)
    }

    fn around(&self) -> Around<'_> {
        let slowest = STAGES.iter().enumerate().map(|(n, stage)| {
            let ms = TimeDelta::milliseconds(slowest(n) as i64);
            (EventType::from(*stage), ms)
        });
        Around {
            executions: &self.runs,
            workflows: &self.workflows,
            others: Some((at(-3_600), self.events.iter().collect())),
            slowest: slowest.collect(),
            ..Around::default()
        }
    }
}

/// For each record: how sure each of its executions is, and whether an event of it started that.
fn joined(fixture: &Fixture, around: &Around<'_>) -> Vec<(Join, bool, usize)> {
    let mut records: BTreeMap<&str, Vec<EventRow>> = BTreeMap::new();
    for event in &fixture.events {
        let record = event.record.as_ref().unwrap().raw();
        records.entry(record).or_default().push(event.clone());
    }
    let mut told = Vec::new();
    for events in records.into_values() {
        let detail = detail(events);
        for moment in of(&detail, around, Pipeline::guide(), at(100_000)) {
            let Happening::Execution(run) = moment.what else {
                continue;
            };
            let own = fixture.truth.get(&run.id);
            let is_own = detail.events.iter().any(|event| Some(&event.id) == own);
            told.push((moment.join, is_own, moment.candidates));
        }
    }
    told
}

fn detail(events: Vec<EventRow>) -> ErrorDetail {
    let own = events.last().unwrap().clone();
    let error = ErrorRow {
        id: RowId::from(9_000),
        stage: own.stage.clone(),
        record: own.record.clone(),
        message: Untrusted::from("x"),
        severity: Severity::Error,
        created_at: own.created_at,
        event: Some(own.id.clone()),
        execution: None,
        details: Untrusted::default(),
    };
    ErrorDetail {
        last_ok: None,
        event: Some((own, Join::Exact)),
        errors: Vec::new(),
        error,
        resolved: false,
        resolved_at: None,
        payload: Untrusted::default(),
        events,
        reach: Box::default(),
    }
}

#[test]
fn what_is_exact_is_always_right_and_what_is_strong_in_99_of_100() {
    let fixture = fixture();
    let told = joined(&fixture, &fixture.around());
    let of = |join: Join| {
        let all = told.iter().filter(|(its, ..)| *its == join);
        let right = all.clone().filter(|(_, is_own, _)| *is_own).count();
        (right, all.count())
    };
    let ((exact, of_exact), (strong, of_strong)) = (of(Join::Exact), of(Join::Strong));
    let named = fixture
        .events
        .iter()
        .filter(|event| event.execution.is_some())
        .count();
    assert_eq!((exact, of_exact), (named, named));
    assert!(of_strong >= 60, "{of_strong} of {} are strong", told.len());
    assert!(
        strong * 100 >= of_strong * 99,
        "{strong} of {of_strong} strong joins are right"
    );
    // What could be of two events is never called more than weak.
    assert!(
        told.iter()
            .all(|(join, _, candidates)| *candidates == 1 || *join == Join::Weak)
    );
    assert!(told.iter().any(|(_, _, candidates)| *candidates > 1));
}

#[test]
fn where_not_every_event_of_that_time_is_known_nothing_but_a_name_is_more_than_weak() {
    let fixture = fixture();
    for others in [None, Some((at(90_000), fixture.events.iter().collect()))] {
        let around = Around {
            others,
            ..fixture.around()
        };
        let told = joined(&fixture, &around);
        assert!(told.iter().any(|(join, ..)| *join == Join::Weak));
        assert!(told.iter().all(|(join, ..)| *join != Join::Strong));
    }
}
