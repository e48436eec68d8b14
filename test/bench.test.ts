/** The benchmark's own judgement: that it finds wrong answers, and reports what it found. Its times are no test. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { chart } from "../bench/chart.ts";
import { type Check, checkAll, describeCheck, hasFailed } from "../bench/checks.ts";
import { type Answer, type Contestant, JS_BACKEND, PLAIN, REFERENCE } from "../bench/contestant.ts";
import { QUICK } from "../bench/extent.ts";
import { gapRank } from "../bench/gap.ts";
import { tokenLogitsOf } from "../bench/inputs.ts";
import { isUpToDate } from "../bench/install.ts";
import { machine } from "../bench/machine.ts";
import { type Entrant, measure, Results } from "../bench/measure.ts";
import { Peer } from "../bench/peer.ts";
import { versionIn } from "../bench/peers/versions.ts";
import { library as plain } from "../bench/plain/library.ts";
import { sortedTokens } from "../bench/plain/tokens.ts";
import { Xorshift128 } from "../bench/plain/xorshift128.ts";
import type { Request } from "../bench/protocol.ts";
import { withFigures } from "../bench/readme.ts";
import { report } from "../bench/report.ts";
import { failures, mark, type Run } from "../bench/run.ts";
import { deviations, median, ratio, spread } from "../bench/statistics.ts";
import {
  filterOf,
  MAIN,
  OPERATION_NAMES,
  type Operation,
  OTHER_TAUS,
  SHORT,
  TAU,
  type Task,
  task,
} from "../bench/tasks.ts";
import { lastWordsOf, wordsOf } from "../bench/words.ts";
import { drawn, values } from "../bench/worker/answers.ts";

vi.mock("../bench/progress.ts", () => ({ progress() {} }));

/** A contestant in this process instead of its own. */
function entrant({ name, prepare }: Contestant): Entrant {
  const answer = async (request: Exclude<Request, { do: "hello" }>): Promise<unknown> => {
    const prepared = prepare(request.task);
    if (!prepared) return { missing: true };
    if (request.do === "law") return drawn(prepared.run, request.task, request.rows);
    if (request.do === "values") return values(await prepared.run());
    return { median: 2, items: 1000 };
  };
  return {
    name,
    peer: {
      ask: async <T>(request: Exclude<Request, { do: "hello" }>) => (await answer(request)) as T,
    },
  };
}

/** The plain loops, each answer spoilt. */
function spoilt(spoil: (answer: Answer, operation: Operation) => void): Entrant {
  return entrant({
    name: "spoilt",
    prepare(task) {
      const prepared = plain.contestants[0].prepare(task);
      if (!prepared) return undefined;
      const run = async () => {
        const answer = await prepared.run();
        spoil(answer, task.operation);
        return answer;
      };
      return { run };
    },
  });
}

/** The plain loops, which take another τ than they are given. */
function at(name: string, tau: (task: Task) => number): Contestant {
  return { name, prepare: (task) => plain.contestants[0].prepare({ ...task, tau: tau(task) }) };
}

function failedIn(checks: readonly Check[]): Set<Operation> {
  return new Set(checks.filter(hasFailed).map(({ task }) => task.operation));
}

const arrays = (answer: Answer) =>
  ("sample" in answer ? [answer.sample, answer.gradient] : [answer]) as (
    | Float32Array
    | Int32Array
  )[];

describe("statistics", () => {
  it("takes medians, spreads and ratios", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(spread([10, 11, 9, 10, 30])).toBeCloseTo(0.1);
    // Of the rounds: the second was slow for both.
    expect(ratio([10, 100, 10], [5, 50, 5])).toBe(2);
  });

  it("tells a law from another", () => {
    const law = Array.from({ length: 100 }, (_, i) => (i + 1) / 5050);
    const exact = law.map((p) => Math.round(100_000 * p));
    // Counts that are too good are no sample either.
    expect(deviations(exact, law)).toBeLessThan(-5);
    const noisy = exact.map((n, i) => n + Math.round((i % 2 ? 1 : -1) * Math.sqrt(n)));
    expect(Math.abs(deviations(noisy, law))).toBeLessThan(3);
    expect(deviations(noisy.toReversed(), law)).toBeGreaterThan(5);
  });
});

