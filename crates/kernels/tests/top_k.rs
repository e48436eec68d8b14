//! The k best classes, found with and without the filter; and Gumbel-Max of a row in parts.

mod common;

use common::one_row::{Noise, fill_row, gumbel_max, gumbel_top_k};
use common::{Source, logits, params, table, tempered};
use gumbel_kernels::Params;
use gumbel_kernels::filter::LEAST_CLASSES;
use gumbel_kernels::gumbel::{Draft, RowNoise};
use gumbel_kernels::relaxed::Input;
use gumbel_kernels::stream::{Leader, gumbel_max_part};

const LONG: [usize; 7] = [LEAST_CLASSES - 1, LEAST_CLASSES, 401, 416, 513, 1000, 5000];

/// Given noise takes every score, drawn noise hardly any: the same classes, to the bit, for each k that the filter
/// takes and beyond.
#[test]
fn the_filter_keeps_the_best() {
    let mut source = Source(31);
    for classes in LONG {
        for (kind, x) in logits(classes, &mut source) {
            for seed in 0..20 {
                let key = tempered(0.4 + 0.1 * (seed % 9) as f64, params(seed, 7, seed as u32));
                let noise = RowNoise::new(table(), &key);
                let mut given = vec![0.0; classes];
                fill_row(&noise, &mut given);
                let input = Input { logits: &x, given: &x };
                for k in [1, 2, 3, 10, classes / 33, classes / 32, classes / 4] {
                    let drawn = gumbel_top_k(input, &key, &Noise::Drawn(&noise), k);
                    let all = gumbel_top_k(input, &key, &Noise::Given(&given), k);
                    let what = format!("{k} of {classes} classes, {kind}, seed {seed}");
                    let (Ok(drawn), Ok(all)) = (drawn, all) else {
                        // Logits too far apart for float32 leave few classes possible.
                        assert_eq!(kind, "huge", "{what}");
                        continue;
                    };
                    assert_eq!(drawn.index, all.index, "{what}");
                    assert_eq!(drawn.score.map_bits(), all.score.map_bits(), "{what}");
                    let first = gumbel_max(input, &key, &Noise::Drawn(&noise)).unwrap();
                    assert_eq!(drawn.index[0] as usize, first, "{what}");
                    assert!(drawn.score.is_sorted_by(|a, b| a >= b), "{what}");
                }
            }
        }
    }
}

trait MapBits {
    fn map_bits(&self) -> Vec<u32>;
}

impl MapBits for Vec<f32> {
    fn map_bits(&self) -> Vec<u32> {
        self.iter().map(|x| x.to_bits()).collect()
    }
}

/// The column that leads after all parts, each of the next of `sizes`.
fn in_parts(x: &[f32], key: &Params, max: Option<f32>, sizes: &[usize]) -> usize {
    let noise = RowNoise::new(table(), key);
    let (mut leader, mut draft) = (Leader::NONE, Draft::EMPTY);
    let (mut column, mut start) = (usize::MAX, 0);
    for size in sizes.iter().cycle() {
        let part = &x[start..x.len().min(start + size)];
        let here = Params { first: start as u32, ..*key };
        if let Some(at) = gumbel_max_part(part, &here, max, &noise, &mut draft, &mut leader).unwrap() {
            column = start + at;
        }
        start += part.len();
        if start == x.len() {
            return column;
        }
    }
    unreachable!()
}

/// With the row's maximum the winner is that of the whole row; without, the parts make no difference.
#[test]
fn parts_of_a_row() {
    let mut source = Source(32);
    for classes in [1, 5, 16, 17, 257, 401, 2000] {
        for (kind, x) in logits(classes, &mut source) {
            let largest = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            for seed in 0..30 {
                let key = tempered(0.4 + 0.1 * (seed % 9) as f64, params(seed, 8, seed as u32));
                let noise = RowNoise::new(table(), &key);
                let input = Input { logits: &x, given: &x };
                let whole = gumbel_max(input, &key, &Noise::Drawn(&noise)).unwrap();
                let alone = in_parts(&x, &key, None, &[classes]);
                for sizes in [&[1][..], &[3], &[16], &[255], &[256], &[257], &[2, 5, 300, 64]] {
                    let what = format!("{classes} classes, {kind}, seed {seed}, cut by {sizes:?}");
                    assert_eq!(in_parts(&x, &key, Some(largest), sizes), whole, "{what}");
                    assert_eq!(in_parts(&x, &key, None, sizes), alone, "{what}");
                }
            }
        }
    }
}
