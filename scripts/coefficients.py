#!/usr/bin/env python3
"""Prints the polynomial coefficients of crates/kernels/src/math.rs and ts/js/math.ts.

They are minimax fits by the Remez exchange in 30 digits (Muller, Elementary Functions, 3rd ed., §3.5),
rounded to float32 from the lowest order up, each rounding followed by a new fit of the orders above it.

    python3 -m pip install mpmath && python3 scripts/coefficients.py
"""

import struct

from mpmath import cos, linspace, log, lu_solve, matrix, mp, mpf, pi, power, sqrt

mp.dps = 30


def float32(x):
    return mpf(struct.unpack("<f", struct.pack("<f", float(x)))[0])


def bits(x):
    return "0x%08x" % struct.unpack("<I", struct.pack("<f", float(x)))[0]


def remez(target, weight, orders, low, high):
    """Coefficients p_k of sum p_k x^k, k in orders, that minimise max |weight (target - p)| on [low, high]."""
    count = len(orders) + 1
    points = [(low + high) / 2 - (high - low) / 2 * cos(pi * i / (count - 1)) for i in range(count)]
    grid = [x for x in linspace(low, high, 801) if x != 0]
    for _ in range(12):
        points = [x if x != 0 else (high - low) / 1000 for x in points]
        system = matrix(count, count)
        right = matrix(count, 1)
        for i, x in enumerate(points):
            for j, order in enumerate(orders):
                system[i, j] = x**order
            system[i, count - 1] = (-1) ** i / weight(x)
            right[i] = target(x)
        solution = lu_solve(system, right)
        coefficients = [solution[i] for i in range(count - 1)]
        error = [weight(x) * (target(x) - sum(c * x**k for c, k in zip(coefficients, orders))) for x in grid]
        # The new points: the largest error of each run of one sign.
        runs, start = [], 0
        for i in range(1, len(grid) + 1):
            if i == len(grid) or error[i] * error[i - 1] < 0:
                best = max(range(start, i), key=lambda j: abs(error[j]))
                runs.append(best)
                start = i
        if len(runs) < count:
            break
        while len(runs) > count:
            runs.pop(0 if abs(error[runs[0]]) < abs(error[runs[-1]]) else -1)
        points = [grid[i] for i in runs]
    return coefficients, max(abs(e) for e in error)


def fit(target, weight, orders, low, high):
    """Remez with float32 coefficients, and the error that is left."""
    fixed = {}
    for order in orders:
        left = [k for k in orders if k not in fixed]
        rest = lambda x: target(x) - sum(c * x**k for k, c in fixed.items())
        coefficients, _ = remez(rest, weight, left, low, high)
        fixed[order] = float32(coefficients[0])
    grid = [x for x in linspace(low, high, 801) if x != 0]
    error = max(abs(weight(x) * (target(x) - sum(c * x**k for k, c in fixed.items()))) for x in grid)
    return [fixed[k] for k in orders], error


def show(name, coefficients, error):
    print(f"{name}: error {float(error):.3g} before float32 arithmetic")
    for c in coefficients:
        print(f"  {bits(c)}  {float(c):.9g}")


if __name__ == "__main__":
    # 2^r = 1 + r q(r): the constant 1 makes exp2(0) exactly 1.
    half = mpf(1) / 2
    q = lambda r: (power(2, r) - 1) / r
    weight = lambda r: abs(r) * power(2, -r)
    show("exp2, q(r), orders 0 to 4, relative to 2^r", *fit(q, weight, list(range(5)), -half, half))

    # log(1 + f) = f - f^2/2 + f^3 p(f)
    low, high = sqrt(half) - 1, sqrt(mpf(2)) - 1
    p = lambda f: (log(1 + f) - f + f * f / 2) / f**3
    weight = lambda f: abs(f**3 / log(1 + f))
    show("log, p(f), orders 0 to 8, relative to the log", *fit(p, weight, list(range(9)), low, high))

    # log(1 + x) = x + x^2 p(x)
    p = lambda x: (log(1 + x) / x - 1) / x
    weight = lambda x: x * x / log(1 + x)
    show("log1p, p(x), orders 0 to 7, relative to the log1p", *fit(p, weight, list(range(8)), mpf(0), mpf(1)))