describe("checks", () => {
  it("pass plain loops, on every operation", async () => {
    const checks = await checkAll(plain.contestants.map(entrant), QUICK);
    expect(failedIn(checks)).toEqual(new Set());
    expect(new Set(checks.map(({ task }) => task.operation)).size).toBe(OPERATION_NAMES.length);
  });

  it("find values that are a thousandth off, and winners and indices that are one off", async () => {
    const checks = await checkAll(
      [
        spoilt((answer) => {
          for (const array of arrays(answer)) {
            const last = array.at(-1) as number;
            for (let i = array.length - 1; i > 0; i--) array[i] = array[i - 1] * 1.001;
            array[0] = last;
          }
        }),
      ],
      QUICK,
    );
    const found = failedIn(checks);
    for (const operation of ["soft", "softGiven", "hard", "backward", "forwardBackward"] as const) {
      expect(found, operation).toContain(operation);
    }
  });

  it("find indices of another law, noise that is shifted, and NaN", async () => {
    const checks = await checkAll(
      [
        spoilt((answer, operation) => {
          for (const array of arrays(answer)) {
            if (array instanceof Int32Array)
              for (const i of array.keys()) array[i] = Math.max(0, array[i] - 1);
            else if (operation === "noise") for (const i of array.keys()) array[i] += 0.01;
            else array[array.length >> 1] = NaN;
          }
        }),
      ],
      QUICK,
    );
    expect(failedIn(checks).size).toBe(OPERATION_NAMES.length);
  });

  it("find soft samples of another τ, at each τ", async () => {
    const off = entrant(at("off", ({ tau }) => 1.4 * tau));
    const deaf = entrant(at("deaf", () => TAU));
    const checks = (await checkAll([off, deaf], QUICK)).filter(hasFailed);
    const of = (name: string, operation: Operation) =>
      checks
        .filter((check) => check.contestant === name && check.task.operation === operation)
        .map(({ task }) => [task.classes, task.tau]);
    const usual = [
      [MAIN.classes, TAU],
      [SHORT.classes, TAU],
    ];
    const others = OTHER_TAUS.map((tau) => [MAIN.classes, tau]);
    expect(of("off", "soft")).toEqual([...usual, ...others]);
    // Its gradients are wrong, too.
    expect(of("off", "forwardBackward")).toEqual(usual.flatMap((x) => [x, x]));
    expect(of("deaf", "soft")).toEqual(others);
    expect(describeCheck(checks[0])).toMatch(/the first two at τ = 0.5$/);
  });

  it("find hard samples that aren't one-hot, gumbel's exactly", async () => {
    const blurred = (name: string, part: number) => {
      const prepare: Contestant["prepare"] = (task) => {
        const prepared = task.operation === "hard" ? plain.contestants[0].prepare(task) : undefined;
        if (!prepared) return undefined;
        const run = () => {
          // Each row sums to 1 still, and its winner stays.
          const sample = (prepared.run() as Float32Array).map((y) => (y === 1 ? 1 - part : 0));
          for (let i = 0; i < sample.length; i += task.classes) sample[i] += part;
          return sample;
        };
        return { run };
      };
      return entrant({ name, prepare });
    };
    const entrants = [
      blurred("half", 0.3),
      blurred("rounded", 2 ** -20),
      blurred("gumbel", 2 ** -20),
    ];
    const failed = (await checkAll(entrants, QUICK)).filter(hasFailed);
    const [main, short] = [task("hard", MAIN), task("hard", SHORT)];
    expect(failed.map(({ contestant, task }) => ({ contestant, task }))).toEqual([
      { contestant: "half", task: main },
      { contestant: "gumbel", task: main },
      { contestant: "half", task: short },
      { contestant: "gumbel", task: short },
    ]);
    expect(failed[0].text).toBe("a row is off one-hot by 0.60");
  });

  it("rank a gap whose second entry is 0 last, and no gap first", () => {
    expect(gapRank(1, 0, 0.1, 0.3)).toBe(1);
    expect(gapRank(0.5, 0.5, 0.1, 0.3)).toBe(0);
    // d = log 2 of weights 1 and 1: half of all.
    expect(gapRank(0.8, 0.2, 0.5, 0)).toBeCloseTo(0.5);
  });

  it("find tokens that another filter keeps, and another temperature", async () => {
    const filters = {
      none: { temperature: 1 },
      fewer: { temperature: 1, topK: 35 },
      more: { temperature: 1, topK: 51 },
      narrow: { temperature: 0.8, topP: 0.8 },
      wide: { temperature: 0.8, topP: 0.95 },
      hot: { temperature: 1, topP: 0.9 },
      right: { temperature: 1, topK: 50 },
      "right, too": { temperature: 0.8, topP: 0.9 },
    };
    const entrants = Object.entries(filters).map(([name, filter]) => {
      const prepare: Contestant["prepare"] = (task) => {
        if (!filterOf(task.operation)) return undefined;
        const logits = tokenLogitsOf(task);
        const random = new Xorshift128(1);
        const index = new Int32Array(task.rows);
        const run = () => {
          sortedTokens(random, logits, filter, task.classes, index);
          return index;
        };
        return { run };
      };
      return entrant({ name, prepare });
    });
    const checks = (await checkAll(entrants, QUICK)).filter(hasFailed);
    const foundAt = (operation: Operation) =>
      checks.filter(({ task }) => task.operation === operation).map(({ contestant }) => contestant);
    const others = (name: string) => Object.keys(filters).filter((other) => other !== name);
    expect(foundAt("topK50")).toEqual(others("right"));
    expect(foundAt("topP")).toEqual(others("right, too"));
    const more = checks.find(({ contestant }) => contestant === "more");
    expect(more?.text).toMatch(/^\d+ draws of classes of probability 0$/);
  });

  it("keep a failure's words and go on", async () => {
    const broken = entrant({
      name: "broken",
      prepare: () => ({
        run: () => {
          throw new Error("out of order");
        },
      }),
    });
    const checks = await checkAll([broken], QUICK);
    expect(failedIn(checks).size).toBe(OPERATION_NAMES.length);
    expect(checks[0].text).toBe("out of order");
  });
});

