//! Getting to the server, and what is said when that fails.

use std::{
    path::PathBuf,
    sync::{LazyLock, OnceLock},
    time::Duration,
};

use outpost::{
    cluster::{Cluster, Options},
    msg::{Fault, TlsFlaw},
    sources::postgres::{
        Purpose, Session, Settings, address::Address, connect as connect_to, connect::Route,
        fault_of,
    },
};

use crate::{
    certificates::{Authority, Identity},
    database,
    proxy::{Line, Proxy},
};

/// The settings for `address`.
pub(crate) fn settings(address: &str) -> Settings {
    Settings::new(Address::parse(Some(address), |_| None).unwrap())
}

/// A reader's session at `address`.
pub(crate) async fn open(address: &str) -> Result<Session, Fault> {
    connect_to(&settings(address), Purpose::Reader).await
}

/// Why there is no session at `address`.
pub(crate) async fn refusal(address: &str) -> Fault {
    open(address).await.unwrap_err()
}

/// One value, as text, or why there is none.
async fn ask(session: &mut Session, sql: &str) -> Result<String, Fault> {
    let rows = session
        .driver
        .run(Duration::from_secs(10), session.client.query(sql, &[]));
    let rows = rows.await.unwrap().map_err(|error| fault_of(&error))?;
    Ok(rows.first().map_or_else(String::new, |row| row.get(0)))
}

pub(crate) struct Guarded {
    _cluster: Cluster,
    port: u16,
    authority: Authority,
}

impl Guarded {
    /// The file of the certificate of its CA.
    pub(crate) fn ca(&self) -> String {
        self.authority.file().display().to_string()
    }
}

/// A server that lets nobody in without TLS and a password, with a certificate for `localhost` from a CA of its
/// own. The user `ops` has the password `open sesame`.
pub(crate) fn guarded() -> &'static Guarded {
    static SERVER: LazyLock<Guarded> = LazyLock::new(|| {
        let authority = Authority::new();
        let Identity { key, certificate } = authority.sign("DNS:localhost", 2);
        let port = free_port();
        let cluster = Cluster::start(&Options {
            settings: [
                "ssl = on",
                "ssl_cert_file = 'server.crt'",
                "ssl_key_file = 'server.key'",
                "ssl_ca_file = 'server.crt'",
            ]
            .map(str::to_owned)
            .to_vec(),
            hba: Some(
                "local all all trust\nhostssl all carded 127.0.0.1/32 scram-sha-256 clientcert=verify-full\n\
                 hostssl all all 127.0.0.1/32 scram-sha-256\n"
                    .to_owned(),
            ),
            files: vec![
                ("server.crt".to_owned(), certificate),
                ("server.key".to_owned(), key),
            ],
            tcp_port: Some(port),
            pg_bin: std::env::var_os("PG_BIN_DIR").map(PathBuf::from),
            ..Options::default()
        })
        .unwrap_or_else(|error| panic!("{error}"));
        let url = cluster.url("postgres");
        let made = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let admin = database::connect(&url).await;
                let sql = "CREATE ROLE ops LOGIN PASSWORD 'open sesame'; CREATE ROLE carded LOGIN; CREATE DATABASE \"Marketing DB\"";
                for statement in sql.split(';') {
                    admin.batch_execute(statement).await.unwrap();
                }
            });
        });
        made.join().unwrap();
        Guarded {
            _cluster: cluster,
            port,
            authority,
        }
    });
    &SERVER
}

