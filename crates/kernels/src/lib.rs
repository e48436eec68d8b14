//! The arithmetic of `gumbel`: categorical sampling and its differentiable relaxation, one row at a time,
//! short ones four ([`quad`]).
//!
//! Pure functions over slices, without an allocator, a clock or a libm. Each value is fixed to the bit by the rules
//! of ARCHITECTURE.md ("Bits are the same everywhere"): floats meet only `+ - * /`, comparisons, selections, exact
//! conversions and bit casts, and sums have one order. [`lane`] has a portable implementation, which is the
//! specification, and one over WebAssembly SIMD128; everything else is written once on top of it.
//!
//! Nothing here knows of batches, of memory layout or of messages: a row is a slice, and what is wrong with it is
//! an [`Invalid`].
#![no_std]

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[path = "lane.rs"]
pub mod lane;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[path = "lane_wasm32.rs"]
pub mod lane;

pub mod binary;
pub mod categorical;
pub mod conditional;
pub mod details;
pub mod filter;
pub mod guide;
pub mod gumbel;
pub mod half;
pub mod kept;
pub mod log_relaxed;
pub mod math;
pub mod philox;
pub mod quad;
pub mod rao;
pub mod reduce;
pub mod relaxed;
pub mod restrict;
pub mod row;
pub mod softmax;
pub mod stream;
pub mod table;
pub mod tau;
pub mod tokens;
pub mod top_k;
pub mod vjp;
pub mod weights;
pub mod wide;

pub use row::{Invalid, Params};

/// Columns of one block: the unit in which a row is drawn, summed and searched (reduction rule 6).
pub const BLOCK: usize = 256;