describe("times", () => {
  it("are a figure a round, and nothing for who lacks the operation or fails", async () => {
    const lacking = entrant({ name: "lacking", prepare: () => undefined });
    const failing: Entrant = {
      name: "failing",
      peer: { ask: () => Promise.reject(new Error("gone")) },
    };
    const cell = { task: task("soft", MAIN), rounds: 3, ms: 1 };
    const times = await measure(cell, [entrant(plain.contestants[0]), lacking, failing]);
    expect([...times]).toEqual([
      ["plain TypeScript", [2000, 2000, 2000]],
      ["failing", new Error("gone")],
    ]);
  });
});

describe("the machine", () => {
  it("is told without the build of its kernel", () => {
    expect(machine({ numpy: "2" }, "0.50")[0]).toMatch(/, \d+ GiB, \w+ \d+\.\d+$/);
  });
});

/** A directory for one test. */
function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), "gumbel-bench-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

describe("a failure's words", () => {
  const project = join(import.meta.dirname, "..");

  it("are the line that says what, of stacks, tracebacks and panics", () => {
    const node = `${project}/a.ts:1\nthrow new Error("x")\n^\n\nError: no b in ${project}/bench/a.ts\n    at run (${project}/a.ts:1:7) {\n  code: 1\n}\n\nNode.js v20.20.2\n`;
    expect(lastWordsOf(node)).toBe("Error: no b in bench/a.ts");
    const python = `Traceback (most recent call last):\n  File "/opt/x/peers.py", line 9, in main\n    import torch\nImportError: /opt/x/lib/libtorch.so: undefined symbol\n`;
    expect(lastWordsOf(python)).toBe("ImportError: libtorch.so: undefined symbol");
    const rust = `thread 'main' panicked at src/main.rs:70:5:\nno operation\nnote: run with a backtrace\n`;
    expect(lastWordsOf(rust)).toBe("no operation");
    expect(lastWordsOf("")).toBe("");
  });

  it("are one line, whose other slashes stay", () => {
    expect(wordsOf("Error: 3 rows/call/s, see https://a.b/c/d\nmore")).toBe(
      "Error: 3 rows/call/s, see https://a.b/c/d",
    );
    expect(wordsOf("Cannot find 'file:///home/me/a.js' from /home/me/b.js")).toBe(
      "Cannot find 'a.js' from b.js",
    );
  });

  it("are what a process that dies, answers an error or doesn't start leaves", async () => {
    const terminal = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    onTestFinished(() => terminal.mockRestore());
    const peer = (script: string, file = process.execPath) =>
      new Peer({ name: "peer", file, args: ["-e", script] });
    const dying = peer(`throw new Error("no ${project}/a.js")`);
    await expect(dying.hello()).rejects.toThrow(/^peer ended with 1: Error: no a\.js$/);
    expect(terminal).toHaveBeenCalledWith(expect.stringContaining(`no ${project}/a.js`));
    const failing = peer(`console.log(JSON.stringify({ error: "no /a/b/c\\nmore" }))`);
    await expect(failing.hello()).rejects.toThrow(/^no c$/);
    await expect(peer("", "/no/such/file").hello()).rejects.toThrow(
      /^peer didn't start: spawn file ENOENT$/,
    );
  });
});

