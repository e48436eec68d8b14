//! One operation on one shape, with its arrays.

use crate::{exports, inputs};
use gumbel_kernels::{BLOCK, Params, math::LOG2_E};
use serde::Deserialize;
use std::ptr::{null, null_mut};

const SEED: u32 = 1;

#[derive(Clone, Deserialize, PartialEq)]
pub struct Task {
    pub operation: String,
    pub rows: usize,
    pub classes: usize,
    pub tau: f64,
    pub draws: usize,
}

impl Task {
    pub fn is_known(&self) -> bool {
        !["lawDraws", "topK50", "topP"].contains(&self.operation.as_str())
    }
}

pub enum Answer<'a> {
    Values(&'a [f32]),
    Indices(&'a [i32]),
    Both { sample: &'a [f32], gradient: &'a [f32] },
}

/// A task with its arrays, and the stream of the next call.
pub struct Prepared {
    pub task: Task,
    params: Vec<Params>,
    stream: u32,
    logits: Vec<f32>,
    noise: Vec<f32>,
    soft: Vec<f32>,
    upstream: Vec<f32>,
    out: Vec<f32>,
    gradient: Vec<f32>,
    index: Vec<i32>,
    /// Aligned as the exports ask for.
    scratch: Vec<u128>,
}

impl Prepared {
    pub fn new(task: Task) -> Self {
        let Task { rows, classes, draws, .. } = task;
        let needs = |operations: &[&str]| operations.contains(&task.operation.as_str());
        let t = if needs(&["soft", "softGiven", "backward", "forwardBackward"]) { task.tau } else { 1.0 };
        let params = (0..rows as u32)
            .map(|row| Params {
                seed: [SEED, 0],
                row,
                scale: (1.0 / t) as f32,
                rate: (LOG2_E / t) as f32,
                ..Params::default()
            })
            .collect();
        let scratch = 2 * classes + 4 * (classes.div_ceil(BLOCK) + 1).div_ceil(2);
        Self {
            params,
            stream: 0,
            logits: inputs::logits(&task),
            noise: if needs(&["softGiven"]) { inputs::noise(&task) } else { Vec::new() },
            soft: if needs(&["backward"]) { inputs::soft(&task) } else { Vec::new() },
            upstream: inputs::upstream(&task),
            out: vec![0.0; rows * classes],
            gradient: vec![0.0; rows * classes],
            index: vec![0; if draws > 0 { draws } else { rows }],
            scratch: vec![0; scratch.div_ceil(4)],
            task,
        }
    }

    pub fn run(&mut self) -> Answer<'_> {
        self.stream += 1;
        for params in &mut self.params {
            params.stream = [self.stream, 0];
        }
        let Task { rows, classes, draws, .. } = self.task;
        let params = self.params.as_ptr();
        let x = self.logits.as_ptr();
        let (out, gradient) = (self.out.as_mut_ptr(), self.gradient.as_mut_ptr());
        let index = self.index.as_mut_ptr();
        let scratch: *mut f32 = self.scratch.as_mut_ptr().cast();
        let none = null_mut();
        // SAFETY: the arrays are as long as the exports expect for `rows` and `classes`, apart from each other, and
        // `scratch` has room for two rows and the sums of blocks, as `categorical` asks for, aligned to 16 bytes.
        unsafe {
            match self.task.operation.as_str() {
                "noise" => exports::noise(params, rows, classes, 0, out),
                "soft" | "softGiven" | "forwardBackward" => {
                    let given = if self.noise.is_empty() { null() } else { self.noise.as_ptr() };
                    let (sample, flags) = (null_mut(), 0);
                    exports::gumbel_softmax(
                        params, rows, classes, x, given, scratch, out, sample, index, flags,
                    );
                    if self.task.operation == "forwardBackward" {
                        exports::softmax_backward(
                            params,
                            rows,
                            classes,
                            out,
                            self.upstream.as_ptr(),
                            gradient,
                        );
                        return Answer::Both { sample: &self.out, gradient: &self.gradient };
                    }
                }
                "hard" => {
                    exports::gumbel_max(
                        params,
                        rows,
                        classes,
                        x,
                        null(),
                        scratch,
                        out,
                        null_mut(),
                        none,
                        none,
                        none,
                        0,
                    );
                }
                "backward" => {
                    let (y, v) = (self.soft.as_ptr(), self.upstream.as_ptr());
                    exports::softmax_backward(params, rows, classes, y, v, out);
                }
                "gumbelMax" => {
                    exports::gumbel_max(
                        params,
                        rows,
                        classes,
                        x,
                        null(),
                        scratch,
                        null_mut(),
                        index,
                        none,
                        none,
                        none,
                        0,
                    );
                    return Answer::Indices(&self.index);
                }
                "inverseCdf" | "manyDraws" => {
                    let draws = draws.max(1);
                    exports::categorical(
                        params, rows, classes, x, scratch, draws, 0, draws, index, none, none, none, 0,
                    );
                    return Answer::Indices(&self.index);
                }
                other => panic!("no operation {other}"),
            }
        }
        Answer::Values(&self.out)
    }
}
