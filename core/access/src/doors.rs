//! How many passwords are checked at once, and how many wait for that.
//!
//! A check costs memory (argon2) or a process (PAM) and the thread that waits for it. A crowd at the door must take neither
//! from those who are in already: whoever finds the queue full is told to come back, at once and without a check.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::access::locked;

/// Checks that run at once.
const AT_ONCE: usize = 4;
/// Checks that wait, or run, at once; the daemon has twice as many threads.
const MOST: usize = 32;
/// Of one address, so that nobody fills the queue alone.
const MOST_OF_ONE: usize = 16;

/// The queue.
#[derive(Default)]
pub(crate) struct Doors {
    queue: Mutex<Queue>,
    moved: Condvar,
}

#[derive(Default)]
struct Queue {
    running: usize,
    /// Who waits or is checked, by address.
    here: HashMap<String, usize>,
}

/// A check that may run now. Dropped, it lets the next one in.
pub(crate) struct Turn<'d> {
    doors: &'d Doors,
    origin: String,
}

impl Doors {
    /// Waits for a turn; nothing when too many wait already.
    pub(crate) fn enter(&self, origin: &str) -> Option<Turn<'_>> {
        let mut queue = locked(&self.queue);
        let of_one = queue.here.get(origin).copied().unwrap_or_default();
        if of_one >= MOST_OF_ONE || queue.here.values().sum::<usize>() >= MOST {
            return None;
        }
        *queue.here.entry(origin.to_owned()).or_default() += 1;
        while queue.running >= AT_ONCE {
            queue = self.moved.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.running += 1;
        Some(Turn { doors: self, origin: origin.to_owned() })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut queue = locked(&self.doors.queue);
        queue.running = queue.running.saturating_sub(1);
        if let Some(number) = queue.here.get_mut(&self.origin) {
            *number = number.saturating_sub(1);
        }
        queue.here.retain(|_, number| *number > 0);
        drop(queue);
        self.doors.moved.notify_one();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Waits until as many are in the queue.
    fn until_here(doors: &Doors, number: usize) {
        while locked(&doors.queue).here.values().sum::<usize>() < number {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_few_run_many_wait_and_the_rest_is_sent_away_at_once() {
        let doors = Doors::default();
        let most = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..AT_ONCE).map(|_| doors.enter("home").unwrap()).collect();
            let waiting: Vec<_> = (AT_ONCE..MOST)
                .map(|n| {
                    let (doors, most) = (&doors, &most);
                    scope.spawn(move || {
                        let turn = doors.enter(if n < MOST_OF_ONE { "home" } else { "work" });
                        most.fetch_max(locked(&doors.queue).running, Ordering::Relaxed);
                        turn.is_some()
                    })
                })
                .collect();
            until_here(&doors, MOST);
            assert!(doors.enter("home").is_none() && doors.enter("elsewhere").is_none());
            drop(running);
            assert!(waiting.into_iter().all(|one| one.join().unwrap()), "whoever waits gets a turn");
        });
        assert!(most.load(Ordering::Relaxed) <= AT_ONCE);
        assert!(locked(&doors.queue).here.is_empty());
    }

    #[test]
    fn one_address_alone_does_not_fill_the_queue() {
        let doors = Doors::default();
        std::thread::scope(|scope| {
            let first: Vec<_> = (0..AT_ONCE).map(|_| doors.enter("bot").unwrap()).collect();
            for _ in AT_ONCE..MOST_OF_ONE {
                scope.spawn(|| drop(doors.enter("bot").unwrap()));
            }
            until_here(&doors, MOST_OF_ONE);
            assert!(doors.enter("bot").is_none());
            let other = scope.spawn(|| doors.enter("home").is_some());
            until_here(&doors, MOST_OF_ONE + 1);
            drop(first);
            assert!(other.join().unwrap());
        });
    }
}
