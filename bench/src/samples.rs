//! Repeated measurements of one thing.

use std::fmt;
use std::time::Duration;

/// Times of the same work, in milliseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn push(&mut self, took: Duration) {
        self.push_ms(took.as_secs_f64() * 1000.0);
    }

    pub(crate) fn push_ms(&mut self, ms: f64) {
        self.0.push(ms);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The middle one; of an even number the mean of the two in the middle.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let half = sorted.len() / 2;
        match (sorted.get(half), half.checked_sub(1).and_then(|below| sorted.get(below))) {
            (Some(middle), Some(below)) if sorted.len().is_multiple_of(2) => f64::midpoint(*middle, *below),
            (Some(middle), _) => *middle,
            (None, _) => f64::NAN,
        }
    }

    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The smallest one that at least this share of all is not above: 0.99 is the 99th percentile.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "far fewer than 2^52, and never below zero"
    )]
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn min(&self) -> f64 {
        self.0.iter().copied().fold(f64::NAN, f64::min)
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms (min {:.1})", self.median(), self.min())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Samples {
        Samples(values.to_vec())
    }

    #[test]
    fn the_last_percent_is_what_is_above_its_quantile() {
        let hundred = of(&(1..=100).rev().map(f64::from).collect::<Vec<_>>());
        assert!((hundred.quantile(0.99) - 99.0).abs() < f64::EPSILON);
        assert!((hundred.quantile(1.0) - 100.0).abs() < f64::EPSILON);
        assert!(of(&[]).quantile(0.99).is_nan());
    }

    #[test]
    fn the_median_is_the_middle_whatever_the_order() {
        assert_eq!(of(&[9.0, 1.0, 2.0]).to_string(), "2.0 ms (min 1.0)");
        assert_eq!(of(&[4.0, 1.0, 2.0, 9.0]).to_string(), "3.0 ms (min 1.0)");
        assert!(of(&[]).median().is_nan());
    }
}
