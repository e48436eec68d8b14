/** The classes of sections 3 to 5: the novel's single men, and what each is said to be worth. */

import type { Novel } from "./novel.ts";

export const GENTLEMEN = ["Darcy", "Collins", "Bingley", "Wickham"] as const;

/** Thousands of pounds a year. Collins will inherit Longbourn; Wickham has debts. */
export const FORTUNES = [10, 2, 5, -1] as const;

/** How often the novel mentions each: weights, which need not sum to 1. */
export function mentions(novel: Novel): number[] {
  return GENTLEMEN.map((name) => novel.count(`Mr. ${name}`));
}
