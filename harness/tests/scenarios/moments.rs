//! Random moments that can be repeated.
#![expect(clippy::print_stderr, reason = "a seed that nobody sees repeats nothing")]

use std::time::{Duration, Instant};

/// Numbers from a seed that is printed; `FUELRIG_CHAOS_SEED` sets it.
pub(crate) struct Random {
    /// What they are drawn from.
    pub(crate) seed: u64,
    state: u64,
}

impl Random {
    /// From the seed that was asked for, or one of its own.
    pub(crate) fn new() -> Self {
        let seed = std::env::var("FUELRIG_CHAOS_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
            .unwrap_or_else(|| u64::from(std::process::id()) ^ u64::from(Instant::now().elapsed().subsec_nanos()));
        eprintln!("moments are drawn from seed {seed} (FUELRIG_CHAOS_SEED)");
        Self { seed, state: seed }
    }

    /// Steele, Lea and Flood's SplitMix64.
    pub(crate) fn up_to(&mut self, limit: Duration) -> Duration {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        let milliseconds = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1);
        Duration::from_millis(z % milliseconds)
    }
}
