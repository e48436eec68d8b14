//! The kernels as WebAssembly exports: numbers and pointers in, a count of rows out.
//!
//! The only file of bindings. It knows batches and raw memory and nothing else: shapes, options and messages are
//! TypeScript's, arithmetic is `gumbel-kernels`'. One convention holds throughout:
//!
//! - `params` points to one [`Params`] a row, `x`, `y`, `v`, … to row-major `[rows, classes]` float32; a pointer that may be
//!   missing is then null. Regions don't overlap. `scratch`, aligned to 16 bytes, has room for as many rows as the
//!   function says, which needn't hold anything.
//! - No array of a row has 2^31 bytes or more, and none ends where addresses do: slices can't.
//! - A function that can meet an invalid row returns how many rows it completed: `rows`, or the number of the first
//!   invalid row. With [`MARK`] it marks such a row (−1, NaN) and goes on.
//!
//! Every unsafe block below relies on that convention, which the callers keep: `ts/wasm.ts` with `ts/chunks.ts`, and the
//! bench's native rows.
#![allow(clippy::undocumented_unsafe_blocks)]
// An export takes numbers, one for each array of a batch.
#![allow(clippy::too_many_arguments)]

use core::slice;
use gumbel_kernels::binary::{self, Logistic, Outputs};
use gumbel_kernels::categorical::Slice;
use gumbel_kernels::details::Details;
use gumbel_kernels::guide::{self, Guide};
use gumbel_kernels::gumbel::RowNoise;
use gumbel_kernels::philox::Purpose;
use gumbel_kernels::quad::{self, QuadWords, Quads};
use gumbel_kernels::relaxed::{self, Input, Noise, Room, Source};
use gumbel_kernels::row::{NAN, one_hot};
use gumbel_kernels::stream::{Leader, gumbel_max_part as part};
use gumbel_kernels::table::Table;
use gumbel_kernels::tokens::{self, Bins, Program};
use gumbel_kernels::top_k::{self, TopK};
use gumbel_kernels::{
    BLOCK, Invalid, Params, categorical as draw, conditional, half, kept, log_relaxed, rao, restrict,
    softmax as normal, tau, vjp, weights,
};
use wasm_bindgen::prelude::wasm_bindgen;

/// Flag: the input holds weights, not logits.
const WEIGHTS: u32 = 1;
/// Flag: mark invalid rows instead of stopping at the first.
const MARK: u32 = 2;
/// Flag: many classes are impossible.
const SPARSE: u32 = 4;

/// The package's version as a custom section, by which `init` of the slim entry knows a module of its own.
#[cfg(target_arch = "wasm32")]
#[used]
#[unsafe(link_section = "gumbel")]
static VERSION: [u8; env!("CARGO_PKG_VERSION").len()] =
    *env!("CARGO_PKG_VERSION").as_bytes().first_chunk().unwrap();

static mut TABLE: Table = Table::empty();

/// Fills the table of cubics. To be called once, before anything else.
#[wasm_bindgen]
pub fn prepare() {
    let table = &raw mut TABLE;
    // SAFETY: a module has one thread, and no reference to the table lives between calls.
    unsafe { (*table).fill() }
}

fn table() -> &'static Table {
    let table = &raw const TABLE;
    // SAFETY: after `prepare` the table is only read.
    unsafe { &*table }
}

// Room for the kernels' work. SAFETY of the functions that lend it: a module has one thread, and no two references to
// the same room are used at once.
static mut ROOM: Room = Room::EMPTY;
// With the keys of the last seed, which from call to call is mostly the same.
static mut NOISE: Option<RowNoise> = None;
static mut QUAD_WORDS: Option<QuadWords> = None;
static mut QUAD_ROOM: quad::Room = quad::Room::EMPTY;
static mut QUAD_LOGITS: [f32; quad::MOST_VALUES] = [0.0; quad::MOST_VALUES];
static mut RAO_ROOM: rao::Room = rao::Room::EMPTY;
static mut QUAD_OPPOSITE: [f32; quad::MOST_VALUES] = [0.0; quad::MOST_VALUES];
static mut GUIDE: Guide = [0; guide::ENTRIES];
// Of the row whose draws are made, for its details.
static mut Z_SUM: f64 = 0.0;
static mut BINS: Bins = Bins::EMPTY;

unsafe fn room() -> &'static mut Room {
    let room = &raw mut ROOM;
    unsafe { &mut *room }
}

unsafe fn drawn_noise(params: &Params) -> &'static RowNoise<'static> {
    unsafe { noise_for(Purpose::Noise, params) }
}

unsafe fn noise_for(purpose: Purpose, params: &Params) -> &'static mut RowNoise<'static> {
    let noise = &raw mut NOISE;
    let noise = unsafe { (*noise).get_or_insert_with(|| RowNoise::new(table(), params)) };
    noise.set_purpose(purpose);
    noise.set_row(params);
    noise
}

unsafe fn quad_words() -> &'static mut QuadWords {
    let words = &raw mut QUAD_WORDS;
    unsafe { (*words).get_or_insert_with(QuadWords::new) }
}

unsafe fn quad_room() -> &'static mut quad::Room {
    let room = &raw mut QUAD_ROOM;
    unsafe { &mut *room }
}

unsafe fn rao_room() -> &'static mut rao::Room {
    let room = &raw mut RAO_ROOM;
    unsafe { &mut *room }
}

unsafe fn guide() -> &'static mut Guide {
    let guide = &raw mut GUIDE;
    unsafe { &mut *guide }
}

unsafe fn z_sum() -> &'static mut f64 {
    let z_sum = &raw mut Z_SUM;
    unsafe { &mut *z_sum }
}

