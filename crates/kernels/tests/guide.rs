//! Many draws by the guide are the same columns as by the search.

mod common;

use common::one_row::{categorical, categorical_slices};
use common::{Source, block_sum, cold, logits, params, split_in, tempered};
use gumbel_kernels::categorical::{Cumulative, law_of};
use gumbel_kernels::guide::{Guided, make};
use gumbel_kernels::kept;
use gumbel_kernels::philox::{Purpose, word};
use gumbel_kernels::relaxed::Input;
use gumbel_kernels::{BLOCK, Params};

/// Weights whose sums are hard: equal, tiny beside large, zeros at all places, whole blocks of them.
fn laws() -> Vec<Vec<f32>> {
    let mut source = Source(21);
    let mut laws = vec![vec![1.0], vec![0.0, 1.0, 0.0], vec![1.0; 3], vec![1.0; 4096], vec![1.0; 70_000]];
    for n in [2, 17, 255, 256, 257, 1000, 5000] {
        laws.push((0..n).map(|_| source.normal().abs()).collect());
        laws.push((0..n).map(|_| if source.uniform() < 0.5 { 0.0 } else { 1.0 }).collect());
        laws.push((0..n).map(|i| if i == n / 2 { 1.0 } else { 1e-30 }).collect());
        laws.push((0..n).map(|i| if (i / BLOCK).is_multiple_of(2) { 0.0 } else { 0.1 }).collect());
        laws.push((0..n).map(|i| 0.7f32.powi(i as i32)).collect());
    }
    laws.push(
        (0..70_000).map(|_| if source.uniform() < 0.3 { 0.0 } else { source.normal().abs() }).collect(),
    );
    laws.retain(|law| law.iter().any(|&weight| weight > 0.0));
    laws
}

fn sums(weights: &[f32]) -> Vec<f64> {
    let ends = weights.chunks(BLOCK).scan(0.0, |total, block| {
        *total += block_sum(block);
        Some(*total)
    });
    [0.0].into_iter().chain(ends).collect()
}

/// At the words where a column ends and beside them, at both ends, and anywhere; by guides of all sizes.
#[test]
fn guided_draws_are_searched_ones() {
    let mut source = Source(22);
    for weights in laws() {
        let sums = sums(&weights);
        let law = Cumulative::new(&weights, &sums);
        let mut sure = vec![0; weights.len()];
        let total = sums[sums.len() - 1];
        let mut words: Vec<u32> = (0..2000).map(|_| source.word()).chain([0, 1, 2]).collect();
        words.extend((0..3).map(|i| u32::MAX - i));
        let mut end = 0.0;
        for (column, &weight) in weights.iter().enumerate() {
            end += f64::from(weight) / total;
            if column % (1 + weights.len() / 3000) == 0 {
                let word = (end * 2f64.powi(32)) as u32;
                words.extend((0..5).map(|i| word.saturating_sub(2).saturating_add(i)));
            }
        }
        for bits in [1, 6, 12, 17] {
            let mut guide = vec![u32::MAX; (1 << bits) + 1];
            make(&law, &mut sure, &mut guide);
            let guided = Guided::new(&law, &sure, &guide);
            let low = |i: usize| [0, 1 << 31, u32::MAX][i % 3];
            // Each word with each second word; of all lengths, so that each is in a vector and behind the last one.
            let words: Vec<u32> = words.iter().flat_map(|&word| [word; 3]).collect();
            for length in [words.len(), 256, 65, 16, 5, 1] {
                for (at, words) in words.chunks(length).enumerate() {
                    let mut got = vec![-1; words.len()];
                    guided.draw_all(words, &mut got, |i| low(at * length + i));
                    for (i, (&word, &got)) in words.iter().zip(&got).enumerate() {
                        let expected = law.draw(word, || low(at * length + i)) as i32;
                        assert_eq!(got, expected, "{} classes, {bits} bits, word {word:#x}", weights.len());
                    }
                }
            }
        }
    }
}

