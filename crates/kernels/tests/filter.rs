//! The bound that spares Gumbel-Max most of its noise: never below the noise, and the winner stays the same.

mod common;

use common::one_row::{Noise, fill_row, gumbel_max};
use common::{Source, logits, on_all_cores, params, say, table, tempered};
use gumbel_kernels::filter::{LEAST_CLASSES, bound_of};
use gumbel_kernels::gumbel::RowNoise;
use gumbel_kernels::relaxed::Input;
use gumbel_kernels::row;
use gumbel_kernels::table::{TAIL_WORDS, gumbel_tail};

/// Over all 2^32 words, refined ones with the tail that gives the most.
#[test]
fn no_noise_is_above_its_bound() {
    let gaps = on_all_cores("bound of all words", 0..1 << 32, |words| {
        words.fold(f32::INFINITY, |least, word| {
            let word = word as u32;
            let g = if word < TAIL_WORDS { gumbel_tail(word, 0) } else { table().gumbel(word, || 0) };
            least.min(bound_of(word) - g)
        })
    });
    let least = gaps.into_iter().fold(f32::INFINITY, f32::min);
    say(&format!("a bound is at least {least:e} above its noise"));
    assert!(least >= 0.0);
}

/// With and without the filter, over rows on both sides of its least length and around a block and a group.
#[test]
fn the_winner_is_the_same() {
    let mut source = Source(11);
    for classes in [LEAST_CLASSES - 1, LEAST_CLASSES, 401, 415, 416, 417, 511, 512, 513, 769, 1000, 5000] {
        for (kind, x) in logits(classes, &mut source) {
            for seed in 0..60 {
                let key = tempered(0.4 + 0.1 * (seed % 9) as f64, params(seed, 7, seed as u32));
                let noise = RowNoise::new(table(), &key);
                let mut given = vec![0.0; classes];
                fill_row(&noise, &mut given);
                let input = Input { logits: &x, given: &x };
                let filtered = gumbel_max(input, &key, &Noise::Drawn(&noise)).unwrap();
                let all = gumbel_max(input, &key, &Noise::Given(&given)).unwrap();
                assert_eq!(filtered, all, "{classes} classes, {kind}, seed {seed}");
            }
        }
    }
}

/// A tail word wins by what only its refinement shows: its group must pass, and with the refined noise.
#[test]
fn a_refined_word_wins() {
    let (seed, columns) = (3, 1 << 20);
    let key = params(seed, 0, 0);
    let noise = RowNoise::new(table(), &key);
    let mut given = vec![0.0; columns];
    fill_row(&noise, &mut given);
    let zeros = vec![0.0; columns];
    let best = row::argmax(&given);
    // 2^20 words: the largest noise is of a word below 2^16.
    assert!(given[best] > 12.0, "{}", given[best]);
    let input = Input { logits: &zeros, given: &zeros };
    assert_eq!(gumbel_max(input, &key, &Noise::Drawn(&noise)), Ok(best));
}
