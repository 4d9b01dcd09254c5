//! Certificates as servers have them, good and bad, made by openssl in a directory of their own.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A CA, and where it keeps what it made.
pub(crate) struct Authority {
    directory: tempfile::TempDir,
}

/// A certificate and its key, PEM.
pub(crate) struct Identity {
    pub(crate) key: Vec<u8>,
    pub(crate) certificate: Vec<u8>,
}

impl Authority {
    /// A new CA, and one key for every server, so that certificates can be exchanged under a running one.
    pub(crate) fn new() -> Self {
        let authority = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        authority.openssl(
            "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=Test-CA \
             -addext basicConstraints=critical,CA:TRUE",
        );
        authority.openssl(
            "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost",
        );
        authority
    }

    /// The file of the CA's certificate.
    pub(crate) fn file(&self) -> PathBuf {
        self.path("ca.crt")
    }

    /// A file in the directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A certificate for `names` (`DNS:localhost`; none if empty) that ends in `days`; 0 is this very second.
    pub(crate) fn sign(&self, names: &str, days: u32) -> Identity {
        let extension = if names.is_empty() {
            "basicConstraints=CA:FALSE".to_owned()
        } else {
            format!("subjectAltName={names}")
        };
        std::fs::write(self.path("extension"), extension).unwrap();
        self.openssl(&format!(
            "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days {days} \
             -extfile extension"
        ));
        self.made(&self.path("server.crt"))
    }

    /// A certificate for `localhost` that signed itself, marked as that of a CA or not; and its file.
    pub(crate) fn self_signed(&self, of_ca: bool) -> (Identity, PathBuf) {
        let (mark, name) = if of_ca {
            ("TRUE", "own_ca.crt")
        } else {
            ("FALSE", "own.crt")
        };
        self.openssl(&format!(
            "req -x509 -key server.key -out {name} -days 2 -subj /CN=Self-Made \
             -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:{mark}"
        ));
        let file = self.path(name);
        (self.made(&file), file)
    }

    fn made(&self, certificate: &Path) -> Identity {
        Identity {
            key: std::fs::read(self.path("server.key")).unwrap(),
            certificate: std::fs::read(certificate).unwrap(),
        }
    }

    fn openssl(&self, line: &str) {
        let made = Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(self.directory.path())
            .output()
            .unwrap_or_else(|error| {
                panic!("the tests need openssl (apt-get install openssl): {error}")
            });
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{said}");
    }
}
