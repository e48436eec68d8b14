"""PyTorch, JAX and numpy, one a process: `peers.py torch|jax|numpy` answers the requests of protocol.ts.

One thread each. Inputs are those of inputs.ts; each operation is made of the library's own as its users make it.
"""

import json
import os
import sys
import time

# Before any library is loaded: they read these once.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["NPROC"] = "1"  # XLA sizes its pool of threads by it

import numpy as np  # noqa: E402

SEED = 1
BINS = 64
INDEX = ("gumbelMax", "inverseCdf", "manyDraws", "topK50", "topP")
TOKENS = ("topK50", "topP")


def weyl(i, step):
    return (i.astype(np.uint32) * np.uint32(step)).astype(np.float64)


class Inputs:
    """What inputs.ts makes, by the same formulas."""

    def __init__(self, task):
        self.rows, self.classes, self.tau = task["rows"], task["classes"], task["tau"]
        self.shape = (self.rows, self.classes)

    def _weyl(self, step):
        return weyl(np.arange(self.rows * self.classes), step).reshape(self.shape)

    def logits(self):
        row = 3 * ((np.arange(self.classes) * 367 % self.classes) + 0.5) / self.classes
        return np.tile(row, (self.rows, 1)).astype(np.float32)

    def token_logits(self):
        row = -np.log((weyl(np.arange(self.classes) + 1, 0x9E3779B9) + 0.5) / 2**32)
        return np.tile(row, (self.rows, 1)).astype(np.float32)

    def noise(self):
        return -np.log(-np.log((self._weyl(0x9E3779B9) + 0.5) / 2**32)).astype(np.float32)

    def upstream(self):
        return (self._weyl(0x85EBCA6B) / 2**31 - 1).astype(np.float32)

    def soft(self):
        z = (self.logits().astype(np.float64) + self.noise()) / self.tau
        y = np.exp(z - z.max(-1, keepdims=True))
        return (y / y.sum(-1, keepdims=True)).astype(np.float32)

    def law(self):
        weights = np.exp(self.logits()[0].astype(np.float64))
        return weights / weights.sum()


def numpy_library():
    rng = np.random.default_rng(SEED)

    def noise(shape):
        return -np.log(-np.log(rng.random(shape, dtype=np.float32)))

    def soften(x, tau):
        z = x / np.float32(tau)
        y = np.exp(z - z.max(-1, keepdims=True))
        return y / y.sum(-1, keepdims=True)

    def product(y, v, tau):
        return y * (v - (y * v).sum(-1, keepdims=True)) / np.float32(tau)

    def prepare(operation, inputs, draws):
        shape, tau = inputs.shape, inputs.tau
        if operation == "noise":
            return lambda: noise(shape)
        if operation == "backward":
            soft, upstream = inputs.soft(), inputs.upstream()
            return lambda: product(soft, upstream, tau)
        if operation == "manyDraws":
            law = inputs.law()
            return lambda: rng.choice(len(law), draws, p=law)
        logits = inputs.logits()
        if operation == "soft":
            return lambda: soften(logits + noise(shape), tau)
        if operation == "softGiven":
            given = inputs.noise()
            return lambda: soften(logits + given, tau)
        if operation == "hard":

            def hard():
                one_hot = np.zeros(shape, np.float32)
                index = np.argmax(logits + noise(shape), -1)
                np.put_along_axis(one_hot, index[:, None], 1, -1)
                return one_hot

            return hard
        if operation == "forwardBackward":
            upstream = inputs.upstream()

            def both():
                soft = soften(logits + noise(shape), tau)
                return soft, product(soft, upstream, tau)

            return both
        if operation == "gumbelMax":
            return lambda: np.argmax(logits + noise(shape), -1)
        if operation != "inverseCdf":
            return None

        def inverse_cdf():
            sums = np.cumsum(soften(logits, 1), -1, dtype=np.float64)
            u = rng.random((len(sums), 1)) * sums[:, -1:]
            return (sums <= u).sum(-1)

        return inverse_cdf

    notes = ["numpy's noise is −log(−log u) of float32 uniforms, which gives −∞ once in 2^24 draws."]
    return prepare, {"numpy": np.__version__}, notes


