//! Weighted selection: up to which key do the weights of a list, smallest key first, reach a target? By bins of keys that
//! narrow the list, until its keys are equal.
//!
//! Each bin has four sums in float64, for the items ≡ 0, 1, 2 and 3 mod 4 of the list in its order: an addition waits
//! for the one before in the same place, which where many keys are equal is all the time.

use crate::lane::{F32x4, U32x4};

/// Bins of a step, a power of two.
const BINS: usize = 512;

/// The sums of a step.
pub struct Bins([[f64; 4]; BINS]);

impl Bins {
    /// Room for sums.
    pub const EMPTY: Self = Self([[0.0; 4]; BINS]);

    fn clear(&mut self) {
        self.0.fill([0.0; 4]);
    }

    #[inline(always)]
    fn add(&mut self, bins: U32x4, weights: F32x4) {
        let (bins, weights) = (bins.to_array(), weights.to_f64().to_array());
        for lane in 0..4 {
            self.0[bins[lane] as usize % BINS][lane] += weights[lane];
        }
    }

    /// The bin in which the sum reaches the target, the last one with anything in it where none does; `sum` takes what
    /// is in those before.
    #[inline(never)]
    fn cross(&self, sum: &mut f64, target: f64) -> u32 {
        let (mut last, mut before) = (0, *sum);
        for (bin, &[a, b, c, d]) in self.0.iter().enumerate() {
            let weight = (a + c) + (b + d);
            if weight > 0.0 {
                (last, before) = (bin, *sum);
                if *sum + weight >= target {
                    break;
                }
                *sum += weight;
            }
        }
        *sum = before;
        last as u32
    }
}

/// Room that a list needs beyond a row: a group is written whole, wherever in it the last kept item is.
pub const SPARE: usize = 32;

/// How keys are put into bins, the smallest into the first.
///
/// Floats are raised by the largest of them: between it and twice as much they are spread evenly by their bits, below it
/// half of the bits belong to next to nothing.
struct Scale {
    /// A mask.
    is_raised: U32x4,
    by: F32x4,
    /// The smallest key, raised, as a number to add.
    minus_first: U32x4,
    /// The bits of a bin.
    shift: u32,
}

impl Scale {
    fn new(least: u32, most: u32, are_floats: bool) -> Self {
        let by = f32::from_bits(most);
        let raised = [least, most].map(|key| (f32::from_bits(key) + by).to_bits());
        // Where that makes them equal, their own bits tell them apart.
        let is_raised = are_floats && raised[0] < raised[1];
        let [first, last] = if is_raised { raised } else { [least, most] };
        Self {
            is_raised: U32x4::splat(if is_raised { u32::MAX } else { 0 }),
            by: F32x4::splat(by),
            minus_first: U32x4::splat(first.wrapping_neg()),
            shift: (u32::BITS - BINS.ilog2()).saturating_sub((last - first).leading_zeros()),
        }
    }

    #[inline(always)]
    fn bins_of(&self, keys: U32x4) -> U32x4 {
        let key = keys.as_f32();
        (self.is_raised.select(key + self.by, key).bits() + self.minus_first).shr_by(self.shift)
    }
}

/// Keys with their weights > 0, in room that the caller keeps: a row and [`SPARE`] more.
pub(super) struct List<'a> {
    keys: &'a mut [u32],
    weights: &'a mut [f32],
    len: usize,
}

impl<'a> List<'a> {
    pub(super) fn new(keys: &'a mut [u32], weights: &'a mut [f32]) -> Self {
        Self { keys, weights, len: 0 }
    }

    /// Appends the lanes of some vectors where the mask is set; what has no room is left out, which callers rule out.
    #[inline(always)]
    pub(super) fn push<const N: usize>(&mut self, items: [(U32x4, U32x4, F32x4); N]) {
        let (keys, weights) = (self.keys.get_mut(self.len..), self.weights.get_mut(self.len..));
        let keys = keys.and_then(|room| room.first_chunk_mut::<SPARE>());
        let weights = weights.and_then(|room| room.first_chunk_mut::<SPARE>());
        let (Some(to_keys), Some(to_weights)) = (keys, weights) else { return };
        let mut count = 0;
        for (mask, keys, weights) in items {
            let packing = mask.packing();
            if let (Some(to_keys), Some(to_weights)) =
                (to_keys[count..].first_chunk_mut(), to_weights[count..].first_chunk_mut())
            {
                packing.pack(keys).store(to_keys);
                packing.pack(weights.bits()).as_f32().store(to_weights);
            }
            count += packing.count();
        }
        self.len += count;
    }

    /// The smallest key for which the weights of the keys up to it reach the target; the largest key where they don't,
    /// and 0 of an empty list. Uses the list up. Keys may be the bits of positive floats.
    #[inline(never)]
    pub(super) fn reach(mut self, bins: &mut Bins, target: f64, are_floats: bool) -> u32 {
        let mut sum = 0.0;
        loop {
            let (least, most) = self.ends();
            if least >= most {
                return most;
            }
            self.narrow(bins, &mut sum, target, &Scale::new(least, most, are_floats));
        }
    }

    /// Keeps the items of the bin in which `sum` and the weights reach the target; `sum` takes the bins before.
    #[inline(always)]
    fn narrow(&mut self, bins: &mut Bins, sum: &mut f64, target: f64, scale: &Scale) {
        bins.clear();
        self.each(|keys, weights| bins.add(scale.bins_of(keys), weights));
        let crossed = U32x4::splat(bins.cross(sum, target));
        let len = core::mem::take(&mut self.len);
        for at in 0..len.div_ceil(4) {
            let (keys, weights) = (self.keys.as_chunks().0.get(at), self.weights.as_chunks().0.get(at));
            let (Some(keys), Some(weights)) = (keys, weights) else { break };
            let (keys, weights) = (U32x4::load(keys), F32x4::load(weights));
            let kept = scale.bins_of(keys).eq(crossed) & F32x4::ZERO.lt(weights);
            if kept.any() {
                // Written no farther than where this was read.
                self.push([(kept, keys, weights)]);
            }
        }
    }

    /// The smallest and the largest key.
    fn ends(&mut self) -> (u32, u32) {
        let (mut least, mut most) = (U32x4::splat(u32::MAX), U32x4::ZERO);
        self.each(|keys, _| {
            least = least.min(keys);
            most = most.max(keys);
        });
        (least.to_array().into_iter().fold(u32::MAX, u32::min), most.to_array().into_iter().fold(0, u32::max))
    }

    /// `f` of all items, four at a time; the last ones are filled up by a key that is there, without a weight.
    #[inline(always)]
    fn each(&mut self, mut f: impl FnMut(U32x4, F32x4)) {
        let key = self.keys.first().copied().unwrap_or_default();
        for key_behind in self.keys.iter_mut().skip(self.len).take(3) {
            *key_behind = key;
        }
        for weight_behind in self.weights.iter_mut().skip(self.len).take(3) {
            *weight_behind = 0.0;
        }
        let (keys, weights) = (self.keys.as_chunks().0, self.weights.as_chunks().0);
        for (keys, weights) in keys.iter().zip(weights).take(self.len.div_ceil(4)) {
            f(U32x4::load(keys), F32x4::load(weights));
        }
    }
}
