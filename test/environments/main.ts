/**
 * The packed package in every environment: `npm run test:environments`, with `-- --help` for options. Packs once,
 * installs that outside the repository, and runs programs/ there: what they compute must be golden.json's.
 */

import { installDependencies } from "../../bench/install.ts";
import { parse, USAGE } from "./options.ts";
import { HERE } from "./tools.ts";

const options = parse(process.argv.slice(2));
if (options.help) {
  console.log(USAGE);
} else {
  installDependencies(HERE);
  // Needs what was just installed.
  const { testAll } = await import("./run.ts");
  process.exitCode = await testAll(options);
}