def torch_library():
    import torch
    from torch.nn.functional import gumbel_softmax

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.manual_seed(SEED)

    def noise(shape):
        # As its own gumbel_softmax does.
        return -torch.empty(shape).exponential_().log()

    def prepare(operation, inputs, draws):
        shape, tau = inputs.shape, inputs.tau
        if operation == "noise":
            return lambda: noise(shape).numpy()
        if operation == "backward":
            soft, upstream = torch.from_numpy(inputs.soft()), torch.from_numpy(inputs.upstream())
            return lambda: ((torch._softmax_backward_data(upstream, soft, -1, torch.float32)) / tau).numpy()
        if operation == "manyDraws":
            law = torch.from_numpy(inputs.law())
            return lambda: torch.multinomial(law, draws, replacement=True).numpy()
        if operation in TOKENS:
            logits = torch.from_numpy(inputs.token_logits())

            def top_k():
                largest, classes = logits.topk(50)
                return classes.gather(-1, torch.multinomial(torch.softmax(largest, -1), 1)).numpy()

            def top_p():
                falling, classes = (logits / 0.8).sort(descending=True)
                p = torch.softmax(falling, -1)
                p[p.cumsum(-1) - p >= 0.9] = 0
                return classes.gather(-1, torch.multinomial(p, 1)).numpy()

            return top_k if operation == "topK50" else top_p
        logits = torch.from_numpy(inputs.logits())
        if operation == "soft":
            return lambda: gumbel_softmax(logits, tau).numpy()
        if operation == "softGiven":
            given = torch.from_numpy(inputs.noise())
            return lambda: torch.softmax((logits + given) / tau, -1).numpy()
        if operation == "hard":
            return lambda: gumbel_softmax(logits, tau, hard=True).numpy()
        if operation == "forwardBackward":
            upstream = torch.from_numpy(inputs.upstream())
            leaf = logits.requires_grad_()

            def both():
                soft = gumbel_softmax(leaf, tau)
                (gradient,) = torch.autograd.grad(soft, leaf, upstream)
                return soft.detach().numpy(), gradient.numpy()

            return both
        if operation == "gumbelMax":
            return lambda: torch.argmax(logits + noise(shape), -1).numpy()
        if operation != "inverseCdf":
            return None
        return lambda: torch.multinomial(torch.softmax(logits, -1), 1, replacement=True).numpy()

    notes = ["PyTorch's backward is the kernel that its autograd calls; jitted JAX and jax-js are compiled before the clock runs."]
    return prepare, {"torch": torch.__version__}, notes


def jax_library():
    import jax
    import jax.numpy as jnp

    seed = SEED

    def next_key():
        nonlocal seed
        seed += 1
        return jax.random.key(seed)

    def drawn(f, *rest):
        """A compiled function of a key and arrays, run to the end."""
        compiled = jax.jit(f)
        rest = [jnp.asarray(x) for x in rest]

        def run():
            result = jax.block_until_ready(compiled(next_key(), *rest))
            return tuple(map(np.asarray, result)) if isinstance(result, tuple) else np.asarray(result)

        return run

    def prepare(operation, inputs, draws):
        shape, tau = inputs.shape, inputs.tau
        gumbel = jax.random.gumbel

        def soften(x):
            return jax.nn.softmax(x / tau)

        if operation == "noise":
            return drawn(lambda key: gumbel(key, shape))
        if operation == "soft":
            return drawn(lambda key, x: soften(x + gumbel(key, shape)), inputs.logits())
        if operation == "softGiven":
            return drawn(lambda key, x, g: soften(x + g), inputs.logits(), inputs.noise())
        if operation == "hard":

            def hard(key, x):
                return jax.nn.one_hot(jnp.argmax(x + gumbel(key, shape), -1), shape[1])

            return drawn(hard, inputs.logits())
        if operation == "backward":

            def product(key, y, v):
                return y * (v - (y * v).sum(-1, keepdims=True)) / tau

            return drawn(product, inputs.soft(), inputs.upstream())
        if operation == "forwardBackward":

            def both(key, x, v):
                sample, back = jax.vjp(lambda x: soften(x + gumbel(key, shape)), x)
                return sample, back(v)[0]

            return drawn(both, inputs.logits(), inputs.upstream())
        if operation == "gumbelMax":
            return drawn(jax.random.categorical, inputs.logits())
        if operation == "inverseCdf":

            def inverse_cdf(key, x):
                sums = jnp.cumsum(jax.nn.softmax(x), -1)
                u = jax.random.uniform(key, (shape[0], 1)) * sums[:, -1:]
                return (sums <= u).sum(-1)

            return drawn(inverse_cdf, inputs.logits())
        if operation != "manyDraws":
            return None
        law = inputs.law().astype(np.float32)
        return drawn(lambda key, p: jax.random.choice(key, len(law), (draws,), p=p), law)

    return prepare, {"jax": jax.__version__, "jaxlib": jax.lib.__version__}, []