/// Row `row` of scratch. Scratch as a whole may be longer than a slice can be, hence the wrapping addition.
fn scratch_row(scratch: *mut f32, row: usize, classes: usize) -> *mut f32 {
    scratch.wrapping_add(row * classes)
}

unsafe fn bins() -> &'static mut Bins {
    let bins = &raw mut BINS;
    unsafe { &mut *bins }
}

/// A batch in memory: how to get at its rows.
#[derive(Clone, Copy)]
struct Batch {
    params: *const Params,
    rows: usize,
    classes: usize,
    flags: u32,
}

impl Batch {
    /// SAFETY: `params` must point to more than `row` records.
    unsafe fn params(&self, row: usize) -> &'static Params {
        unsafe { &*self.params.add(row) }
    }

    /// SAFETY: `x` must point to more than `row` rows that nothing else writes.
    unsafe fn row(&self, x: *const f32, row: usize) -> &'static [f32] {
        unsafe { self.rows(x, row, 1) }
    }

    /// SAFETY: `x` must point to more than `row` rows that nothing else uses.
    unsafe fn row_mut(&self, x: *mut f32, row: usize) -> &'static mut [f32] {
        unsafe { self.rows_mut(x, row, 1) }
    }

    /// `count` rows at once. SAFETY: as for `row`.
    unsafe fn rows(&self, x: *const f32, row: usize, count: usize) -> &'static [f32] {
        unsafe { slice::from_raw_parts(x.add(row * self.classes), count * self.classes) }
    }

    /// SAFETY: as for `row_mut`.
    unsafe fn rows_mut(&self, x: *mut f32, row: usize, count: usize) -> &'static mut [f32] {
        unsafe { slice::from_raw_parts_mut(x.add(row * self.classes), count * self.classes) }
    }

    /// What `quad` is told of so many quads. SAFETY: as for `params`.
    unsafe fn quads(&self, row: usize, quads: usize) -> Quads<'static> {
        let params = unsafe { slice::from_raw_parts(self.params.add(row).cast(), quads) };
        Quads { params, classes: self.classes }
    }

    /// The rows of quads as logits. SAFETY: as for `rows`; the last result isn't used any more.
    unsafe fn logits(&self, x: *const f32, row: usize, count: usize) -> &'static [f32] {
        let given = unsafe { self.rows(x, row, count) };
        if self.flags & WEIGHTS == 0 {
            return given;
        }
        let logits = unsafe { self.rows_mut((&raw mut QUAD_LOGITS).cast(), 0, count) };
        weights::to_logits(given, logits);
        logits
    }

    /// The row as logits, in `room` if it holds weights. SAFETY: as for `row`, and `room` has room for a row.
    unsafe fn input(&self, x: *const f32, row: usize, room: *mut f32) -> Input<'static> {
        let given = unsafe { self.row(x, row) };
        if self.flags & WEIGHTS == 0 {
            return Input { logits: given, given };
        }
        let logits = unsafe { self.row_mut(room, 0) };
        weights::to_logits(given, logits);
        Input { logits, given }
    }

    /// Runs `kernel` on each row; `mark` is for the invalid ones.
    fn each(&self, kernel: impl FnMut(usize) -> Result<(), Invalid>, mark: impl FnMut(usize)) -> usize {
        self.each_quad(|_, _| 0, kernel, mark)
    }

    /// The same, but first offers short rows to `quads`: it is given the first row and how many fours of them there
    /// are, and returns how many it has done.
    fn each_quad(
        &self,
        mut quads: impl FnMut(usize, usize) -> usize,
        mut kernel: impl FnMut(usize) -> Result<(), Invalid>,
        mut mark: impl FnMut(usize),
    ) -> usize {
        let together = quad::together(self.classes);
        let mut row = 0;
        while row < self.rows {
            let fours = together.min((self.rows - row) / quad::ROWS);
            let done = if fours > 0 { quads(row, fours) } else { 0 };
            row += done * quad::ROWS;
            if done == fours && fours > 0 {
                continue;
            }
            for _ in 0..quad::ROWS.min(self.rows - row) {
                if kernel(row).is_err() {
                    if self.flags & MARK == 0 {
                        return row;
                    }
                    mark(row);
                }
                row += 1;
            }
        }
        self.rows
    }
}

/// The noise of a row, drawn or given. SAFETY: as for [`Batch::row`], where noise is given.
unsafe fn noise_of(batch: &Batch, given: *const f32, row: usize) -> Noise<'static> {
    let source = if given.is_null() {
        Source::Drawn(unsafe { drawn_noise(batch.params(row)) })
    } else {
        Source::Given(unsafe { batch.row(given, row) })
    };
    Noise { source, room: unsafe { room() } }
}

/// Where the noise of quads comes from. SAFETY: as for [`Batch::rows`], where noise is given.
unsafe fn quad_source<'a>(
    given: *const f32,
    batch: &Batch,
    row: usize,
    quads: usize,
    words: &'a mut QuadWords,
) -> quad::Source<'a> {
    if given.is_null() {
        quad::Source::Drawn(table(), words)
    } else {
        quad::Source::Given(unsafe { batch.rows(given, row, quads * quad::ROWS) })
    }
}

/// Gumbel noise, for the purpose of this number (0, 4, 6 or 8).
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn noise(params: *const Params, rows: usize, classes: usize, purpose: u32, out: *mut f32) {
    let batch = Batch { params, rows, classes, flags: 0 };
    let purpose = match purpose {
        4 => Purpose::Conditional,
        6 => Purpose::Opposite,
        8 => Purpose::Truncated,
        _ => Purpose::Noise,
    };
    batch.each_quad(
        |row, quads| unsafe {
            let out = batch.rows_mut(out, row, quads * quad::ROWS);
            quad::noise(batch.quads(row, quads), purpose, table(), quad_words(), quad_room(), out);
            quads
        },
        |row| unsafe {
            noise_for(purpose, batch.params(row)).fill_row(room().draft(), batch.row_mut(out, row));
            Ok(())
        },
        |_| {},
    );
}

