//! Weighted selection: up to which key do the weights of a list, smallest key first, reach a target? By bins of the key's
//! bits, from the highest on; a bin's weights are added in float64, in the order of the list.

/// Bins of one level.
pub(super) const BINS: usize = 2048;

/// Shifts of the levels: 11, 11 and 10 bits.
const LEVELS: [u32; 3] = [21, 10, 0];

/// The sums of one level.
pub struct Bins([f64; BINS]);

impl Bins {
    /// Room for sums.
    pub const EMPTY: Self = Self([0.0; BINS]);

    pub(super) fn clear(&mut self) {
        self.0.fill(0.0);
    }

    #[inline(always)]
    pub(super) fn add(&mut self, bin: u32, weight: f32) {
        self.0[bin as usize % BINS] += f64::from(weight);
    }

    /// The bin in which the sum reaches the target, the last one with anything in it where none does; `sum` takes what
    /// is in those before.
    pub(super) fn cross(&self, sum: &mut f64, target: f64) -> u32 {
        let (mut last, mut before) = (0, *sum);
        for (bin, &weight) in self.0.iter().enumerate() {
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

/// Keys with their weights, in room that the caller keeps.
pub(super) struct List<'a> {
    pub(super) keys: &'a mut [u32],
    pub(super) weights: &'a mut [f32],
    pub(super) len: usize,
}

impl List<'_> {
    /// Appends; what has no room is left out, which callers rule out.
    #[inline(always)]
    pub(super) fn push(&mut self, key: u32, weight: f32) {
        if let (Some(to_key), Some(to_weight)) = (self.keys.get_mut(self.len), self.weights.get_mut(self.len))
        {
            (*to_key, *to_weight) = (key, weight);
            self.len += 1;
        }
    }

    /// The smallest key for which `sum` and the weights of the keys up to it reach the target; the largest key where
    /// they don't. Uses the list up.
    #[inline(never)]
    pub(super) fn reach(mut self, bins: &mut Bins, mut sum: f64, target: f64) -> u32 {
        for shift in LEVELS {
            let (least, most) = self.ends();
            if least >> shift == most >> shift {
                // All in one bin, as with many equal values.
                continue;
            }
            bins.clear();
            for (&key, &weight) in self.keys.iter().zip(&*self.weights).take(self.len) {
                bins.add(key >> shift, weight);
            }
            let bin = bins.cross(&mut sum, target);
            self.retain(|key| (key >> shift) % BINS as u32 == bin);
        }
        self.keys.first().copied().unwrap_or(0)
    }

    /// The smallest and the largest key.
    fn ends(&self) -> (u32, u32) {
        let keys = self.keys.iter().take(self.len);
        keys.fold((u32::MAX, 0), |(least, most), &key| (least.min(key), most.max(key)))
    }

    fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        let len = core::mem::take(&mut self.len);
        for at in 0..len {
            let (Some(&key), Some(&weight)) = (self.keys.get(at), self.weights.get(at)) else { break };
            if keep(key) {
                self.push(key, weight);
            }
        }
    }
}
