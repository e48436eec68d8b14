//! Short rows, four at a time, are the same bits as one row at a time.

mod common;

use common::one_row::{Noise, categorical, fill_row, gumbel_max, gumbel_softmax};
use common::{Source, bits, cold, logits, params, split_in, table, tempered};
use gumbel_kernels::categorical::law_of;
use gumbel_kernels::details::Details;
use gumbel_kernels::gumbel::RowNoise;
use gumbel_kernels::philox::{Purpose, word};
use gumbel_kernels::quad::{self, MAX_CLASSES, QuadWords, Quads, ROWS, together};
use gumbel_kernels::relaxed::Input;
use gumbel_kernels::softmax::{log_softmax, log_sum_exp, softmax};
use gumbel_kernels::{Params, row, vjp};

/// Fours of keys that differ in every part, or share the seed, and a τ of each row's own; as many as go together.
fn keys(seed: u64, classes: usize) -> Vec<[Params; ROWS]> {
    let row = |i: u64| {
        let own_seed = if seed.is_multiple_of(3) { 0 } else { i / 6 };
        let seed = seed + own_seed * ((1 << 33) + 5);
        tempered(0.3 + i as f64, params(seed, (i << 40) + 3 * i + 1, 7 * i as u32))
    };
    (0..together(classes) as u64).map(|quad| core::array::from_fn(|i| row(4 * quad + i as u64))).collect()
}

fn drawn(keys: &[[Params; ROWS]], classes: usize) -> Vec<f32> {
    let mut noise = vec![0.0; keys.len() * ROWS * classes];
    for (key, row) in keys.as_flattened().iter().zip(noise.chunks_mut(classes)) {
        fill_row(&RowNoise::new(table(), key), row);
    }
    noise
}

fn from<'a>(given: Option<&'a Vec<f32>>, words: &'a mut QuadWords) -> quad::Source<'a> {
    given.map_or(quad::Source::Drawn(table(), words), |noise| quad::Source::Given(noise))
}

/// Details of draws in quads are those of a row alone.
fn check_details(room: &quad::Room, at: usize, x: &[f32], key: &Params, drawn: usize) {
    let law = law_of(Input { logits: x, given: x }, key).unwrap();
    let alone = Details::of(law, x, key);
    let expected = [alone.log_prob(x[drawn]), alone.log_z, alone.entropy];
    let quad::Details { log_prob, log_z, entropy } = room.details(at / ROWS);
    let got = [log_prob, log_z, entropy].map(|values| values.to_array()[at % ROWS]);
    assert_eq!(bits(&got), bits(&expected), "{} classes", x.len());
}

fn indices(room: &quad::Room, quads: usize) -> Vec<usize> {
    (0..quads).flat_map(|quad| room.drawn(quad).to_array()).map(|column| column as usize).collect()
}

/// Rows of all kinds, beginning with another kind at each call.
fn rows(count: usize, classes: usize, first: usize, source: &mut Source) -> Vec<f32> {
    let kinds: Vec<Vec<f32>> = logits(classes, source).into_iter().map(|(_, x)| x).collect();
    (0..count).flat_map(|i| kinds[(first + i) % kinds.len()].clone()).collect()
}

#[test]
fn as_many_go_together_as_fill_a_block() {
    let expected = [(1, 4), (4, 4), (10, 4), (16, 4), (17, 3), (32, 2), (33, 1), (64, 1), (65, 0)];
    for (classes, quads) in expected {
        assert_eq!(together(classes), quads, "{classes} classes");
    }
}

#[test]
fn noise_of_quads() {
    let (mut room, mut words) = (quad::Room::EMPTY, QuadWords::new());
    for classes in 1..=MAX_CLASSES {
        // Enough keys that words below 2^16 occur.
        for seed in 0..100 {
            let keys = keys(seed, classes);
            for params in [&keys[..], &keys[..1]] {
                let mut out = vec![f32::NAN; params.len() * ROWS * classes];
                quad::noise(
                    Quads { params, classes },
                    Purpose::Noise,
                    table(),
                    &mut words,
                    &mut room,
                    &mut out,
                );
                assert_eq!(bits(&out), bits(&drawn(params, classes)), "{classes} classes, seed {seed}");
            }
        }
    }
}