/// Softmax at the temperature of each row.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn softmax(
    params: *const Params,
    rows: usize,
    classes: usize,
    x: *const f32,
    out: *mut f32,
    flags: u32,
) -> usize {
    let batch = Batch { params, rows, classes, flags };
    unsafe { normalized(&batch, x, out, quad::softmax, normal::softmax) }
}

/// What softmax and log-softmax have in common. SAFETY: as for [`Batch::rows`] and [`Batch::rows_mut`].
unsafe fn normalized(
    batch: &Batch,
    x: *const f32,
    out: *mut f32,
    short: impl Fn(Quads, &[f32], &mut quad::Room, &mut [f32]) -> usize,
    long: impl Fn(&[f32], &Params, &mut [f32]) -> Result<(), Invalid>,
) -> usize {
    batch.each_quad(
        |row, quads| unsafe {
            let rows = quads * quad::ROWS;
            let (x, out) = (batch.rows(x, row, rows), batch.rows_mut(out, row, rows));
            short(batch.quads(row, quads), x, quad_room(), out)
        },
        |row| unsafe { long(batch.row(x, row), batch.params(row), batch.row_mut(out, row)) },
        |row| unsafe { batch.row_mut(out, row) }.fill(NAN),
    )
}

/// Log-softmax at the temperature of each row.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn log_softmax(
    params: *const Params,
    rows: usize,
    classes: usize,
    x: *const f32,
    out: *mut f32,
    flags: u32,
) -> usize {
    let batch = Batch { params, rows, classes, flags };
    unsafe { normalized(&batch, x, out, quad::log_softmax, normal::log_softmax) }
}

/// The records of log-sum-exp, which is given none.
static PLAIN: [[Params; quad::ROWS]; quad::QUADS] = [[normal::PLAIN; quad::ROWS]; quad::QUADS];

/// Log-sum-exp, one value a row.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn log_sum_exp(rows: usize, classes: usize, x: *const f32, out: *mut f32, flags: u32) -> usize {
    let batch = Batch { params: core::ptr::null(), rows, classes, flags };
    batch.each_quad(
        |row, quads| unsafe {
            let rows = quads * quad::ROWS;
            let (x, out) = (batch.rows(x, row, rows), slice::from_raw_parts_mut(out.add(row), rows));
            quad::log_sum_exp(Quads { params: &PLAIN[..quads], classes }, x, quad_room(), out)
        },
        |row| unsafe {
            *out.add(row) = normal::log_sum_exp(batch.row(x, row))?;
            Ok(())
        },
        |row| unsafe { *out.add(row) = NAN },
    )
}

/// Gumbel-Max: the index of each row at its temperature, as number or one-hot row, each where its pointer isn't null.
/// Scratch: a row for weights.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn gumbel_max(
    params: *const Params,
    rows: usize,
    classes: usize,
    x: *const f32,
    noise: *const f32,
    scratch: *mut f32,
    sample: *mut f32,
    index: *mut i32,
    log_prob: *mut f32,
    log_z: *mut f32,
    entropy: *mut f32,
    flags: u32,
) -> usize {
    let batch = Batch { params, rows, classes, flags };
    let details = DetailsOut { log_prob, log_z, entropy };
    batch.each_quad(
        |row, quads| unsafe {
            let logits = batch.logits(x, row, quads * quad::ROWS);
            let source = quad_source(noise, &batch, row, quads, quad_words());
            let quads = batch.quads(row, quads);
            let done = quad::gumbel_max(quads, logits, source, details.is_wanted(), quad_room());
            details.write_quads(row, done);
            write_indices(&batch, row, done, sample, index)
        },
        |row| unsafe {
            let (input, params) = (batch.input(x, row, scratch), batch.params(row));
            let (column, law) = relaxed::gumbel_max(input, params, &mut noise_of(&batch, noise, row))?;
            write_index(&batch, row, column, sample, index);
            if details.is_wanted() {
                let found = Details::of(law, input.logits, params);
                details.write(row, &found, input.logits, &[column as i32]);
            }
            Ok(())
        },
        |row| unsafe {
            mark_index(&batch, row, sample, index);
            details.mark(row, 1);
        },
    )
}

/// Where the details of draws go; null where none are wanted.
#[derive(Clone, Copy)]
struct DetailsOut {
    log_prob: *mut f32,
    log_z: *mut f32,
    entropy: *mut f32,
}

impl DetailsOut {
    fn is_wanted(&self) -> bool {
        !self.log_z.is_null()
    }

    /// SAFETY: the pointers must point to more than `row` values, or rows of as many as were drawn.
    unsafe fn write(&self, row: usize, details: &Details, logits: &[f32], drawn: &[i32]) {
        let log_prob = unsafe { self.log_prob.add(row * drawn.len()) };
        for (at, &column) in drawn.iter().enumerate() {
            unsafe { *log_prob.add(at) = details.log_prob(logits[column as usize]) };
        }
        unsafe { *self.log_z.add(row) = details.log_z };
        unsafe { *self.entropy.add(row) = details.entropy };
    }

