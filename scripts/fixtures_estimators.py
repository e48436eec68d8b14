#!/usr/bin/env python3
"""Writes test/fixtures/estimators.json: gradients that test/estimators-gradients.test.ts compares with.

    python3 -m pip install -r scripts/requirements.txt && python3 scripts/fixtures_estimators.py

Each estimator is written as its paper or its authors' code has it, as a sample whose gradient torch's autograd finds in
float64; closed forms of the Jacobian are the tested code's affair. The noise is that of the key, by its definition.
Logits and upstream gradients are multiples of 2^-10, weights powers of two times 1 to 4, which float32 holds exactly.
Impossible classes are left out of a row before, and get the gradient 0 after.
"""

import json
import random
from pathlib import Path

import numpy as np
import torch

from fixtures import words

OUTPUT = Path(__file__).parent.parent / "test" / "fixtures" / "estimators.json"
SEED, STREAM = 0x123456789, 7
REPLICAS = 3
DRAW, REPLICA = 0, 10


def noise(row, columns, purpose):
    """Gumbel noise in float64. A word below 2^16 would get 32 bits more from the next purpose; there is none here."""
    k = words(SEED, STREAM, row, columns, purpose=purpose).astype(np.float64)
    assert k.min() >= 1 << 16
    return torch.tensor(-np.log(-np.log1p(-(k + 0.5) * 2.0**-32)))


def straight_through(sample, soft):
    """Forward the sample, backward as if it were the soft one."""
    return soft + (sample - soft).detach()


def softmax(l):
    return torch.softmax(l, 0)


# --- Samples that autograd differentiates -----------------------------------------------------------------------------


def straight_through_gumbel(l, d, row, tau):
    """Jang, Gu & Poole 2017, section 2.2."""
    return straight_through(d, softmax((l + row["noise"]) / tau))


def plain_straight_through(l, d, row, tau):
    """Bengio, Leonard & Courville 2013; with a temperature as in Liu et al. 2023."""
    return straight_through(d, softmax(l / tau))


def decoupled_gumbel(l, d, row, tau):
    """Decoupled ST-GS, Shah et al. 2024, v1: the noise isn't divided by the temperature."""
    return straight_through(d, softmax(l / tau + row["noise"]))


def reinmax(l, d, row, tau):
    """Liu et al. 2023, algorithm 2."""
    pi0 = softmax(l)
    pi1 = (d + softmax(l / tau)) / 2
    pi1 = softmax((torch.log(pi1) - l).detach() + l)
    return straight_through(d, 2 * pi1 - 0.5 * pi0)


def gumbel_rao(l, d, row, tau):
    """Paulus, Maddison & Krause 2021, section 3: the mean over noise given the argmax, through which no gradient goes."""
    i = int(d.argmax())
    z_total = torch.exp(l).sum()
    soft = []
    for g in row["conditional"]:
        e = torch.exp(-g)  # exponential variables
        z = -torch.log(e / torch.exp(l) + e[i] / z_total)
        z = torch.where(d == 1, -torch.log(e[i]) + torch.log(z_total), z)
        soft.append(softmax(((z - l).detach() + l) / tau))
    return straight_through(d, torch.stack(soft).mean(0))


def gst(l, d, tau, gap):
    """Fan et al. 2022, section 4, with the moves of the logits as constants."""
    largest = l.max()
    up = (largest - l) * d
    down = torch.clamp(l + gap - largest, min=0) * (1 - d)
    return straight_through(d, softmax((l + (up - down).detach()) / tau))


def gst_fixed(gap):
    return lambda l, d, row, tau: gst(l, d, tau, gap)


def gst_p(l, d, row, tau):
    p = softmax(l)[d == 1]
    return gst(l, d, tau, -torch.log(1 - p) / p)


