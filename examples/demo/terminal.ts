/** What the program knows about the terminal: colours, headings, and a line that says what it is doing. */

export const WIDTH = 96;

/** Emphasis, or nothing where colour isn't wanted. */
export interface Paint {
  strong(text: string): string;
  quiet(text: string): string;
  picture(text: string): string;
}

/** Colours for a terminal, unless the environment asks for none (https://no-color.org). */
export function paintFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const coloured = stream.isTTY === true && !env.NO_COLOR;
  const style = (on: number, off: number) => (text: string) =>
    coloured && text !== "" ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return { strong: style(1, 22), quiet: style(2, 22), picture: style(36, 39) };
}

export function heading(title: string, paint: Paint): string {
  return paint.strong(`── ${title} ${"─".repeat(WIDTH - title.length - 4)}`);
}

/** Says on standard error what is being done; on a terminal in one line that disappears again. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #shown = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  say(doing: string): void {
    this.clear();
    this.#shown = this.#stream.isTTY;
    this.#stream.write(this.#shown ? `${doing} …` : `${doing} …\n`);
  }

  clear(): void {
    if (this.#shown) this.#stream.write("\r\x1b[K");
    this.#shown = false;
  }
}
