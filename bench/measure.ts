/** Takes times: in rounds in which contestants take turns, so that a load that comes and goes meets all of them. */

import type { Peer } from "./peer.ts";
import { progress } from "./progress.ts";
import type { Time } from "./protocol.ts";
import { type Cell, describe, keyOf, type Task } from "./tasks.ts";

/** A contestant and the process it runs in. */
export interface Entrant {
  readonly name: string;
  readonly peer: Pick<Peer, "ask">;
}

/** Nanoseconds an item (element or draw) in each round, or why there are none. */
export type Times = readonly number[] | Error;

/** Times of all that took part, by task and contestant; who lacks an operation isn't there. */
export class Results {
  readonly #times = new Map<string, Map<string, Times>>();

  of(task: Task, contestant: string): Times | undefined {
    return this.#times.get(keyOf(task))?.get(contestant);
  }

  /** The times, where there are some. */
  numbers(task: Task, contestant: string): readonly number[] | undefined {
    const times = this.of(task, contestant);
    return times instanceof Error ? undefined : times;
  }

  all(): Times[] {
    return [...this.#times.values()].flatMap((times) => [...times.values()]);
  }

  set(task: Task, times: Map<string, Times>): void {
    this.#times.set(keyOf(task), times);
  }
}

/** Times one task. `repeat` calls are a sample, for calls shorter than a clock can tell. */
export async function measure(
  { task, rounds, ms }: Cell,
  entrants: readonly Entrant[],
  repeat = 1,
): Promise<Map<string, Times>> {
  const runners = entrants.map((entrant) => new Runner(entrant));
  for (let round = 1; round <= rounds; round++) {
    progress(`${describe(task)}: round ${round} of ${rounds}`);
    for (const runner of runners) await runner.takeTurn(task, ms, repeat);
  }
  progress("");
  const took = runners.filter(({ missing }) => !missing);
  return new Map(took.map(({ name, times }) => [name, times]));
}

/** An entrant at one task. */
class Runner {
  readonly name: string;
  times: number[] | Error = [];
  missing = false;
  readonly #peer: Entrant["peer"];
  #isSlow = false;

  constructor({ name, peer }: Entrant) {
    this.name = name;
    this.#peer = peer;
  }

  /** Does nothing where it has failed before. */
  async takeTurn(task: Task, ms: number, repeat: number): Promise<void> {
    const { name: contestant, times, missing } = this;
    if (missing || times instanceof Error) return;
    // A slow one needs no warming up again.
    const timing = { ms, repeat, warmup: !this.#isSlow };
    try {
      const time = await this.#peer.ask<Time>({ do: "time", contestant, task, ...timing });
      if ("missing" in time) {
        this.missing = true;
      } else {
        times.push((time.median * 1e6) / time.items);
        this.#isSlow = time.median > ms;
      }
    } catch (error) {
      this.times = error instanceof Error ? error : new Error(String(error));
    }
  }
}