/// n draws are n times one draw, from any number on, and so are slices of them.
#[test]
fn many_draws_are_single_draws() {
    let mut source = Source(23);
    for classes in [1, 2, 5, 64, 65, 256, 257, 1000, 20_000] {
        for (kind, x) in logits(classes, &mut source) {
            let key = tempered(0.7, params(classes as u64, 1, 2));
            let input = Input { logits: &x, given: &x };
            let mut many = vec![-1; 1500];
            let first = source.below(1000) as u32;
            categorical(input, &Params { first, ..key }, &mut many).unwrap();
            for (at, &drawn) in many.iter().enumerate().step_by(1 + classes / 300) {
                let mut one = [-1];
                categorical(input, &Params { first: first + at as u32, ..key }, &mut one).unwrap();
                assert_eq!(one[0], drawn, "{classes} classes, {kind}, draw {at}");
            }
            for sizes in [&[1, 1499][..], &[750, 750], &[1023, 1, 63, 413]] {
                let mut sliced = vec![-1; many.len()];
                categorical_slices(input, &Params { first, ..key }, sizes, &mut sliced).unwrap();
                assert_eq!(sliced, many, "{classes} classes, {kind}, slices of {sizes:?}");
            }
        }
    }
}

/// A first word that leaves two classes open takes the second word of its own draw, by the guide as by the search.
#[test]
fn second_words_belong_to_their_draws() {
    for seed in 0..10 {
        let key = Params { rate: 1.0, first: 5, ..params(seed, 1, 2) };
        for at in [0, 3, 250, 251, 255, 256, 700] {
            let column = key.first + at;
            let (x, left) = split_in(word(&key, Purpose::Draw, column), 40);
            let low = word(&key, Purpose::DrawLow, column);
            let expected = (left - usize::from(low < 1 << 31)) as i32;
            let input = Input { logits: &x, given: &x };
            for draws in [at + 1, 1500] {
                let mut out = vec![-1; draws as usize];
                categorical(input, &key, &mut out).unwrap();
                assert_eq!(out[at as usize], expected, "seed {seed}, draw {at} of {draws}");
            }
            let mut one = [-1];
            categorical(input, &Params { first: column, ..key }, &mut one).unwrap();
            assert_eq!(one[0], expected);
        }
    }
}

/// A law that is kept draws what [`categorical`] draws, from any number on; also a law that is certain.
#[test]
fn kept_laws_draw_the_same() {
    let mut source = Source(24);
    for classes in [1, 2, 5, 64, 65, 256, 257, 1000, 20_000] {
        let mut rows = logits(classes, &mut source);
        let mut certain = rows[0].1.clone();
        certain[classes / 2] = f32::INFINITY;
        rows.push(("certain", certain));
        for (kind, x) in rows {
            for key in [tempered(0.7, params(classes as u64, 1, 2)), cold()] {
                let input = Input { logits: &x, given: &x };
                let law = law_of(input, &key).unwrap();
                let (mut weights, mut sums) = (vec![0.0; classes], vec![0.0; classes.div_ceil(BLOCK) + 1]);
                let (mut sure, mut guide) = (vec![0; classes], vec![0; (1 << 10) + 1]);
                kept::weigh(law, &mut x.clone(), &key, &mut weights, &mut sums);
                kept::make_guide(&weights, &sums, &mut sure, &mut guide);
                for (first, draws) in [(0, 1), (3, 700)] {
                    let key = Params { first, ..key };
                    let (mut got, mut expected) = (vec![-1; draws], vec![-1; draws]);
                    kept::draw(&weights, &sums, &sure, &guide, &key, &mut got);
                    categorical(input, &key, &mut expected).unwrap();
                    assert_eq!(got, expected, "{classes} classes, {kind}, from {first}");
                }
            }
        }
    }
}
