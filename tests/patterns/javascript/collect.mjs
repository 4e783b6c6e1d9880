// Writes every regular expression of the given files of JavaScript, as JSON: [{file, line, source, flags}, ...].
// `source` is null where an expression is made of what is not written out.

import { readFileSync } from "node:fs";
import { parse } from "acorn";

const MAKERS = new Set(["RegExp"]);
const TAKERS = new Set(["match", "matchAll", "search"]); // they take a text for an expression
const found = [];

function visit(node, file) {
  if (!node || typeof node !== "object") return;
  if (Array.isArray(node)) return node.forEach((each) => visit(each, file));
  const line = node.loc?.start.line;
  if (node.type === "Literal" && node.regex) {
    found.push({ file, line, source: node.regex.pattern, flags: node.regex.flags });
  } else if (node.type === "NewExpression" || node.type === "CallExpression") {
    const takes = node.callee.type === "MemberExpression" && TAKERS.has(node.callee.property.name);
    const [source, flags] = node.arguments;
    if (MAKERS.has(node.callee.name) || (takes && typeof source?.value === "string" && !source.regex)) {
      const written = typeof source?.value === "string" && (!flags || typeof flags.value === "string");
      found.push({ file, line, source: written ? source.value : null, flags: flags?.value ?? "" });
    }
  }
  for (const key of Object.keys(node)) if (key !== "loc") visit(node[key], file);
}

for (const file of process.argv.slice(2)) {
  visit(parse(readFileSync(file, "utf8"), { ecmaVersion: "latest", sourceType: "module", locations: true }), file);
}
process.stdout.write(JSON.stringify(found));
