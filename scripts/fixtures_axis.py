#!/usr/bin/env python3
"""Writes test/fixtures/axis.json: what PyTorch's `dim` means, in float64, for test/shape.test.ts.

    python3 -m pip install -r scripts/requirements.txt && python3 scripts/fixtures_axis.py

Inputs are multiples of 2^-10, which float32 holds exactly. Gradients are autograd's, of the sum of `upstream` times
the result.
"""

import json
import random
from math import prod
from pathlib import Path

import torch

OUTPUT = Path(__file__).parent.parent / "test" / "fixtures" / "axis.json"
SHAPES = [[5], [3, 4], [2, 3, 4], [2, 9, 2, 3]]
TAU = 0.5

source = random.Random(7)


def values(shape, least, most):
    flat = [source.randrange(least * 1024, most * 1024) / 1024 for _ in range(prod(shape))]
    return torch.tensor(flat, dtype=torch.float64).reshape(shape)


def flat(tensor):
    """Results are float32 in the end: ten digits say all of it."""
    return [float(f"{x:.10g}") for x in tensor.detach().flatten().tolist()]


def gradient(f, x, upstream):
    x = x.clone().requires_grad_()
    (f(x) * upstream).sum().backward()
    return flat(x.grad)


def case(shape):
    x, noise, upstream = values(shape, -4, 4), values(shape, -2, 6), values(shape, -3, 3)

    def along(dim):
        relaxed = lambda x: torch.softmax((x + noise) / TAU, dim)
        return {
            "axis": dim,
            "softmax": flat(torch.softmax(x, dim)),
            "logSoftmax": flat(torch.log_softmax(x, dim)),
            "logSumExp": flat(torch.logsumexp(x, dim)),
            "argmax": flat(torch.argmax(x + noise, dim)),
            "gumbelSoftmax": flat(relaxed(x)),
            "softmaxGradient": gradient(lambda x: torch.softmax(x, dim), x, upstream),
            "logSoftmaxGradient": gradient(lambda x: torch.log_softmax(x, dim), x, upstream),
            "gumbelSoftmaxGradient": gradient(relaxed, x, upstream),
        }

    inputs = {"x": x, "noise": noise, "upstream": upstream}
    exact = {name: tensor.flatten().tolist() for name, tensor in inputs.items()}
    return {"shape": shape, **exact, "along": [along(dim) for dim in range(len(shape))]}


fixture = {"torch": torch.__version__, "tau": TAU, "cases": [case(shape) for shape in SHAPES]}
OUTPUT.write_text(json.dumps(fixture) + "\n")
