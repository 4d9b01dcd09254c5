//! `outpost migrate` on databases that an earlier build migrated.

use outpost::migrate::{MigrateError, Options, Report, migrate};

use crate::{
    database::{self, Db},
    migrate::{catalog, reason, run, texts},
};

/// A database as a build left it that had no file after `last`.
async fn as_of(last: &str) -> Db {
    let mut db = database::empty().await;
    let options = Options {
        dry_run: true,
        ..Options::default()
    };
    let all = migrate(&mut db.client, &options).await.unwrap().sql;
    let after = all.find(&format!("-- {last}\n")).unwrap();
    let end = all[after..].find("\n-- schema/").map(|end| after + end);
    let older = &all[..end.unwrap()];
    db.client.batch_execute(older).await.unwrap();
    db
}

const MODE: &str = "SELECT m.proname::text FROM pg_proc AS m JOIN pg_proc AS n USING (prosrc)
                    WHERE n.oid = 'marketing.outpost_notify'::regproc AND m.pronamespace = 'outpost'::regnamespace";

#[tokio::test]
async fn the_notifier_of_an_earlier_build_is_replaced_and_keeps_its_switch() {
    let mut db = as_of("schema/011_autovacuum").await;
    let off = "UPDATE outpost.settings SET value = 'off'";
    db.client.batch_execute(off).await.unwrap();
    let mut writer = db.connect().await;
    let open = writer.transaction().await.unwrap();
    let insert = "INSERT INTO marketing.pipeline_events (event_type) VALUES ('a')";
    open.batch_execute(insert).await.unwrap();
    // The earlier notifier reads the switch; the newer one does not.
    let error = run(&mut db).await.unwrap_err();
    assert!(matches!(error, MigrateError::Locked(_)), "{error}");
    open.batch_execute(insert).await.unwrap();
    open.commit().await.unwrap();
    let report = run(&mut db).await.unwrap();
    assert_eq!(report.left_alone, []);
    let newer = "newer form of function marketing.outpost_notify";
    assert!(report.applied.iter().any(|it| it == newer));
    assert_eq!(texts(&db.client, MODE).await, ["notify_off"]);
    let mut new = database::empty().await;
    run(&mut new).await.unwrap();
    new.client.batch_execute(off).await.unwrap();
    assert_eq!(catalog(&db.client).await, catalog(&new.client).await);
    assert_eq!(run(&mut db).await.unwrap(), Report::default());
}

#[tokio::test]
async fn a_notifier_that_is_not_ours_or_gone_and_settings_that_are_gone_are_left_so() {
    let mut db = as_of("schema/011_autovacuum").await;
    let theirs = "UPDATE outpost.migrations SET created = array_remove(created, 'function marketing.outpost_notify');
                  DROP TABLE outpost.settings";
    db.client.batch_execute(theirs).await.unwrap();
    let text = "SELECT prosrc FROM pg_proc WHERE oid = 'marketing.outpost_notify'::regproc";
    let before = texts(&db.client, text).await;
    let report = run(&mut db).await.unwrap();
    assert_eq!(texts(&db.client, text).await, before);
    assert!(reason(&report, "function marketing.outpost_notify").contains("not ours"));
    assert!(reason(&report, "table outpost.settings").contains("not there any more"));
    let write = "INSERT INTO intake.company_raw_intake (company_name) VALUES ('one')";
    db.client.batch_execute(write).await.unwrap();
    assert_eq!(run(&mut db).await.unwrap(), Report::default());
}

#[tokio::test]
async fn a_notifier_that_another_role_owns_is_replaced_only_with_its_rights() {
    let mut db = as_of("schema/011_autovacuum").await;
    let role = format!("newer_{}", std::process::id());
    let sql = format!(
        "DROP ROLE IF EXISTS {role}; CREATE ROLE {role};
         GRANT USAGE, CREATE ON SCHEMA marketing, intake, outpost TO {role};
         GRANT SELECT, INSERT ON outpost.migrations TO {role}; SET SESSION AUTHORIZATION {role}"
    );
    db.client.batch_execute(&sql).await.unwrap();
    let error = run(&mut db).await.unwrap_err();
    let MigrateError::Privileges(grants) = &error else {
        panic!("{error}")
    };
    assert_eq!(grants, &[format!("GRANT postgres TO {role};")]);
}