#[test]
fn samples_of_quads() {
    let mut source = Source(3);
    let (mut room, mut words) = (quad::Room::EMPTY, QuadWords::new());
    for classes in 1..=MAX_CLASSES {
        for first in 0..8 {
            let keys = keys(classes as u64, classes);
            let quads = Quads { params: &keys, classes };
            let given = drawn(&keys, classes);
            let x = rows(ROWS * keys.len(), classes, first, &mut source);
            for is_given in [false, true] {
                let mut soft = vec![f32::NAN; x.len()];
                assert_eq!(
                    quad::gumbel_softmax(
                        quads,
                        &x,
                        from(is_given.then_some(&given), &mut words),
                        &mut room,
                        &mut soft
                    ),
                    keys.len()
                );
                let index = indices(&room, keys.len());
                let mut sample = vec![f32::NAN; x.len()];
                quad::one_hot(quads, &room, &mut sample);
                assert_eq!(
                    quad::gumbel_max(
                        quads,
                        &x,
                        from(is_given.then_some(&given), &mut words),
                        true,
                        &mut room
                    ),
                    keys.len()
                );
                let max = indices(&room, keys.len());
                for (i, key) in keys.as_flattened().iter().enumerate() {
                    let row = i * classes..(i + 1) * classes;
                    let noise = Noise::Given(&given[row.clone()]);
                    let mut expected = vec![0.0; classes];
                    let at = gumbel_softmax(&x[row.clone()], key, &noise, &mut expected).unwrap();
                    assert_eq!(bits(&soft[row.clone()]), bits(&expected), "{classes} classes");
                    assert_eq!(index[i], at);
                    row::one_hot(at, &mut expected);
                    assert_eq!(bits(&sample[row.clone()]), bits(&expected));
                    let logits = &x[row];
                    assert_eq!(Ok(max[i]), gumbel_max(Input { logits, given: logits }, key, &noise));
                    check_details(&room, i, logits, key, max[i]);
                }
            }
        }
    }
}

#[test]
fn softmax_of_quads_and_back() {
    let mut source = Source(4);
    let mut room = quad::Room::EMPTY;
    for classes in 1..=MAX_CLASSES {
        for first in 0..8 {
            let keys = keys(classes as u64, classes);
            let quads = Quads { params: &keys, classes };
            let x = rows(ROWS * keys.len(), classes, first, &mut source);
            let mut v = source.normals(x.len(), 3.0);
            // Zeros of both signs: a sum of products that are all −0 is 0.
            v[..classes].fill(if first % 2 == 0 { -0.0 } else { 0.0 });
            let (mut y, mut dx) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
            assert_eq!(quad::softmax(quads, &x, &mut room, &mut y), keys.len());
            assert_eq!(quad::softmax_backward(quads, &y, &v, &mut room, &mut dx), keys.len());
            let mut logs = vec![f32::NAN; x.len()];
            assert_eq!(quad::log_softmax(quads, &x, &mut room, &mut logs), keys.len());
            let plain = vec![[common::params(0, 0, 0); ROWS]; keys.len()];
            let mut log_sums = vec![f32::NAN; ROWS * keys.len()];
            let quads = Quads { params: &plain, classes };
            assert_eq!(quad::log_sum_exp(quads, &x, &mut room, &mut log_sums), keys.len());
            for (i, key) in keys.as_flattened().iter().enumerate() {
                let row = i * classes..(i + 1) * classes;
                let mut expected = vec![0.0; classes];
                log_softmax(&x[row.clone()], key, &mut expected).unwrap();
                assert_eq!(bits(&logs[row.clone()]), bits(&expected), "{classes} classes, logarithms");
                assert_eq!(bits(&log_sums[i..=i]), bits(&[log_sum_exp(&x[row.clone()]).unwrap()]));
                softmax(&x[row.clone()], key, &mut expected).unwrap();
                assert_eq!(bits(&y[row.clone()]), bits(&expected), "{classes} classes");
                vjp::softmax_backward(&y[row.clone()], &v[row.clone()], key.scale, &mut expected);
                assert_eq!(bits(&dx[row]), bits(&expected), "{classes} classes, backward");
            }
        }
    }
}

