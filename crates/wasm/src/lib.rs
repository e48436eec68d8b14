//! The kernels as WebAssembly exports: numbers and pointers in, a count of rows out.
//!
//! The only file of bindings. It knows batches and raw memory and nothing else: shapes, options and messages are
//! TypeScript's, arithmetic is `gumbel-kernels`'. One convention holds throughout:
//!
//! - `params` points to one [`Params`] a row, `x`, `y`, `v`, … to row-major `[rows, classes]` float32; a pointer that may be
//!   missing is then null. Regions don't overlap. `scratch` has room for four rows and eight values, aligned to 16
//!   bytes.
//! - A function that can meet an invalid row returns how many rows it completed: `rows`, or the number of the first
//!   invalid row. With [`MARK`] it marks such a row (−1, NaN) and goes on.
//!
//! Every unsafe block below relies on that convention, which `ts/wasm.ts` keeps: it alone calls these functions.
#![allow(clippy::undocumented_unsafe_blocks)]
// An export takes numbers, one for each array of a batch.
#![allow(clippy::too_many_arguments)]

use core::slice;
use gumbel_kernels::gumbel::{RowNoise, Table};
use gumbel_kernels::relaxed::{self, Input, Noise, Room, Source};
use gumbel_kernels::row::one_hot;
use gumbel_kernels::{
    BLOCK, Invalid, Params, categorical as draw, quad, softmax as normal, tau, vjp, weights,
};
use wasm_bindgen::prelude::wasm_bindgen;

/// Flag: the input holds weights, not logits.
const WEIGHTS: u32 = 1;
/// Flag: mark invalid rows instead of stopping at the first.
const MARK: u32 = 2;

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

static mut ROOM: Room = Room::EMPTY;
static mut QUAD_ROOM: quad::Room = quad::Room::EMPTY;

/// Room for one row's work. SAFETY: a module has one thread, and a kernel takes it once.
unsafe fn room() -> &'static mut Room {
    let room = &raw mut ROOM;
    unsafe { &mut *room }
}

/// The same for four rows.
unsafe fn quad_room() -> &'static mut quad::Room {
    let room = &raw mut QUAD_ROOM;
    unsafe { &mut *room }
}

/// A batch in memory: how to get at its rows.
#[derive(Clone, Copy)]
struct Batch {
    params: *const Params,
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
        unsafe { slice::from_raw_parts(x.add(row * self.classes), self.classes) }
    }

    /// SAFETY: `x` must point to more than `row` rows that nothing else uses.
    unsafe fn row_mut(&self, x: *mut f32, row: usize) -> &'static mut [f32] {
        unsafe { slice::from_raw_parts_mut(x.add(row * self.classes), self.classes) }
    }

    /// Four rows at once. SAFETY: as for `row`.
    unsafe fn quad(&self, x: *const f32, row: usize) -> &'static [f32] {
        unsafe { slice::from_raw_parts(x.add(row * self.classes), quad::ROWS * self.classes) }
    }

    /// SAFETY: as for `row_mut`.
    unsafe fn quad_mut(&self, x: *mut f32, row: usize) -> &'static mut [f32] {
        unsafe { slice::from_raw_parts_mut(x.add(row * self.classes), quad::ROWS * self.classes) }
    }

    /// SAFETY: as for `params`.
    unsafe fn quad_params(&self, row: usize) -> &'static [Params; quad::ROWS] {
        unsafe { &*self.params.add(row).cast() }
    }

    /// Four rows as logits, in `room` if they hold weights. SAFETY: as for `quad`, and `room` has room for them.
    unsafe fn quad_logits(&self, x: *const f32, row: usize, room: *mut f32) -> &'static [f32] {
        let given = unsafe { self.quad(x, row) };
        if self.flags & WEIGHTS == 0 {
            return given;
        }
        let logits = unsafe { self.quad_mut(room, 0) };
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
    fn each(
        &self,
        rows: usize,
        kernel: impl FnMut(usize) -> Result<(), Invalid>,
        mark: impl FnMut(usize),
    ) -> usize {
        self.each_quad(rows, |_| false, kernel, mark)
    }

    /// The same, but first offers each four short rows to `quad`, which returns whether it has done them.
    fn each_quad(
        &self,
        rows: usize,
        mut quad: impl FnMut(usize) -> bool,
        mut kernel: impl FnMut(usize) -> Result<(), Invalid>,
        mut mark: impl FnMut(usize),
    ) -> usize {
        let mut row = 0;
        while row < rows {
            if self.classes <= quad::MAX_CLASSES && row + quad::ROWS <= rows && quad(row) {
                row += quad::ROWS;
                continue;
            }
            if kernel(row).is_err() {
                if self.flags & MARK == 0 {
                    return row;
                }
                mark(row);
            }
            row += 1;
        }
        rows
    }
}

/// The noise of the rows of a batch, drawn or given, one row after the other or four at a time.
struct Noises {
    drawn: Option<RowNoise<'static>>,
    given: *const f32,
}

