// A tree of JSON: nodes fold, long lists come in pages, and what is looked for is unfolded.

import { count, HIDDEN } from "./format.js";
import { contains } from "./find.js";
import { html, Text, useEffect, useState } from "./components.js";

const PAGE = 100; // children of a node that are shown at first
const EXPANDED_DEPTH = 3; // levels that are expanded at first
const EXPANDED_CHILDREN = 24; // larger nodes are collapsed at first
const PREVIEW = 160; // characters of the preview of a collapsed node
const MAX_FOUND = 300; // children that hold what is looked for and are shown beyond the first page

/** Whether a node, under its name, shows one of the texts. Texts are lower-case. */
export function holds(node, texts, name) {
  const label = name === undefined ? "" : `${name}: `;
  if (!node.entries) return contains(label + (node.type === "string" ? `"${node.text}"` : node.text), texts);
  return contains(label, texts) || node.entries.some(([key, value]) => holds(value, texts, key));
}

/** The beginning of what a node holds, in at most about `most` characters. */
function preview(node, most) {
  if (!node.entries) return node.type === "string" ? `"${node.text.slice(0, most)}"` : node.text;
  let text = "";
  for (const [key, value] of node.entries) {
    const [first, last] = value.type === "array" ? "[]" : "{}";
    const inner = preview(value, Math.max(0, most - text.length));
    text += `${text && ", "}${node.type === "array" ? "" : `${key}: `}${value.entries ? `${first}${inner}${last}` : inner}`;
    if (text.length > most) return `${text.slice(0, most)}…`;
  }
  return text;
}

/** The children that are shown: the first ones, and those that hold what is looked for. */
function shownEntries(entries, most, found) {
  const first = entries.slice(0, most).map((entry, at) => [at, entry]);
  const more = found.filter((at) => at >= most).slice(0, MAX_FOUND).map((at) => [at, entries[at]]);
  return [...first, ...more];
}

const opensByItself = (node, depth) => depth < EXPANDED_DEPTH && (depth === 0 || node.entries.length <= EXPANDED_CHILDREN);

/** `depth` 3 and more is collapsed at first; `texts` are looked for. */
export function Node({ name, node, depth, texts = [], onReveal }) {
  const found = node.entries && texts.length ? node.entries.flatMap(([key, value], at) => (holds(value, texts, key) ? [at] : [])) : [];
  const [open, setOpen] = useState(node.entries ? opensByItself(node, depth) : false);
  const [most, setMost] = useState(PAGE);
  useEffect(() => void (found.length && setOpen(true)), [texts.join("\n"), found.length > 0]);
  const label = name === undefined ? null : html`<span class=${typeof name === "number" ? "index" : "key"}>${name}</span><span class="dim">: </span>`;
  if (!node.entries) return html`<div class="leaf">${label}<${Leaf} node=${node} onReveal=${onReveal} /></div>`;
  const [first, last] = node.type === "array" ? "[]" : "{}";
  if (!node.entries.length) return html`<div class="leaf">${label}<span class="dim">${first}${last}</span></div>`;
  const rest = node.entries.length - most;
  return html`<div class="node">
    <button class="fold" aria-expanded=${open} onClick=${() => setOpen(!open)}><i aria-hidden="true"></i>${label}<span class="dim">${first}${open ? "" : ` ${count(node.entries.length)} ${last}`}</span>
      ${!open && html`<span class="peek">${preview(node, PREVIEW)}</span>`}</button>
    ${open && html`<div class="inner">${shownEntries(node.entries, most, found).map(([at, [key, value]]) => html`<${Node} key=${at} name=${key} node=${value} depth=${depth + 1} texts=${texts} onReveal=${onReveal} />`)}
      ${rest > 0 && html`<button class="link" onClick=${() => setMost(most + 1000)}>${count(rest)} more</button>`}</div><div class="dim">${last}</div>`}
  </div>`;
}

function Leaf({ node, onReveal }) {
  if (node.type !== "string") return html`<span class=${node.type}>${node.text}</span>`;
  if (node.text === HIDDEN && onReveal) return html`<${Text} text=${node.text} onReveal=${onReveal} />`;
  return html`<span class="string">"<${Text} text=${node.text} onReveal=${onReveal} />"</span>`;
}