describe("what is installed", () => {
  it("is made again where it is missing, or older than what it is made from", () => {
    const directory = temporary();
    const [made, from] = [join(directory, "made"), join(directory, "from")];
    writeFileSync(from, "");
    expect(isUpToDate(made, from)).toBe(false);
    writeFileSync(made, "");
    utimesSync(from, 1000, 1000);
    utimesSync(made, 999, 999);
    expect(isUpToDate(made, from)).toBe(false);
    utimesSync(made, 1001, 1001);
    expect(isUpToDate(made, from)).toBe(true);
  });

  it("has its own version told", () => {
    const directory = temporary();
    mkdirSync(join(directory, "@a/b"), { recursive: true });
    writeFileSync(join(directory, "@a/b/package.json"), '{ "version": "1.2.3" }');
    expect(versionIn(directory, "@a/b")).toBe("1.2.3");
  });
});

/** A run of two contestants: the second is faster at many draws, wrong at hard samples and without a backward pass. */
function run(): Run {
  const results = new Results();
  for (const shape of [MAIN, SHORT]) {
    results.set(
      task("soft", shape),
      new Map([
        [REFERENCE, [4, 4, 5]],
        ["numpy f32", [8, 9, 10]],
      ]),
    );
  }
  results.set(
    task("hard", MAIN),
    new Map([
      [REFERENCE, [4]],
      ["numpy f32", [8]],
    ]),
  );
  results.set(task("backward", MAIN), new Map([[REFERENCE, [1]]]));
  results.set(
    task("manyDraws", MAIN),
    new Map([
      [REFERENCE, [10]],
      ["numpy f32", [5]],
    ]),
  );
  return {
    command: "npm run bench",
    machine: ["A & B <processor>", "Node", "versions", "date"],
    notes: ["a note"],
    absent: [],
    contestants: [REFERENCE, "numpy f32"],
    checks: [
      {
        contestant: "numpy f32",
        task: task("hard", MAIN),
        worst: 2,
        text: "9 σ off the law",
      },
    ],
    results,
    cold: [{ name: REFERENCE, shape: MAIN, first: [14, 15, 16], second: [4, 4, 4] }],
    streams: { done: [{ elements: 1e4, ns: 3.5, before: 90, after: 90 }], cut: [] },
    widths: [{ rows: 2, classes: 5, noise: [2], soft: [4] }],
  };
}