# Options of gumbelMaxVjp without the temperature; its name; the sample; the temperatures.
ESTIMATORS = [
    ({"estimator": "straight-through-gumbel"}, "tau", straight_through_gumbel, [0.25, 1, 2.5]),
    ({"estimator": "straight-through"}, "tau", plain_straight_through, [0.25, 1, 2.5]),
    ({"estimator": "decoupled"}, "backwardTemperature", plain_straight_through, [0.25, 2.5]),
    ({"estimator": "decoupled", "backwardNoise": True}, "backwardTemperature", decoupled_gumbel, [0.25, 1, 2.5]),
    ({"estimator": "reinmax"}, "tau", reinmax, [1, 1.25, 3]),
    ({"estimator": "gumbel-rao", "replicas": REPLICAS}, "tau", gumbel_rao, [0.25, 1, 2.5]),
    ({"estimator": "gst"}, "tau", gst_fixed(1.0), [0.25, 1, 2.5]),
    ({"estimator": "gst", "gap": 0.25}, "tau", gst_fixed(0.25), [0.25, 1]),
    ({"estimator": "gst", "gap": "p"}, "tau", gst_p, [0.25, 1, 2.5]),
]


# --- Inputs -----------------------------------------------------------------------------------------------------------


def make_rows(classes, count, masked, weights):
    """Input, upstream, the classes that are possible, noise, and the class that is drawn."""
    rows = []
    for number in range(count):
        source = random.Random(f"{classes} {number} {masked} {weights}")
        logits = [source.randrange(-3 * 1024, 3 * 1024) / 1024 for _ in range(classes)]
        x = [2.0 ** source.randrange(-4, 4) * source.randrange(64, 256) / 64 if weights else l for l in logits]
        v = [source.randrange(-2 * 1024, 2 * 1024) / 1024 for _ in range(classes)]
        possible = [not masked or i % 3 != 1 for i in range(classes)]
        width = 4 * ((classes + 3) // 4)
        conditional = noise(number, REPLICAS * width, REPLICA).reshape(REPLICAS, width)
        keep = torch.tensor(possible)
        l = torch.tensor(x, dtype=torch.float64)[keep]
        row = {"noise": noise(number, classes, DRAW)[keep], "conditional": conditional[:, :classes][:, keep]}
        scores = (torch.log(l) if weights else l) + row["noise"]
        best, second = torch.sort(scores, descending=True).values[:2]
        assert best - second > 1e-4, "a draw that float32 might decide otherwise"
        d = torch.nn.functional.one_hot(scores.argmax(), len(l)).to(torch.float64)
        rows.append({**row, "x": x, "v": v, "keep": keep, "possible": l, "d": d})
    return rows


def gradient(row, sample, tau, weights):
    x = row["possible"].clone().requires_grad_()
    drawn = sample(torch.log(x) if weights else x, row["d"], row, tau)
    assert torch.allclose(drawn, row["d"])
    (drawn * torch.tensor(row["v"], dtype=torch.float64)[row["keep"]]).sum().backward()
    full = torch.zeros(len(row["x"]), dtype=torch.float64)
    full[row["keep"]] = x.grad
    return [float(f"{g:.12g}") for g in full.tolist()]


def index_of(row):
    return int(torch.nonzero(row["keep"])[row["d"].argmax()])


def case(classes, count, masked, weights):
    rows = make_rows(classes, count, masked, weights)
    impossible = 0 if weights else "-Infinity"
    gradients = [
        {**options, name: tau, "gradient": [g for row in rows for g in gradient(row, sample, tau, weights)]}
        for options, name, sample, taus in ESTIMATORS
        for tau in taus
    ]
    return {
        "classes": classes,
        "from": "weights" if weights else "logits",
        "x": [x if keep else impossible for row in rows for x, keep in zip(row["x"], row["keep"], strict=True)],
        "v": [v for row in rows for v in row["v"]],
        "index": [index_of(row) for row in rows],
        "gradients": gradients,
    }


def main():
    shapes = [(2, 4, False), (3, 4, False), (5, 3, True), (21, 2, False)]
    cases = [case(*shape, weights) for shape in shapes for weights in (False, True)]
    fixtures = {"seed": SEED, "stream": STREAM, "cases": cases}
    OUTPUT.write_text(json.dumps(fixtures, separators=(",", ":")) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
