//! TLS to PostgreSQL: every mode against servers with and without it, every bad certificate, and what is said.

use std::path::{Path, PathBuf};

use outpost::{
    cluster::{Cluster, Options},
    msg::{Fault, TlsFlaw},
};
use rustls::server::Acceptor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    certificates::{Authority, Identity},
    connect::{at, free_port, guarded, open, refusal},
    database,
    proxy::{Line, Proxy},
};

/// What became of a try: the line, or what it failed by.
#[derive(Debug, PartialEq)]
enum Came {
    Plain,
    Encrypted,
    Flawed(TlsFlaw),
    Barred,
}

async fn came(address: &str) -> Came {
    match open(address).await {
        Ok(session) if session.opened.is_encrypted => Came::Encrypted,
        Ok(_) => Came::Plain,
        Err(Fault::Tls(flaw, _)) => Came::Flawed(flaw),
        Err(Fault::Barred(_)) => Came::Barred,
        Err(fault) => panic!("{address}: {fault}"),
    }
}

#[tokio::test]
async fn every_sslmode_does_what_it_says_with_a_server_that_has_tls_and_with_one_that_has_not() {
    let db = database::empty().await;
    let proxy = Proxy::start(&db.url, Line::Sound).await;
    let plain = format!("postgresql://postgres@localhost:{}/postgres", proxy.port);
    let ca = guarded().ca();
    let not_offered = || Came::Flawed(TlsFlaw::NotOffered);
    for (mode, with_tls, without) in [
        ("disable", Came::Barred, Came::Plain),
        ("allow", Came::Encrypted, Came::Plain),
        ("prefer", Came::Encrypted, Came::Plain),
        ("require", Came::Encrypted, not_offered()),
        ("verify-ca", Came::Encrypted, not_offered()),
        ("verify-full", Came::Encrypted, not_offered()),
    ] {
        let more = format!("sslmode={mode}&sslrootcert={ca}");
        let secure = at("localhost", "open%20sesame", &more);
        assert_eq!(came(&secure).await, with_tls, "{mode}, a server with TLS");
        let plain = format!("{plain}?sslmode={mode}");
        assert_eq!(came(&plain).await, without, "{mode}, a server without TLS");
    }
}

