//! Random words: the published vectors, and the fast kernel against the plain one.

mod common;

use common::{Source, params};
use gumbel_kernels::philox::{Purpose, RowWords, block, word};
use gumbel_kernels::{BLOCK, Params};
use std::collections::HashSet;

const PURPOSES: [Purpose; 13] = [
    Purpose::Noise,
    Purpose::Tail,
    Purpose::Draw,
    Purpose::DrawLow,
    Purpose::Conditional,
    Purpose::ConditionalTail,
    Purpose::Opposite,
    Purpose::OppositeTail,
    Purpose::Truncated,
    Purpose::TruncatedTail,
    Purpose::Replica,
    Purpose::ReplicaTail,
    Purpose::Split,
];

/// philox4x32 10 in Random123's `kat_vectors` (1.14.0).
#[test]
fn random123_known_answers() {
    let ones = u32::MAX;
    let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344, 0xa409_3822, 0x299f_31d0];
    assert_eq!(block([0; 2], [0; 4]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    assert_eq!(block([ones; 2], [ones; 4]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    assert_eq!(
        block([pi[4], pi[5]], [pi[0], pi[1], pi[2], pi[3]]),
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    );
}

/// The counter as DESIGN §3 words it, written out again.
fn expected(params: &Params, purpose: Purpose, column: u32) -> u32 {
    let first = (purpose as u32) * (1 << 28) + column / 4;
    block(params.seed, [first, params.row, params.stream[0], params.stream[1]])[column as usize % 4]
}

fn check_columns(words: &RowWords, params: &Params, purpose: Purpose, start: u32, columns: usize) {
    let mut room = [0; BLOCK];
    words.fill(start, &mut room, columns);
    for (at, &got) in room.iter().take(columns).enumerate() {
        let column = start + at as u32;
        assert_eq!(
            got,
            expected(params, purpose, column),
            "{params:?} {purpose:?} column {column} of {columns}"
        );
        assert_eq!(got, word(params, purpose, column));
    }
}

fn some_rows() -> Vec<Params> {
    let mut rows = vec![params(0, 0, 0), params(u64::MAX, (1 << 53) - 1, u32::MAX), params(1, 1 << 32, 1)];
    let mut source = Source(1);
    rows.extend((0..5).map(|_| params(source.bits(), source.bits() >> 11, source.word())));
    rows
}

/// All columns 0 to 520 in fills of every length that a block may have, and from every start.
#[test]
fn row_words_equal_the_reference() {
    for params in some_rows() {
        for purpose in PURPOSES {
            let words = RowWords::new(&params, purpose);
            for columns in [1, 4, 15, 16, 17, 31, 32, 33, 48, 255, BLOCK] {
                for start in (0..=520 - columns as u32).step_by(columns.next_multiple_of(4)) {
                    check_columns(&words, &params, purpose, start, columns);
                }
            }
            for start in (0..64).step_by(4) {
                check_columns(&words, &params, purpose, start, 16);
            }
        }
    }
}

/// The last block of columns below 2^30: the purpose must not be touched.
#[test]
fn the_last_columns() {
    for params in some_rows() {
        for purpose in PURPOSES {
            check_columns(
                &RowWords::new(&params, purpose),
                &params,
                purpose,
                (1 << 30) - BLOCK as u32,
                BLOCK,
            );
        }
    }
}

/// Round keys stay those of the seed when the row moves on; whatever the order of rows and streams.
#[test]
fn set_row_equals_new() {
    let rows = some_rows();
    for first in &rows {
        let mut words = RowWords::new(first, Purpose::Noise);
        for other in &rows {
            let next = Params { seed: first.seed, ..*other };
            words.set_row(&next);
            check_columns(&words, &next, Purpose::Noise, 0, 40);
        }
    }
}

/// Counters of different purposes differ in their top four bits for every column below 2^30.
#[test]
fn purposes_never_share_a_counter() {
    assert_eq!(PURPOSES.map(|purpose| purpose as u32), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15]);
    let last = ((1u32 << 30) - 1) / 4;
    for purpose in PURPOSES {
        let (low, high) = ((purpose as u32) << 28, ((purpose as u32) << 28) + last);
        assert_eq!((low >> 28, high >> 28), (purpose as u32, purpose as u32));
    }
    // And the words show it: 13 × 2^12 of them, where the chance of any two being equal is 28 %; not so for this seed.
    let params = params(3, 0, 0);
    let all: HashSet<u32> =
        PURPOSES.iter().flat_map(|&p| (0..4096).map(move |c| word(&params, p, c))).collect();
    assert_eq!(all.len(), 13 * 4096);
}

/// One bit of seed, stream, row or column changes the word: no part of the key is dropped.
#[test]
fn every_bit_of_the_key_counts() {
    let base = word(&params(0, 0, 0), Purpose::Noise, 0);
    for bit in 0..64 {
        assert_ne!(word(&params(1 << bit, 0, 0), Purpose::Noise, 0), base, "seed bit {bit}");
        assert_ne!(word(&params(0, 1 << bit, 0), Purpose::Noise, 0), base, "stream bit {bit}");
    }
    for bit in 0..32 {
        assert_ne!(word(&params(0, 0, 1 << bit), Purpose::Noise, 0), base, "row bit {bit}");
    }
    for bit in 0..30 {
        assert_ne!(word(&params(0, 0, 0), Purpose::Noise, 1 << bit), base, "column bit {bit}");
    }
}
