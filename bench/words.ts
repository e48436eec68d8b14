/** A failure in words for a report that others read: one line, and no directory of this machine. */

import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
/** A path of two names or more, up to the last one. Behind a word it is something else: "rows/classes/s", a URL. */
const DIRECTORY = /(?<![\w./])(?:file:\/\/)?\/(?:[^\s'"`:()/]+\/)+/g;
/** Lines that say where, not what: stacks (indented), Node's version, Rust's notes, the end of an object. */
const NO_WORDS = /^(?:\s|Node\.js v|note: |\}|$)/;

/** The first line of an error's message. */
export function wordsOf(message: string): string {
  return withoutDirectories(message.trim().split("\n")[0]);
}

/** What a process said last on standard error before it died. */
export function lastWordsOf(said: string): string {
  const last = said.split(/\r?\n/).findLast((line) => !NO_WORDS.test(line));
  return withoutDirectories(last?.trim() ?? "");
}

function withoutDirectories(text: string): string {
  return text.replaceAll(PROJECT, "").replaceAll(DIRECTORY, "");
}
