#!/usr/bin/env python3
"""Writes test/fixtures/relaxed.json: relaxed laws by PyTorch, for test/estimators-relaxed.test.ts.

    python3 -m pip install -r scripts/requirements.txt && python3 scripts/fixtures_relaxed.py

The formulas are those of the papers, written plainly, with autograd in torch.float64: Concrete and ExpConcrete by
Maddison, Mnih & Teh 2017, eq. 10 and appendix C.3. Where torch.distributions has the same they must agree to 1e-9 of
the value's size. What no sample can be (a logit of -inf) is left out of the row before, and has gradient 0 after.
Inputs are multiples of 2^-10 or rounded to float32 first. Divergences of nearly equal laws, and log Gamma, are by mpmath
in 50 digits.
"""

import json
import random
from pathlib import Path

import mpmath
import torch
from torch.distributions import Categorical, RelaxedOneHotCategorical, kl_divergence
from torch.distributions.relaxed_categorical import ExpRelaxedCategorical

torch.set_default_dtype(torch.float64)
mpmath.mp.dps = 50

OUTPUT = Path(__file__).parent.parent / "test" / "fixtures" / "relaxed.json"
AGREEMENT = 1e-9


def multiples(source, count, least, most):
    return [source.randrange(int(least * 1024), int(most * 1024) + 1) / 1024 for _ in range(count)]


def leaf(values):
    return torch.tensor(values, requires_grad=True)


def agree(ours, theirs):
    ours, theirs = ours.item(), theirs.item()
    assert abs(ours - theirs) <= AGREEMENT * max(1.0, abs(ours)), (ours, theirs)


def gradients(value, inputs, v):
    return [g.tolist() for g in torch.autograd.grad(value, inputs, v)]


def spread(values, kept, classes):
    """A row with the values of the classes that were kept, and 0 in the others."""
    row = [0.0] * classes
    for i, value in zip(kept, values):
        row[i] = value
    return row


def row(seed, classes, tau, masked, scale):
    """What all cases begin with; classes that are masked are impossible."""
    source = random.Random(seed)
    logits = multiples(source, classes, -scale, scale)
    prior = multiples(source, classes, -scale, scale)
    noise = multiples(source, classes, -2, 4)
    v = multiples(source, classes, -2, 2)
    kept = [i for i in range(classes) if not masked or i % 3 != 1]
    upstream = multiples(source, 1, -2, 2)[0] or 1.0
    pick = lambda values: [values[i] for i in kept]
    base = {"classes": classes, "tau": tau, "kept": kept, "upstream": upstream}
    return base, pick(logits), pick(prior), pick(noise), pick(v)


# --- The formulas -----------------------------------------------------------------------------------------------------


def log_gumbel_softmax(logits, noise, tau):
    z = (logits + noise) / tau
    return z - torch.logsumexp(z, -1)


def exp_concrete(z, logits, tau):
    """log density of ExpConcrete: (K-1)! tau^(K-1) prod_k alpha_k e^(-tau z_k) / sum_i alpha_i e^(-tau z_i)."""
    k = torch.tensor(float(z.shape[-1]))
    a = logits - tau * z
    return torch.lgamma(k) + (k - 1) * torch.log(tau) + (a - torch.logsumexp(a, -1)).sum()


def concrete(x, logits, tau):
    """log density of Concrete: (K-1)! tau^(K-1) prod_k alpha_k x_k^(-tau-1) / sum_i alpha_i x_i^-tau."""
    k = torch.tensor(float(x.shape[-1]))
    below = torch.logsumexp(logits - tau * torch.log(x), -1)
    return torch.lgamma(k) + (k - 1) * torch.log(tau) + (logits - (tau + 1) * torch.log(x) - below).sum()


def entropy(logits, temperature):
    log_p = torch.log_softmax(logits / temperature, -1)
    return -(log_p.exp() * log_p).sum()


def divergence(logits, prior):
    log_q, log_p = torch.log_softmax(logits, -1), torch.log_softmax(prior, -1)
    return (log_q.exp() * (log_q - log_p)).sum()


# --- Cases ------------------------------------------------------------------------------------------------------------


def sample_case(shape):
    base, logits, _, noise, v = row(*shape)
    l, t = leaf(logits), leaf(base["tau"])
    w = leaf([2.0**round(x) for x in logits])
    z = log_gumbel_softmax(l, torch.tensor(noise), t)
    by_logits, by_tau = gradients(z, [l, t], torch.tensor(v))
    (by_weights,) = gradients(log_gumbel_softmax(torch.log(w), torch.tensor(noise), t), [w], torch.tensor(v))
    weighted = log_gumbel_softmax(torch.log(w), torch.tensor(noise), t)
    at = lambda values: spread(values, base["kept"], base["classes"])
    return {
        **base,
        **{"logits": at(logits), "weights": at(w.tolist()), "noise": at(noise), "v": at(v)},
        **{"sample": at(z.tolist()), "input": at(by_logits), "byTau": by_tau},
        **{"weighted": at(weighted.tolist()), "byWeights": at(by_weights)},
    }


def density_case(shape, space):
    base, logits, _, noise, _ = row(*shape)
    # A sample of a law with another tau: in float32, and then as exact as that.
    z = log_gumbel_softmax(torch.tensor(logits), torch.tensor(noise), torch.tensor(0.75 * base["tau"] + 0.25))
    # On the simplex no value is below 2^-100, as no sample that isn't 0 is.
    point = (z if space == "log" else z.exp().clamp(min=2.0**-100)).float().double()
    x, l, t = leaf(point.tolist()), leaf(logits), leaf(base["tau"])
    if space == "log":
        value, theirs = exp_concrete(x, l, t), ExpRelaxedCategorical(t, logits=l, validate_args=False)
    else:
        value, theirs = concrete(x, l, t), RelaxedOneHotCategorical(t, logits=l, validate_args=False)
    agree(value, theirs.log_prob(x))
    by_sample, by_logits, by_tau = gradients(value, [x, l, t], torch.tensor(base["upstream"]))
    at = lambda values: spread(values, base["kept"], base["classes"])
    return {
        **base,
        **{"space": space, "sample": at(point.tolist()), "logits": at(logits), "value": value.item()},
        **{"bySample": at(by_sample), "input": at(by_logits), "byTau": by_tau},
    }