impl Noises {
    fn new(given: *const f32) -> Self {
        Self { drawn: None, given }
    }

    /// SAFETY: as for [`Batch::row`], where noise is given.
    unsafe fn row(&mut self, batch: &Batch, row: usize) -> Noise<'_> {
        let source = if self.given.is_null() {
            Source::Drawn(draw_row(&mut self.drawn, unsafe { batch.params(row) }))
        } else {
            Source::Given(unsafe { batch.row(self.given, row) })
        };
        Noise { source, room: unsafe { room() } }
    }
}

/// SAFETY: as for [`Batch::quad`], where noise is given.
unsafe fn quad_source(given: *const f32, batch: &Batch, row: usize) -> quad::Source<'static> {
    if given.is_null() {
        quad::Source::Drawn(table())
    } else {
        quad::Source::Given(unsafe { batch.quad(given, row) })
    }
}

fn draw_row<'a>(drawn: &'a mut Option<RowNoise<'static>>, params: &Params) -> &'a RowNoise<'static> {
    let noise = drawn.get_or_insert_with(|| RowNoise::new(table(), params));
    noise.set_row(params);
    noise
}

/// Gumbel noise.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn noise(params: *const Params, rows: usize, classes: usize, out: *mut f32) {
    let batch = Batch { params, classes, flags: 0 };
    let mut drawn = None;
    batch.each_quad(
        rows,
        |row| unsafe {
            quad::noise(table(), batch.quad_params(row), quad_room(), classes, batch.quad_mut(out, row));
            true
        },
        |row| unsafe {
            draw_row(&mut drawn, batch.params(row)).fill_row(room().words(), batch.row_mut(out, row));
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
    let batch = Batch { params, classes, flags };
    batch.each_quad(
        rows,
        |row| unsafe {
            let (x, out) = (batch.quad(x, row), batch.quad_mut(out, row));
            quad::softmax(x, batch.quad_params(row), quad_room(), classes, out).is_some()
        },
        |row| unsafe { normal::softmax(batch.row(x, row), batch.params(row), batch.row_mut(out, row)) },
        |row| unsafe { batch.row_mut(out, row) }.fill(f32::NAN),
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
    let batch = Batch { params, classes, flags };
    batch.each(
        rows,
        |row| unsafe { normal::log_softmax(batch.row(x, row), batch.params(row), batch.row_mut(out, row)) },
        |row| unsafe { batch.row_mut(out, row) }.fill(f32::NAN),
    )
}

/// Log-sum-exp, one value a row.
///
/// # Safety
/// See the module.
#[wasm_bindgen]
pub unsafe fn log_sum_exp(rows: usize, classes: usize, x: *const f32, out: *mut f32, flags: u32) -> usize {
    let batch = Batch { params: core::ptr::null(), classes, flags };
    batch.each(
        rows,
        |row| unsafe {
            *out.add(row) = normal::log_sum_exp(batch.row(x, row))?;
            Ok(())
        },
        |row| unsafe { *out.add(row) = f32::NAN },
    )
}

/// Gumbel-Max: the index of each row at its temperature, as number or one-hot row, each where its pointer isn't null.
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
    flags: u32,
) -> usize {
    let batch = Batch { params, classes, flags };
    let mut noises = Noises::new(noise);
    batch.each_quad(
        rows,
        |row| unsafe {
            let logits = batch.quad_logits(x, row, scratch);
            let source = quad_source(noise, &batch, row);
            let columns = quad::gumbel_max(logits, batch.quad_params(row), &source, quad_room(), classes);
            write_indices(&batch, row, columns, sample, index)
        },
        |row| unsafe {
            let input = batch.input(x, row, scratch);
            let column = relaxed::gumbel_max(input, batch.params(row), &mut noises.row(&batch, row))?;
            write_index(&batch, row, column, sample, index);
            Ok(())
        },
        |row| unsafe { mark_index(&batch, row, sample, index) },
    )
}

/// Gumbel-Softmax for the backward pass: the soft sample at the τ of each row, its index, and where `sample` isn't
/// null the one-hot row of that index.
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
    let batch = Batch { params, classes, flags };
    let mut noises = Noises::new(noise);
    batch.each_quad(
        rows,
        |row| unsafe {
            let logits = batch.quad_logits(x, row, scratch);
            let source = quad_source(noise, &batch, row);
            let soft = batch.quad_mut(soft, row);
            let columns =
                quad::gumbel_softmax(logits, batch.quad_params(row), &source, quad_room(), classes, soft);
            write_indices(&batch, row, columns, sample, index)
        },
        |row| unsafe {
            let logits = batch.input(x, row, scratch).logits;
            let soft = batch.row_mut(soft, row);
            let column =
                relaxed::gumbel_softmax(logits, batch.params(row), &mut noises.row(&batch, row), soft)?;
            write_index(&batch, row, column, sample, index);
            Ok(())
        },
        |row| unsafe {
            batch.row_mut(soft, row).fill(f32::NAN);
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

/// Writes the indices of four rows, if they were found.
unsafe fn write_indices(
    batch: &Batch,
    row: usize,
    columns: Option<[u32; quad::ROWS]>,
    sample: *mut f32,
    index: *mut i32,
) -> bool {
    for (at, column) in columns.iter().flatten().enumerate() {
        unsafe { write_index(batch, row + at, *column as usize, sample, index) };
    }
    columns.is_some()
}

unsafe fn mark_index(batch: &Batch, row: usize, sample: *mut f32, index: *mut i32) {
    if !sample.is_null() {
        unsafe { batch.row_mut(sample, row) }.fill(f32::NAN);
    }
    if !index.is_null() {
        unsafe { *index.add(row) = -1 };
    }
}

/// Draws by inverse CDF: `draws` indices a row.
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
    out: *mut i32,
    flags: u32,
) -> usize {
    let batch = Batch { params, classes, flags };
    let out = |row: usize| unsafe { slice::from_raw_parts_mut(out.add(row * draws), draws) };
    batch.each(
        rows,
        |row| unsafe {
            let sums =
                slice::from_raw_parts_mut(scratch.add(2 * classes).cast(), classes.div_ceil(BLOCK) + 1);
            let input = batch.input(x, row, scratch);
            draw::categorical(input, batch.params(row), batch.row_mut(scratch, 1), sums, out(row))
        },
        |row| out(row).fill(-1),
    )
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
    let batch = Batch { params, classes, flags: 0 };
    batch.each_quad(
        rows,
        |row| unsafe {
            let (y, v, out) = (batch.quad(y, row), batch.quad(v, row), batch.quad_mut(out, row));
            quad::softmax_backward(y, v, batch.quad_params(row), quad_room(), classes, out).is_some()
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
/// for τ, noise for τ.
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
    let batch = Batch { params, classes, flags };
    let mut noises = Noises::new(noise);
    for row in 0..rows {
        unsafe {
            let (y, v, out, params) =
                (batch.row(y, row), batch.row(v, row), batch.row_mut(out, row), batch.params(row));
            let mut valid = !vjp::is_marked(y);
            if by_tau.is_null() || !valid {
                vjp::softmax_backward(y, v, params.scale, out);
                if !by_tau.is_null() {
                    *by_tau.add(row) = f32::NAN;
                }
            } else {
                vjp::softmax_backward(y, v, 1.0, out);
                let relative = batch.row_mut(scratch, 1);
                let logits = batch.input(x, row, scratch).logits;
                valid = tau::relative_scores(logits, params, &mut noises.row(&batch, row), relative).is_ok();
                *by_tau.add(row) = if valid {
                    tau::finish_gradient(out, relative, params)
                } else {
                    // A row that was made invalid since the sample was drawn has no gradient.
                    out.fill(f32::NAN);
                    f32::NAN
                };
            }
            if flags & WEIGHTS != 0 && valid {
                weights::divide(out, batch.row(x, row));
            }
        }
    }
}

/// The tangent of a soft sample `y` along a tangent of the input and one of τ, each where its pointer isn't null.
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
    let batch = Batch { params, classes, flags };
    let mut noises = Noises::new(noise);
    for row in 0..rows {
        unsafe {
            let (y, params) = (batch.row(y, row), batch.params(row));
            let tangent = batch.row_mut(scratch, 2);
            tangent.fill(0.0);
            if !input_tangent.is_null() {
                tangent.copy_from_slice(batch.row(input_tangent, row));
                if flags & WEIGHTS != 0 {
                    weights::divide(tangent, batch.row(x, row));
                }
            }
            if !tau_tangent.is_null() && !vjp::is_marked(y) {
                let relative = batch.row_mut(scratch, 1);
                let logits = batch.input(x, row, scratch).logits;
                match tau::relative_scores(logits, params, &mut noises.row(&batch, row), relative) {
                    Ok(()) => tau::add_tangent(tangent, relative, *tau_tangent.add(row)),
                    Err(Invalid) => tangent.fill(f32::NAN),
                }
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
    let batch = Batch { params: core::ptr::null(), classes, flags: 0 };
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
    let batch = Batch { params: core::ptr::null(), classes, flags: 0 };
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
    let batch = Batch { params: core::ptr::null(), classes, flags: MARK };
    batch.each(
        rows,
        |row| unsafe { vjp::log_sum_exp_vjp(batch.row(x, row), *v.add(row), batch.row_mut(out, row)) },
        |row| unsafe { batch.row_mut(out, row) }.fill(f32::NAN),
    );
}

/// Tangent of log-sum-exp, one value a row. An invalid row gives NaN.
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
    let batch = Batch { params: core::ptr::null(), classes, flags: MARK };
    batch.each(
        rows,
        |row| unsafe {
            *out.add(row) =
                vjp::log_sum_exp_jvp(batch.row(x, row), batch.row(tangent, row), batch.row_mut(scratch, 0))?;
            Ok(())
        },
        |row| unsafe { *out.add(row) = f32::NAN },
    );
}
