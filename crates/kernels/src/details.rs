//! What is known of a draw besides its class, in nats, under the law softmax(l/T) that it was made from:
//! log Z = log Σ exp(l/T), the entropy −Σ p·log p, and log-probabilities.
//!
//! With z = (l − max l)/T ≤ 0 and S = Σ exp z: log Z = max l/T + log S, log p = z − log S, and the entropy is
//! log S − Σ exp(z)·z/S, whose terms don't cancel.

use crate::math::log_f64;
use crate::reduce::exp_sum_with_z;
use crate::row::{Law, Params};

/// Of one row.
pub struct Details {
    max: f64,
    scale: f64,
    log_sum: f64,
    /// The logarithm of the sum of exp(l/T).
    pub log_z: f32,
    /// Of the law.
    pub entropy: f32,
}

impl Details {
    /// Of a row whose weights nobody has worked out.
    pub fn of(law: Law, logits: &[f32], params: &Params) -> Self {
        let sums = match law {
            Law::Finite(max) => exp_sum_with_z(logits, (max, params.rate, params.scale)),
            Law::Certain(_) => (0.0, 0.0),
        };
        Self::new(law, logits, params, sums)
    }

    /// From the sum of the weights exp z and the sum of exp(z)·z. Where one class is certain neither is looked at.
    pub fn new(law: Law, logits: &[f32], params: &Params, (total, z_sum): (f64, f64)) -> Self {
        match law {
            Law::Certain(column) => Self::certain(logits.get(column).copied().unwrap_or(0.0)),
            Law::Finite(max) => {
                let (max, scale) = (f64::from(max), f64::from(params.scale));
                let log_sum = log_f64(total);
                let log_z = (max * scale + log_sum) as f32;
                Self { max, scale, log_sum, log_z, entropy: (log_sum - z_sum / total) as f32 }
            }
        }
    }

    /// log Z is +∞ for a logit of +∞; at a temperature of 0 it is what max l/T tends to.
    fn certain(logit: f32) -> Self {
        let log_z = if logit == 0.0 { 0.0 } else { logit * f32::INFINITY };
        Self { max: 0.0, scale: 0.0, log_sum: 0.0, log_z, entropy: 0.0 }
    }

    /// log p of a class that was drawn, by its logit.
    pub fn log_prob(&self, logit: f32) -> f32 {
        if self.scale == 0.0 {
            return 0.0;
        }
        ((f64::from(logit) - self.max) * self.scale - self.log_sum) as f32
    }
}
