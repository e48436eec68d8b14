import { cpus, loadavg, release, totalmem, type } from "node:os";

/** The load of others: to be asked before anything runs. */
export function load(): string {
  return loadavg()[0].toFixed(2);
}

/** What the figures were taken on, in lines. */
export function machine(versions: Readonly<Record<string, string>>, load: string): string[] {
  const all = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  // What comes behind names one machine's build.
  const [majorMinor] = release().match(/^\d+\.\d+/) ?? [""];
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${all[0].model}, ${all.length} cores of which one is used, ${memory} GiB, ${type()} ${majorMinor}`,
    `Node ${process.version}, V8 ${process.versions.v8}`,
    named.join(", "),
    `${new Date().toISOString().slice(0, 10)}, load at the start ${load}`,
  ];
}