def kl_case(shape, given, own_tau):
    base, logits, prior, noise, _ = row(*shape)
    z = log_gumbel_softmax(torch.tensor(logits), torch.tensor(noise), torch.tensor(base["tau"]))
    x, l, t = leaf(z.float().double().tolist()), leaf(logits), leaf(base["tau"])
    p = leaf(prior if given else [0.0] * len(prior))
    s = leaf(0.5 * base["tau"] + 0.25) if own_tau else t
    value = exp_concrete(x, l, t) - exp_concrete(x, p, s)
    laws = [ExpRelaxedCategorical(u, logits=m, validate_args=False) for u, m in [(t, l), (s, p)]]
    agree(value, laws[0].log_prob(x) - laws[1].log_prob(x))
    names = ["bySample", "input", "byTau"] + ["byPrior"] * given + ["byPriorTau"] * own_tau
    inputs = [x, l, t] + [p] * given + [s] * own_tau
    found = dict(zip(names, gradients(value, inputs, torch.tensor(base["upstream"]))))
    at = lambda values: spread(values, base["kept"], base["classes"])
    return {
        **base,
        **{"sample": at(x.tolist()), "logits": at(logits), "value": value.item()},
        **({"prior": at(prior)} if given else {}),
        **({"priorTau": s.item()} if own_tau else {}),
        **{name: at(g) if isinstance(g, list) else g for name, g in found.items()},
    }


def entropy_case(shape):
    base, logits, _, _, _ = row(*shape)
    l, t = leaf(logits), leaf(base["tau"])
    value = entropy(l, t)
    agree(value, Categorical(logits=l / t).entropy())
    by_logits, by_temperature = gradients(value, [l, t], torch.tensor(base["upstream"]))
    at = lambda values: spread(values, base["kept"], base["classes"])
    return {
        **base,
        **{"logits": at(logits), "value": value.item(), "input": at(by_logits), "byTemperature": by_temperature},
    }


def divergence_case(shape, given):
    base, logits, prior, _, _ = row(*shape)
    kept, classes = base["kept"], base["classes"]
    l, p = leaf(logits), leaf(prior if given else [0.0] * len(prior))
    value = divergence(l, p)
    agree(value, kl_divergence(Categorical(logits=l), Categorical(logits=p)))
    (by_logits, by_prior) = gradients(value, [l, p], torch.tensor(base["upstream"]))
    at = lambda values: spread(values, kept, classes)
    if not given:
        # The uniform law is over all classes of the row.
        value = value + torch.log(torch.tensor(classes / len(kept)))
    return {
        **base,
        **{"logits": at(logits), "value": value.item(), "input": at(by_logits)},
        **({"prior": at(prior), "byPrior": at(by_prior)} if given else {}),
    }


def near_case(seed, classes, exponent):
    """Laws whose logits differ by about 2^exponent."""
    source = random.Random(seed)
    logits = multiples(source, classes, -4, 4)
    prior = [
        float((torch.tensor(x) + d * 2.0**exponent).float())
        for x, d in zip(logits, multiples(source, classes, -1, 1))
    ]
    log_of = lambda row: [mpmath.mpf(x) - mpmath.log(sum(mpmath.exp(mpmath.mpf(y)) for y in row)) for x in row]
    log_q, log_p = log_of(logits), log_of(prior)
    value = sum(mpmath.exp(q) * (q - p) for q, p in zip(log_q, log_p))
    by_logits = [mpmath.exp(q) * (q - p - value) for q, p in zip(log_q, log_p)]
    by_prior = [mpmath.exp(p) - mpmath.exp(q) for q, p in zip(log_q, log_p)]
    floats = lambda values: [float(x) for x in values]
    return {
        **{"logits": logits, "prior": prior, "value": float(value)},
        **{"input": floats(by_logits), "byPrior": floats(by_prior)},
    }


SHAPES = [
    # seed, classes, tau, masked, scale of the logits
    (1, 2, 1.0, False, 3),
    (2, 3, 0.5, False, 3),
    (3, 4, 0.0625, False, 3),
    (4, 5, 2 / 3, True, 3),
    (5, 16, 10.0, False, 8),
    (6, 17, 0.5, True, 50),
    (7, 33, 0.25, False, 3),
    (8, 65, 1.5, True, 8),
]


def main():
    counts = [1, 2, 3, 5, 18, 19, 20, 21, 22, 50, 100, 1000, 12345, 10**6, 10**8, 2**30]
    fixtures = {
        "samples": [sample_case(shape) for shape in SHAPES],
        "densities": [density_case(shape, space) for space in ["log", "simplex"] for shape in SHAPES],
        "estimates": [kl_case(shape, given, own) for given in [0, 1] for own in [0, 1] for shape in SHAPES],
        "entropies": [entropy_case(shape) for shape in SHAPES],
        "divergences": [divergence_case(shape, given) for given in [0, 1] for shape in SHAPES],
        "near": [near_case(10 + i, classes, -4 * i) for i, classes in enumerate([2, 3, 4, 10, 33, 100])],
        "logGamma": [[k, float(mpmath.loggamma(k))] for k in counts],
    }
    OUTPUT.write_text(json.dumps(fixtures, separators=(",", ":")) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
