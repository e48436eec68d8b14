/** Other programs: run to their end, or kept running until the end of this one. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createServer } from "node:net";
import type { Report } from "./check.ts";

const LIMIT = 180_000; // milliseconds
const ENV = { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "", NEXT_TELEMETRY_DISABLED: "1" };

/** Runs a program to its end and returns what it wrote to standard output. Throws what it wrote, if it fails. */
export function run(
  file: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const options = { cwd, timeout: LIMIT, maxBuffer: 2 ** 26, env: { ...ENV, ...env } };
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const how = error.killed ? `didn't end in ${LIMIT / 1000} s` : `ended with ${error.code}`;
      reject(new Error(`${file} ${args.join(" ")} ${how}\n${stdout}${stderr}`));
    });
    child.stdin?.end();
  });
}

/** As {@link run}, in this process's Node. */
export function runNode(args: readonly string[], cwd: string, env = {}): Promise<string> {
  return run(process.execPath, args, cwd, env);
}

/** The reports that a program has written as its last line. */
export function readReports(stdout: string): Report[] {
  const [last = ""] = stdout.trimEnd().split("\n").slice(-1);
  try {
    return JSON.parse(last);
  } catch {
    throw new Error(`no report: ${stdout}`);
  }
}

/** Those that don't end by themselves. Each leads a process group of its own, since some start others. */
const running = new Set<ChildProcess>();

process.on("exit", stopAll);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => process.exit(1));
}

function stopAll(): void {
  for (const { pid } of running) if (pid !== undefined) process.kill(-pid, "SIGKILL");
  running.clear();
}

/** Starts a server in this process's Node, waits until it answers, and returns what stops it. */
export async function serve(
  args: readonly string[],
  cwd: string,
  url: string,
): Promise<() => void> {
  const child = spawn(process.execPath, args, { cwd, env: ENV, detached: true });
  running.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  let ended = false;
  child.once("exit", () => {
    ended = true;
    running.delete(child);
  });
  const stop = () => {
    if (!ended && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  const end = Date.now() + 60_000;
  while (!(await answers(url))) {
    if (ended || Date.now() > end) {
      stop();
      throw new Error(`${args.join(" ")} doesn't answer\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return stop;
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
