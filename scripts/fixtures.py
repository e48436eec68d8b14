#!/usr/bin/env python3
"""Writes test/fixtures/reference.json: float64 values by PyTorch and JAX that test/reference.test.ts compares with.

    python3 -m pip install -r scripts/requirements.txt && python3 scripts/fixtures.py

Inputs aren't stored. Both sides make them from Philox4x32-10 words of (seed, stream, row, column) by arithmetic that
is exact or rounded to float32 once or twice, and compare a checksum of their bits. Of each row the file keeps 64
positions, and sums over the whole row.

The formula is the textbook one, softmax((x + noise) / tau), with autograd in torch.float64 and jax.vjp and jax.jvp in
64 bits; the two must agree to 1e-10. What no sample can be (a logit or noise of -inf, a weight of 0) is left out of
the row before, and gets the value 0 after: autograd would make NaN of 0 * inf. The Gumbel noise is the definition,
-log(-log1p(-w)), in mpmath.
"""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import torch

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
mpmath.mp.prec = 200

OUTPUT = Path(__file__).parent.parent / "test" / "fixtures" / "reference.json"
POSITIONS = 64
AGREEMENT = 1e-10
NEG_INFINITY = np.float32(-np.inf)

# --- Words ------------------------------------------------------------------------------------------------------------


def philox(counter, key):
    """Philox4x32-10 (Salmon et al., SC'11): four words from a counter of four (arrays of) words and a key of two."""
    c = [np.asarray(word, np.uint64) for word in counter]
    k = list(key)
    low = np.uint64(0xFFFFFFFF)
    shift = np.uint64(32)
    for _ in range(10):
        first = c[0] * np.uint64(0xD2511F53)
        second = c[2] * np.uint64(0xCD9E8D57)
        c = [
            (second >> shift) ^ c[1] ^ np.uint64(k[0]),
            second & low,
            (first >> shift) ^ c[3] ^ np.uint64(k[1]),
            first & low,
        ]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def check_philox():
    """The known-answer vectors of Random123 (tests/kat_vectors)."""
    ones = 0xFFFFFFFF
    for counter, key, words in [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ones, ones, ones, ones), (ones, ones), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ]:
        assert tuple(int(word) for word in philox(counter, key)) == words


