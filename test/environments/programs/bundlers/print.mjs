// Runs a bundle in Node: its file is the argument.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

await import(pathToFileURL(resolve(process.argv[2])).href);
console.log(JSON.stringify(globalThis.reports));
