//! What a program writes is its user's alone: stores, ledger, logs and results hold customers' data.

use rustix::fs::Mode;
use rustix::process::umask;

/// Files and folders that this process, and those that it starts, make from now on cannot be read or written by other users.
/// SQLite's log and index beside a store are among them. What is there already stays as it is.
pub fn keep_files_private() {
    umask(Mode::RWXG | Mode::RWXO);
}
