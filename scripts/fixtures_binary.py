#!/usr/bin/env python3
"""Writes test/fixtures/binary.json: relaxed Bernoulli variables that test/estimators-binary.test.ts compares with.

    python3 -m pip install -r scripts/requirements.txt && python3 scripts/fixtures_binary.py

Samples are sigmoid((l + L) / tau), L = G - G' with the two Gumbel variables of the key, by their definition, or given
noise far out. Densities are those of Maddison, Mnih & Teh 2017, appendix B, with alpha = exp(l):

    by the logit t    log tau + a - 2 log(1 + e^a), a = l - tau t
    by y in (0, 1)    that less log y + log(1 - y) at t = log y - log(1 - y)

Gradients are torch's autograd in float64. Where torch.distributions' RelaxedBernoulli and LogitRelaxedBernoulli are exact,
which is away from 0 and 1, they must agree to 1e-9. Inputs are multiples of 2^-10 or powers of two, which float32 holds.
"""

import json
import random
from pathlib import Path

import numpy as np
import torch
from torch.distributions.relaxed_bernoulli import LogitRelaxedBernoulli, RelaxedBernoulli

from fixtures import words

OUTPUT = Path(__file__).parent.parent / "test" / "fixtures" / "binary.json"
SEED, STREAM = 0x1_2345_6789, 11
NOISE, OPPOSITE = 0, 6
AGREEMENT = 1e-9


def gumbel(row, columns, purpose):
    """In float64. A word below 2^16 would get 32 bits more from the next purpose; there is none here."""
    k = words(SEED, STREAM, row, columns, purpose=purpose).astype(np.float64)
    assert k.min() >= 1 << 16
    return -np.log(-np.log1p(-(k + 0.5) * 2.0**-32))


def multiple(source, least, most):
    return source.randrange(int(least * 1024), int(most * 1024)) / 1024


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def leaf(values):
    return tensor(values).requires_grad_()


def gradients(loss, *leaves):
    return [g.tolist() for g in torch.autograd.grad(loss, leaves)]


def sample(number, source, classes, tau, far, given):
    l, t = leaf([multiple(source, -far, far) for _ in range(classes)]), leaf(tau)
    if given:
        noise = [multiple(source, -40, 40) for _ in range(classes)]
    else:
        noise = list(gumbel(number, classes, NOISE) - gumbel(number, classes, OPPOSITE))
    v = [multiple(source, -2, 2) for _ in range(classes)]
    logit = (l + tensor(noise)) / t
    unit = torch.sigmoid(logit)
    by_unit, unit_by_tau = gradients(unit @ tensor(v), l, t)
    logit = (l + tensor(noise)) / t
    by_logit, logit_by_tau = gradients(logit @ tensor(v), l, t)
    return {
        "row": number,
        "tau": tau,
        "logits": l.tolist(),
        **({"noise": noise} if given else {}),
        "v": v,
        "logit": logit.tolist(),
        "unit": unit.tolist(),
        "hard": [int(x > 0) for x in logit.tolist()],
        "gradient": {"unit": by_unit, "logit": by_logit},
        "tauGradient": {"unit": unit_by_tau, "logit": logit_by_tau},
    }


def density_by_logit(t, l, tau):
    a = l - tau * t
    return torch.log(tau) + a - 2 * torch.nn.functional.softplus(a, threshold=1e9)


def density_by_unit(y, l, tau):
    logs = torch.log(y) + torch.log1p(-y)
    return density_by_logit(torch.log(y) - torch.log1p(-y), l, tau) - logs


def check(law, points, values, near):
    """What torch has, away from the ends, where it clamps."""
    theirs = law.log_prob(points)
    assert torch.all((theirs - values).abs()[near] <= AGREEMENT * (1 + values.abs()[near])), (theirs, values)


def density(source, classes, tau, far, space):
    l, t = leaf([multiple(source, -far, far) for _ in range(classes)]), leaf(tau)
    v = [multiple(source, -2, 2) for _ in range(classes)]
    if space == "logit":
        x = leaf([multiple(source, -2 * far, 2 * far) for _ in range(classes)])
        values = density_by_logit(x, l, t)
        check(LogitRelaxedBernoulli(t, logits=l), x, values, x.abs() < 1e9)
    else:
        small = [2.0 ** -source.randrange(11, 120) for _ in range(classes // 4)]
        middle = [source.randrange(1, 1024) / 1024 for _ in range(classes - 2 * len(small))]
        x = leaf([*small, *middle, *(1 - 2.0 ** -source.randrange(11, 25) for _ in small)])
        values = density_by_unit(x, l, t)
        check(RelaxedBernoulli(t, logits=l), x, values, (x > 1e-9) & (x < 1 - 1e-9))
    by_sample, by_input, by_tau = gradients(values @ tensor(v), x, l, t)
    return {
        "space": space,
        "tau": tau,
        "sample": x.tolist(),
        "logits": l.tolist(),
        "v": v,
        "value": values.tolist(),
        "bySample": by_sample,
        "byInput": by_input,
        "byTau": by_tau,
    }


def lines(rows):
    return ",\n".join(json.dumps(row, separators=(",", ":"), allow_nan=False) for row in rows)


def main():
    source = random.Random(2)
    samples, densities = [], []
    for classes in [1, 3, 4, 17, 40]:
        for tau in [0.125, 0.5, 1.0, 3.0]:
            samples.append(sample(len(samples), source, classes, tau, 4, given=False))
            samples.append(sample(len(samples), source, classes, tau, 30, given=True))
    for tau in [0.125, 0.5, 1.0, 3.0]:
        for space in ["unit", "logit"]:
            for far in [2, 30]:
                densities.append(density(source, 16, tau, far, space))
    head = f'"seed":{SEED},"stream":{STREAM}'
    text = f'{{{head},"samples":[\n{lines(samples)}\n],"densities":[\n{lines(densities)}\n]}}\n'
    OUTPUT.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
