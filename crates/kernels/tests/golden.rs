//! The golden values of `test/golden.txt`, which TypeScript and WebAssembly are held to as well. Its head says what
//! the lines mean and how inputs are made.

mod common;

use common::one_row::{
    Best, Noise, categorical, fill_row, filter_tokens, gumbel_given_max, gumbel_max, gumbel_softmax,
    gumbel_top_k, relative_scores,
};
use common::{params, table, tempered};
use gumbel_kernels::categorical::law_of;
use gumbel_kernels::details::Details;
use gumbel_kernels::gumbel::{Draft, RowNoise};
use gumbel_kernels::philox::{Purpose, block, word};
use gumbel_kernels::relaxed::Input;
use gumbel_kernels::stream::{Leader, gumbel_max_part};
use gumbel_kernels::table::gumbel_tail;
use gumbel_kernels::{BLOCK, Invalid, Params, half, softmax, tau, vjp, weights};
use std::collections::BTreeSet;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../test/golden.txt");
const SEED: u64 = 0x243f_6a88_85a3_08d3;

/// The lines of one sort, split at blanks, without the sort's name.
fn lines(sort: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(FILE).unwrap();
    let lines = text.lines().map(|line| line.split(' ').map(String::from).collect::<Vec<_>>());
    lines.filter(|line| line[0] == sort).map(|line| line[1..].to_vec()).collect()
}

fn hex64(field: &str) -> u64 {
    u64::from_str_radix(field, 16).unwrap()
}

fn hex(field: &str) -> u32 {
    u32::from_str_radix(field, 16).unwrap()
}

fn purpose(field: &str) -> Purpose {
    match field {
        "0" => Purpose::Noise,
        "1" => Purpose::Tail,
        "2" => Purpose::Draw,
        "3" => Purpose::DrawLow,
        "15" => Purpose::Split,
        _ => panic!("purpose {field}"),
    }
}

#[test]
fn random123() {
    let lines = lines("philox");
    assert_eq!(lines.len(), 3);
    for line in lines {
        let n: Vec<u32> = line.iter().map(|field| hex(field)).collect();
        assert_eq!(block([n[0], n[1]], [n[2], n[3], n[4], n[5]]), n[6..], "{line:?}");
    }
}

#[test]
fn words() {
    let lines = lines("word");
    assert!(lines.len() > 70);
    for line in lines {
        let row = params(hex64(&line[0]), hex64(&line[1]), hex(&line[2]));
        let got = word(&row, purpose(&line[3]), line[4].parse().unwrap());
        assert_eq!(got, hex(&line[5]), "{line:?}");
    }
}

#[test]
fn noise() {
    let lines = lines("noise");
    assert!(lines.iter().filter(|line| line[4].starts_with("0000")).count() > 5);
    for line in lines {
        let row = params(hex64(&line[0]), hex64(&line[1]), hex(&line[2]));
        let (column, k, g) = (line[3].parse::<u32>().unwrap(), hex(&line[4]), hex(&line[5]));
        assert_eq!(word(&row, Purpose::Noise, column), k, "{line:?}");
        // One value alone, and in its block.
        let tail = || word(&row, Purpose::Tail, column);
        assert_eq!(table().gumbel(k, tail).to_bits(), g, "{line:?}");
        if k < 1 << 16 {
            assert_eq!(gumbel_tail(k, tail()).to_bits(), g, "{line:?}");
        }
        let start = column / BLOCK as u32 * BLOCK as u32;
        let mut block = [0.0; BLOCK];
        let mut draft = Draft::EMPTY;
        RowNoise::new(table(), &row).fill(start, &mut draft, &mut block);
        assert_eq!(block[(column - start) as usize].to_bits(), g, "{line:?}");
    }
}

#[test]
fn kernels() {
    let lines = lines("hash");
    let mut seen = BTreeSet::new();
    for line in lines {
        let [kernel, t, input, classes, hash] = &line[..] else { panic!("{line:?}") };
        let mut bytes = Vec::new();
        Call::new(kernel, t, input, classes.parse().unwrap()).run(&mut bytes);
        assert_eq!(format!("{:016x}", fnv1a(&bytes)), *hash, "{line:?}");
        seen.insert(kernel.clone());
    }
    assert_eq!(seen.len(), 22, "{seen:?}");
}

fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Element `i` of the golden input, made of the word `k`.
fn element(input: &str, is_x: bool, row: u32, i: usize, k: u32) -> f32 {
    let n = k as i32 as f32 / 268_435_456.0;
    match input {
        "edges" => match k % 16 {
            0 => 0.0,
            1 => -0.0,
            2 => f32::from_bits(k >> 9),
            3 => -f32::from_bits(k >> 9),
            4 if row == 1 => 1e38,
            5 => -1e38,
            6 if row == 1 => f32::NEG_INFINITY,
            7 => f32::from_bits(k & 0xbfff_ffff),
            _ => n,
        },
        "weights" if is_x => {
            if i % 5 == 4 {
                0.0
            } else {
                n.abs()
            }
        }
        "plain" if is_x && i % 7 == 6 => f32::NEG_INFINITY,
        "plain" | "weights" => n,
        _ => panic!("input {input}"),
    }
}

/// One row of a call, as `crates/wasm` makes it.
struct Row {
    params: Params,
    given: Vec<f32>,
    logits: Vec<f32>,
    v: Vec<f32>,
    weights: bool,
}

impl Row {
    fn new(t: f64, input: &str, classes: usize, row: u32) -> Self {
        let make = |stream: u64| -> Vec<f32> {
            let source = params(SEED, stream, row);
            let element = |i| element(input, stream == 0, row, i, word(&source, Purpose::Noise, i as u32));
            (0..classes).map(element).collect()
        };
        let given = make(0);
        let mut logits = given.clone();
        let weights = input == "weights";
        if weights {
            weights::to_logits(&given, &mut logits);
        }
        let drawn = params(SEED, (1 << 40) + 1, row + 5);
        Self { params: Params { first: 3, ..tempered(t, drawn) }, given, logits, v: make(1), weights }
    }