    /// Writes those of one draw in each row of `done` quads, where they are wanted. SAFETY: the same.
    unsafe fn write_quads(&self, row: usize, done: usize) {
        if self.is_wanted() {
            for quad in 0..done {
                let found = unsafe { quad_room() }.details(quad);
                let four = |out: *mut f32| unsafe { &mut *out.add(row + quad * quad::ROWS).cast() };
                found.log_prob.store(four(self.log_prob));
                found.log_z.store(four(self.log_z));
                found.entropy.store(four(self.entropy));
            }
        }
    }

    /// SAFETY: the same, where they are wanted.
    unsafe fn mark(&self, row: usize, draws: usize) {
        if self.is_wanted() {
            unsafe { slice::from_raw_parts_mut(self.log_prob.add(row * draws), draws) }.fill(NAN);
            unsafe { *self.log_z.add(row) = NAN };
            unsafe { *self.entropy.add(row) = NAN };
        }
    }
}

/// Gumbel-Softmax for the backward pass: the soft sample at the τ of each row, its index, and where `sample` isn't
/// null the one-hot row of that index. Scratch: a row for weights, none for logits.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn gumbel_softmax(
    params: *const Params,
    rows: usize,
    classes: usize,
    x: *const f32,
    noise: *const f32,
    scratch: *mut f32,
    soft: *mut f32,
    sample: *mut f32,
    index: *mut i32,
    flags: u32,
) -> usize {
    let batch = Batch { params, rows, classes, flags };
    batch.each_quad(
        |row, quads| unsafe {
            let rows = quads * quad::ROWS;
            let logits = batch.logits(x, row, rows);
            let source = quad_source(noise, &batch, row, quads, quad_words());
            let soft = batch.rows_mut(soft, row, rows);
            let done = quad::gumbel_softmax(batch.quads(row, quads), logits, source, quad_room(), soft);
            write_indices(&batch, row, done, sample, index)
        },
        |row| unsafe {
            let logits = batch.input(x, row, scratch).logits;
            let soft = batch.row_mut(soft, row);
            let column =
                relaxed::gumbel_softmax(logits, batch.params(row), &mut noise_of(&batch, noise, row), soft)?;
            write_index(&batch, row, column, sample, index);
            Ok(())
        },
        |row| unsafe {
            batch.row_mut(soft, row).fill(NAN);
            mark_index(&batch, row, sample, index);
        },
    )
}

unsafe fn write_index(batch: &Batch, row: usize, column: usize, sample: *mut f32, index: *mut i32) {
    if !sample.is_null() {
        one_hot(column, unsafe { batch.row_mut(sample, row) });
    }
    if !index.is_null() {
        unsafe { *index.add(row) = column as i32 };
    }
}

/// Writes the indices that `done` quads from `row` on have drawn; returns `done`.
unsafe fn write_indices(batch: &Batch, row: usize, done: usize, sample: *mut f32, index: *mut i32) -> usize {
    let room = unsafe { quad_room() };
    if !index.is_null() {
        for quad in 0..done {
            room.drawn(quad).store(unsafe { &mut *index.add(row + quad * quad::ROWS).cast() });
        }
    }
    if !sample.is_null() {
        let out = unsafe { batch.rows_mut(sample, row, done * quad::ROWS) };
        quad::one_hot(unsafe { batch.quads(row, done) }, room, out);
    }
    done
}

unsafe fn mark_index(batch: &Batch, row: usize, sample: *mut f32, index: *mut i32) {
    if !sample.is_null() {
        unsafe { batch.row_mut(sample, row) }.fill(NAN);
    }
    if !index.is_null() {
        unsafe { *index.add(row) = -1 };
    }
}

/// Draws by inverse CDF: of the `draws` of a row those from `made` on, `count` of them. `made` isn't 0 for the later
/// slices of one row's draws alone; between these, scratch stays as it is, and nothing else is drawn.
///
/// Scratch: ⌈classes/256⌉ + 1 doubles up to the next 16 bytes, then two rows, and a third for weights.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn categorical(
    params: *const Params,
    rows: usize,
    classes: usize,
    x: *const f32,
    scratch: *mut f32,
    draws: usize,
    made: usize,
    count: usize,
    out: *mut i32,
    log_prob: *mut f32,
    log_z: *mut f32,
    entropy: *mut f32,
    flags: u32,
) -> usize {
    let batch = Batch { params, rows, classes, flags };
    let details = DetailsOut { log_prob, log_z, entropy };
    let drawn = |row: usize| unsafe { slice::from_raw_parts_mut(out.add(row * count), count) };
    batch.each_quad(
        |row, quads| unsafe {
            if draws != 1 {
                return 0;
            }
            let logits = batch.logits(x, row, quads * quad::ROWS);
            let quads = batch.quads(row, quads);
            let done = quad::categorical(quads, logits, quad_words(), details.is_wanted(), quad_room());
            details.write_quads(row, done);
            write_indices(&batch, row, done, core::ptr::null_mut(), out)
        },
        |row| unsafe {
            let rows = rows_behind_sums(scratch, classes);
            let total = scratch.cast::<f64>().add(classes.div_ceil(BLOCK));
            let (input, params) = (batch.input(x, row, scratch_row(rows, 2, classes)), batch.params(row));
            let slice = Slice { all: draws, made };
            let sum = details.is_wanted().then(|| z_sum());
            let law = draw::categorical(input, params, draw_room(&batch, scratch, sum), slice, drawn(row))?;
            if details.is_wanted() {
                let found = Details::new(law, input.logits, params, (*total, *z_sum()));
                details.write(row, &found, input.logits, drawn(row));
            }
            Ok(())
        },
        |row| unsafe {
            drawn(row).fill(-1);
            details.mark(row, count);
        },
    )
}

