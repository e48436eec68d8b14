//! The kernels as native code: answers the requests of protocol.ts, on standard input and output.
//!
//! It calls the functions that WebAssembly exports, whose file is compiled as a module here, with pointers into
//! vectors: the same batches, the same kernels, no copies.

// The exports, with those that no operation needs.
#[allow(dead_code)]
#[path = "../../../crates/wasm/src/lib.rs"]
mod exports;
mod inputs;
mod task;

use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};
use std::time::Instant;
use task::{Answer, Prepared, Task};

const BINS: usize = 64;

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Request {
    Hello,
    Law { task: Task, rows: usize },
    Values { task: Task },
    Time { task: Task, ms: f64, repeat: usize, warmup: bool },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Reply {
    Hello {
        contestants: Vec<String>,
        versions: Versions,
        notes: Vec<String>,
    },
    #[serde(rename_all = "camelCase")]
    Law {
        counts: Vec<u32>,
        gaps: Vec<u32>,
        worst_row: f64,
        infinite: usize,
    },
    Values {
        values: Vec<f32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sample: Option<Vec<f32>>,
    },
    Time {
        median: f64,
        items: usize,
    },
    Missing {
        missing: bool,
    },
}

#[derive(Serialize)]
struct Versions {}

fn main() {
    exports::prepare();
    let mut ready: Option<Prepared> = None;
    for line in std::io::stdin().lock().lines() {
        let request = serde_json::from_str(&line.unwrap()).unwrap();
        let reply = answer(request, &mut ready);
        let mut out = std::io::stdout().lock();
        serde_json::to_writer(&mut out, &reply).unwrap();
        out.write_all(b"\n").unwrap();
        out.flush().unwrap();
    }
}

fn answer(request: Request, ready: &mut Option<Prepared>) -> Reply {
    match request {
        Request::Hello => Reply::Hello {
            contestants: vec!["gumbel, native Rust".into()],
            versions: Versions {},
            notes: vec![
                "Native Rust: the same kernels outside of WebAssembly, their portable lanes left to LLVM with target-cpu=native, no copies.".into(),
            ],
        },
        Request::Law { task, .. } | Request::Time { task, .. } if !task.is_known() => {
            Reply::Missing { missing: true }
        }
        Request::Law { task, rows } => law(prepared(ready, task), rows),
        Request::Values { task } => values(prepared(ready, task)),
        Request::Time { task, ms, repeat, warmup } => {
            let prepared = prepared(ready, task);
            if warmup {
                samples(prepared, ms / 3.0, repeat);
            }
            time(prepared, ms, repeat)
        }
    }
}

fn prepared(ready: &mut Option<Prepared>, task: Task) -> &mut Prepared {
    if ready.as_ref().is_none_or(|prepared| prepared.task != task) {
        *ready = Some(Prepared::new(task));
    }
    ready.as_mut().unwrap()
}

/// Draws until at least `rows` rows or draws are counted.
fn law(prepared: &mut Prepared, rows: usize) -> Reply {
    let Task { rows: rows_of_call, classes, tau, .. } = prepared.task;
    let is_noise = prepared.task.operation == "noise";
    let is_hard = prepared.task.operation == "hard";
    let law = inputs::law(&prepared.task);
    let mut counts = vec![0; if is_noise { BINS } else { classes }];
    let mut gaps = vec![0; BINS];
    let (mut worst_row, mut infinite, mut done) = (0.0_f64, 0, 0);
    while done < rows {
        match prepared.run() {
            Answer::Indices(indices) => {
                indices.iter().for_each(|&i| counts[i as usize] += 1);
                done += indices.len();
            }
            Answer::Values(values) if is_noise => {
                for &g in values {
                    infinite += usize::from(!g.is_finite());
                    counts[bin_of((-(-f64::from(g)).exp()).exp())] += 1;
                }
                done += rows_of_call;
            }
            Answer::Values(sample) | Answer::Both { sample, .. } => {
                for row in sample.chunks(classes) {
                    let winner = (0..classes).fold(0, |best, i| if row[i] > row[best] { i } else { best });
                    counts[winner] += 1;
                    let sum: f64 = row.iter().map(|&y| f64::from(y)).sum();
                    if !sum.is_finite() {
                        infinite += 1;
                        continue;
                    }
                    let others = || (0..classes).filter(|&i| i != winner).map(|i| f64::from(row[i]));
                    let first = f64::from(row[winner]);
                    let off = if is_hard {
                        others().map(f64::abs).sum::<f64>() + (first - 1.0).abs()
                    } else {
                        gaps[bin_of(gap_rank(first, others().fold(0.0, f64::max), tau, law[winner]))] += 1;
                        (sum - 1.0).abs()
                    };
                    worst_row = worst_row.max(off);
                }
                done += rows_of_call;
            }
        }
    }
    Reply::Law { counts, gaps, worst_row, infinite }
}

fn bin_of(rank: f64) -> usize {
    ((rank * BINS as f64) as usize).min(BINS - 1)
}

/// As in gap.ts.
fn gap_rank(first: f64, second: f64, tau: f64, p_first: f64) -> f64 {
    let gap = tau * (first / second).ln();
    1.0 / (1.0 + 1.0 / ((1.0 - p_first) * gap.exp_m1()))
}

fn values(prepared: &mut Prepared) -> Reply {
    match prepared.run() {
        Answer::Values(values) => Reply::Values { values: values.to_vec(), sample: None },
        Answer::Both { sample, gradient } => {
            Reply::Values { values: gradient.to_vec(), sample: Some(sample.to_vec()) }
        }
        Answer::Indices(_) => unreachable!("indices are checked by their law"),
    }
}

/// The median of calls, as time.ts takes it.
fn time(prepared: &mut Prepared, ms: f64, repeat: usize) -> Reply {
    let mut times = samples(prepared, ms, repeat);
    times.sort_by(f64::total_cmp);
    let Task { rows, classes, draws, .. } = prepared.task;
    let items = if draws > 0 { draws } else { rows * classes };
    Reply::Time { median: times[times.len() / 2], items }
}

fn samples(prepared: &mut Prepared, ms: f64, repeat: usize) -> Vec<f64> {
    let start = Instant::now();
    let mut times = Vec::new();
    while times.is_empty() || milliseconds(start) < ms {
        let start = Instant::now();
        for _ in 0..repeat {
            std::hint::black_box(prepared.run());
        }
        times.push(milliseconds(start) / repeat as f64);
    }
    times
}

fn milliseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}