    fn input(&self) -> Input<'_> {
        Input { logits: &self.logits, given: &self.given }
    }

    fn noise(&self) -> RowNoise<'static> {
        RowNoise::new(table(), &self.params)
    }

    /// A row of values by `kernel`, or of NaN where it refuses.
    fn values(&self, kernel: impl FnOnce(&mut [f32]) -> Result<(), Invalid>) -> Vec<f32> {
        let mut out = vec![0.0; self.given.len()];
        if kernel(&mut out).is_err() {
            out.fill(f32::NAN);
        }
        out
    }

    fn soft(&self) -> (Vec<f32>, i32) {
        let mut index = -1;
        let noise = self.noise();
        let soft = self.values(|out| {
            index = gumbel_softmax(&self.logits, &self.params, &Noise::Drawn(&noise), out)? as i32;
            Ok(())
        });
        (soft, index)
    }

    fn top_k(&self) -> (Vec<f32>, Vec<u8>) {
        let (mut values, mut indices) = (vec![], vec![]);
        for each in [100, 4] {
            let k = self.given.len().div_ceil(each);
            let best = gumbel_top_k(self.input(), &self.params, &Noise::Drawn(&self.noise()), k);
            let best = best.unwrap_or_else(|_| Best::nothing(k));
            values.extend([best.score, best.log_prob].concat());
            indices.extend(best.index.iter().flat_map(|i| i.to_le_bytes()));
        }
        (values, indices)
    }

    fn part(&self) -> (Vec<f32>, Vec<u8>) {
        let (mut values, mut indices) = (vec![], vec![]);
        let largest = self.logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for max in [None, Some(largest)] {
            let (mut leader, mut draft) = (Leader::NONE, Draft::EMPTY);
            let (params, noise) = (&self.params, self.noise());
            let column = gumbel_max_part(&self.logits, params, max, &noise, &mut draft, &mut leader);
            let column = column.unwrap_or_else(|_| {
                leader = Leader { logit: f32::NAN, value: f32::NAN };
                None
            });
            values.extend([leader.logit, leader.value]);
            indices.extend(column.map_or(-1, |column| column as i32).to_le_bytes());
        }
        (values, indices)
    }

    fn tokens(&self) -> Vec<f32> {
        let k = self.logits.len().div_ceil(2) as f64;
        let steps = [(1, 0.0), (2, k), (3, 0.9), (4, 1.0 / 64.0), (5, 0.75)];
        self.values(|out| {
            out.copy_from_slice(&self.logits);
            filter_tokens(out, &self.params, &steps)
        })
    }

    fn relative(&self) -> Vec<f32> {
        let noise = self.noise();
        self.values(|out| relative_scores(&self.logits, &self.params, &Noise::Drawn(&noise), out))
    }

    fn gradient(&self) -> (Vec<f32>, f32) {
        let (y, _) = self.soft();
        if vjp::is_marked(&y) {
            return (y, f32::NAN);
        }
        let mut dz = vec![0.0; y.len()];
        vjp::softmax_backward(&y, &self.v, 1.0, &mut dz);
        let by_tau = tau::finish_gradient(&mut dz, &self.relative(), &self.params);
        if self.weights {
            weights::divide(&mut dz, &self.given);
        }
        (dz, by_tau)
    }

    fn tangent(&self) -> Vec<f32> {
        let (y, _) = self.soft();
        let mut tangent = self.v.clone();
        if self.weights {
            weights::divide(&mut tangent, &self.given);
        }
        if !vjp::is_marked(&y) {
            tau::add_tangent(&mut tangent, &self.relative(), 0.75);
        }
        self.backward(&y, &tangent, self.params.scale)
    }

    /// Log-probabilities of these draws, and the bytes of log Z and entropy; NaN where the row is no law.
    fn details(&self, drawn: &[i32]) -> (Vec<f32>, Vec<u8>) {
        let bytes = |pair: [f32; 2]| pair.iter().flat_map(|x| x.to_le_bytes()).collect();
        let Ok(law) = law_of(self.input(), &self.params) else {
            return (vec![f32::NAN; drawn.len()], bytes([f32::NAN; 2]));
        };
        let details = Details::of(law, &self.logits, &self.params);
        let log_prob = drawn.iter().map(|&i| details.log_prob(self.logits[i as usize])).collect();
        (log_prob, bytes([details.log_z, details.entropy]))
    }

    fn backward(&self, y: &[f32], v: &[f32], scale: f32) -> Vec<f32> {
        let mut out = vec![0.0; y.len()];
        vjp::softmax_backward(y, v, scale, &mut out);
        out
    }

    /// Softmax or log-softmax at temperature 1.
    fn at_one(&self, kernel: Kernel) -> Vec<f32> {
        self.values(|out| kernel(&self.logits, &tempered(1.0, self.params), out))
    }
}

/// Softmax or log-softmax.
type Kernel = fn(&[f32], &Params, &mut [f32]) -> Result<(), Invalid>;

/// A call of one kernel on two rows.
struct Call<'a> {
    kernel: &'a str,
    rows: [Row; 2],
}

impl<'a> Call<'a> {
    fn new(kernel: &'a str, t: &str, input: &str, classes: usize) -> Self {
        let t = match t {
            "1" => 1.0,
            "0.5" => 0.5,
            "2/3" => 2.0 / 3.0,
            _ => panic!("temperature {t}"),
        };
        Self { kernel, rows: [0, 1].map(|row| Row::new(t, input, classes, row)) }
    }

    /// Appends the output's bytes: the values of both rows, then what there is of one value a row.
    fn run(&self, bytes: &mut Vec<u8>) {
        let results = self.rows.each_ref().map(|row| self.row(row));
        for (values, _) in &results {
            bytes.extend(values.iter().flat_map(|x| x.to_le_bytes()));
        }
        for (_, more) in &results {
            bytes.extend(more);
        }
    }