describe("the report", () => {
  const text = report(run());

  it("has speeds with their spread, failures marked, gaps as dashes", () => {
    const line = (name: string) => text.split("\n").find((line) => line.startsWith(`| ${name}`));
    expect(line(REFERENCE)).toContain("| 250 ±0.0% | – | 250 ±0.0% | 1000 ±0.0% |");
    expect(line("numpy f32")).toContain("| 111 ±11% | – | 125 ±0.0% ✗ | – |");
    expect(text).toContain("- ✗ numpy f32, hard, 1024 × 1000: 9 σ off the law");
  });

  it("has ratios, and what is lost", () => {
    expect(text).toContain("| numpy f32 | – | 2.00 | – | 2.00 | – | – | – | – | 0.500 |");
    expect(text).toContain("| 1024 × 1000 | many draws | numpy f32 | 2.00 |");
  });

  it("says whether nothing was lost, or nothing compared", () => {
    const lossesOf = (times: [string, number[]][]) => {
      const results = new Results();
      results.set(task("soft", MAIN), new Map(times));
      const section = report({ ...run(), contestants: times.map(([name]) => name), results });
      return section.slice(section.indexOf("## Where gumbel loses"), section.indexOf("## Small"));
    };
    const won = "It is the fastest wherever both were timed.";
    const none = "Nothing was timed for both.";
    const faster = lossesOf([
      [REFERENCE, [4]],
      [JS_BACKEND, [30]],
      [PLAIN, [40]],
    ]);
    expect(faster.split(won)).toHaveLength(3);
    const slower = lossesOf([
      [JS_BACKEND, [60]],
      [PLAIN, [40]],
    ]);
    expect(slower).toContain(none);
    expect(slower).toContain("| 1024 × 1000 | soft | plain TypeScript | 1.50 |");
    expect(slower).not.toContain(won);
  });

  it("names the streams that were cut off", () => {
    const slow = { ...run(), streams: { ...run().streams, cut: [8, 9] } };
    expect(report(slow)).toContain("Cut off after 40 s, so not there: 10^8, 10^9.");
    expect(text).not.toContain("Cut off");
  });

  it("marks a failure at its τ alone", () => {
    const failed = { contestant: REFERENCE, task: task("soft", MAIN, 0.7), worst: 2, text: "" };
    const marked = (tau: number) =>
      mark({ ...run(), checks: [failed] }, task("soft", MAIN, tau), REFERENCE);
    expect([TAU, ...OTHER_TAUS].map(marked)).toEqual(["", "", " ✗"]);
  });

  it("has all that went wrong in words", () => {
    const wrong = run();
    wrong.results.set(task("noise", MAIN), new Map([[REFERENCE, new Error("gone")]]));
    const absent = ["jax takes no part: no Python"];
    expect(failures({ ...wrong, absent })).toEqual([
      "jax takes no part: no Python",
      "numpy f32, hard, 1024 × 1000: 9 σ off the law",
      "gone",
    ]);
  });

  it("goes into the README between its marks, again and again", () => {
    const empty = "before\n<!-- bench: written by bench/readme.ts -->\n<!-- /bench -->\nafter\n";
    const once = withFigures(empty, run());
    expect(once).toContain("| backward | 1000 | – |");
    expect(once).toMatch(/^before\n[\s\S]*\| soft \| 250 \| 111 \|[\s\S]*\nafter\n$/);
    expect(withFigures(once, run())).toBe(once);
    expect(() => withFigures("no marks", run())).toThrow("README.md");
  });

  it("leaves the README short enough for its test", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    expect(withFigures(readme, run()).split("\n").length).toBeLessThanOrEqual(201);
  });

  it("is a chart with a bar for each figure, well formed", () => {
    const svg = chart(run());
    expect(svg.match(/class="(ours|others)"/g)).toHaveLength(6);
    expect(svg).toContain(">A &amp; B &lt;processor></text>");
    expect(svg).not.toMatch(/&(?!amp;|lt;)/);
  });
});
