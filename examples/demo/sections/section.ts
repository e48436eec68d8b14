/** What every section of the program gets and gives. */

import type { Rng } from "gumbel";
import type { Novel } from "../novel.ts";
import type { Paint } from "../terminal.ts";

export interface Stage {
  readonly novel: Novel;
  /** The section's own generator, so that no section depends on what another one draws. */
  readonly rng: Rng;
  readonly paint: Paint;
  /** Says what is being done while there is nothing to read yet. */
  progress(doing: string): void;
}

export interface Section {
  readonly title: string;
  /** The section's lines, each as soon as it is known. */
  lines(stage: Stage): Iterable<string>;
}
