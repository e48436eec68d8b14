//! A law that is kept: worked out once, drawn from as often as one likes, the same columns as by [`categorical`].
//!
//! Logits need no room of their own: they may lie where the words of the guide will, hence two steps.
//!
//! [`categorical`]: crate::categorical::categorical

use crate::categorical::{Cumulative, draw_guided, running_sums};
use crate::guide::{self, Guided};
use crate::row::{Law, Params};
use crate::softmax::certain;

/// Writes the weights of a law and the running sums of its blocks. Where one class is certain, logits are overwritten by
/// those of a law with nothing else in it, so that draws needn't know.
pub fn weigh(law: Law, logits: &mut [f32], params: &Params, weights: &mut [f32], sums: &mut [f64]) {
    let (max, rate) = match law {
        Law::Finite(max) => (max, params.rate),
        Law::Certain(column) => {
            certain(column, logits);
            (0.0, 1.0)
        }
    };
    running_sums(logits, max, rate, false, weights, sums);
}

/// Works out the guide of such a law: `sure` has one word a class, `guide` a power of two of entries and one more.
pub fn make_guide(weights: &[f32], sums: &[f64], sure: &mut [u32], guide: &mut [u32]) {
    guide::make(&Cumulative::new(weights, sums), sure, guide);
}

/// The draws from number `params.first` on, as many as `out` has room for.
pub fn draw(weights: &[f32], sums: &[f64], sure: &[u32], guide: &[u32], params: &Params, out: &mut [i32]) {
    let law = Cumulative::new(weights, sums);
    draw_guided(&Guided::new(&law, sure, guide), params, out);
}
