//! What inputs.ts makes, by the same formulas.

use crate::task::Task;

pub fn logits(task: &Task) -> Vec<f32> {
    let n = task.classes;
    of(task, |i| 3.0 * ((i % n * 367 % n) as f64 + 0.5) / n as f64)
}

pub fn noise(task: &Task) -> Vec<f32> {
    of(task, |i| -(-((f64::from(weyl(i, 0x9e37_79b9)) + 0.5) / 2f64.powi(32)).ln()).ln())
}

pub fn upstream(task: &Task) -> Vec<f32> {
    of(task, |i| f64::from(weyl(i, 0x85eb_ca6b)) / 2f64.powi(31) - 1.0)
}

/// The soft sample of given logits and noise, by its formula in float64.
pub fn soft(task: &Task) -> Vec<f32> {
    let scores: Vec<f64> = logits(task)
        .iter()
        .zip(noise(task))
        .map(|(&l, g)| (f64::from(l) + f64::from(g)) / task.tau)
        .collect();
    scores.chunks(task.classes).flat_map(softmax).map(|y| y as f32).collect()
}

/// softmax(logits) of one row: the law of every sampler.
pub fn law(task: &Task) -> Vec<f64> {
    let row: Vec<f64> = logits(task)[..task.classes].iter().map(|&l| f64::from(l)).collect();
    softmax(&row)
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|s| (s - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

fn of(task: &Task, f: impl Fn(usize) -> f64) -> Vec<f32> {
    (0..task.rows * task.classes).map(|i| f(i) as f32).collect()
}

fn weyl(i: usize, step: u32) -> u32 {
    (i as u32).wrapping_mul(step)
}
