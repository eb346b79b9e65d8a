//! Jobs done by several threads, whose results come in the order of the jobs.

use std::collections::BTreeMap;
use std::io;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// The results of jobs `0..jobs`, in order, whichever thread is done first.
///
/// No more than `ahead` results wait to be taken. Dropping it stops the threads after what they
/// are at. A panic in a job comes out where its result would have.
pub(super) struct Ordered<R> {
    shared: Arc<Shared<R>>,
    jobs: usize,
    threads: Vec<JoinHandle<()>>,
}

struct Shared<R> {
    state: Mutex<State<R>>,
    /// A result is there.
    done: Condvar,
    /// A result was taken, or it is time to stop.
    room: Condvar,
    stop: AtomicBool,
}

struct State<R> {
    /// The job that no thread has begun.
    next: usize,
    taken: usize,
    results: BTreeMap<usize, thread::Result<R>>,
}

impl<R> Shared<R> {
    fn lock(&self) -> MutexGuard<'_, State<R>> {
        // Nothing panics while it holds the lock, so the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a job to begin, when there is room for its result; `None` to go home.
    fn begin(&self, jobs: usize, ahead: usize) -> Option<usize> {
        let mut state = self.lock();
        loop {
            if self.stop.load(Ordering::Relaxed) || state.next >= jobs {
                return None;
            }
            if state.next < state.taken + ahead {
                state.next += 1;
                return Some(state.next - 1);
            }
            state = self
                .room
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<R: Send + 'static> Ordered<R> {
    /// Starts the threads. `work` gets a job's number and a flag that says when nobody waits for
    /// the result any more.
    ///
    /// # Errors
    /// When the system gives not a single thread.
    pub(super) fn start(
        jobs: usize,
        threads: usize,
        ahead: usize,
        work: impl Fn(usize, &AtomicBool) -> R + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                next: 0,
                taken: 0,
                results: BTreeMap::new(),
            }),
            done: Condvar::new(),
            room: Condvar::new(),
            stop: AtomicBool::new(false),
        });
        let work = Arc::new(work);
        let mut ordered = Ordered {
            shared,
            jobs,
            threads: Vec::new(),
        };
        for _ in 0..threads.min(jobs) {
            let (shared, work) = (Arc::clone(&ordered.shared), Arc::clone(&work));
            let run = move || {
                while let Some(job) = shared.begin(jobs, ahead.max(1)) {
                    let result = catch_unwind(AssertUnwindSafe(|| work(job, &shared.stop)));
                    shared.lock().results.insert(job, result);
                    shared.done.notify_all();
                }
            };
            match thread::Builder::new().name("loader".into()).spawn(run) {
                Ok(thread) => ordered.threads.push(thread),
                // Fewer do it, too.
                Err(_) if !ordered.threads.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(ordered)
    }

    /// The next job's result, `None` after the last.
    pub(super) fn next(&mut self) -> Option<R> {
        let mut state = self.shared.lock();
        if state.taken >= self.jobs {
            return None;
        }
        let job = state.taken;
        let result = loop {
            if let Some(result) = state.results.remove(&job) {
                break result;
            }
            state = self
                .shared
                .done
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        };
        state.taken += 1;
        drop(state);
        self.shared.room.notify_all();
        Some(result.unwrap_or_else(|panic| resume_unwind(panic)))
    }
}

impl<R> Drop for Ordered<R> {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        // A thread that has looked at `stop` before may be about to wait: it holds the lock until
        // it does.
        drop(self.shared.lock());
        self.shared.room.notify_all();
        for thread in self.threads.drain(..) {
            // Panics were caught.
            let _ = thread.join();
        }
    }
}
