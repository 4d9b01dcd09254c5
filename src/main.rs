//! The program.

use std::process::ExitCode;

fn main() -> ExitCode {
    outpost::program::run()
}