/// Where the rows of scratch begin in that of draws, behind the running sums. SAFETY: as for [`Batch::row_mut`].
unsafe fn rows_behind_sums(scratch: *mut f32, classes: usize) -> *mut f32 {
    unsafe { scratch.add(4 * (classes.div_ceil(BLOCK) + 1).div_ceil(2)) }
}

/// Room for the law of a row: the sums and two rows. SAFETY: as for [`Batch::row_mut`].
unsafe fn draw_room(
    batch: &Batch,
    scratch: *mut f32,
    z_sum: Option<&'static mut f64>,
) -> draw::Room<'static> {
    let classes = batch.classes;
    unsafe {
        let rows = rows_behind_sums(scratch, classes);
        draw::Room {
            weights: batch.row_mut(rows, 0),
            sums: slice::from_raw_parts_mut(scratch.cast::<f64>(), classes.div_ceil(BLOCK) + 1),
            sure: slice::from_raw_parts_mut(scratch_row(rows, 1, classes).cast(), classes),
            guide: guide(),
            sparse: batch.flags & SPARSE != 0,
            z_sum,
        }
    }
}

/// Filters the logits of each row where they are, by a program of `steps` steps, each with a value in every row; draws
/// from what is left where `index` isn't null. Scratch: as for `categorical`, with three rows and 2·[`tokens::SPARE`]
/// values more.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn filter_tokens(
    params: *const Params,
    rows: usize,
    classes: usize,
    x: *mut f32,
    scratch: *mut f32,
    program: u32,
    values: *const f64,
    steps: usize,
    index: *mut i32,
    flags: u32,
) -> usize {
    let batch = Batch { params, rows, classes, flags };
    batch.each(
        |row| unsafe {
            let (params, logits) = (batch.params(row), batch.row_mut(x, row));
            let values = slice::from_raw_parts(values.add(row * steps), steps);
            let rows = rows_behind_sums(scratch, classes);
            let (list, length) = (scratch_row(rows, 1, classes), classes + tokens::SPARE);
            let room = tokens::Room {
                weights: batch.row_mut(rows, 0),
                keys: slice::from_raw_parts_mut(list.cast(), length),
                list: slice::from_raw_parts_mut(list.add(length), length),
                bins: bins(),
            };
            let law = tokens::filter(logits, params, Program(program), values, room)?;
            if !index.is_null() {
                *index.add(row) =
                    draw::draw_one(law, logits, params, draw_room(&batch, scratch, None)) as i32;
            }
            Ok(())
        },
        |row| unsafe {
            if index.is_null() {
                batch.row_mut(x, row).fill(NAN);
            } else {
                *index.add(row) = -1;
            }
        },
    )
}

/// Half-precision numbers, `count` of them, as float32: float16 where `is_bfloat` is 0.
///
/// # Safety
/// `halves` points to `count` numbers of 16 bits, `out` to room for as many of 32.
#[wasm_bindgen]
pub unsafe fn decode(halves: *const u16, count: usize, out: *mut f32, is_bfloat: u32) {
    let (halves, out) =
        unsafe { (slice::from_raw_parts(halves, count), slice::from_raw_parts_mut(out, count)) };
    if is_bfloat == 0 { half::float16(halves, out) } else { half::bfloat16(halves, out) }
}

/// Packs masks of `classes` bytes a row into bits, from row to row in whole words.
///
/// # Safety
/// `bytes` points to `rows` × `classes` of them, `bits` to room for `rows` × ⌈`classes`/32⌉ words.
#[wasm_bindgen]
pub unsafe fn pack_mask(rows: usize, classes: usize, bytes: *const u8, bits: *mut u32) {
    let words = classes.div_ceil(32);
    for row in 0..rows {
        let bytes = unsafe { slice::from_raw_parts(bytes.add(row * classes), classes) };
        restrict::pack_mask(bytes, unsafe { slice::from_raw_parts_mut(bits.add(row * words), words) });
    }
}

/// Adds a bias to the rows of a batch and masks classes, each where its pointer isn't null; from row to row it is so many
/// values farther, 0 where one is for all.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn restrict(
    rows: usize,
    classes: usize,
    x: *mut f32,
    bias: *const f32,
    bias_step: usize,
    mask: *const u32,
    mask_step: usize,
    flags: u32,
) {
    let batch = Batch { params: core::ptr::null(), rows, classes, flags };
    let forbidden = if flags & WEIGHTS == 0 { f32::NEG_INFINITY } else { 0.0 };
    for row in 0..rows {
        unsafe {
            let x = batch.row_mut(x, row);
            if !bias.is_null() {
                restrict::add_bias(x, slice::from_raw_parts(bias.add(row * bias_step), classes));
            }
            if !mask.is_null() {
                let words = classes.div_ceil(32);
                restrict::mask(x, slice::from_raw_parts(mask.add(row * mask_step), words), forbidden);
            }
        }
    }
}

/// `out = scale · y ⊙ (v − ⟨y, v⟩)` with the scale of each row.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn softmax_backward(
    params: *const Params,
    rows: usize,
    classes: usize,
    y: *const f32,
    v: *const f32,
    out: *mut f32,
) {
    let batch = Batch { params, rows, classes, flags: 0 };
    batch.each_quad(
        |row, quads| unsafe {
            let rows = quads * quad::ROWS;
            let (y, v) = (batch.rows(y, row, rows), batch.rows(v, row, rows));
            quad::softmax_backward(batch.quads(row, quads), y, v, quad_room(), batch.rows_mut(out, row, rows))
        },
        |row| unsafe {
            let (y, v, out) = (batch.row(y, row), batch.row(v, row), batch.row_mut(out, row));
            vjp::softmax_backward(y, v, batch.params(row).scale, out);
            Ok(())
        },
        |_| {},
    );
}

