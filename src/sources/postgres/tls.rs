//! Encryption of a line to PostgreSQL.

use std::path::Path;

use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    msg::Fault,
    sources::tls::{Trust, client},
};

/// Makes encrypted lines that trust `root_file` alone, if there is one, as other clients of PostgreSQL do.
pub(super) fn connector(root_file: Option<&Path>) -> Result<MakeRustlsConnect, Fault> {
    let mut config = client(Trust {
        file: root_file,
        setting: "sslrootcert",
    })?;
    // Asked for by servers that let TLS begin without PostgreSQL's own greeting (sslnegotiation=direct).
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(MakeRustlsConnect::new(config))
}