def words(seed, stream, row, classes, purpose=0):
    """The words of one row, as uint32."""
    blocks = np.arange((classes + 3) // 4, dtype=np.uint64) + np.uint64(purpose << 28)
    zeros = np.zeros_like(blocks)
    counter = [blocks, zeros + np.uint64(row), zeros + np.uint64(stream & 0xFFFFFFFF), zeros + np.uint64(stream >> 32)]
    block = philox(counter, (seed & 0xFFFFFFFF, seed >> 32))
    return np.stack(block, axis=1).reshape(-1)[:classes].astype(np.uint32)


# --- Inputs: the same in test/reference.test.ts -----------------------------------------------------------------------

# Streams of the words that inputs are made of.
INPUT, NOISE, UPSTREAM, TANGENT = range(4)


def unit(w):
    """[-1, 1] in float32: one rounding."""
    return w.view(np.int32).astype(np.float32) * np.float32(2.0**-31)


def make_logits(w, case):
    x = unit(w) * np.float32(case["scale"]) + np.float32(case["offset"])
    if case["masked"]:
        x[3::7] = NEG_INFINITY
    return x


def make_weights(w, case):
    """Over 40 powers of two, without rounding; `scale` is a power of two."""
    mantissa = ((w >> np.uint32(8)) + np.uint32(1)).astype(np.float32) * np.float32(2.0**-24)
    x = np.ldexp(mantissa, -(w & np.uint32(15)).astype(np.int32)) * np.float32(case["scale"])
    if case["masked"]:
        x[3::7] = 0
    return x


def make_noise(w, masked):
    """Given noise: multiples of 2^-17 in [-3, 20.5), with a tail like the Gumbel distribution's. No rounding."""
    leading_zeros = (32 - np.frexp(w.astype(np.float64))[1]).astype(np.float32)
    fraction = (w & np.uint32(0xFFFF)).astype(np.float32) * np.float32(2.0**-16)
    g = leading_zeros * np.float32(0.6875) + (fraction * np.float32(1.5) - np.float32(3))
    if masked:
        g[5::11] = NEG_INFINITY
    return g


def checksum(*arrays):
    """Sum of the bits of float32 arrays, modulo 2^32."""
    return sum(int(a.view(np.uint32).sum(dtype=np.uint64)) for a in arrays) % 2**32


# --- Gumbel noise by its definition -----------------------------------------------------------------------------------

TAIL_WORDS = 1 << 16


def gumbel(seed, stream, row, classes):
    """Float64 noise of one row and its words. A word below 2^16 gets 32 bits more, from purpose 1."""
    k = words(seed, stream, row, classes).astype(np.float64)
    tail = words(seed, stream, row, classes, purpose=1).astype(np.float64)
    refined = k < TAIL_WORDS
    w = np.where(refined, (k * 2.0**32 + tail + 0.5) * 2.0**-64, (k + 0.5) * 2.0**-32)  # exact in float64
    return -np.log(-np.log1p(-w)), w, refined


def gumbel_exact(w):
    return float(-mpmath.log(-mpmath.log1p(-mpmath.mpf(float(w)))))


# --- The two references -----------------------------------------------------------------------------------------------


def products_torch(f, arguments, upstream, tangents):
    """Value, gradients by all arguments, and the tangent along each of them alone."""
    arguments = tuple(torch.tensor(a, dtype=torch.float64) for a in arguments)
    value, vjp = torch.func.vjp(f, *arguments)
    gradients = vjp(torch.tensor(upstream, dtype=torch.float64))
    along = []
    for i, tangent in enumerate(tangents):
        zeros = [torch.zeros_like(a) for a in arguments]
        zeros[i] = torch.tensor(tangent, dtype=torch.float64)
        along.append(torch.func.jvp(f, arguments, tuple(zeros))[1])
    return [np.asarray(x.detach()) for x in (value, *gradients, *along)]


def products_jax(f, arguments, upstream, tangents):
    """The same by JAX."""
    arguments = tuple(jnp.asarray(a, jnp.float64) for a in arguments)
    value, vjp = jax.vjp(f, *arguments)
    gradients = vjp(jnp.asarray(upstream, jnp.float64))
    along = []
    for i, tangent in enumerate(tangents):
        zeros = [jnp.zeros_like(a) for a in arguments]
        zeros[i] = jnp.asarray(tangent, jnp.float64)
        along.append(jax.jvp(f, arguments, tuple(zeros))[1])
    return [np.asarray(x) for x in (value, *gradients, *along)]


worst = 0.0


def agree(by_torch, by_jax, scales):
    """PyTorch's values, once JAX's are known to be the same to AGREEMENT of `scales`: the size of the terms summed."""
    global worst
    for a, b, scale in zip(by_torch, by_jax, scales, strict=True):
        assert np.all(np.isfinite(a)), "a reference that is not finite"
        # Below 1e-290 JAX on the CPU flushes what would be subnormal.
        error = float(np.max(np.abs(a - b) / (np.abs(scale) + 1e-290)))
        worst = max(worst, error)
        assert error < AGREEMENT, f"PyTorch and JAX differ by {error}"
    return by_torch


def relaxed_row(x, g, tau, upstream, tangent, tau_tangent, weights):
    """One row of the relaxed sample: all inputs finite."""
    s = (np.log(x) if weights else x) + g
    # A constant: the softmax doesn't see it, but without it the sum over classes in the gradient by tau cancels.
    largest = s.max()

    def by_torch(x, tau):
        logits = torch.log(x) if weights else x
        return torch.softmax((logits + torch.tensor(g) - largest) / tau, -1)

    def by_jax(x, tau):
        logits = jnp.log(x) if weights else x
        return jax.nn.softmax((logits + g - largest) / tau)

    z = (s - largest) / tau
    y = np.exp(z) / np.exp(z).sum()
    inverse = 1 / x if weights else np.ones_like(x)

    def product_scale(v):
        return y * (np.abs(v) + np.sum(y * np.abs(v))) / tau

    tau_terms = np.abs(z * y * (upstream - np.sum(y * upstream))) / tau
    scales = [
        y,
        product_scale(upstream) * inverse,
        np.sum(tau_terms),
        product_scale(tangent * inverse),
        product_scale(z * tau_tangent),
    ]
    arguments, tangents = (x, np.float64(tau)), (tangent, np.float64(tau_tangent))
    values = agree(
        products_torch(by_torch, arguments, upstream, tangents),
        products_jax(by_jax, arguments, upstream, tangents),
        scales,
    )
    return [*values, np.sum(tau_terms)]


def plain_row(by_torch, by_jax, row, scales):
    """Value, gradient and tangent of a function of one row: its input, upstream gradient and tangent."""
    x, upstream, tangent = row
    return agree(
        products_torch(by_torch, (x,), upstream, (tangent,)),
        products_jax(by_jax, (x,), upstream, (tangent,)),
        scales,
    )


# --- Cases ------------------------------------------------------------------------------------------------------------

TAUS = [1e-30, 1e-3, 0.1, 0.5, 2 / 3, 1, 10, 1e30]


def make_case(source, name, classes, taus, scale, offset=0, masked=False, noise="given"):
    return {
        "name": name,
        "from": source,
        "classes": classes,
        "scale": scale,
        "offset": offset,
        "masked": masked,
        "noise": noise,
        "taus": taus,
    }


def logits_case(name, classes, taus, scale=4, **options):
    return make_case("logits", name, classes, taus, scale, **options)


def weights_case(name, classes, taus, scale=1, **options):
    return make_case("weights", name, classes, taus, scale, **options)


DRAWN = {"seed": "0x0123456789abcdef", "stream": 2**40 + 3, "row": 7}

RELAXED = [
    logits_case("one class", 1, [1e-30, 1, 1e30]),
    logits_case("two classes", 2, TAUS),
    logits_case("three classes at 10^4", 3, TAUS, offset=10_000),
    logits_case("ten classes near -100", 10, TAUS, scale=2, offset=-100),
    logits_case("masked classes", 17, TAUS, masked=True),
    logits_case("noise of -inf", 17, [0.5, 1, 10], noise="masked"),
    logits_case("logits over ±10^4", 257, [0.1, 1, 1_000], scale=10_000),
    logits_case("two blocks", 257, [1e-30, 2 / 3, 1e30], masked=True),
    logits_case("a thousand classes", 1_000, [1e-3, 0.1, 0.5]),
    logits_case("a vocabulary near -100", 32_000, [0.5, 10], scale=2, offset=-100, masked=True),
    logits_case("a large vocabulary", 151_936, [2 / 3, 1, 1e30]),
    logits_case("a large vocabulary at -10^4", 151_936, [1, 10], scale=8, offset=-10_000),
    logits_case("drawn noise", 1_000, [0.5, 1, 2 / 3], noise=DRAWN),
    logits_case("drawn noise, a large vocabulary", 151_936, [1, 0.5], noise=DRAWN),
    weights_case("one weight", 1, [0.5]),
    weights_case("ten weights", 10, TAUS, scale=2.0**20),
    weights_case("tiny weights", 17, [0.5, 1, 10], scale=2.0**-100, masked=True),
    weights_case("a thousand weights", 1_000, [0.1, 2 / 3], masked=True),
    weights_case("a large vocabulary of weights", 151_936, [1], masked=True),
    weights_case("drawn noise on weights", 257, [0.5, 1], noise=DRAWN, masked=True),
]

PLAIN = [
    logits_case("one class", 1, [1, 10]),
    logits_case("two classes", 2, [1, *TAUS]),
    logits_case("three classes at 10^4", 3, [1, 0.5], offset=10_000),
    logits_case("ten classes near -100", 10, [1, *TAUS], scale=2, offset=-100),
    logits_case("masked classes", 17, [1, 0.1, 10], masked=True),
    logits_case("logits over ±10^4", 257, [1, 1_000], scale=10_000),
    logits_case("a thousand classes", 1_000, [1, 2 / 3], scale=8),
    logits_case("a vocabulary near -100", 32_000, [1], scale=20, offset=-100, masked=True),
    logits_case("a large vocabulary", 151_936, [1, 0.5], scale=12),
]

NOISE_KEYS = [
    {"seed": "0x0", "stream": 0, "row": 0, "rows": 3, "classes": 1},
    {"seed": "0x5", "stream": 1, "row": 0, "rows": 2, "classes": 3},
    {"seed": "0xffffffffffffffff", "stream": 2**53 - 1, "row": 2**32 - 2, "rows": 2, "classes": 17},
    {"seed": "0x2a", "stream": 2**32, "row": 0, "rows": 2, "classes": 1_000},
    {"seed": DRAWN["seed"], "stream": DRAWN["stream"], "row": DRAWN["row"], "rows": 3, "classes": 151_936},
]


def number(x):
    """Ten digits, where bounds start at the seventh, and 0 for what float32 can't hold. JSON has no -inf: null."""
    x = float(f"{float(x):.10g}") if abs(x) > 1e-60 else 0.0
    return None if x == -np.inf else int(x) if x == int(x) else x


def numbers(x):
    return [number(v) for v in x]


def positions_of(score):
    """All columns up to 64; else both ends, the 16 largest scores, and others all over the row."""
    classes = len(score)
    if classes <= POSITIONS:
        return np.arange(classes)
    spread = (np.arange(2 * POSITIONS) * 0.6180339887 % 1 * classes).astype(int)
    candidates = [*range(8), *range(classes - 8, classes), *np.argsort(-score, kind="stable")[:16], *spread]
    return np.array(sorted(list(dict.fromkeys(int(column) for column in candidates))[:POSITIONS]))


def scatter(values, columns, classes, empty=0.0):
    out = np.full(classes, empty)
    out[columns] = values
    return out


def make_inputs(case, seed, row):
    classes = case["classes"]
    make = make_weights if case["from"] == "weights" else make_logits
    x = make(words(seed, INPUT, row, classes), case)
    v = unit(words(seed, UPSTREAM, row, classes)) * np.float32(3)
    t = unit(words(seed, TANGENT, row, classes)) * (x if case["from"] == "weights" else np.float32(2))
    return x, v, t


def relaxed(case, seed, row, tau):
    classes, weights, noise = case["classes"], case["from"] == "weights", case["noise"]
    x, v, t = make_inputs(case, seed, row)
    if isinstance(noise, dict):
        given = np.empty(0, np.float32)
        g, _, _ = gumbel(int(noise["seed"], 16), noise["stream"], noise["row"] + row, classes)
    else:
        given = make_noise(words(seed, NOISE, row, classes), noise == "masked")
        g = given.astype(np.float64)
    check = checksum(x, v, t, given)
    x, v, t = (a.astype(np.float64) for a in (x, v, t))
    keep = np.flatnonzero((x > (0 if weights else -np.inf)) & (g > -np.inf))
    relative = x[keep] if weights else x[keep] - x[keep].max()
    tau_tangent = np.float64(np.float32(tau) * np.float32(0.75))
    y, by_input, by_tau, along_input, along_tau, tau_terms = relaxed_row(
        relative, g[keep], tau, v[keep], t[keep], tau_tangent, weights
    )
    score = scatter((np.log(x[keep]) if weights else relative) + g[keep], keep, classes, -np.inf)
    at = positions_of(score)
    return {
        "tau": tau,
        "checksum": check,
        "index": int(np.argmax(score)),
        "mean": number(np.dot(y, v[keep])),
        "pairing": number(np.dot(by_input, t[keep])),
        "byTau": number(by_tau),
        "byTauTerms": number(tau_terms),
        "positions": at.tolist() if classes > POSITIONS else None,
        "soft": numbers(scatter(y, keep, classes)[at]),
        "byInput": numbers(scatter(by_input, keep, classes)[at]),
        "alongInput": numbers(scatter(along_input, keep, classes)[at]),
        "alongTau": numbers(scatter(along_tau, keep, classes)[at]),
    }


def plain(case, seed, row, temperature):
    """Softmax and log-softmax at a temperature; at 1 also their products, and log-sum-exp with its own."""
    classes = case["classes"]
    x, v, t = make_inputs(case, seed, row)
    check = checksum(x, v, t)
    x, v, t = (a.astype(np.float64) for a in (x, v, t))
    keep = np.flatnonzero(x > -np.inf)
    largest = x[keep].max()
    x, v, t = x[keep] - largest, v[keep], t[keep]
    z = x / temperature
    y = np.exp(z) / np.exp(z).sum()
    mean = np.sum(y * np.abs(v))
    along = np.sum(y * np.abs(t))
    soft, by_soft, along_soft = plain_row(
        lambda x: torch.softmax(x / temperature, -1),
        lambda x: jax.nn.softmax(x / temperature),
        (x, v, t),
        [y, y * (np.abs(v) + mean) / temperature, y * (np.abs(t) + along) / temperature],
    )
    log, by_log, along_log = plain_row(
        lambda x: torch.log_softmax(x / temperature, -1),
        lambda x: jax.nn.log_softmax(x / temperature),
        (x, v, t),
        [1 + np.abs(z), (np.abs(v) + y * np.abs(v).sum()) / temperature, (np.abs(t) + along) / temperature],
    )
    at = positions_of(scatter(x, keep, classes, -np.inf))
    out = {
        "temperature": temperature,
        "checksum": check,
        "positions": at.tolist() if classes > POSITIONS else None,
        "softmax": numbers(scatter(soft, keep, classes)[at]),
        "logSoftmax": numbers(scatter(log, keep, classes, -np.inf)[at]),
    }
    if temperature != 1:
        return out
    lse, by_lse, along_lse = plain_row(
        lambda x: torch.logsumexp(x, -1),
        jax.nn.logsumexp,
        (x, v[0], t),
        [1, y * np.abs(v[0]), along],
    )
    return out | {
        "softmaxByInput": numbers(scatter(by_soft, keep, classes)[at]),
        "softmaxAlong": numbers(scatter(along_soft, keep, classes)[at]),
        "logSoftmaxByInput": numbers(scatter(by_log, keep, classes)[at]),
        "logSoftmaxAlong": numbers(scatter(along_log, keep, classes)[at]),
        "logSumExp": number(lse + largest),
        "logSumExpByInput": numbers(scatter(by_lse, keep, classes)[at]),
        "logSumExpAlong": number(along_lse),
    }


def noise_rows(key):
    rows = []
    for row in range(key["rows"]):
        g, w, refined = gumbel(int(key["seed"], 16), key["stream"], key["row"] + row, key["classes"])
        at = np.union1d(positions_of(g), np.flatnonzero(refined))
        exact = np.array([gumbel_exact(w[i]) for i in at])
        assert np.max(np.abs(exact - g[at])) < 1e-13
        rows.append({"refined": int(refined.sum()), "positions": at.tolist(), "noise": numbers(exact)})
    return rows


def with_rows(cases, make):
    """Cases with their seed and rows. Empty fields aren't written."""
    out = []
    for seed, case in enumerate(cases, start=1):
        made = [make(case, seed, row, value) for row, value in enumerate(case["taus"])]
        fields = {key: value for key, value in case.items() if key != "taus"}
        rows = [{key: value for key, value in row.items() if value is not None} for row in made]
        out.append({**fields, "seed": seed, "rows": rows})
        print(f"  {case['name']}: {len(rows)} × {case['classes']}")
    return out


def lines(cases):
    """JSON with one line a row, for readable diffs."""
    blocks = []
    for case in cases:
        head = json.dumps({key: value for key, value in case.items() if key != "rows"})[:-1]
        rows = ",\n  ".join(json.dumps(row, separators=(",", ":")) for row in case["rows"])
        blocks.append(f'{head}, "rows": [\n  {rows}\n]}}')
    return ",\n".join(blocks)


def main():
    check_philox()
    print("relaxed samples")
    relaxed_cases = with_rows(RELAXED, relaxed)
    print("softmax, log-softmax, log-sum-exp")
    plain_cases = with_rows(PLAIN, plain)
    print("noise")
    noise_cases = [{"key": key, "rows": noise_rows(key)} for key in NOISE_KEYS]
    made_by = {
        "script": "scripts/fixtures.py",
        "torch": torch.__version__.split("+")[0],
        "jax": jax.__version__,
        "mpmath": mpmath.__version__,
    }
    sections = [("relaxed", relaxed_cases), ("plain", plain_cases), ("noise", noise_cases)]
    body = ",\n".join(f'"{name}": [\n{lines(cases)}\n]' for name, cases in sections)
    text = f'{{\n"madeBy": {json.dumps(made_by)},\n{body}\n}}\n'
    json.loads(text)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(text, encoding="utf-8", newline="\n")
    print(f"PyTorch and JAX differ by {worst:.1e} at most; {OUTPUT.name}: {len(text) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
