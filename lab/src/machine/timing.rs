//! Where the time of a host goes, told on standard error when `LAB_TIMINGS` is set.

use std::time::Instant;

pub(super) struct Timing {
    host: String,
    last: Instant,
}

impl Timing {
    pub(super) fn start(host: &str) -> Self {
        Self { host: host.to_owned(), last: Instant::now() }
    }

    /// Tells how long it took since the last of these.
    pub(super) fn lap(&mut self, what: &str) {
        let now = Instant::now();
        say(&format!("{} {what} {:.3} s", self.host, (now - self.last).as_secs_f64()));
        self.last = now;
    }
}

#[allow(
    clippy::print_stderr,
    reason = "asked for by an environment variable; nextest shows it with --no-capture"
)]
pub(crate) fn say(text: &str) {
    if std::env::var_os("LAB_TIMINGS").is_some() {
        eprintln!("lab: {text}");
    }
}
