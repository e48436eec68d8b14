#!/usr/bin/env python3
"""Writes test/fixtures/blocks.json: conditional Gumbel variables that test/estimators-blocks.test.ts compares with.

    python3 -m pip install -r scripts/requirements.txt && python3 scripts/fixtures_blocks.py

The formulas are those of REBAR (Tucker et al. 2017, appendix on categorical variables, there with theta of sum 1), in
terms of exponential variables E = -log v = exp(-noise) and unnormalised weights theta = exp(l) with sum Z:

    the largest   -log(E_top / Z)
    the others    -log(E_k / theta_k + E_top / Z)
    truncated     -log(E_k / theta_k + exp(-bound))       (Maddison, Tarlow & Minka 2014, section 3)

Sums of positive numbers only, so nothing cancels. Gradients are torch's autograd in float64. The noise is that of the
key, by its definition, or far out and given. Logits, given noise, bounds and upstream gradients are multiples of 2^-10,
weights powers of two times 1 to 4, which float32 holds exactly. Impossible classes are left out of a row before, and
get the value -inf and the gradient 0 after.
"""

import json
import math
import random
from pathlib import Path

import numpy as np
import torch

from fixtures import words

OUTPUT = Path(__file__).parent.parent / "test" / "fixtures" / "blocks.json"
SEED, STREAM = 0xFEDCBA987, 5
CONDITIONAL, TRUNCATED = 4, 8


def key_noise(row, columns, purpose):
    """Gumbel noise in float64. A word below 2^16 would get 32 bits more from the next purpose; there is none here."""
    k = words(SEED, STREAM, row, columns, purpose=purpose).astype(np.float64)
    assert k.min() >= 1 << 16
    return list(-np.log(-np.log1p(-(k + 0.5) * 2.0**-32)))


def multiple(source, least, most):
    return source.randrange(int(least * 1024), int(most * 1024)) / 1024


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def given_top(theta, noise, top):
    e = torch.exp(-noise)
    of_top = e[top] / theta.sum()
    values = -torch.log(e / theta + of_top)
    return torch.where(torch.arange(len(theta)) == top, -torch.log(of_top), values)


def truncated(theta, noise, bound):
    return -torch.log(torch.exp(-noise) / theta + torch.exp(-bound))


def spread(values, columns, classes, missing):
    """Back in a row with the classes that were left out."""
    row = [missing] * classes
    for column, value in zip(columns, values):
        row[column] = value
    return row


def example(number, source, classes, weights, given, far, bound):
    impossible = [classes > 2 and source.random() < 0.2 for _ in range(classes)]
    impossible[source.randrange(classes)] = False
    columns = [i for i in range(classes) if not impossible[i]]
    if weights:
        x = [2.0 ** source.randrange(-20, 20) * multiple(source, 1, 4) for _ in columns]
    else:
        x = [multiple(source, -far, far) for _ in columns]
    g = [multiple(source, -4, 30) for _ in range(classes)] if given else key_noise(number, classes, CONDITIONAL)
    t = g if given else key_noise(number, classes, TRUNCATED)
    v = [multiple(source, -2, 2) for _ in range(classes)]
    noise, of_truncated, up = (tensor([x[i] for i in columns]) for x in (g, t, v))
    top = source.randrange(len(columns))

    leaf = tensor(x).requires_grad_()
    theta = leaf if weights else torch.exp(leaf)
    values = given_top(theta, noise, top)
    (gradient,) = torch.autograd.grad(values @ up, leaf)
    b = tensor(bound).requires_grad_()
    theta = leaf if weights else torch.exp(leaf)
    below = truncated(theta, of_truncated, b)
    by_leaf, by_bound = torch.autograd.grad(below @ up, (leaf, b))

    def row(numbers, missing):
        return spread(numbers.tolist(), columns, classes, missing)

    return {
        "row": number,
        "from": "weights" if weights else "logits",
        # JSON has no infinities: null is the one that fits.
        "input": spread(x, columns, classes, 0.0 if weights else None),
        **({"noise": g} if given else {}),
        "v": v,
        "index": columns[top],
        "value": row(values.detach(), None),
        "gradient": row(gradient, 0.0),
        "bound": None if math.isinf(bound) else bound,
        "truncated": row(below.detach(), None),
        "truncatedGradient": row(by_leaf, 0.0),
        "boundGradient": by_bound.item(),
    }


def main():
    source = random.Random(1)
    rows = []
    for classes in [1, 2, 3, 4, 5, 16, 17, 40]:
        for weights in [False, True]:
            for given, far in [(False, 4), (True, 4), (True, 200)]:
                bound = source.choice([math.inf, multiple(source, -far, far), multiple(source, -2, 2)])
                rows.append(example(len(rows), source, classes, weights, given, far, bound))
    lines = ",\n".join(json.dumps(row, separators=(",", ":"), allow_nan=False) for row in rows)
    head = f'"seed":{SEED},"stream":{STREAM}'
    OUTPUT.write_text(f'{{{head},"rows":[\n{lines}\n]}}\n', encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
