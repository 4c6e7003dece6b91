//! Seeded randomness: the same seed and the same order of calls give the same people, tokens and faults.

use std::sync::Mutex;

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

use crate::lock;

pub(crate) struct Dice(Mutex<StdRng>);

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const HEX: &[u8] = b"0123456789abcdef";
const DIGITS: &[u8] = b"0123456789";

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// True with this probability; a rate of 0 never draws, so that an idle knob does not shift the sequence.
    pub fn hits(&self, rate: f64) -> bool {
        rate > 0.0 && lock(&self.0).random_bool(rate.clamp(0.0, 1.0))
    }

    pub fn up_to(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { lock(&self.0).random_range(0..=bound) }
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0u8; N];
        lock(&self.0).fill_bytes(&mut bytes);
        bytes
    }

    pub fn letters(&self, length: usize) -> String {
        self.draw(LETTERS, length)
    }

    pub fn hex(&self, length: usize) -> String {
        self.draw(HEX, length)
    }

    pub fn digits(&self, length: usize) -> String {
        self.draw(DIGITS, length)
    }

    fn draw(&self, alphabet: &[u8], length: usize) -> String {
        let mut rng = lock(&self.0);
        (0..length).map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())])).collect()
    }
}