def law(run, task, rows):
    """Counts of what was drawn, until `rows` rows or draws are done."""
    operation, classes = task["operation"], task["classes"]
    bins = BINS if operation == "noise" else classes
    counts, gaps, worst, infinite, done = np.zeros(bins, np.int64), np.zeros(BINS, np.int64), 0.0, 0, 0
    law_of_classes = Inputs(task).law()
    while done < rows:
        result = run()
        sample = result[0] if isinstance(result, tuple) else result
        if operation in INDEX:
            index = sample.ravel()
            done += len(index)
        elif operation == "noise":
            infinite += int((~np.isfinite(sample)).sum())
            index = bins_of(np.exp(-np.exp(-sample.ravel().astype(np.float64))))
            done += len(sample)
        else:
            sums = sample.sum(-1, dtype=np.float64)
            finite = np.isfinite(sums)
            infinite += int((~finite).sum())
            index = sample.argmax(-1)
            second, first = np.partition(sample[finite], -2)[:, -2:].T.astype(np.float64)
            if operation == "hard":
                off = np.abs(sample[finite]).sum(-1, dtype=np.float64) - np.abs(first) + np.abs(first - 1)
            else:
                off = np.abs(sums[finite] - 1)
                ranks = gap_ranks(first, second, task["tau"], law_of_classes[index[finite]])
                gaps += np.bincount(bins_of(ranks), minlength=BINS)
            worst = max(worst, float(off.max(initial=0)))
            done += len(sample)
        counts += np.bincount(index, minlength=bins)
    return {"counts": counts.tolist(), "gaps": gaps.tolist(), "worstRow": worst, "infinite": infinite}


def bins_of(ranks):
    return np.minimum(BINS * ranks, BINS - 1).astype(np.int64)


def gap_ranks(first, second, tau, p_first):
    """As in gap.ts."""
    with np.errstate(divide="ignore", over="ignore"):
        return 1 / (1 + 1 / ((1 - p_first) * np.expm1(tau * np.log(first / second))))


def values(run):
    result = run()
    sample, value = result if isinstance(result, tuple) else (None, result)
    answer = {"values": numbers(value)}
    if sample is not None:
        answer["sample"] = numbers(sample)
    return answer


def numbers(array):
    """As JSON has them."""
    return [x if np.isfinite(x) else None for x in array.ravel().tolist()]


def median_time(run, ms, repeat, warmup):
    """Milliseconds of a call, as time.ts takes it."""

    def sample():
        start = time.perf_counter()
        for _ in range(repeat):
            run()
        return (time.perf_counter() - start) * 1000 / repeat

    def samples(ms):
        times = []
        start = time.perf_counter()
        while not times or (time.perf_counter() - start) * 1000 < ms:
            times.append(sample())
        return times

    if warmup:
        samples(ms / 3)
    return float(np.median(samples(ms)))


def main(name):
    # Libraries greet their users on standard output, which is ours.
    out, sys.stdout = sys.stdout, sys.stderr
    label = {"torch": "PyTorch", "jax": "JAX", "numpy": "numpy f32"}[name]
    # numpy's −log(0): a note says so.
    np.seterr(divide="ignore")
    prepare, versions, notes = {"torch": torch_library, "jax": jax_library, "numpy": numpy_library}[name]()
    versions["Python"] = sys.version.split()[0]
    ready = (None, None)

    def answer(request):
        nonlocal ready
        if request["do"] == "hello":
            return {"contestants": [label], "versions": versions, "notes": notes}
        task = request["task"]
        if ready[0] != task:
            ready = (None, None)
            ready = (task, prepare(task["operation"], Inputs(task), task["draws"]))
        run = ready[1]
        if run is None:
            return {"missing": True}
        if request["do"] == "law":
            return law(run, task, request["rows"])
        if request["do"] == "values":
            return values(run)
        items = task["draws"] or task["rows"] * task["classes"]
        timing = {name: request[name] for name in ("ms", "repeat", "warmup")}
        return {"median": median_time(run, **timing), "items": items}

    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Exception as error:  # told to the one who asked, who shows it
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=out, flush=True)


main(sys.argv[1])