/// The gradient of a soft sample `y` by its input, and by τ where `by_tau` isn't null. `x` is read for weights and
/// for τ, noise for τ. Scratch: for τ a row, and a second for weights.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn gumbel_softmax_vjp(
    params: *const Params,
    rows: usize,
    classes: usize,
    x: *const f32,
    noise: *const f32,
    y: *const f32,
    v: *const f32,
    scratch: *mut f32,
    out: *mut f32,
    by_tau: *mut f32,
    flags: u32,
) {
    let batch = Batch { params, rows, classes, flags };
    for row in 0..rows {
        unsafe {
            let (y, v, out, params) =
                (batch.row(y, row), batch.row(v, row), batch.row_mut(out, row), batch.params(row));
            let mut valid = !vjp::is_marked(y);
            if by_tau.is_null() || !valid {
                vjp::softmax_backward(y, v, params.scale, out);
                if !by_tau.is_null() {
                    *by_tau.add(row) = NAN;
                }
            } else {
                vjp::softmax_backward(y, v, 1.0, out);
                let relative = batch.row_mut(scratch, 0);
                let logits = batch.input(x, row, scratch_row(scratch, 1, classes)).logits;
                valid =
                    tau::relative_scores(logits, params, &mut noise_of(&batch, noise, row), relative).is_ok();
                *by_tau.add(row) = if valid {
                    tau::finish_gradient(out, relative, params)
                } else {
                    // A row that was made invalid since the sample was drawn has no gradient.
                    out.fill(NAN);
                    NAN
                };
            }
            if flags & WEIGHTS != 0 && valid {
                weights::divide(out, batch.row(x, row));
            }
        }
    }
}

/// The tangent of a soft sample `y` along a tangent of the input and one of τ, each where its pointer isn't null.
/// Scratch: a row, and for τ a second.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn gumbel_softmax_jvp(
    params: *const Params,
    rows: usize,
    classes: usize,
    x: *const f32,
    noise: *const f32,
    y: *const f32,
    input_tangent: *const f32,
    tau_tangent: *const f32,
    scratch: *mut f32,
    out: *mut f32,
    flags: u32,
) {
    let batch = Batch { params, rows, classes, flags };
    for row in 0..rows {
        unsafe {
            let (y, params) = (batch.row(y, row), batch.params(row));
            // First, since the logits of weights lie where the tangent will.
            let by_tau = (!tau_tangent.is_null() && !vjp::is_marked(y)).then(|| {
                let relative = batch.row_mut(scratch_row(scratch, 1, classes), 0);
                let logits = batch.input(x, row, scratch).logits;
                tau::relative_scores(logits, params, &mut noise_of(&batch, noise, row), relative)?;
                Ok(relative)
            });
            let tangent = batch.row_mut(scratch, 0);
            if input_tangent.is_null() {
                tangent.fill(0.0);
            } else {
                tangent.copy_from_slice(batch.row(input_tangent, row));
                if flags & WEIGHTS != 0 {
                    weights::divide(tangent, batch.row(x, row));
                }
            }
            match by_tau {
                Some(Ok(relative)) => tau::add_tangent(tangent, relative, *tau_tangent.add(row)),
                Some(Err(Invalid)) => tangent.fill(NAN),
                None => {}
            }
            vjp::softmax_backward(y, tangent, params.scale, batch.row_mut(out, row));
        }
    }
}

/// Gradient of log-softmax from its value.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn log_softmax_vjp(rows: usize, classes: usize, value: *const f32, v: *const f32, out: *mut f32) {
    let batch = Batch { params: core::ptr::null(), rows, classes, flags: 0 };
    for row in 0..rows {
        unsafe { vjp::log_softmax_vjp(batch.row(value, row), batch.row(v, row), batch.row_mut(out, row)) };
    }
}

/// Tangent of log-softmax from its value.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn log_softmax_jvp(
    rows: usize,
    classes: usize,
    value: *const f32,
    tangent: *const f32,
    out: *mut f32,
) {
    let batch = Batch { params: core::ptr::null(), rows, classes, flags: 0 };
    for row in 0..rows {
        unsafe {
            vjp::log_softmax_jvp(batch.row(value, row), batch.row(tangent, row), batch.row_mut(out, row))
        };
    }
}

/// Gradient of log-sum-exp; `v` has one value a row. An invalid row gives NaN.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn log_sum_exp_vjp(rows: usize, classes: usize, x: *const f32, v: *const f32, out: *mut f32) {
    let batch = Batch { params: core::ptr::null(), rows, classes, flags: MARK };
    batch.each(
        |row| unsafe { vjp::log_sum_exp_vjp(batch.row(x, row), *v.add(row), batch.row_mut(out, row)) },
        |row| unsafe { batch.row_mut(out, row) }.fill(NAN),
    );
}

/// Tangent of log-sum-exp, one value a row. An invalid row gives NaN. Scratch: a row.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn log_sum_exp_jvp(
    rows: usize,
    classes: usize,
    x: *const f32,
    tangent: *const f32,
    scratch: *mut f32,
    out: *mut f32,
) {
    let batch = Batch { params: core::ptr::null(), rows, classes, flags: MARK };
    batch.each(
        |row| unsafe {
            *out.add(row) =
                vjp::log_sum_exp_jvp(batch.row(x, row), batch.row(tangent, row), batch.row_mut(scratch, 0))?;
            Ok(())
        },
        |row| unsafe { *out.add(row) = NAN },
    );
}

