#!/usr/bin/env python3
"""Writes test/fixtures/tokens.json: what Hugging Face transformers keeps, which test/token-fixtures.test.ts compares with.

    python3 -m pip install -r scripts/requirements.txt && python3 scripts/fixtures_tokens.py

Processors are put together by transformers itself from a GenerationConfig, so their order is its own; they run on
float64 logits without ties. Logits aren't stored: both sides make them by the same exact arithmetic, and compare a sum
of their bits.
"""

import json
import struct
from pathlib import Path
from types import SimpleNamespace

import torch
import transformers
from transformers import GenerationConfig
from transformers.generation.utils import GenerationMixin

OUTPUT = Path(__file__).parent.parent / "test" / "fixtures" / "tokens.json"
MASK = 0xFFFFFFFF

# As the GenerationConfig names them.
CASES = [
    {"top_k": 40},
    {"top_p": 0.9},
    {"top_p": 0.5, "temperature": 0.7},
    {"top_p": 0.999, "temperature": 1.5},
    {"min_p": 0.05},
    {"min_p": 0.01, "temperature": 2.0},
    {"typical_p": 0.9},
    {"typical_p": 0.3, "temperature": 0.6},
    {"typical_p": 0.95, "temperature": 1.8},
    {"repetition_penalty": 1.3, "top_p": 0.95},
    {"temperature": 0.8, "top_k": 50, "top_p": 0.95},
    {"temperature": 1.4, "top_k": 200, "top_p": 0.9, "min_p": 0.02, "typical_p": 0.9},
    {"repetition_penalty": 0.8, "temperature": 0.9, "top_k": 100, "min_p": 0.03, "typical_p": 0.8},
]
SIZES = [20, 1000]
SEEN = [3, 7, 7, 0, 19]


def uniform(seed):
    """mulberry32, in [0, 1)."""
    state = seed
    while True:
        state = (state + 0x6D2B79F5) & MASK
        t = ((state ^ (state >> 15)) * (1 | state)) & MASK
        t ^= (t + ((t ^ (t >> 7)) * (61 | t) & MASK)) & MASK
        yield ((t ^ (t >> 14)) & MASK) / 2**32


def logits_of(classes, seed):
    """Sums of twelve numbers with 32 bits behind the point: exact, then rounded to float32 once."""
    numbers = uniform(seed)
    rows = []
    for i in range(classes):
        normal = sum(next(numbers) for _ in range(12)) - 6
        rows.append(2.25 * normal + (6 if i % 97 == 19 else 0))
    return torch.tensor(rows, dtype=torch.float64).to(torch.float32)


def checksum(logits):
    return sum(struct.unpack(f"<{len(logits)}I", logits.numpy().tobytes())) % 2**32


def processors(settings):
    config = GenerationConfig(do_sample=True, **{"top_k": 0, **settings})
    mixin = object.__new__(GenerationMixin)
    mixin.config = SimpleNamespace(is_encoder_decoder=False)
    return mixin._get_logits_processor(config, input_ids_seq_length=len(SEEN), device="cpu")


def case(settings, classes, seed):
    logits = logits_of(classes, seed)
    assert len(set(logits.tolist())) == classes, "ties"
    chain = processors(settings)
    scores = chain(torch.tensor([SEEN]), logits.to(torch.float64)[None])[0]
    return {
        "settings": settings,
        "classes": classes,
        "seed": seed,
        "checksum": checksum(logits),
        "processors": [type(processor).__name__ for processor in chain],
        "kept": torch.nonzero(scores > -torch.inf)[:, 0].tolist(),
    }


def main():
    torch.set_num_threads(1)
    cases = [case(settings, classes, 10 + i) for i, settings in enumerate(CASES) for classes in SIZES]
    versions = {"transformers": transformers.__version__, "torch": torch.__version__}
    OUTPUT.write_text(json.dumps({"versions": versions, "seen": SEEN, "cases": cases}) + "\n")


if __name__ == "__main__":
    main()
