//! A hundred thousand unresolved errors on a real server, read one by one: each is seen once, however many come, are
//! resolved, or have to make way meanwhile.

use std::collections::BTreeSet;

use outpost::{
    domain::{
        error_group::{Errors, HELD, Look, Older, PAGE, Page, PagePlace, Seen},
        event::RowId,
    },
    effect::FeedId,
    msg::Fact,
    sources::postgres::{
        Client,
        catalog::Catalog,
        queries::{self, Memory},
    },
};
use pretty_assertions::assert_eq;

use crate::database::{self, Db};

struct Site {
    db: Db,
    catalog: Catalog,
    memory: Memory,
}

impl Site {
    /// So many unresolved errors.
    async fn with(db: Db, n: i64) -> Self {
        let insert = format!(
            "INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, severity)
             SELECT 'stage_' || n % 7, n::text, 'HTTP ' || 500 + n % 4 || ' for contact ' || n, CASE WHEN n % 100 = 0 THEN 'critical' ELSE 'error' END
             FROM generate_series(1, {n}) n; ANALYZE marketing.pipeline_errors"
        );
        run(&db.client, &insert).await;
        let catalog = database::catalog(&db.client, "marketing").await;
        Self {
            db,
            catalog,
            memory: Memory::default(),
        }
    }

    async fn refresh(&mut self) -> Errors {
        let asked = queries::fetch(
            &self.db.client,
            &self.catalog,
            FeedId::Errors,
            &mut self.memory,
        );
        match asked.await {
            Ok(Fact::Errors(errors)) => errors,
            other => panic!("{other:?}"),
        }
    }

    async fn page(&mut self, place: &PagePlace, filter: &str) -> Page {
        let look = Look::Page(place.clone(), filter.to_owned());
        let asked = queries::look(&self.db.client, &self.catalog, &mut self.memory, &look);
        match asked.await {
            Ok(Seen::Page(page)) => page,
            other => panic!("{other:?}"),
        }
    }
}

async fn run(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap();
}

/// The keys that are listed: the newest, unless what was paged to stands apart, and that.
fn listed(errors: &Errors, older: &Older) -> Vec<RowId> {
    let newest = if older.is_apart() {
        &[][..]
    } else {
        &errors.recent
    };
    let rows = newest.iter().chain(older.rows());
    rows.map(|row| row.id.clone()).collect()
}

/// Pages from the newest to the oldest while others come, and sees every one that was there in the beginning once.
async fn every_one_is_seen_once(db: Db) {
    const N: i64 = 100_000;
    let mut site = Site::with(db, N).await;
    let all = "SELECT id::bigint FROM marketing.pipeline_errors WHERE NOT resolved";
    let all = site.db.client.query(all, &[]).await.unwrap();
    let mut all: BTreeSet<RowId> = all
        .iter()
        .map(|row| RowId::from(row.get::<_, i64>(0)))
        .collect();
    let mut errors = site.refresh().await;
    // What is listed as the newest never comes as a page.
    all.retain(|id| errors.recent.iter().all(|row| row.id != *id));
    let mut older = Older::of("");
    let mut seen: BTreeSet<RowId> = BTreeSet::new();
    let mut held = 0;
    let mut rounds = 0;
    while let Some(place) = older.next(&errors.recent) {
        rounds += 1;
        assert!(rounds < 400, "{place:?}");
        let page = site.page(&place, "").await;
        // Nothing comes twice: a page holds only what no page before it held.
        for row in &page.rows {
            assert!(seen.insert(row.id.clone()), "{} twice", row.id);
        }
        older.take(&place, page, &errors.recent);
        let list = listed(&errors, &older);
        held = held.max(list.len());
        let distinct: BTreeSet<&RowId> = list.iter().collect();
        assert_eq!(distinct.len(), list.len());
        if rounds % 10 == 0 {
            let more = "INSERT INTO marketing.pipeline_errors (event_type, error_message) SELECT 'new', 'HTTP 500' FROM generate_series(1, 40)";
            run(&site.db.client, more).await;
            errors = site.refresh().await;
            let selected = list.last().cloned();
            older.follow(&errors.recent, |_| true, selected.as_ref());
        }
    }
    assert!(older.has_oldest());
    let missed: Vec<&RowId> = all.difference(&seen).collect();
    assert_eq!(missed, Vec::<&RowId>::new());
    assert!(held <= HELD + PAGE, "{held} held");
    // Back to the newest, by pages.
    let mut rounds = 0;
    while let Some(place) = older.previous() {
        rounds += 1;
        assert!(rounds < 400, "{place:?}");
        let page = site.page(&place, "").await;
        older.take(&place, page, &errors.recent);
        assert!(older.rows().len() <= HELD);
    }
    assert!(!older.is_apart());
    let list = listed(&errors, &older);
    let mut sorted = list.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    assert_eq!(list, sorted);
    let newest = errors.recent.iter().map(|row| &row.id).max().unwrap();
    assert_eq!(list.first(), Some(newest));
}