/// A law that is kept between calls. In memory, in this order: ⌈classes/256⌉ + 1 running sums (double), weights, words of
/// the guide, one a class of either, and the entries of the guide.
#[derive(Clone, Copy)]
struct Kept {
    sums: *mut f64,
    blocks: usize,
    classes: usize,
    entries: usize,
}

impl Kept {
    fn new(law: *mut f64, classes: usize, entries: usize) -> Self {
        Self { sums: law, blocks: classes.div_ceil(BLOCK), classes, entries }
    }

    fn weights_at(&self) -> *mut f32 {
        self.sums.wrapping_add(self.blocks + 1).cast()
    }

    /// Until there are words, the logits.
    fn words_at(&self) -> *mut f32 {
        self.weights_at().wrapping_add(self.classes)
    }

    // SAFETY of these: nothing else uses that part of the law.

    unsafe fn sums(&self) -> &'static mut [f64] {
        unsafe { slice::from_raw_parts_mut(self.sums, self.blocks + 1) }
    }

    unsafe fn weights(&self) -> &'static mut [f32] {
        unsafe { slice::from_raw_parts_mut(self.weights_at(), self.classes) }
    }

    unsafe fn words(&self) -> &'static mut [u32] {
        unsafe { slice::from_raw_parts_mut(self.words_at().cast(), self.classes) }
    }

    unsafe fn guide(&self) -> &'static mut [u32] {
        unsafe { slice::from_raw_parts_mut(self.words_at().wrapping_add(self.classes).cast(), self.entries) }
    }
}

/// Works out a law that is kept, of logits that lie where its words will, or of weights where its weights will. Returns
/// 1, or 0 where it is none.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn make_law(
    params: *const Params,
    classes: usize,
    law: *mut f64,
    entries: usize,
    flags: u32,
) -> usize {
    let batch = Batch { params, rows: 1, classes, flags };
    let kept = Kept::new(law, classes, entries);
    let logits = kept.words_at();
    let given = if flags & WEIGHTS == 0 { logits } else { kept.weights_at() };
    unsafe {
        let params = &*params;
        let Ok(law) = draw::law_of_apart(batch.input(given, 0, logits), params) else { return 0 };
        kept::weigh(law, batch.row_mut(logits, 0), params, kept.weights(), kept.sums());
        kept::make_guide(kept.weights(), kept.sums(), kept.words(), kept.guide());
    }
    1
}

/// Draws from a law that is kept, from the first draw of `params` on.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn draw_law(
    params: *const Params,
    classes: usize,
    law: *mut f64,
    entries: usize,
    draws: usize,
    out: *mut i32,
) {
    let kept = Kept::new(law, classes, entries);
    unsafe {
        let out = slice::from_raw_parts_mut(out, draws);
        kept::draw(kept.weights(), kept.sums(), kept.words(), kept.guide(), &*params, out);
    }
}

/// Gumbel-top-k: the `k` best classes of each row, with their perturbed log-probabilities and their log-probabilities.
///
/// # Safety
/// See the module; `index`, `score` and `log_prob` have `k` values a row. Scratch: a row, for weights two.
#[wasm_bindgen]
pub unsafe fn gumbel_top_k(
    params: *const Params,
    rows: usize,
    classes: usize,
    x: *const f32,
    noise: *const f32,
    scratch: *mut f32,
    k: usize,
    index: *mut i32,
    score: *mut f32,
    log_prob: *mut f32,
    flags: u32,
) -> usize {
    let batch = Batch { params, rows, classes, flags };
    let out = |row: usize| unsafe {
        TopK {
            index: slice::from_raw_parts_mut(index.add(row * k), k),
            score: slice::from_raw_parts_mut(score.add(row * k), k),
            log_prob: slice::from_raw_parts_mut(log_prob.add(row * k), k),
        }
    };
    batch.each(
        |row| unsafe {
            let (room, logits) = (batch.row_mut(scratch, 0), scratch_row(scratch, 1, classes));
            let input = batch.input(x, row, logits);
            top_k::gumbel_top_k(input, batch.params(row), &mut noise_of(&batch, noise, row), room, out(row))
        },
        |row| {
            let TopK { index, score, log_prob } = out(row);
            index.fill(-1);
            score.fill(NAN);
            log_prob.fill(NAN);
        },
    )
}

/// Gumbel variables with the maximum of each row, `max`, at a temperature of 1.
///
/// # Safety
/// See the module; `max` has one value a row. Scratch: a row for weights.
#[wasm_bindgen]
pub unsafe fn gumbel_given_max(
    params: *const Params,
    rows: usize,
    classes: usize,
    x: *const f32,
    noise: *const f32,
    scratch: *mut f32,
    max: *const f32,
    out: *mut f32,
    flags: u32,
) -> usize {
    let batch = Batch { params, rows, classes, flags };
    batch.each(
        |row| unsafe {
            let logits = batch.input(x, row, scratch).logits;
            let (noise, out) = (&mut noise_of(&batch, noise, row), batch.row_mut(out, row));
            conditional::gumbel_given_max(logits, batch.params(row), *max.add(row), noise, out)
        },
        |row| unsafe { batch.row_mut(out, row) }.fill(NAN),
    )
}