/// A quad is refused where a draw takes a second word: by chance hardly ever, so the draws that are made must be right.
#[test]
fn draws_of_quads() {
    let mut source = Source(5);
    let (mut room, mut words) = (quad::Room::EMPTY, QuadWords::new());
    let (mut done, mut refused) = (0, 0);
    for classes in 1..=MAX_CLASSES {
        for first in 0..16 {
            let mut keys = keys((first % 8 + classes) as u64, classes);
            keys.as_flattened_mut().iter_mut().for_each(|key| key.first = first as u32);
            let x = rows(ROWS * keys.len(), classes, first, &mut source);
            let quads = quad::categorical(Quads { params: &keys, classes }, &x, &mut words, true, &mut room);
            done += quads;
            refused += keys.len() - quads;
            let drawn = indices(&room, quads);
            let rows = keys.as_flattened().iter().zip(x.chunks(classes));
            for (at, ((key, x), drawn)) in rows.zip(drawn).enumerate() {
                let mut out = [-1];
                let input = Input { logits: x, given: x };
                categorical(input, key, &mut out).unwrap();
                assert_eq!(drawn, out[0] as usize, "{classes} classes");
                check_details(&room, at, x, key, drawn);
            }
        }
    }
    assert!(done > 1500 && refused < 5, "{done} done, {refused} refused");
}

/// Rows whose draws have different numbers don't share words.
#[test]
fn draws_of_different_numbers_are_refused() {
    let (mut room, mut words) = (quad::Room::EMPTY, QuadWords::new());
    for place in 0..ROWS {
        let mut keys = keys(0, 5);
        keys[1][place].first = 3;
        let quads = Quads { params: &keys, classes: 5 };
        assert_eq!(quad::categorical(quads, &[0.0; 80], &mut words, false, &mut room), 1);
    }
}

/// A first word that leaves two classes open sends its quad back: the logits are powers of two on both sides of the
/// middle of the word.
#[test]
fn draws_that_take_a_second_word_are_refused() {
    let (mut room, mut words) = (quad::Room::EMPTY, QuadWords::new());
    for seed in 0..20 {
        let key = Params { rate: 1.0, first: 5, ..params(seed, 1, 2) };
        let (x, left) = split_in(word(&key, Purpose::Draw, 5), 40);
        let low = word(&key, Purpose::DrawLow, 5);
        let mut out = [-1];
        categorical(Input { logits: &x, given: &x }, &key, &mut out).unwrap();
        assert_eq!(out[0] as usize, left - usize::from(low < 1 << 31), "seed {seed}");
        let quads = Quads { params: &[[key; ROWS]], classes: x.len() };
        assert_eq!(quad::categorical(quads, &x.repeat(ROWS), &mut words, false, &mut room), 0);
    }
}

/// Ties go to the smallest column.
#[test]
fn ties_of_quads() {
    let mut room = quad::Room::EMPTY;
    let classes = MAX_CLASSES;
    let keys = keys(0, classes);
    let zeros = vec![0.0; ROWS * classes];
    for first in 0..classes {
        let row: Vec<f32> = (0..classes).map(|i| if i < first { -1.0 } else { 2.0 }).collect();
        let from = quad::Source::Given(&zeros);
        let done =
            quad::gumbel_max(Quads { params: &keys, classes }, &row.repeat(ROWS), from, false, &mut room);
        assert_eq!((done, indices(&room, 1)), (1, vec![first; ROWS]));
        assert_eq!(row::argmax(&row), first);
    }
}

