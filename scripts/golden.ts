// Makes test/golden.txt anew from the TypeScript kernels; the file's head says when that is allowed.
import { writeFileSync } from "node:fs";
import { GOLDEN, goldenFile } from "../test/support/golden.ts";
import { js } from "../test/support/kernels.ts";

writeFileSync(GOLDEN, goldenFile(js));
