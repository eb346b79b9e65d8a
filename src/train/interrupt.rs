//! Ctrl-C while a model trains.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::OnceLock;

/// Ctrl-C was pressed, and a run is to end.
static PRESSED: AtomicBool = AtomicBool::new(false);
/// Runs that would end.
static RUNS: AtomicUsize = AtomicUsize::new(0);
static HANDLER: OnceLock<Result<(), String>> = OnceLock::new();

/// What a shell says of a program that Ctrl-C has ended.
const EXIT_CODE: i32 = 130;

/// As long as it lives, the first Ctrl-C is only remembered; a second one ends the program.
#[derive(Debug)]
pub(super) struct Guard(());

impl Guard {
    /// # Errors
    /// When the system takes no handler, or the program has set one by `ctrlc` itself.
    pub fn new() -> Result<Self, String> {
        let handler = || {
            let second = PRESSED.swap(true, Ordering::SeqCst);
            if second || RUNS.load(Ordering::SeqCst) == 0 {
                std::process::exit(EXIT_CODE);
            }
        };
        let set = || ctrlc::set_handler(handler).map_err(|e| e.to_string());
        HANDLER.get_or_init(set).clone()?;
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(Guard(()))
    }

    pub fn pressed(&self) -> bool {
        PRESSED.load(Ordering::SeqCst)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if RUNS.fetch_sub(1, Ordering::SeqCst) == 1 {
            PRESSED.store(false, Ordering::SeqCst);
        }
    }
}
