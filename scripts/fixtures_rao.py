#!/usr/bin/env python3
"""Writes test/fixtures/rao.json: Gumbel-Rao's gradients by PyTorch, for test/estimators-rao.test.ts.

    python3 -m pip install -r scripts/requirements.txt && python3 scripts/fixtures_rao.py

The estimator is GR-MC of Paulus, Maddison & Krause (ICLR 2021, section 4) in float64: the noise of each replica is drawn
given the argmax, as exponentials E (Maddison, Tarlow & Minka 2014): the largest perturbed logit is -log(E_i / Z) with
Z = sum(exp(l)), another -log(E_k / exp(l_k) + E_i / Z). What is added to the logits then counts as a constant, so that
one replica has the gradient of the straight-through Gumbel-Softmax, and autograd differentiates the soft sample alone.

E = -log1p(-w) of Philox words of purpose 10, replica r from column r * (classes rounded up to a multiple of 4) on.
Logits and upstream are multiples of 2^-10, which float32 holds exactly.
"""

import json
import random
from pathlib import Path

import numpy as np
import torch
from fixtures import words

OUTPUT = Path(__file__).parent.parent / "test" / "fixtures" / "rao.json"
SEED, STREAM, REPLICA = 0x243F6A8885A308D3, 2**33 + 5, 10


def multiples(source, count, most):
    return [source.randrange(-most * 1024, most * 1024) / 1024 for _ in range(count)]


def exponentials(row, classes, replicas):
    """One row a replica."""
    columns = (classes + 3) // 4 * 4
    k = words(SEED, STREAM, row, columns * replicas, REPLICA).astype(np.float64)
    tail = words(SEED, STREAM, row, columns * replicas, REPLICA + 1).astype(np.float64)
    w = np.where(k < 2**16, (k * 2.0**32 + tail + 0.5) * 2.0**-64, (k + 0.5) * 2.0**-32)
    return torch.tensor(-np.log1p(-w).reshape(replicas, columns)[:, :classes])


def gradient(logits, index, v, tau, e):
    """The mean over replicas of J(y) v / tau by autograd."""
    logits = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    v = torch.tensor(v, dtype=torch.float64)
    with torch.no_grad():
        top = e[:, index, None] / logits.exp().sum()
        perturbed = -torch.log(e / logits.exp() + top)
        perturbed[:, index] = -torch.log(top[:, 0])
        noise = perturbed - logits
    assert bool((perturbed.argmax(1) == index).all())
    y = torch.softmax((logits + noise) / tau, 1)
    (by_logits,) = torch.autograd.grad((y @ v).mean(), logits)
    return by_logits.tolist()


def case(row, classes, replicas, tau, spread):
    source = random.Random(row)
    logits, v = multiples(source, classes, spread), multiples(source, classes, 2)
    index = source.randrange(classes)
    by_logits = gradient(logits, index, v, tau, exponentials(row, classes, replicas))
    of = {"row": row, "replicas": replicas, "tau": tau, "index": index}
    return {**of, "logits": logits, "v": v, "gradient": [float(f"{g:.12g}") for g in by_logits]}


def main():
    shapes = [(2, 1, 0.5, 2), (3, 7, 1, 3), (4, 100, 0.3, 2), (10, 1, 0.5, 4), (10, 64, 0.1, 3), (33, 9, 2, 5)]
    long = [(64, 5, 0.7, 3), (65, 5, 0.7, 3), (300, 3, 0.5, 4)]
    cases = [case(row, *shape) for row, shape in enumerate([*shapes, *long])]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    OUTPUT.write_text(f"[\n{lines}\n]\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
