//! Gumbel-top-k: draws without replacement (Kool, van Hoof & Welling, "Stochastic beams and where to find them", ICML
//! 2019, §2.3; Vieira 2014).
//!
//! The k largest scores, in falling order, are k draws without replacement from softmax(l/T). They are found in one
//! walk with the k best so far in a heap: the k-th best is the bar that a score has to pass, by which `filter.rs` spares
//! most of the noise. Which k these are, and their order, depends on the scores and columns alone.

use crate::filter::{self, Contest};
use crate::gumbel::Relative;
use crate::lane::F32x4;
use crate::math::log_f64;
use crate::reduce::exp_sum;
use crate::relaxed::{Input, Noise, Source, scores};
use crate::row::{Invalid, Law, Params, inspect_apart};
use crate::wide::{F32x16, Group, WIDTH, padded};

/// With fewer classes for each of the k, too many groups pass the filter.
const LEAST_CLASSES_EACH: usize = 32;

/// Where the k classes go: slices of length k ≥ 1.
pub struct TopK<'a> {
    /// Their columns, in order of falling score, the smaller column first on a tie.
    pub index: &'a mut [i32],
    /// Their perturbed log-probabilities, (l − max)/T + G − log Σ.
    pub score: &'a mut [f32],
    /// Their log-probabilities, (l − max)/T − log Σ.
    pub log_prob: &'a mut [f32],
}

/// The k classes with the largest scores. `Invalid` also where fewer than k classes have a score; what is in `out` is
/// then of no use. `row` is room for one.
pub fn gumbel_top_k(
    input: Input,
    params: &Params,
    noise: &mut Noise,
    row: &mut [f32],
    out: TopK,
) -> Result<(), Invalid> {
    let TopK { index, score, log_prob } = out;
    let law =
        if params.is_cold() { inspect_apart(input.logits) } else { noise.source.inspect_apart(input.logits) };
    let max = match law? {
        Law::Finite(max) => max,
        Law::Certain(column) => return certain(column, params, noise, TopK { index, score, log_prob }),
    };
    let relative = Relative { max, scale: params.scale };
    let mut leaders = Leaders { relative, index, score, count: 0 };
    if params.is_cold() {
        leaders.enter_row(input.given);
    } else {
        take_scores(input.logits, noise, row, &mut leaders)?;
    }
    leaders.finish()?;
    let Leaders { index, score, .. } = leaders;
    if params.is_cold() {
        log_prob.fill(f32::NEG_INFINITY);
        log_prob[0] = 0.0;
        score.copy_from_slice(log_prob);
        return Ok(());
    }
    let log_sum = log_f64(exp_sum(input.logits, max, params.rate)) as f32;
    for ((&column, score), log_prob) in index.iter().zip(score).zip(log_prob) {
        *log_prob = (input.logits[column as usize] - max) * params.scale - log_sum;
        *score -= log_sum;
    }
    Ok(())
}

/// The only class that is possible.
#[cold]
fn certain(column: usize, params: &Params, noise: &mut Noise, out: TopK) -> Result<(), Invalid> {
    if out.index.len() > 1 {
        return Err(Invalid);
    }
    out.index[0] = column as i32;
    out.log_prob[0] = 0.0;
    out.score[0] = if params.is_cold() { 0.0 } else { noise.at(column) };
    Ok(())
}

/// Offers all scores of a row to the leaders. `row` is room.
fn take_scores(
    logits: &[f32],
    noise: &mut Noise,
    row: &mut [f32],
    leaders: &mut Leaders,
) -> Result<(), Invalid> {
    let few = logits.len() >= filter::LEAST_CLASSES.max(LEAST_CLASSES_EACH * leaders.index.len());
    if let (Source::Drawn(drawn), true) = (&noise.source, few) {
        filter::run_any(drawn, 0, logits, noise.room.draft(), leaders);
        return Ok(());
    }
    scores(logits, leaders.relative.max, leaders.relative.scale, noise, row)?;
    leaders.enter_row(row);
    Ok(())
}

/// The best so far: once there are k of them a heap, with the last of them at its root.
struct Leaders<'a> {
    relative: Relative,
    index: &'a mut [i32],
    score: &'a mut [f32],
    count: usize,
}

impl Contest for Leaders<'_> {
    fn relative(&self) -> Relative {
        self.relative
    }

    fn bar(&self) -> f32 {
        if self.count < self.index.len() { f32::NEG_INFINITY } else { self.score[0] }
    }

    fn enter(&mut self, column: usize, logits: &Group, noise: F32x16) {
        self.enter_scores(column, self.relative.group(F32x16::load(logits), noise));
    }
}

impl Leaders<'_> {
    /// Takes the scores of a row.
    fn enter_row(&mut self, scores: &[f32]) {
        let (groups, rest) = scores.as_chunks();
        for (at, group) in groups.iter().enumerate() {
            self.enter_scores(at * WIDTH, F32x16::load(group));
        }
        if !rest.is_empty() {
            let group = padded(rest, f32::NEG_INFINITY);
            self.enter_scores(groups.len() * WIDTH, F32x16::load(&group));
        }
    }

    #[inline(always)]
    fn enter_scores(&mut self, column: usize, scores: F32x16) {
        let bar = F32x4::splat(self.bar());
        if scores.mask(|s| bar.lt(s)).any() {
            let mut group = [0.0; WIDTH];
            scores.store(&mut group);
            self.enter_each(column, &group);
        }
    }

    #[inline(never)]
    fn enter_each(&mut self, column: usize, scores: &Group) {
        for (at, &score) in scores.iter().enumerate() {
            // Columns come in order, so that on a tie the one that is here already stays.
            if self.bar() < score {
                self.put((column + at) as i32, score);
            }
        }
    }

    fn put(&mut self, column: i32, score: f32) {
        let k = self.index.len();
        if self.count == k {
            self.set(0, (score, column));
            return self.sift(0, k);
        }
        self.set(self.count, (score, column));
        self.count += 1;
        if self.count == k {
            for at in (0..k / 2).rev() {
                self.sift(at, k);
            }
        }
    }

    /// Puts the leaders in order, if there are k of them.
    fn finish(&mut self) -> Result<(), Invalid> {
        let k = self.index.len();
        if self.count < k {
            return Err(Invalid);
        }
        // The last of them goes to the end, and so on.
        for end in (1..k).rev() {
            let (first, last) = (self.get(0), self.get(end));
            self.set(0, last);
            self.set(end, first);
            self.sift(0, end);
        }
        Ok(())
    }

    /// Makes a heap of the first `end` leaders, of which only the one `at` may be out of place, and what is above it.
    #[inline(never)]
    fn sift(&mut self, mut at: usize, end: usize) {
        let leader = self.get(at);
        loop {
            let mut child = 2 * at + 1;
            if child >= end {
                break;
            }
            if child + 1 < end && is_behind(self.get(child + 1), self.get(child)) {
                child += 1;
            }
            let other = self.get(child);
            if !is_behind(other, leader) {
                break;
            }
            self.set(at, other);
            at = child;
        }
        self.set(at, leader);
    }

    #[inline(always)]
    fn get(&self, at: usize) -> (f32, i32) {
        (self.score[at], self.index[at])
    }

    #[inline(always)]
    fn set(&mut self, at: usize, (score, column): (f32, i32)) {
        self.score[at] = score;
        self.index[at] = column;
    }
}

/// Whether `a` comes after `b`.
#[inline(always)]
fn is_behind(a: (f32, i32), b: (f32, i32)) -> bool {
    a.0 < b.0 || (a.0 == b.0 && a.1 > b.1)
}