/// A port at which nobody listens.
pub(crate) fn free_port() -> u16 {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

/// An address at the guarded server, with `more` parameters.
pub(crate) fn at(host: &str, password: &str, more: &str) -> String {
    let server = guarded();
    let port = server.port;
    format!("postgresql://ops:{password}@{host}:{port}/Marketing%20DB?{more}")
}

#[tokio::test]
async fn verify_full_with_channel_binding_and_a_space_in_the_name_gets_in_when_the_ca_is_named() {
    let ca = guarded().ca();
    let more =
        format!("sslmode=verify-full&channel_binding=require&sslrootcert={ca}&pgbouncer=true");
    let mut session = open(&at("localhost", "open%20sesame", &more))
        .await
        .unwrap();
    assert!(session.opened.is_encrypted);
    assert_eq!(session.opened.route, Route::Given);
    assert_eq!(
        ask(&mut session, "SELECT current_database()::text")
            .await
            .unwrap(),
        "Marketing DB"
    );
}

#[tokio::test]
async fn an_unknown_ca_is_refused_even_where_tls_is_only_preferred() {
    for mode in ["require", "prefer", "verify-ca"] {
        let fault = refusal(&at(
            "localhost",
            "open%20sesame",
            &format!("sslmode={mode}"),
        ))
        .await;
        let Fault::Tls(_, said) = &fault else {
            panic!("{mode}: {fault:?}")
        };
        assert!(said.display().contains("CA that is not known"), "{fault}");
        assert!(fault.advice().contains("sslrootcert"));
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let ca = guarded().ca();
    let more = format!("sslmode=require&sslrootcert={ca}");
    let fault = refusal(&at("127.0.0.1", "open%20sesame", &more)).await;
    let Fault::Tls(_, said) = &fault else {
        panic!("{fault:?}")
    };
    assert!(
        said.display().contains("made out to another host"),
        "{fault}"
    );
}

#[tokio::test]
async fn a_ca_file_that_is_none_is_named() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for path in [file, "/nowhere/ca.crt"] {
        let more = format!("sslmode=require&sslrootcert={path}");
        let fault = refusal(&at("localhost", "x", &more)).await;
        assert!(
            matches!(&fault, Fault::Tls(TlsFlaw::OwnFile, said) if said.display().contains(path)),
            "{fault}"
        );
    }
}

#[tokio::test]
async fn a_wrong_password_and_none_at_all_are_told_apart_and_never_shown() {
    let ca = guarded().ca();
    let more = format!("sslmode=require&sslrootcert={ca}");
    let fault = refusal(&at("localhost", "hunter2", &more)).await;
    assert!(matches!(fault, Fault::Password(_)), "{fault:?}");
    assert!(
        fault
            .to_string()
            .contains("password authentication failed for user \"ops\""),
        "{fault}"
    );
    assert!(!format!("{fault:?} {fault}").contains("hunter2"));
    let fault = refusal(&at("localhost", "", &more)).await;
    assert!(fault.to_string().contains("none is given"), "{fault}");
    assert!(fault.advice().contains("password"));
}

#[tokio::test]
async fn a_server_that_wants_tls_says_so_to_a_plain_line() {
    let fault = refusal(&at("localhost", "open%20sesame", "sslmode=disable")).await;
    assert!(matches!(fault, Fault::Barred(_)), "{fault:?}");
    assert!(fault.to_string().contains("no encryption"), "{fault}");
}

#[tokio::test]
async fn a_server_without_tls_is_refused_when_tls_is_required_and_used_plainly_when_preferred() {
    let db = database::empty().await;
    let proxy = Proxy::start(&db.url, Line::Sound).await;
    let port = proxy.port;
    let fault = refusal(&format!(
        "postgresql://postgres@localhost:{port}/postgres?sslmode=require"
    ))
    .await;
    assert!(
        matches!(fault, Fault::Tls(TlsFlaw::NotOffered, _)),
        "{fault:?}"
    );
    assert!(fault.advice().contains("sslmode=disable"));
    let session = open(&format!(
        "postgresql://postgres@localhost:{port}/postgres?sslmode=prefer"
    ))
    .await;
    assert!(!session.unwrap().opened.is_encrypted);
}

#[tokio::test]
async fn no_such_database_refused_and_no_such_socket_each_say_what_to_do() {
    let db = database::empty().await;
    let fault = refusal(&db.url.replace("/outpost_test", "/nowhere_test")).await;
    assert!(matches!(fault, Fault::NoDatabase(_)), "{fault:?}");
    assert!(fault.advice().contains("%20"));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let fault = refusal(&format!("postgresql://ops:hunter2@127.0.0.1:{port}/x")).await;
    assert_eq!(
        fault.to_string(),
        format!(
            "unreachable: ops@127.0.0.1:{port}/x: connection refused: nothing listens at that port"
        )
    );
    let fault = refusal("postgresql://postgres@/x?host=/nowhere").await;
    assert!(fault.to_string().contains("no such socket"), "{fault}");
}

#[tokio::test]
async fn a_host_that_takes_the_connection_and_says_nothing_is_given_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let fault = refusal(&format!(
        "postgresql://a@127.0.0.1:{port}/x?connect_timeout=2"
    ))
    .await;
    assert_eq!(
        fault.to_string(),
        format!("no answer within 2 s from a@127.0.0.1:{port}/x")
    );
}

#[tokio::test]
async fn a_role_without_connections_left_is_told_that_there_is_no_room() {
    let db = database::empty().await;
    let role = role(&db, "CONNECTION LIMIT 0").await;
    let fault = refusal(&db.url.replace("postgres@", &format!("{role}@"))).await;
    assert!(matches!(fault, Fault::Busy(_)), "{fault:?}");
}