/// Gumbel-Max of a part of each row, from the column in its record on. `max` is the largest logit of the whole row,
/// or NaN where that isn't known; `index` the column that leads now, in the part, or −1 for an earlier one.
///
/// # Safety
/// See the module; `before` and `after` have a [`Leader`] a row.
#[wasm_bindgen]
pub unsafe fn gumbel_max_part(
    params: *const Params,
    rows: usize,
    classes: usize,
    x: *const f32,
    max: f32,
    before: *const f32,
    after: *mut f32,
    index: *mut i32,
    flags: u32,
) -> usize {
    let batch = Batch { params, rows, classes, flags };
    let max = if max.is_nan() { None } else { Some(max) };
    batch.each(
        |row| unsafe {
            let params = batch.params(row);
            let noise = drawn_noise(params);
            let mut leader = *before.cast::<Leader>().add(row);
            let column = part(batch.row(x, row), params, max, noise, room().draft(), &mut leader)?;
            *after.cast::<Leader>().add(row) = leader;
            *index.add(row) = column.map_or(-1, |column| column as i32);
            Ok(())
        },
        |row| unsafe {
            *after.cast::<Leader>().add(row) = Leader { logit: NAN, value: NAN };
            *index.add(row) = -1;
        },
    )
}

/// The logarithm of the soft sample at the τ of each row. Scratch: a row for weights, none for logits.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn log_gumbel_softmax(
    params: *const Params,
    rows: usize,
    classes: usize,
    x: *const f32,
    noise: *const f32,
    scratch: *mut f32,
    out: *mut f32,
    flags: u32,
) -> usize {
    let batch = Batch { params, rows, classes, flags };
    batch.each(
        |row| unsafe {
            let logits = batch.input(x, row, scratch).logits;
            let (noise, out) = (&mut noise_of(&batch, noise, row), batch.row_mut(out, row));
            log_relaxed::log_gumbel_softmax(logits, batch.params(row), noise, out)
        },
        |row| unsafe { batch.row_mut(out, row).fill(NAN) },
    )
}

/// The gradient of Gumbel-Rao by the input: of the soft sample at the τ of each row, averaged over replicas of the noise
/// given the class `index` of each row. NaN in a row that is invalid or has the index −1.
/// Scratch: three rows, for weights four.
///
/// # Safety
/// See the module; `index` has one value a row.
#[wasm_bindgen]
pub unsafe fn gumbel_rao(
    params: *const Params,
    rows: usize,
    classes: usize,
    x: *const f32,
    index: *const i32,
    v: *const f32,
    replicas: usize,
    scratch: *mut f32,
    out: *mut f32,
    flags: u32,
) {
    let batch = Batch { params, rows, classes, flags: flags | MARK };
    batch.each(
        |row| unsafe {
            let sums = slice::from_raw_parts_mut(scratch.cast::<f64>(), classes);
            let exponentials = batch.row_mut(scratch_row(scratch, 2, classes), 0);
            let Input { logits, given } = batch.input(x, row, scratch_row(scratch, 3, classes));
            let (params, out) = (batch.params(row), batch.row_mut(out, row));
            let asked = rao::Row { logits, index: *index.add(row), v: batch.row(v, row), replicas };
            let noise = noise_for(Purpose::Replica, params);
            rao::gumbel_rao(asked, params, noise, rao_room(), (sums, exponentials), out)?;
            if flags & WEIGHTS != 0 {
                weights::divide(out, given);
            }
            Ok(())
        },
        |row| unsafe { batch.row_mut(out, row).fill(NAN) },
    );
}

/// Relaxed Bernoulli variables at the τ of each row: the soft sample, its logit and the outcome, each where it is wanted.
/// Scratch: a row.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn binary_concrete(
    params: *const Params,
    rows: usize,
    classes: usize,
    x: *const f32,
    noise: *const f32,
    scratch: *mut f32,
    soft: *mut f32,
    logit: *mut f32,
    hard: *mut f32,
    flags: u32,
) -> usize {
    let batch = Batch { params, rows, classes, flags };
    let rows_of = |x: *mut f32, row: usize, count: usize| unsafe {
        (!x.is_null()).then(|| batch.rows_mut(x, row, count))
    };
    let outputs = |row, count| Outputs {
        soft: rows_of(soft, row, count),
        logit: rows_of(logit, row, count),
        hard: rows_of(hard, row, count),
    };
    batch.each_quad(
        |row, quads| unsafe {
            let count = quads * quad::ROWS;
            let scores = batch.rows_mut((&raw mut QUAD_LOGITS).cast(), 0, count);
            if noise.is_null() {
                let opposite = batch.rows_mut((&raw mut QUAD_OPPOSITE).cast(), 0, count);
                for (purpose, out) in [(Purpose::Noise, &mut *scores), (Purpose::Opposite, &mut *opposite)] {
                    quad::noise(batch.quads(row, quads), purpose, table(), quad_words(), quad_room(), out);
                }
                binary::subtract(scores, opposite);
            } else {
                scores.copy_from_slice(batch.rows(noise, row, count));
            }
            // Entries don't know of rows, but for τ: where that is the same, all go at once.
            let tau = |row| (batch.params(row).scale, batch.params(row).rate);
            let alike = (row..row + count).all(|other| tau(other) == tau(row));
            let step = if alike { count } else { 1 };
            for (at, scores) in scores.chunks_mut(step * classes).enumerate() {
                let first = row + at * step;
                let (x, params) = (batch.rows(x, first, step), batch.params(first));
                if binary::with_noise(x, params, scores, outputs(first, step)).is_err() {
                    return at * step / quad::ROWS;
                }
            }
            quads
        },
        |row| unsafe {
            let params = batch.params(row);
            let noise = if noise.is_null() {
                Logistic::Drawn(noise_for(Purpose::Noise, params), room())
            } else {
                Logistic::Given(batch.row(noise, row))
            };
            let scores = batch.row_mut(scratch, 0);
            binary::binary_concrete(batch.row(x, row), params, noise, scores, outputs(row, 1))
        },
        |row| {
            for out in [soft, logit, hard] {
                if let Some(out) = rows_of(out, row, 1) {
                    out.fill(NAN);
                }
            }
        },
    )
}
