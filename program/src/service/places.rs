//! The places for connections, and who has to give one up when all are taken.
//!
//! Whoever comes is let in. When that is one too many, the address with the most connections loses the one that has
//! been silent for longest: somebody who works is never the one, and a crowd of connections from one place costs only
//! that place.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// All places.
pub(super) struct Places {
    limit: usize,
    /// Counts what happens on all connections: the lower the number, the longer ago.
    clock: AtomicU64,
    taken: Mutex<BTreeMap<u64, Arc<Seat>>>,
}

/// What is known about one connection.
struct Seat {
    peer: IpAddr,
    last: AtomicU64,
    /// Its request is whole and an answer is being made.
    busy: AtomicBool,
    leave: Notify,
}

/// One place; given back when dropped.
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    seat: Arc<Seat>,
}

impl Places {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, clock: AtomicU64::new(0), taken: Mutex::new(BTreeMap::new()) })
    }

    /// A place for a newcomer. If there is none left, somebody else is asked to leave.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr) -> Place {
        let number = self.tick();
        let seat = Arc::new(Seat {
            peer,
            last: AtomicU64::new(number),
            busy: AtomicBool::new(false),
            leave: Notify::new(),
        });
        let mut taken = self.taken();
        if taken.len() >= self.limit
            && let Some(victim) = victim(&taken)
            && let Some(seat) = taken.remove(&victim)
        {
            seat.leave.notify_one();
        }
        taken.insert(number, Arc::clone(&seat));
        Place { places: Arc::clone(self), number, seat }
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    /// A panic elsewhere leaves a whole table behind.
    fn taken(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Seat>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of the address with the most connections the one that waits for its client for longest; only where none waits, one
/// that the client waits for.
fn victim(taken: &BTreeMap<u64, Arc<Seat>>) -> Option<u64> {
    let mut crowds = BTreeMap::<IpAddr, usize>::new();
    for seat in taken.values() {
        *crowds.entry(seat.peer).or_default() += 1;
    }
    let (crowded, _) = crowds.into_iter().max_by_key(|(_, size)| *size)?;
    let of_crowd = taken.iter().filter(|(_, seat)| seat.peer == crowded);
    let age = |seat: &Seat| (seat.busy.load(Ordering::Relaxed), seat.last.load(Ordering::Relaxed));
    of_crowd.min_by_key(|(_, seat)| age(seat)).map(|(number, _)| *number)
}

impl Place {
    /// Ends when somebody else needs the place.
    pub(super) async fn wanted(&self) {
        self.seat.leave.notified().await;
    }

    /// How the connection tells what it does.
    pub(super) fn progress(&self) -> Progress {
        Progress { places: Arc::clone(&self.places), seat: Arc::clone(&self.seat) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().remove(&self.number);
    }
}

/// What one connection is doing.
#[derive(Clone)]
pub(super) struct Progress {
    places: Arc<Places>,
    seat: Arc<Seat>,
}

impl Progress {
    /// A whole request has come: until the guard goes, the client waits and not we.
    pub(super) fn busy(&self) -> Busy<'_> {
        self.seat.busy.store(true, Ordering::Relaxed);
        self.seat.last.store(self.places.tick(), Ordering::Relaxed);
        Busy(self)
    }
}

/// An answer is being made.
pub(super) struct Busy<'a>(&'a Progress);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.seat.last.store(self.0.places.tick(), Ordering::Relaxed);
        self.0.seat.busy.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::task::{Context, Poll, Waker};

    const CROWD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const USER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn must_leave(place: &Place) -> bool {
        let mut wanted = std::pin::pin!(place.wanted());
        matches!(wanted.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()))
    }

    #[test]
    fn nobody_leaves_while_there_are_places() {
        let places = Places::new(3);
        let taken = [places.take(CROWD), places.take(CROWD), places.take(USER)];
        assert!(!taken.iter().any(must_leave));
    }

    #[test]
    fn the_crowd_gives_up_what_has_been_silent_for_longest() {
        let places = Places::new(3);
        let user = places.take(USER);
        let (first, second) = (places.take(CROWD), places.take(CROWD));
        drop(first.progress().busy());
        let newcomer = places.take(USER);
        assert!(must_leave(&second));
        assert!(![&user, &first, &newcomer].into_iter().any(must_leave));
    }

    #[test]
    fn who_waits_for_an_answer_stays_while_others_are_idle() {
        let places = Places::new(2);
        let (first, second) = (places.take(CROWD), places.take(CROWD));
        let progress = first.progress();
        let _busy = progress.busy();
        let third = places.take(CROWD);
        assert!(must_leave(&second) && !must_leave(&first));
        let busy_too = third.progress();
        let _busy_too = busy_too.busy();
        let _fourth = places.take(CROWD);
        assert!(must_leave(&first), "all are busy: the one that has been so for longest");
    }

    #[test]
    fn a_place_that_is_given_back_can_be_taken() {
        let places = Places::new(1);
        drop(places.take(CROWD));
        let second = places.take(CROWD);
        assert!(!must_leave(&second));
        assert_eq!(places.taken().len(), 1);
    }
}
