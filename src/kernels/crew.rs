//! Threads that wait side by side for pieces of work, each too small to wake a thread for.
//!
//! [`run`] takes threads of rayon's pool along: as long as it runs, they look for work and take part
//! in every [`Crew::each`]. Whoever is free takes the next piece, so no piece waits for a thread that
//! is late; where all others are busy elsewhere, the calling thread does all of it.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};

/// Pieces into which a kernel cuts its work, at most.
pub const MOST: usize = 16;
/// How often a thread looks in vain before it lets others have its core: for less than what it takes
/// to wake a thread.
const SPINS: usize = 2_000;

/// Threads that share work.
#[derive(Debug)]
pub struct Crew {
    threads: usize,
    /// Pieces of the present work that were taken, in the lower half, and how many it has, in the
    /// upper half.
    taken: AtomicU64,
    /// Those that are finished.
    finished: AtomicUsize,
    /// The present work: a `Piece`.
    work: AtomicPtr<Piece<'static>>,
    /// Whether there is present work.
    busy: AtomicBool,
    /// Whether nothing more will come.
    done: AtomicBool,
}

/// Does the piece of that number.
struct Piece<'a>(&'a (dyn Fn(usize) + Sync));

/// Calls `run`, on the calling thread, with a crew of so many threads.
pub fn run<R>(threads: usize, run: impl FnOnce(&Crew) -> R) -> R {
    let crew = Crew {
        threads,
        taken: AtomicU64::new(0),
        finished: AtomicUsize::new(0),
        work: AtomicPtr::new(std::ptr::null_mut()),
        busy: AtomicBool::new(false),
        done: AtomicBool::new(false),
    };
    if threads < 2 {
        return run(&crew);
    }
    rayon::in_place_scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|_| crew.follow());
        }
        let _end = End(&crew.done);
        run(&crew)
    })
}

/// Sets a flag at its end, also where that is a panic.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// The present work, whose pieces may be taken until this is dropped.
struct Present<'a>(&'a Crew);

impl Drop for Present<'_> {
    /// Waits until nobody works any more at what was taken, also where a piece has panicked.
    fn drop(&mut self) {
        let taken = self.0.taken.swap(0, Ordering::AcqRel) as u32 as usize;
        let mut spins = 0;
        while self.0.finished.load(Ordering::Acquire) < taken {
            pause(&mut spins);
        }
    }
}

/// Passes a moment of waiting.
fn pause(spins: &mut usize) {
    *spins += 1;
    if *spins < SPINS {
        spin_loop();
    } else {
        std::thread::yield_now();
    }
}

/// Counts a piece as finished at its end, also where that is a panic.
struct Finish<'a>(&'a AtomicUsize);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// The first of some pieces, each of which one thread takes.
struct First<W>(*mut W);

// SAFETY: no two threads take the same piece, and pieces may be sent.
unsafe impl<W: Send> Sync for First<W> {}

impl<W> First<W> {
    fn at(&self, nth: usize) -> *mut W {
        self.0.wrapping_add(nth)
    }
}

impl Crew {
    /// Into how many pieces a kernel cuts its work: one a thread, [`MOST`] at most.
    pub fn shares(&self) -> usize {
        self.threads.clamp(1, MOST)
    }

    /// Calls `each` for every piece of `work`, side by side, and returns when all are done.
    ///
    /// Called from within itself, or from several threads at once, it works alone.
    pub fn each<W: Send>(&self, work: &mut [W], each: impl Fn(&mut W) + Sync) {
        if self.threads < 2 || work.len() < 2 || self.busy.swap(true, Ordering::Acquire) {
            return work.iter_mut().for_each(each);
        }
        let busy = &self.busy;
        let len = work.len();
        let first = First(work.as_mut_ptr());
        let piece = |nth: usize| {
            // SAFETY: `take` gives every number below `len` once, so this is the only reference to
            // that piece of `work`, which is borrowed until `each` returns.
            each(unsafe { &mut *first.at(nth) });
        };
        let piece = Piece(&piece);
        self.finished.store(0, Ordering::Relaxed);
        self.work
            .store(&raw const piece as *mut Piece<'static>, Ordering::Relaxed);
        {
            let _present = Present(self);
            // What was stored before is seen by whoever takes a piece.
            self.taken.store((len as u64) << 32, Ordering::Release);
            while self.help() {}
        }
        busy.store(false, Ordering::Release);
    }

    /// Does one piece of the present work, where there is one that nobody has taken.
    fn help(&self) -> bool {
        let Some(nth) = self.take() else {
            return false;
        };
        let _finish = Finish(&self.finished);
        // SAFETY: the piece was taken and does not count as finished yet. Until it does, `Present`
        // keeps `each` from returning, and so alive what `work` points to, which was stored before
        // the number could be taken and is not changed by anybody else.
        let piece = unsafe { &*self.work.load(Ordering::Relaxed) };
        (piece.0)(nth);
        true
    }

    /// Takes the next piece of the present work.
    fn take(&self) -> Option<usize> {
        let left = |taken: u64| (taken as u32) < (taken >> 32) as u32;
        if !left(self.taken.load(Ordering::Relaxed)) {
            return None;
        }
        let next = |taken| left(taken).then_some(taken + 1);
        let order = (Ordering::AcqRel, Ordering::Relaxed);
        let taken = self.taken.fetch_update(order.0, order.1, next).ok()?;
        Some(taken as u32 as usize)
    }

    /// Helps until nothing more will come.
    fn follow(&self) {
        let mut spins = 0;
        while !self.done.load(Ordering::Acquire) {
            if self.help() {
                spins = 0;
            } else {
                pause(&mut spins);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_threads<R: Send>(threads: usize, run: impl FnOnce() -> R + Send) -> R {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads can be started").install(run)
    }

    #[test]
    fn every_piece_is_done_once() {
        for threads in [1, 2, 3, 5] {
            on_threads(threads, || {
                run(threads, |crew| {
                    for len in 0..200 {
                        let mut work: Vec<usize> = (0..len % 20).collect();
                        crew.each(&mut work, |piece| *piece = 2 * *piece + 1);
                        let expected: Vec<usize> = (0..len % 20).map(|n| 2 * n + 1).collect();
                        assert_eq!(work, expected, "{threads} threads");
                    }
                });
            });
        }
    }

    #[test]
    fn work_within_work_is_done_alone() {
        on_threads(2, || {
            run(2, |crew| {
                let mut work = [[0; 3]; 4];
                crew.each(&mut work, |row| crew.each(row, |number| *number += 1));
                assert_eq!(work, [[1; 3]; 4]);
            });
        });
    }

    #[test]
    fn a_pool_that_is_busy_is_not_waited_for() {
        on_threads(1, || {
            run(4, |crew| {
                let mut work = [0; 8];
                crew.each(&mut work, |number| *number += 1);
                assert_eq!(work, [1; 8]);
            });
        });
    }

    #[test]
    fn a_panic_comes_through() {
        let caught = std::panic::catch_unwind(|| {
            on_threads(2, || {
                run(2, |crew| {
                    crew.each(&mut [0; 8], |_| panic!("a piece that fails"));
                });
            });
        });
        assert!(caught.is_err());
    }
}
