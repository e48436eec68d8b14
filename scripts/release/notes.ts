/** Prints what the changelog says of a version: `tsx scripts/release/notes.ts 1.2.3`. */

import { readFileSync } from "node:fs";
import { sectionOf } from "./changelog.ts";

const [version = ""] = process.argv.slice(2);
const section = sectionOf(
  readFileSync(new URL("../../CHANGELOG.md", import.meta.url), "utf8"),
  version,
);
if (section === undefined) throw new Error(`The changelog has no section of "${version}".`);
console.log(section.notes);
