//! The noise of all 2^32 words: its error, its rises and its range (ARCHITECTURE.md, "Noise").

mod common;

use common::{on_all_cores, say, table};
use gumbel_kernels::table::TAIL_WORDS;

/// What a run of consecutive words shows.
#[derive(Clone, Copy)]
struct Seen {
    /// Largest |G − truth|/max(1, |G|), and its word.
    error: f64,
    at: u64,
    /// Places where G rises from one word (or tail) to the next.
    rises: u64,
    /// The largest rise from anywhere to anywhere later, over max(1, |G|).
    rise: f64,
    first: f32,
    last: f32,
    min: f32,
    max: f32,
}

impl Seen {
    fn start(g: f32) -> Self {
        Self { error: 0.0, at: 0, rises: 0, rise: 0.0, first: g, last: g, min: g, max: g }
    }

    fn add(&mut self, word: u64, g: f32, w: f64) {
        // w is exact and the standard library good to an ulp of float64: 10^-9 of what is measured.
        let truth = -(-(-w).ln_1p()).ln();
        let error = (f64::from(g) - truth).abs() / truth.abs().max(1.0);
        if self.error < error {
            (self.error, self.at) = (error, word);
        }
        if g > self.last {
            self.rises += 1;
        }
        self.rise = self.rise.max(rise(self.min, g));
        self.last = g;
        // A NaN or an infinity must not get lost in a comparison.
        assert!(g.is_finite(), "word {word}: {g}");
        self.min = self.min.min(g);
        self.max = self.max.max(g);
    }

    fn join(self, next: Self) -> Self {
        let worse = if self.error < next.error { next } else { self };
        Self {
            error: worse.error,
            at: worse.at,
            rises: self.rises + next.rises + u64::from(next.first > self.last),
            rise: self.rise.max(next.rise).max(rise(self.min, next.max)),
            first: self.first,
            last: next.last,
            min: self.min.min(next.min),
            max: self.max.max(next.max),
        }
    }
}

fn rise(from: f32, to: f32) -> f64 {
    (f64::from(to) - f64::from(from)).max(0.0) / f64::from(from.abs().max(1.0))
}

/// Each word below 2^16 with three of its 2^32 tails; the tails between are in `tail.rs`.
const TAILS: [u32; 3] = [0, 0x8000_0000, u32::MAX];

#[test]
fn the_noise_of_every_word() {
    let table = table();
    let pieces = on_all_cores("noise of all words", 0..1 << 32, |words| {
        let mut seen = None;
        for word in words {
            let k = word as u32;
            if k < TAIL_WORDS {
                for tail in TAILS {
                    let g = table.gumbel(k, || tail);
                    let w = (f64::from(k) * 2f64.powi(32) + f64::from(tail) + 0.5) * 2f64.powi(-64);
                    seen.get_or_insert(Seen::start(g)).add(word, g, w);
                }
            } else {
                let g = table.gumbel(k, || unreachable!("only words below 2^16 are refined"));
                seen.get_or_insert(Seen::start(g)).add(word, g, (f64::from(k) + 0.5) * 2f64.powi(-32));
            }
        }
        seen.unwrap()
    });
    let all = pieces.into_iter().reduce(Seen::join).unwrap();
    say(&format!("(a) |G − G_f64| ≤ {:.4e}·max(1, |G|), at word {:#x}", all.error, all.at));
    say(&format!(
        "(b) G rises with the word in {} places, by at most {:.4e}·max(1, |G|)",
        all.rises, all.rise
    ));
    say(&format!("(c) {} ≤ G ≤ {}", all.min, all.max));
    assert!(all.error <= 2e-7);
    assert!(all.rise <= 5e-7);
    assert!(all.min >= -3.13 && all.max <= 45.06);
}
