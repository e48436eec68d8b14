#!/usr/bin/env python3
"""Writes test/fixtures/given-max.json: Gumbel variables with a given maximum, for test/gumbel-given-max.test.ts.

    python3 -m pip install mpmath==1.3.0 && python3 scripts/fixtures_given_max.py

The formula is that of Kool, van Hoof & Welling 2019 (appendix B.3), -log(exp(-T) - exp(-Z) + exp(-g)), in 1200 decimal
digits, so that nothing cancels or overflows. Locations and noise are multiples of 2^-10, which float32 holds exactly.
"""

import json
import random
from pathlib import Path

from mpmath import exp, log, mp, mpf

mp.dps = 1200
OUTPUT = Path(__file__).parent.parent / "test" / "fixtures" / "given-max.json"
CLASSES = 12


def multiple(source, least, most):
    return source.randrange(int(least * 1024), int(most * 1024)) / 1024


def row(seed, location, spread, max_above):
    """Locations within `spread` of `location`; the maximum is `max_above` over the largest location."""
    source = random.Random(seed)
    logits = [multiple(source, location - spread, location + spread) for _ in range(CLASSES)]
    noise = [multiple(source, -3, 12) for _ in range(CLASSES)]
    # One just below the best, and one far below.
    perturbed = [l + g for l, g in zip(logits, noise)]
    best = perturbed.index(max(perturbed))
    near = (best + 5) % CLASSES
    noise[near] = perturbed[best] - logits[near] - 1 / 1024
    noise[(best + 3) % CLASSES] = -100.0
    top = max(logits) + max_above
    values = [mpf(l) + mpf(g) for l, g in zip(logits, noise)]
    largest = max(values)
    moved = [-log(exp(-mpf(top)) - exp(-largest) + exp(-g)) for g in values]
    return {"logits": logits, "noise": noise, "max": top, "moved": [float(x) for x in moved]}


def main():
    near = [(0, 3, 0), (0, 3, 5), (0, 3, -4), (-50, 10, 1), (-200, 60, 2)]
    far = [(0, 3, 40), (0, 3, -40), (-1000, 2, 990), (30, 5, 800), (30, 5, -800)]
    rows = [row(seed, *shape) for seed, shape in enumerate([*near, *far] * 2)]
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    OUTPUT.write_text(f"[\n{lines}\n]\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