    fn row(&self, row: &Row) -> (Vec<f32>, Vec<u8>) {
        let none = Vec::new;
        let indices = |indices: &[i32]| indices.iter().flat_map(|i| i.to_le_bytes()).collect::<Vec<u8>>();
        match self.kernel {
            "noise" => {
                let noise = row.noise();
                let fill = |out: &mut [f32]| {
                    fill_row(&noise, out);
                    Ok(())
                };
                (row.values(fill), none())
            }
            "softmax" => (row.values(|out| softmax::softmax(&row.logits, &row.params, out)), none()),
            "logSoftmax" => (row.values(|out| softmax::log_softmax(&row.logits, &row.params, out)), none()),
            "logSumExp" => (vec![softmax::log_sum_exp(&row.logits).unwrap_or(f32::NAN)], none()),
            "gumbelMax" => {
                let index = gumbel_max(row.input(), &row.params, &Noise::Drawn(&row.noise()));
                (vec![], indices(&[index.map_or(-1, |i| i as i32)]))
            }
            "gumbelSoftmax" => {
                let (soft, index) = row.soft();
                (soft, indices(&[index]))
            }
            "categorical" => {
                let mut draws = [0; 5];
                if categorical(row.input(), &row.params, &mut draws).is_err() {
                    draws.fill(-1);
                }
                (vec![], indices(&draws))
            }
            "gumbelMaxDetails" => {
                let index = gumbel_max(row.input(), &row.params, &Noise::Drawn(&row.noise()));
                row.details(&index.map_or(vec![-1], |i| vec![i as i32]))
            }
            "categoricalDetails" => {
                let mut draws = [-1; 5];
                let _ = categorical(row.input(), &row.params, &mut draws);
                row.details(&draws)
            }
            "gumbelTopK" => row.top_k(),
            "gumbelGivenMax" => {
                let given = |out: &mut [f32]| {
                    let params = tempered(1.0, row.params);
                    gumbel_given_max(&row.logits, &params, row.v[0], &Noise::Drawn(&row.noise()), out)
                };
                (row.values(given), none())
            }
            "gumbelMaxPart" => row.part(),
            "decode" => {
                let halves: Vec<u16> = row.given.iter().map(|x| (x.to_bits() >> 16) as u16).collect();
                let (mut floats, mut bfloats) = (row.given.clone(), row.given.clone());
                half::float16(&halves, &mut floats);
                half::bfloat16(&halves, &mut bfloats);
                (floats, bfloats.iter().flat_map(|x| x.to_le_bytes()).collect())
            }
            "filterTokens" => (row.tokens(), none()),
            "sampleTokens" => {
                let logits = row.tokens();
                let mut index = [-1];
                let _ = categorical(Input { logits: &logits, given: &logits }, &row.params, &mut index);
                (vec![], indices(&index))
            }
            "softmaxBackward" => {
                (row.backward(&row.at_one(softmax::softmax), &row.v, row.params.scale), none())
            }
            "gumbelSoftmaxVjp" => {
                let (by_input, by_tau) = row.gradient();
                (by_input, by_tau.to_le_bytes().to_vec())
            }
            "gumbelSoftmaxJvp" => (row.tangent(), none()),
            "logSoftmaxVjp" | "logSoftmaxJvp" => {
                let kernel =
                    if self.kernel == "logSoftmaxVjp" { vjp::log_softmax_vjp } else { vjp::log_softmax_jvp };
                let value = row.at_one(softmax::log_softmax);
                let product = |out: &mut [f32]| {
                    kernel(&value, &row.v, out);
                    Ok(())
                };
                (row.values(product), none())
            }
            "logSumExpVjp" => (row.values(|out| vjp::log_sum_exp_vjp(&row.logits, row.v[0], out)), none()),
            "logSumExpJvp" => {
                let mut room = vec![0.0; row.given.len()];
                (vec![vjp::log_sum_exp_jvp(&row.logits, &row.v, &mut room).unwrap_or(f32::NAN)], none())
            }
            other => panic!("kernel {other}"),
        }
    }
}
