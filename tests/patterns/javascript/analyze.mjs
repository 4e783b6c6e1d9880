// Reads regular expressions from stdin, as JSON: [[source, flags], ...]; writes what the analyzer says of each.
// The argument is the time-out for each, in milliseconds.

import { readFileSync } from "node:fs";
import recheck from "recheck";

// Steps are limited instead of time, so that an analysis ends the same way on a slow machine; only the time-out for all
// of it stays, and makes it "unknown". An attack has succeeded that takes so many steps, which a linear one never does.
const PARAMETERS = {
  timeout: Number(process.argv[2]), attackLimit: 100_000_000, attackTimeout: null, incubationTimeout: null, seedingTimeout: null,
};

const expressions = JSON.parse(readFileSync(0, "utf8"));
const verdicts = [];
for (const [source, flags] of expressions) {
  const { status, complexity, error, attack } = await recheck.check(source, flags, PARAMETERS);
  verdicts.push({ status, complexity: complexity?.summary, error: error?.kind, attack: attack?.pattern });
}
process.stdout.write(JSON.stringify(verdicts), () => process.exit(0)); // the analyzer's own process would stay