#[tokio::test]
async fn the_password_is_bound_to_the_line_where_that_is_asked_for_and_possible() {
    let ca = guarded().ca();
    for binding in ["require", "prefer", "disable"] {
        let more = format!("sslmode=require&sslrootcert={ca}&channel_binding={binding}");
        let address = at("localhost", "open%20sesame", &more);
        assert_eq!(came(&address).await, Came::Encrypted, "{binding}");
    }
    let db = database::empty().await;
    let proxy = Proxy::start(&db.url, Line::Sound).await;
    let plain = format!("postgresql://postgres@localhost:{}/postgres", proxy.port);
    let fault = refusal(&format!("{plain}?channel_binding=require")).await;
    assert!(
        matches!(fault, Fault::Tls(TlsFlaw::NoBinding, _)),
        "{fault:?}"
    );
    assert!(
        fault.to_string().contains("channel_binding=require"),
        "{fault}"
    );
    assert!(!fault.advice().contains("password"), "{}", fault.advice());
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_of_ours_is_told_in_its_own_words() {
    let more = format!("sslmode=require&sslrootcert={}", guarded().ca());
    let address = at("localhost", "x", &more).replace("ops:", "carded:");
    let fault = refusal(&address).await;
    assert!(matches!(fault, Fault::Barred(_)), "{fault:?}");
    assert!(fault.to_string().contains("client certificate"), "{fault}");
}

/// A server with TLS whose certificate is exchanged while it runs.
struct Changing {
    cluster: Cluster,
    authority: Authority,
    port: u16,
    certificate: PathBuf,
}

impl Changing {
    async fn start() -> Self {
        let authority = Authority::new();
        let Identity { key, certificate } = authority.sign("DNS:localhost", 2);
        let port = free_port();
        let cluster = tokio::task::spawn_blocking(move || {
            Cluster::start(&Options {
                settings: [
                    "ssl = on",
                    "ssl_cert_file = 'server.crt'",
                    "ssl_key_file = 'server.key'",
                ]
                .map(str::to_owned)
                .to_vec(),
                hba: Some("local all all trust\nhostssl all all 127.0.0.1/32 trust\n".to_owned()),
                files: vec![
                    ("server.crt".to_owned(), certificate),
                    ("server.key".to_owned(), key),
                ],
                tcp_port: Some(port),
                pg_bin: std::env::var_os("PG_BIN_DIR").map(PathBuf::from),
                ..Options::default()
            })
        });
        let cluster = cluster.await.unwrap().unwrap();
        let admin = database::connect(&cluster.url("postgres")).await;
        let directory: String = admin
            .query_one("SHOW data_directory", &[])
            .await
            .unwrap()
            .get(0);
        Self {
            cluster,
            authority,
            port,
            certificate: Path::new(&directory).join("server.crt"),
        }
    }

    /// From now on the server shows `identity`.
    async fn show(&self, identity: &Identity) {
        std::fs::write(&self.certificate, &identity.certificate).unwrap();
        let url = self.cluster.url("postgres");
        let admin = database::connect(&url).await;
        let reload = "SELECT clock_timestamp()::text, pg_reload_conf()";
        let asked: String = admin.query_one(reload, &[]).await.unwrap().get(0);
        // A new session has the configuration that new lines get.
        let is_loaded = "SELECT pg_conf_load_time() > $1::text::timestamptz";
        loop {
            let fresh = database::connect(&url).await;
            let row = fresh.query_one(is_loaded, &[&asked]).await.unwrap();
            if row.get(0) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    fn address(&self, trusted: &Path) -> String {
        format!(
            "postgresql://postgres@localhost:{}/postgres?sslmode=require&sslrootcert={}",
            self.port,
            trusted.display()
        )
    }
}

#[tokio::test]
async fn each_bad_certificate_is_told_by_what_is_wrong_with_it_and_what_mends_that() {
    let server = Changing::start().await;
    let authority = &server.authority;
    let ca = authority.file();
    let expired = authority.sign("DNS:localhost", 0);
    // It ends in the second in which it is made.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let (own_ca, own_ca_file) = authority.self_signed(true);
    let (own, own_file) = authority.self_signed(false);
    let target = format!("postgres@localhost:{}/postgres", server.port);
    for (identity, trusted, said, step) in [
        (&own, &ca, "not known here, or by itself", "sslrootcert"),
        (
            &own_ca,
            &own_ca_file,
            "is that of a CA",
            "not marked as that of a CA",
        ),
        (
            &authority.sign("DNS:db.example,DNS:x.example", 2),
            &ca,
            "made out to another host: db.example, x.example, not localhost",
            "name that the certificate is made out to",
        ),
        (
            &authority.sign("", 2),
            &ca,
            "names no host in its subjectAltName, so not localhost",
            "name that the certificate is made out to",
        ),
        (&expired, &ca, "expired on 20", "renewed"),
    ] {
        server.show(identity).await;
        let fault = refusal(&server.address(trusted)).await;
        let text = fault.to_string();
        assert!(text.starts_with(&format!("TLS: {target}: ")), "{text}");
        assert!(text.contains(said), "{said} in {text}");
        let advice = fault.advice();
        assert!(advice.contains(step), "{step} in {advice}");
    }
    // What signed itself is good where just that is trusted, and the same server is good again with a good one.
    server.show(&own).await;
    assert_eq!(came(&server.address(&own_file)).await, Came::Encrypted);
    server.show(&authority.sign("DNS:localhost", 2)).await;
    assert_eq!(came(&server.address(&ca)).await, Came::Encrypted);
    assert_eq!(
        came(&server.address(&own_file)).await,
        Came::Flawed(TlsFlaw::UnknownIssuer)
    );
}

#[tokio::test]
async fn the_name_of_the_host_is_in_the_greeting_of_tls() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let greeting = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 8];
        stream.read_exact(&mut request).await.unwrap();
        stream.write_all(b"S").await.unwrap();
        let mut acceptor = Acceptor::default();
        loop {
            let mut bytes = [0; 4096];
            let n = stream.read(&mut bytes).await.unwrap();
            acceptor.read_tls(&mut &bytes[..n]).unwrap();
            if let Ok(Some(accepted)) = acceptor.accept() {
                return accepted.client_hello().server_name().map(str::to_owned);
            }
        }
    });
    let fault = refusal(&format!(
        "postgresql://a@localhost:{port}/x?sslmode=require&connect_timeout=5"
    ))
    .await;
    assert_eq!(greeting.await.unwrap().as_deref(), Some("localhost"));
    assert!(
        matches!(fault, Fault::Unreachable(_)),
        "the server hung up: {fault:?}"
    );
}