/// A row that needs care sends its quad and later ones back, with nothing written for them; those before are done.
#[test]
fn rows_that_need_care_are_refused() {
    const CLASSES: usize = 5;
    const ROWS_IN_ALL: usize = 16;
    let keys = keys(0, CLASSES);
    let quads = Quads { params: &keys, classes: CLASSES };
    let (mut room, mut words) = (quad::Room::EMPTY, QuadWords::new());
    let zeros = [0.0; ROWS_IN_ALL * CLASSES];
    let untouched = [7.0; ROWS_IN_ALL * CLASSES];
    let check = |out: &[f32], quads: usize| {
        let (done, rest) = out.split_at(quads * ROWS * CLASSES);
        assert!(done.iter().all(|&x| x != 7.0) && rest.iter().all(|&x| x == 7.0), "{quads} quads: {out:?}");
    };
    for place in 0..ROWS_IN_ALL {
        let before = place / ROWS;
        let with = |bad: f32, fill: f32| {
            let mut x = [fill; ROWS_IN_ALL * CLASSES];
            x[place * CLASSES..][..CLASSES].fill(bad);
            x
        };
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY].map(|bad| with(bad, 0.0)) {
            for (x, noise) in [(bad, zeros), (zeros, bad)] {
                let mut soft = untouched;
                let from = || quad::Source::Given(&noise);
                assert_eq!(quad::gumbel_softmax(quads, &x, from(), &mut room, &mut soft), before);
                check(&soft, before);
                assert_eq!(quad::gumbel_max(quads, &x, from(), true, &mut room), before);
            }
            let mut out = untouched;
            assert_eq!(quad::softmax(quads, &bad, &mut room, &mut out), before);
            check(&out, before);
            let mut out = untouched;
            assert_eq!(quad::log_softmax(quads, &bad, &mut room, &mut out), before);
            check(&out, before);
            let mut log_sums = [7.0; ROWS_IN_ALL];
            assert_eq!(quad::log_sum_exp(quads, &bad, &mut room, &mut log_sums), before);
            assert!(log_sums[before * ROWS..].iter().all(|&x| x == 7.0), "{log_sums:?}");
            assert_eq!(quad::categorical(quads, &bad, &mut words, true, &mut room), before);
        }
        // Each row has a class with a logit and one with noise, and in one row there is no class with both.
        let low = f32::NEG_INFINITY;
        let (mut x, mut noise) = (zeros, zeros);
        x[place * CLASSES..][..CLASSES].copy_from_slice(&[0.0, low, low, low, low]);
        noise[place * CLASSES..][..CLASSES].copy_from_slice(&[low, 0.0, 0.0, 0.0, 0.0]);
        let from = quad::Source::Given(&noise);
        assert_eq!(quad::gumbel_max(quads, &x, from, false, &mut room), before);
        // An upstream that isn't finite, and a marked row.
        for bad in [f32::NAN, f32::INFINITY] {
            for (y, v) in [(with(0.2, 0.2), with(bad, 1.0)), (with(bad, 0.2), with(1.0, 1.0))] {
                let mut out = untouched;
                assert_eq!(quad::softmax_backward(quads, &y, &v, &mut room, &mut out), before);
                check(&out, before);
            }
        }
        // A temperature of 0.
        let mut keys = keys.clone();
        keys.as_flattened_mut()[place] = cold();
        let quads = Quads { params: &keys, classes: CLASSES };
        let from = quad::Source::Given(&zeros);
        assert_eq!(quad::gumbel_max(quads, &zeros, from, false, &mut room), before);
        assert_eq!(quad::softmax(quads, &zeros, &mut room, &mut [0.0; ROWS_IN_ALL * CLASSES]), before);
        assert_eq!(quad::log_softmax(quads, &zeros, &mut room, &mut [0.0; ROWS_IN_ALL * CLASSES]), before);
        assert_eq!(quad::categorical(quads, &zeros, &mut words, false, &mut room), before);
    }
}
