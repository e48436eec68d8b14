//! The kernels that work in room which the caller keeps, called with fresh room each time, so that a test can't lean
//! on what an earlier call has left there.

use gumbel_kernels::guide;
use gumbel_kernels::gumbel::{Draft, RowNoise};
use gumbel_kernels::lane::F32x4;
use gumbel_kernels::math::Exp2;
use gumbel_kernels::relaxed::{self, Input, Room, Source};
use gumbel_kernels::tokens::{self, Bins, Program};
use gumbel_kernels::top_k::{self, TopK};
use gumbel_kernels::{BLOCK, Invalid, Params, categorical, conditional, log_relaxed, tau};

/// The noise of a row.
pub(crate) enum Noise<'a> {
    Drawn(&'a RowNoise<'static>),
    Given(&'a [f32]),
}

impl Noise<'_> {
    fn with<T>(&self, kernel: impl FnOnce(&mut relaxed::Noise) -> T) -> T {
        let mut room = Room::EMPTY;
        match self {
            Noise::Drawn(noise) => {
                kernel(&mut relaxed::Noise { source: Source::Drawn(noise), room: &mut room })
            }
            Noise::Given(noise) => {
                kernel(&mut relaxed::Noise { source: Source::Given(noise), room: &mut room })
            }
        }
    }
}

pub(crate) fn gumbel_max(input: Input, params: &Params, noise: &Noise) -> Result<usize, Invalid> {
    noise.with(|noise| Ok(relaxed::gumbel_max(input, params, noise)?.0))
}

pub(crate) fn gumbel_softmax(
    logits: &[f32],
    params: &Params,
    noise: &Noise,
    soft: &mut [f32],
) -> Result<usize, Invalid> {
    noise.with(|noise| relaxed::gumbel_softmax(logits, params, noise, soft))
}

pub(crate) fn log_gumbel_softmax(
    logits: &[f32],
    params: &Params,
    noise: &Noise,
    out: &mut [f32],
) -> Result<(), Invalid> {
    noise.with(|noise| log_relaxed::log_gumbel_softmax(logits, params, noise, out))
}

pub(crate) fn scores(
    logits: &[f32],
    max: f32,
    scale: f32,
    noise: &Noise,
    out: &mut [f32],
) -> Result<f32, Invalid> {
    noise.with(|noise| relaxed::scores(logits, max, scale, noise, out))
}

pub(crate) fn relative_scores(
    logits: &[f32],
    params: &Params,
    noise: &Noise,
    out: &mut [f32],
) -> Result<(), Invalid> {
    noise.with(|noise| tau::relative_scores(logits, params, noise, out))
}

/// The k best classes.
#[derive(Debug)]
pub(crate) struct Best {
    pub(crate) index: Vec<i32>,
    pub(crate) score: Vec<f32>,
    pub(crate) log_prob: Vec<f32>,
}

impl Best {
    /// What an invalid row is marked with.
    pub(crate) fn nothing(k: usize) -> Self {
        Self { index: vec![-1; k], score: vec![f32::NAN; k], log_prob: vec![f32::NAN; k] }
    }
}

pub(crate) fn gumbel_top_k(input: Input, params: &Params, noise: &Noise, k: usize) -> Result<Best, Invalid> {
    let mut best = Best::nothing(k);
    let Best { index, score, log_prob } = &mut best;
    let mut row = vec![0.0; input.logits.len()];
    let out = TopK { index, score, log_prob };
    noise.with(|noise| top_k::gumbel_top_k(input, params, noise, &mut row, out))?;
    Ok(best)
}

pub(crate) fn gumbel_given_max(
    logits: &[f32],
    params: &Params,
    max: f32,
    noise: &Noise,
    out: &mut [f32],
) -> Result<(), Invalid> {
    noise.with(|noise| conditional::gumbel_given_max(logits, params, max, noise, out))
}

pub(crate) fn categorical(input: Input, params: &Params, out: &mut [i32]) -> Result<(), Invalid> {
    let all = out.len();
    categorical_slices(input, params, &[all], out)
}

/// The same in slices of so many draws.
pub(crate) fn categorical_slices(
    input: Input,
    params: &Params,
    sizes: &[usize],
    out: &mut [i32],
) -> Result<(), Invalid> {
    let classes = input.logits.len();
    let (weights, sums) = (&mut vec![0.0; classes], &mut vec![0.0; classes.div_ceil(BLOCK) + 1]);
    let mut guide = [0; guide::ENTRIES];
    let (sure, guide) = (&mut vec![0; classes], &mut guide);
    let all = out.len();
    let mut made = 0;
    for size in sizes {
        let room = categorical::Room { weights, sums, sure, guide, sparse: false, z_sum: None };
        let slice = categorical::Slice { all, made };
        categorical::categorical(input, params, room, slice, &mut out[made..made + size])?;
        made += size;
    }
    Ok(())
}

/// One draw that keeps the weights of one block alone.
pub(crate) fn draw_one(input: Input, params: &Params) -> Result<usize, Invalid> {
    let classes = input.logits.len();
    // What isn't written must not be read.
    let (weights, sums) = (&mut vec![f32::NAN; classes], &mut vec![0.0; classes.div_ceil(BLOCK) + 1]);
    let mut guide = [0; guide::ENTRIES];
    let room =
        categorical::Room { weights, sums, sure: &mut [], guide: &mut guide, sparse: true, z_sum: None };
    let law = categorical::law_of(input, params)?;
    Ok(categorical::draw_one(law, input.logits, params, room))
}

/// The steps of a program with their values.
pub(crate) fn filter_tokens(row: &mut [f32], params: &Params, steps: &[(u32, f64)]) -> Result<(), Invalid> {
    let classes = row.len();
    let mut bins = Bins::EMPTY;
    let program = steps.iter().rev().fold(0, |program, &(step, _)| program * 16 + step);
    let values: Vec<f64> = steps.iter().map(|&(_, value)| value).collect();
    let room = tokens::Room {
        weights: &mut vec![0.0; classes],
        keys: &mut vec![0; classes + tokens::SPARE],
        list: &mut vec![0.0; classes + tokens::SPARE],
        bins: &mut bins,
    };
    tokens::filter(row, params, Program(program), &values, room).map(|_| ())
}

pub(crate) fn fill_row(noise: &RowNoise, out: &mut [f32]) {
    let mut draft = Draft::EMPTY;
    noise.fill_row(&mut draft, out);
}

/// 2^t.
pub(crate) fn exp2(t: F32x4) -> F32x4 {
    Exp2::new(F32x4::splat(0.0), F32x4::splat(1.0)).of(t)
}
