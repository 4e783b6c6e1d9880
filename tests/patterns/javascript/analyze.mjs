// Reads regular expressions from stdin, as JSON: [[source, flags], ...]; writes what the analyzer says of each.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import recheck from "recheck";

// Without time-outs of its own, an analysis ends the same way on a slow machine; the one for all makes it "unknown".
const PARAMETERS = { timeout: 300_000, attackTimeout: null, incubationTimeout: null, seedingTimeout: null };

const expressions = JSON.parse(readFileSync(0, "utf8"));
const verdicts = new Array(expressions.length);
let next = 0;

async function analyze() {
  while (next < expressions.length) {
    const at = next++;
    const [source, flags] = expressions[at];
    const { status, checker, complexity, error, attack } = await recheck.check(source, flags, PARAMETERS);
    verdicts[at] = { status, checker, complexity: complexity?.summary, error: error?.kind, attack: attack?.pattern };
  }
}

await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, analyze));
process.stdout.write(JSON.stringify(verdicts), () => process.exit(0)); // the analyzer's own process would stay
