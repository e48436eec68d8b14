import { Bench } from "tinybench";
import type { Timing } from "../protocol.ts";

/** Milliseconds of a call: tinybench's median. */
export async function time(run: () => unknown, { ms, repeat, warmup }: Timing): Promise<number> {
  // Fewest calls: tinybench's 64 would take a slow contestant minutes.
  const least = { iterations: 1, warmupIterations: 1 };
  const bench = new Bench({ ...least, time: ms, warmup, warmupTime: ms / 3 });
  bench.add("task", () => {
    let answer: unknown;
    for (let i = 0; i < repeat; i++) answer = run();
    // Who needs to be awaited isn't repeated.
    return answer;
  });
  await bench.run();
  const { result } = bench.tasks[0];
  if (result.state === "errored") throw result.error;
  if (result.state !== "completed") throw new Error(`not timed: ${result.state}`);
  return result.latency.p50 / repeat;
}