#[tokio::test]
async fn a_reader_cannot_write_and_a_writer_can_unless_everything_is_read_only() {
    let db = database::empty().await;
    db.client
        .batch_execute("CREATE TABLE t (id int)")
        .await
        .unwrap();
    let insert = "INSERT INTO t VALUES (1) RETURNING id::text";
    let mut reader = open(&db.url).await.unwrap();
    assert!(matches!(
        ask(&mut reader, insert).await,
        Err(Fault::Forbidden(_))
    ));
    let mut settings = settings(&db.url);
    let mut writer = connect_to(&settings, Purpose::Writer).await.unwrap();
    assert_eq!(ask(&mut writer, insert).await, Ok("1".to_owned()));
    settings.read_only = true;
    let mut writer = connect_to(&settings, Purpose::Writer).await.unwrap();
    assert!(matches!(
        ask(&mut writer, insert).await,
        Err(Fault::Forbidden(_))
    ));
}

#[tokio::test]
async fn the_session_has_its_name_zone_and_limits_and_a_lower_limit_of_the_role_stays() {
    let db = database::empty().await;
    let mut settings = settings(&db.url);
    settings.time_zone = "Asia/Kolkata".to_owned();
    let show =
        "SELECT concat_ws(' ', current_setting('application_name'), current_setting('TimeZone'),
                current_setting('statement_timeout'), current_setting('lock_timeout'))";
    let mut session = connect_to(&settings, Purpose::Reader).await.unwrap();
    assert_eq!(
        ask(&mut session, show).await.unwrap(),
        "outpost Asia/Kolkata 2s 1s"
    );
    let role = role(&db, "").await;
    db.client
        .batch_execute(&format!(
            "ALTER ROLE {role} SET statement_timeout = '700ms'; ALTER ROLE {role} SET jit = on"
        ))
        .await
        .unwrap();
    let mut session = open(&db.url.replace("postgres@", &format!("{role}@")))
        .await
        .unwrap();
    assert_eq!(
        ask(&mut session, "SELECT current_setting('statement_timeout')")
            .await
            .unwrap(),
        "700ms"
    );
    let jit = "SELECT current_setting('jit')";
    assert_eq!(ask(&mut session, jit).await.unwrap(), "off");
    assert_eq!(
        ask(&mut session, "SELECT pg_sleep(5)::text").await,
        Err(Fault::TooSlow(0))
    );
}

#[tokio::test]
async fn what_the_server_refuses_is_told_apart() {
    let db = database::empty().await;
    db.client
        .batch_execute("CREATE TABLE mine (id int)")
        .await
        .unwrap();
    let role = role(&db, "").await;
    let mut session = open(&db.url.replace("postgres@", &format!("{role}@")))
        .await
        .unwrap();
    assert!(matches!(
        ask(&mut session, "SELECT id::text FROM mine").await,
        Err(Fault::Forbidden(_))
    ));
    assert!(matches!(
        ask(&mut session, "SELECT 1 FROM nowhere").await,
        Err(Fault::Missing(_))
    ));
    assert!(matches!(
        ask(&mut session, "SELECT nowhere()").await,
        Err(Fault::Missing(_))
    ));
    assert!(matches!(
        ask(&mut session, "SELEKT").await,
        Err(Fault::Refused(_))
    ));
}

#[tokio::test]
async fn through_a_pooler_no_setting_is_left_behind_and_the_session_says_so() {
    let db = database::empty().await;
    let proxy = Proxy::start(&db.url, Line::RefusesOptions).await;
    let url = format!("postgresql://postgres@127.0.0.1:{}/postgres", proxy.port);
    let mut session = open(&url).await.unwrap();
    assert_eq!(session.opened.route, Route::Pooler);
    assert!(session.opened.remark().unwrap().contains("pooler"));
    assert_eq!(
        ask(&mut session, "SELECT current_setting('statement_timeout')")
            .await
            .unwrap(),
        "0"
    );
}

/// A role that can log in; its name no other test has.
pub(crate) async fn role(db: &database::Db, more: &str) -> String {
    static COUNT: OnceLock<std::sync::atomic::AtomicUsize> = OnceLock::new();
    let count = COUNT.get_or_init(Default::default);
    let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("outpost_test_role_{}_{number}", std::process::id());
    db.client
        .batch_execute(&format!("CREATE ROLE {name} LOGIN {more}"))
        .await
        .unwrap();
    name
}
