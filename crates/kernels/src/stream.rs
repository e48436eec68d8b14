//! Gumbel-Max of a row that comes in pieces, with a state of two numbers.
//!
//! Where the largest logit is known from the start, scores are those of the whole row. Where it isn't, each column is
//! compared with the leader itself, (l − l_leader)/T + (G − G_leader) > 0 in float64: nothing is relative to a maximum
//! that later columns may change, and large logits don't eat the noise.

use crate::filter::{Best, Contest, run_any};
use crate::gumbel::{Draft, Relative, RowNoise};
use crate::relaxed::Source;
use crate::row::{Invalid, Law, Params, argmax};
use crate::softmax::is_empty_law;
use crate::wide::{self, F32x16, Group, WIDTH};

/// What is known of the columns so far.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Leader {
    /// The largest logit where the row's maximum is given, else that of the leading class; −∞ before there is one.
    /// Of a class that is certain, and at a temperature of 0, the two are the same.
    pub logit: f32,
    /// The leader's score where the row's maximum is given, else its noise; −∞ before there is one.
    pub value: f32,
}

impl Leader {
    /// Before the first column.
    pub const NONE: Self = Self { logit: f32::NEG_INFINITY, value: f32::NEG_INFINITY };
}

/// Takes the logits of the columns from `params.first` on. Returns which of them leads now, counted from the first of
/// these, or none where an earlier column still does. `max` is the row's largest logit, where that is known.
pub fn gumbel_max_part(
    logits: &[f32],
    params: &Params,
    max: Option<f32>,
    noise: &RowNoise,
    draft: &mut Draft,
    leader: &mut Leader,
) -> Result<Option<usize>, Invalid> {
    let largest = match Source::Drawn(noise).inspect_apart(logits) {
        // + 0 turns −0 into 0: which of them is the largest depends on the order of the comparisons.
        Ok(Law::Finite(largest)) => largest + 0.0,
        Ok(Law::Certain(_)) => f32::INFINITY,
        Err(Invalid) if is_empty_law(logits) => return Ok(None),
        Err(Invalid) => return Err(Invalid),
    };
    if max.is_some_and(|max| max < largest) {
        return Err(Invalid);
    }
    if largest == f32::INFINITY || params.is_cold() {
        return lead_alone(logits, largest, leader);
    }
    if leader.logit == f32::INFINITY {
        return Ok(None);
    }
    let first = params.first as usize;
    let column = match max {
        Some(max) => {
            let relative = Relative { max, scale: params.scale };
            let mut best = Best { relative, score: leader.value, column: usize::MAX };
            run_any(noise, first, logits, draft, &mut best);
            *leader = Leader { logit: wide::max(leader.logit, largest), value: best.score };
            best.column
        }
        None => {
            // With noise of −∞ a leader at the largest logit is behind every possible class.
            let start = if *leader == Leader::NONE { Leader { logit: largest, ..*leader } } else { *leader };
            let mut duel = Duel { scale: params.scale, leader: start, column: usize::MAX };
            run_any(noise, first, logits, draft, &mut duel);
            *leader = duel.leader;
            duel.column
        }
    };
    Ok(column.checked_sub(first).filter(|_| column < usize::MAX))
}

/// A logit alone decides: that of a certain class, or the largest at a temperature of 0.
fn lead_alone(logits: &[f32], largest: f32, leader: &mut Leader) -> Result<Option<usize>, Invalid> {
    if largest <= leader.logit {
        return if largest < f32::INFINITY { Ok(None) } else { Err(Invalid) };
    }
    leader.logit = largest;
    Ok(Some(argmax(logits)))
}

/// Each column against the leader.
struct Duel {
    scale: f32,
    leader: Leader,
    column: usize,
}

/// More than float32 arithmetic takes away of a score that might win: such a score and its parts lie within ±256, and
/// each of three roundings is 2^-24 of that.
const MARGIN: f32 = 0.001;

impl Contest for Duel {
    fn relative(&self) -> Relative {
        Relative { max: self.leader.logit, scale: self.scale }
    }

    fn bar(&self) -> f32 {
        self.leader.value - MARGIN
    }

    fn enter(&mut self, column: usize, logits: &Group, noise: F32x16) {
        let mut values = [0.0; WIDTH];
        noise.store(&mut values);
        for (at, (&logit, &value)) in logits.iter().zip(&values).enumerate() {
            if self.is_ahead(logit, value) {
                self.leader = Leader { logit, value };
                self.column = column + at;
            }
        }
    }
}

impl Duel {
    fn is_ahead(&self, logit: f32, noise: f32) -> bool {
        let distance = f64::from(logit) - f64::from(self.leader.logit);
        distance * f64::from(self.scale) + (f64::from(noise) - f64::from(self.leader.value)) > 0.0
    }
}
