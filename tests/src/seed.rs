//! Random choices of a test that can be made again: `HUIKE_TEST_SEED` repeats a run, and each run tells its seed.

use crate::database::chosen;

/// A small generator (SplitMix64); good enough to choose when something breaks.
pub struct Seed(u64);

impl Seed {
    /// From the environment, else a new one; told so that a failure can be repeated.
    pub fn of_this_run(test: &str) -> Self {
        let seed = chosen("HUIKE_TEST_SEED", "").parse().unwrap_or_else(|_| fresh());
        eprintln!("{test}: HUIKE_TEST_SEED={seed}");
        Self(seed)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % bound as u64).expect("below a usize")
    }

    /// So many points below `bound`, in order.
    pub fn points(&mut self, count: usize, bound: usize) -> Vec<usize> {
        let mut points: Vec<usize> = (0..count).map(|_| self.below(bound)).collect();
        points.sort_unstable();
        points
    }
}

#[allow(clippy::disallowed_methods, reason = "a number that no other run has, told in its output")]
fn fresh() -> u64 {
    u64::from(uuid::Uuid::now_v7().as_fields().1) ^ uuid::Uuid::now_v7().as_u64_pair().1
}
