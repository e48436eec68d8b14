//! The identities of the value contract (ARCHITECTURE.md, "Random words") that one row can show.

mod common;

use common::one_row::{Noise, fill_row, gumbel_max, gumbel_softmax};
use common::{LENGTHS, Source, bits, logits, params, table, tempered};
use gumbel_kernels::gumbel::{Draft, RowNoise};
use gumbel_kernels::philox::{Purpose, word};
use gumbel_kernels::relaxed::Input;
use gumbel_kernels::{BLOCK, Params};

/// The index of a soft sample at any τ is that of Gumbel-Max at temperature 1.
#[test]
fn identity_1_gumbel_max_is_the_hard_sample_at_every_tau() {
    let mut source = Source(1);
    for n in LENGTHS {
        for (name, x) in logits(n, &mut source) {
            let base = params(source.bits(), source.bits() >> 11, source.word());
            let noise = RowNoise::new(table(), &base);
            let index = gumbel_max(Input { logits: &x, given: &x }, &base, &Noise::Drawn(&noise)).unwrap();
            for tau in [1e-30, 0.01, 0.5, 1.0, 3.0, 1e30] {
                let mut soft = vec![0.0; n];
                let params = tempered(tau, base);
                let got = gumbel_softmax(&x, &params, &Noise::Drawn(&noise), &mut soft);
                assert_eq!(got, Ok(index), "{name}, {n} classes, τ = {tau}");
            }
        }
    }
}

/// Noise written out and given back is the noise drawn inside.
#[test]
fn identity_2_given_noise_is_drawn_noise() {
    let mut source = Source(2);
    for n in LENGTHS {
        for (name, x) in logits(n, &mut source) {
            let p = tempered(0.7, params(source.bits(), 5, 6));
            let drawn = RowNoise::new(table(), &p);
            let mut noise = vec![0.0; n];
            fill_row(&drawn, &mut noise);
            let (mut a, mut b) = (vec![0.0; n], vec![0.0; n]);
            let index = gumbel_softmax(&x, &p, &Noise::Drawn(&drawn), &mut a);
            assert_eq!(index, gumbel_softmax(&x, &p, &Noise::Given(&noise), &mut b));
            assert_eq!(bits(&a), bits(&b), "{name}, {n} classes");
            let input = Input { logits: &x, given: &x };
            assert_eq!(
                gumbel_max(input, &p, &Noise::Drawn(&drawn)),
                gumbel_max(input, &p, &Noise::Given(&noise)),
                "{name}, {n} classes"
            );
        }
    }
}

/// G of a column from its words alone.
fn expected(params: &Params, column: u32) -> u32 {
    let tail = || word(params, Purpose::Tail, column);
    table().gumbel(word(params, Purpose::Noise, column), tail).to_bits()
}

/// A row's noise is the same in a batch (`set_row`, in any order and from any seed), alone, in blocks, and for any
/// count of columns: a function of seed, stream, row and column.
#[test]
fn identity_4_noise_does_not_depend_on_the_batch() {
    let mut source = Source(4);
    let keys: Vec<Params> =
        (0..12).map(|i| params([7, source.bits()][i % 2], source.below(3) as u64, source.word())).collect();
    let mut batch = RowNoise::new(table(), &keys[0]);
    for key in keys.iter().chain(keys.iter().rev()) {
        batch.set_row(key);
        for n in LENGTHS {
            let mut row = vec![0.0; n];
            fill_row(&batch, &mut row);
            let expected: Vec<u32> = (0..n as u32).map(|column| expected(key, column)).collect();
            assert_eq!(bits(&row), expected, "{n} columns of {key:?}");
        }
    }
}

/// The same where words are refined: the columns of 2^22 words that fall below 2^16 (64 on average).
#[test]
fn identity_4_refined_columns() {
    let p = params(11, 12, 13);
    let noise = RowNoise::new(table(), &p);
    let mut refined = 0;
    for start in (0..1 << 22).step_by(BLOCK) {
        let columns: Vec<u32> =
            (start..start + BLOCK as u32).filter(|&c| word(&p, Purpose::Noise, c) < 1 << 16).collect();
        if columns.is_empty() {
            continue;
        }
        for count in [BLOCK, BLOCK - 3, 17] {
            let mut block = vec![0.0; count];
            let mut draft = Draft::EMPTY;
            noise.fill(start, &mut draft, &mut block);
            for &column in columns.iter().filter(|&&c| ((c - start) as usize) < count) {
                assert_eq!(
                    block[(column - start) as usize].to_bits(),
                    expected(&p, column),
                    "column {column}"
                );
                assert!(block[(column - start) as usize] > 11.0);
            }
        }
        refined += columns.len();
    }
    assert!((30..100).contains(&refined), "{refined}");
}

/// Rows, streams and seeds differ in their noise.
#[test]
fn equal_rows_get_different_noise() {
    let keys =
        [params(1, 0, 0), params(1, 0, 1), params(1, 1, 0), params(2, 0, 0), params(1 | 1 << 32, 0, 0)];
    let noise = keys.map(|key| {
        let mut row = vec![0.0; 64];
        fill_row(&RowNoise::new(table(), &key), &mut row);
        bits(&row)
    });
    for (i, a) in noise.iter().enumerate() {
        for b in &noise[..i] {
            assert!(a.iter().zip(b).filter(|(a, b)| a == b).count() <= 1);
        }
    }
}
