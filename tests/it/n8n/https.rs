//! n8n over HTTPS on loopback: whose certificate is believed, and that the key is sent to nobody else.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use outpost::{effect::FeedId, msg::Fault, sources::n8n::Settings};
use pretty_assertions::assert_eq;
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

use super::{KEY, first};
use crate::certificates::{Authority, Identity};

/// A server that shows one certificate and answers everything with an empty list; it ends with the test.
struct Server {
    port: u16,
    /// How many requests it got to read.
    requests: Arc<AtomicUsize>,
}

impl Server {
    fn start(identity: &Identity) -> Self {
        let chain = vec![CertificateDer::from_pem_slice(&identity.certificate).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(&identity.key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut line = StreamOwned::new(connection, stream);
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && line.read_exact(&mut byte).is_ok() {
                    head.extend(byte);
                }
                if head.is_empty() {
                    continue;
                }
                counter.fetch_add(1, Ordering::Relaxed);
                let body = r#"{"data":[],"nextCursor":null}"#;
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
                     connection: close\r\n\r\n{body}"
                );
                drop(line.write_all(answer.as_bytes()));
                line.conn.send_close_notify();
                drop(line.flush());
            }
        });
        Self { port, requests }
    }

    async fn ask(&self, ca_file: Option<PathBuf>) -> Result<(), Fault> {
        let address = format!("https://localhost:{}", self.port);
        let settings = Settings::new(&address, KEY).unwrap().with_ca_file(ca_file);
        first(settings, FeedId::Workflows).await.map(drop)
    }
}

#[tokio::test]
async fn a_certificate_of_a_ca_of_the_house_is_believed_when_that_ca_is_named() {
    let authority = Authority::new();
    let server = Server::start(&authority.sign("DNS:localhost", 2));
    assert_eq!(server.ask(Some(authority.file())).await, Ok(()));
    assert!(server.requests.load(Ordering::Relaxed) > 0);
}

#[tokio::test]
async fn each_bad_certificate_is_told_with_its_next_step_and_the_key_is_not_sent() {
    let authority = Authority::new();
    let ca = Some(authority.file());
    let expired = authority.sign("DNS:localhost", 0);
    let (own_ca, own_ca_file) = authority.self_signed(true);
    let (own, _) = authority.self_signed(false);
    // A CA that was made anew under its old name.
    let other = Authority::new();
    // The first one ended in the second in which it was made.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let good = authority.sign("DNS:localhost", 2);
    let elsewhere = authority.sign("DNS:n8n.example", 2);
    let nowhere = Some(PathBuf::from("/nowhere/ca.crt"));
    let other = Some(other.file());
    let of_ca = Some(own_ca_file);
    for (identity, trusted, said, step) in [
        (&good, None, "not known here", "n8n.ca_file"),
        (&own, None, "or by itself", "N8N_CA_FILE"),
        (&good, other, "not signed by the CA of that", "n8n.ca_file"),
        (&own_ca, of_ca, "that of a CA", "not marked"),
        (&elsewhere, ca.clone(), "n8n.example, not localhost", "name"),
        (&expired, ca, "expired on 20", "renewed"),
        (&good, nowhere, "n8n.ca_file /nowhere/ca.crt", "the path"),
    ] {
        let server = Server::start(identity);
        let fault = server.ask(trusted).await.unwrap_err();
        let text = fault.to_string();
        let target = format!("TLS: https://localhost:{}: ", server.port);
        assert!(text.starts_with(&target) && text.contains(said), "{text}");
        assert!(fault.advice().contains(step), "{}", fault.advice());
        assert_eq!(server.requests.load(Ordering::Relaxed), 0, "{text}");
    }
}