#[tokio::test]
async fn a_hundred_thousand_errors_are_paged_through_and_each_is_seen_once() {
    every_one_is_seen_once(database::fresh().await).await;
}

#[tokio::test]
async fn so_they_are_on_a_site_without_any_index_of_ours() {
    every_one_is_seen_once(database::classic().await).await;
}

#[tokio::test]
async fn a_filter_is_held_against_all_of_them_a_bounded_number_at_a_time() {
    let mut site = Site::with(database::fresh().await, 30_000).await;
    let errors = site.refresh().await;
    let mut older = Older::of("severity:critical stage:stage_3");
    let mut pages = 0;
    while let Some(place) = older.next(&errors.recent) {
        pages += 1;
        let page = site.page(&place, older.filter().to_owned().as_str()).await;
        assert!(page.read <= 20_000, "{}", page.read);
        older.take(&place, page, &errors.recent);
    }
    assert_eq!(older.read(), 30_000 - PAGE as u64);
    assert!((1..=3).contains(&pages), "{pages} pages");
    let found: Vec<i64> = older
        .rows()
        .iter()
        .filter_map(|row| row.id.number())
        .collect();
    let expected: Vec<i64> = (1..=29_500)
        .rev()
        .filter(|n| n % 100 == 0 && n % 7 == 3)
        .collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_end_is_reached_at_once_and_what_is_resolved_elsewhere_goes() {
    let mut site = Site::with(database::fresh().await, 9_000).await;
    for _ in 0..4 {
        site.refresh().await;
    }
    let errors = site.refresh().await;
    assert!(errors.coverage.has_all_open);
    let page = site.page(&PagePlace::Oldest, "").await;
    assert_eq!(page.newer, Some(9_000 - PAGE as u64));
    let mut older = Older::of("");
    older.take(&PagePlace::Oldest, page, &errors.recent);
    assert!(older.is_apart() && older.has_oldest());
    let (from, to) = older.range().unwrap();
    assert_eq!((from.number(), to.number()), (Some(1), Some(500)));
    let resolve = "UPDATE marketing.pipeline_errors SET resolved = true, resolved_at = now() WHERE id % 2 = 0";
    run(&site.db.client, resolve).await;
    site.refresh().await;
    let look = Look::Still(from.clone(), to.clone());
    let asked = queries::look(&site.db.client, &site.catalog, &mut site.memory, &look);
    let Ok(Seen::Still(Some(keys))) = asked.await else {
        panic!("not known")
    };
    assert!(older.keep((&from, &to), &keys));
    assert_eq!(older.rows().len(), 250);
}

#[tokio::test]
async fn more_than_are_counted_are_listed_all_the_same_and_the_memory_of_them_is_bounded() {
    let mut site = Site::with(database::fresh().await, 150_000).await;
    let mut errors = site.refresh().await;
    for _ in 0..12 {
        errors = site.refresh().await;
    }
    assert!(errors.open() > 100_000);
    assert!(!errors.coverage.has_all_open);
    assert!(errors.coverage.open <= 110_000, "{}", errors.coverage.open);
    // Many more come at once: the oldest make way.
    let more = "INSERT INTO marketing.pipeline_errors (event_type, error_message) SELECT 'new', 'HTTP 500' FROM generate_series(1, 30000)";
    run(&site.db.client, more).await;
    for _ in 0..4 {
        errors = site.refresh().await;
    }
    assert!(errors.coverage.open <= 110_000, "{}", errors.coverage.open);
    assert!(!errors.coverage.has_all_open);
    // Far behind what is remembered, pages come from the table.
    let page = site.page(&PagePlace::Before(RowId::from(1_001)), "").await;
    assert_eq!(page.rows.len(), PAGE);
    assert_eq!(page.rows[0].id, RowId::from(1_000));
    assert_eq!(page.newer, None);
    let page = site.page(&PagePlace::Oldest, "").await;
    assert_eq!(
        page.rows.last().map(|row| row.id.clone()),
        Some(RowId::from(1))
    );
    // Once most are resolved, the rest is remembered again.
    let resolve =
        "UPDATE marketing.pipeline_errors SET resolved = true, resolved_at = now() WHERE id > 3000";
    run(&site.db.client, resolve).await;
    for _ in 0..60 {
        errors = site.refresh().await;
        if errors.coverage.has_all_open && errors.coverage.open == 3_000 {
            return;
        }
    }
    panic!("{:?}", errors.coverage);
}

/// Errors whose events hold something at a path: one that names its event, one of which it can be told by stage and record,
/// one whose workflow wrote it down itself, and one without.
const PAYLOADS: &str = "
    INSERT INTO marketing.pipeline_events (id, event_type, payload, status) OVERRIDING SYSTEM VALUE VALUES
      (901, 'slots_created', '{\"record_id\": 1, \"plan\": {\"tier\": \"gold\"}}', 'failed'),
      (902, 'slots_created', '{\"record_id\": 2, \"plan\": {\"tier\": \"gold\"}}', 'failed'),
      (903, 'slots_created', '{\"record_id\": 3, \"plan\": {\"tier\": \"silver\"}}', 'failed');
    INSERT INTO marketing.pipeline_errors (id, event_id, event_type, record_id, error_message, error_details) OVERRIDING SYSTEM VALUE VALUES
      (1, 901, 'slots_created', '1', 'HTTP 500', NULL),
      (2, NULL, 'slots_created', '2', 'HTTP 500', NULL),
      (3, 903, 'slots_created', '3', 'HTTP 500', NULL),
      (4, NULL, 'slots_created', '4', 'HTTP 500', '{\"payload\": {\"plan\": {\"tier\": \"gold\"}}}'),
      (5, NULL, 'slots_created', '5', 'HTTP 500', NULL)";

#[tokio::test]
async fn a_path_is_looked_for_in_the_payload_of_the_event_as_well() {
    let db = database::fresh().await;
    run(&db.client, PAYLOADS).await;
    let catalog = database::catalog(&db.client, "marketing").await;
    let mut site = Site {
        db,
        catalog,
        memory: Memory::default(),
    };
    site.refresh().await;
    let field = "payload.plan.tier".to_owned();
    let ids: Vec<RowId> = (1..=5).map(RowId::from).collect();
    let look = Look::Payloads(vec![field], ids);
    let asked = queries::look(&site.db.client, &site.catalog, &mut site.memory, &look);
    let Ok(Seen::Payloads(mut found)) = asked.await else {
        panic!("nothing found")
    };
    assert!(found.beyond.is_empty());
    found.found.sort();
    let some = |id: i64, text: &str| (RowId::from(id), vec![Some(text.into())]);
    assert_eq!(
        found.found,
        [some(1, "gold"), some(2, "gold"), some(3, "silver")]
    );
    // A page that a filter makes, and everything that matches, see them too.
    let page = site
        .page(&PagePlace::Oldest, "payload.plan.tier=gold")
        .await;
    let ids: Vec<&str> = page.rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["4", "2", "1"]);
    let look = Look::Matching("!payload.plan.tier=gold".to_owned());
    let asked = queries::look(&site.db.client, &site.catalog, &mut site.memory, &look);
    let Ok(Seen::Found(found)) = asked.await else {
        panic!("nothing found")
    };
    let ids: Vec<&str> = found.errors.iter().map(RowId::as_str).collect();
    assert_eq!(ids, ["3", "5"]);
}
