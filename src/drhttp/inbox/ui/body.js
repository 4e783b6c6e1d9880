// The views of a body: JSON tree, form, parts, XML, preview, image, raw text, and hex dump.

import { get } from "./api.js";
import { count, HIDDEN, plural, size } from "./format.js";
import { parseJson } from "./json.js";
import { copy, html, Problem, Tabs, Text, useEffect, useMemo, useState, Value } from "./components.js";

const VIEWS = { json: ["tree"], form: ["fields"], multipart: ["parts"], xml: ["xml"], html: ["preview"], image: ["image"] };
const LABELS = { tree: "JSON", fields: "Form", parts: "Parts", xml: "XML", preview: "Preview", image: "Image", raw: "Raw", hex: "Hex" };
const PAGE = 100; // children of a node that are shown at first
const EXPANDED_DEPTH = 3; // levels that are expanded at first
const EXPANDED_CHILDREN = 24; // larger nodes are collapsed at first

export function Body({ n, side, body, reveal, onReveal }) {
  const [view, setView] = useState(null);
  if (!body || body.form === "empty") return html`<${Remarks} body=${body} /><p class="dim pad">No body${body?.omitted ? " was recorded" : ""}.</p>`;
  const views = [...(VIEWS[body.form] || []), ...(body.text === null ? [] : ["raw"]), "hex"];
  const shown = views.includes(view) ? view : views[0];
  const Chosen = { tree: Tree, fields: Fields, parts: Parts, xml: Xml, preview: Preview, image: ImageView, raw: Raw, hex: Hex }[shown];
  return html`<div class="body">
    <div class="body-toolbar"><${Tabs} small label="Body format" items=${views.map((name) => [name, LABELS[name]])} chosen=${shown} onChoose=${setView} />
      <span class="dim">${body.type || "no content type"} · ${size(body.size ?? body.kept)}</span>
      ${body.text && html`<button class="link" title=${body.more ? "Copy the first part" : "Copy the text"} onClick=${() => copy(body.text)}>Copy</button>`}
      ${body.download && html`<a href=${body.download} download>Download</a>`}</div>
    <${Remarks} body=${body} onReveal=${onReveal} />
    <${Chosen} key=${`${n}${side}${shown}${reveal}`} n=${n} side=${side} body=${body} reveal=${reveal} onReveal=${onReveal} />
  </div>`;
}

/** Remarks on how the shown body differs from what was sent. */
function Remarks({ body, onReveal }) {
  if (!body) return null;
  const remarks = [
    body.omitted && `The body was omitted: ${body.omitted}.`,
    body.truncated && `Truncated: ${body.size === null ? `the first ${count(body.kept)} bytes were` : `${count(body.kept)} of ${count(body.size)} bytes were`} recorded.`,
    body.hidden_before > 0 && `${plural(body.hidden_before, "value")} ${body.hidden_before === 1 ? "was" : "were"} masked when the record was exported and cannot be shown.`,
    body.redacted > 0 && `The recorder masked ${plural(body.redacted, "value")} before sending; ${body.redacted === 1 ? "it" : "they"} cannot be shown.`,
    body.decoded && `Kept without its content coding, ${body.decoded}.`,
    body.read && (body.read === "none" ? "The application did not read this body." : "The application read only a part of this body."),
    body.coding && `Decompressed from ${body.coding}.`,
    body.unpacked_in_part && "The decompressed body is very large, so only the beginning is shown.",
    body.coding_error && `Cannot decompress the body: ${body.coding_error}`,
    body.valid === false && !body.truncated && `This is not valid ${body.form.toUpperCase()}.`,
  ].filter(Boolean);
  const hidden = body.masked > 0 && onReveal;
  if (!remarks.length && !hidden) return null;
  return html`<ul class="remarks">${remarks.map((one) => html`<li>${one}</li>`)}
    ${hidden && html`<li>${plural(body.masked, "value")} arrived unmasked and ${body.masked === 1 ? "is" : "are"} hidden here. <button class="link" onClick=${onReveal}>Show</button></li>`}</ul>`;
}

/** The text loaded so far, and a function that loads more. */
function useText({ n, side, body, reveal }) {
  const [text, setText] = useState(body.text || "");
  const [problem, setProblem] = useState(null);
  useEffect(() => setText(body.text || ""), [body.text]);
  const more = () => get(`/records/${n}/body/${side}`, { offset: [...text].length, limit: 262_144, reveal: reveal ? 1 : null })
    .then((page) => setText((now) => (now === text ? text + page.text : now)), setProblem);
  return { text, problem, more: [...text].length < body.length ? more : null };
}

const More = ({ source, body }) => html`<${Problem} problem=${source.problem} />
  ${source.more && html`<p class="pad"><button onClick=${source.more}>Show more</button> <span class="dim">${count([...source.text].length)} of ${count(body.length)} characters</span></p>`}`;

function Raw(props) {
  const source = useText(props);
  return html`<pre class="text" tabindex="0" aria-label="Body text"><${Text} text=${source.text} onReveal=${props.reveal ? null : props.onReveal} /></pre><${More} source=${source} body=${props.body} />`;
}

function Tree(props) {
  const source = useText(props);
  const parsed = useMemo(() => parseJson(source.text), [source.text]);
  if (!parsed) return html`<${Raw} ...${props} />`;
  return html`<div class="tree"><${Node} node=${parsed.node} depth=${0} onReveal=${props.reveal ? null : props.onReveal} /></div>
    ${parsed.cut && html`<p class="dim pad">… the text ends here or is not valid JSON from here on.</p>`}<${More} source=${source} body=${props.body} />`;
}

function Node({ name, node, depth, onReveal }) {
  const [open, setOpen] = useState(depth < EXPANDED_DEPTH && (depth === 0 || (node.entries?.length ?? 0) <= EXPANDED_CHILDREN));
  const [most, setMost] = useState(PAGE);
  const label = name === undefined ? null : html`<span class=${typeof name === "number" ? "index" : "key"}>${name}</span><span class="dim">: </span>`;
  if (!node.entries) return html`<div class="leaf">${label}<${Leaf} node=${node} onReveal=${onReveal} /></div>`;
  const [first, last] = node.type === "array" ? "[]" : "{}";
  if (!node.entries.length) return html`<div class="leaf">${label}<span class="dim">${first}${last}</span></div>`;
  return html`<div class="node">
    <button class="fold" aria-expanded=${open} onClick=${() => setOpen(!open)}><i aria-hidden="true"></i>${label}<span class="dim">${first}${open ? "" : ` ${count(node.entries.length)} ${last}`}</span></button>
    ${open && html`<div class="inner">${node.entries.slice(0, most).map(([key, value], at) => html`<${Node} key=${at} name=${key} node=${value} depth=${depth + 1} onReveal=${onReveal} />`)}
      ${most < node.entries.length && html`<button class="link" onClick=${() => setMost(most + 1000)}>${count(node.entries.length - most)} more</button>`}</div><div class="dim">${last}</div>`}
  </div>`;
}

function Leaf({ node, onReveal }) {
  if (node.type !== "string") return html`<span class=${node.type}>${node.text}</span>`;
  if (node.text === HIDDEN && onReveal) return html`<${Text} text=${node.text} onReveal=${onReveal} />`;
  return html`<span class="string">"<${Text} text=${node.text} onReveal=${onReveal} />"</span>`;
}

export function Pairs({ items, empty, onReveal, label }) {
  if (!items?.length) return empty ? html`<p class="dim pad">${empty}</p>` : null;
  return html`<table class="pairs" aria-label=${label}><tbody>${items.map((one) => html`<tr>
    <th scope="row">${one.name}</th><td><${Value} value=${one.value} masked=${one.masked} onReveal=${onReveal} /></td></tr>`)}</tbody></table>`;
}

const Fields = ({ body, reveal, onReveal }) => html`<${Pairs} label="Fields" items=${body.fields || []} empty="No fields" onReveal=${reveal ? null : onReveal} />`;

function Parts({ body, reveal, onReveal }) {
  return html`${(body.parts || []).map((part) => html`<section class="part">
    <h4>${part.name ?? "unnamed"}${part.filename && html` <span class="dim">· ${part.filename}</span>`} <span class="dim">· ${part.type || "text"} · ${size(part.size)}</span></h4>
    ${part.text === null ? html`<p class="dim pad">Binary data. See the Hex tab.</p>`
      : html`<pre class="text" tabindex="0"><${Value} value=${part.text} masked=${part.masked} onReveal=${reveal ? null : onReveal} /></pre>`}
  </section>`)}`;
}

const Preview = ({ body }) => body.preview
  ? html`<iframe class="preview" sandbox="" referrerpolicy="no-referrer" title="Preview of the page, without scripts and external resources" src=${body.preview}></iframe>`
  : html`<p class="dim pad">No preview available.</p>`;

const ImageView = ({ body }) => body.image
  ? html`<div class="picture"><img src=${body.image} alt="Image from the body" /></div>` : html`<p class="dim pad">This image cannot be displayed safely. See its bytes on the Hex tab.</p>`;

/** XML with one element per line. It is rendered as text and never parsed as markup. */
function Xml(props) {
  const source = useText(props);
  const lines = useMemo(() => indentXml(source.text), [source.text]);
  return html`<pre class="text" tabindex="0" aria-label="XML">${lines.map(([depth, pieces]) => html`<div>${"  ".repeat(depth)}${pieces.map((piece) => html`<span class=${piece[0] === "<" ? "key" : ""}><${Text} text=${piece} onReveal=${props.reveal ? null : props.onReveal} /></span>`)}</div>`)}</pre><${More} source=${source} body=${props.body} />`;
}

function indentXml(text) {
  const pieces = text.match(/<!--[^]*?(?:-->|$)|<!\[CDATA\[[^]*?(?:\]\]>|$)|<[^>]*>?|[^<]+/g) || [];
  const lines = [];
  let depth = 0;
  let leaf = false; // whether the element may contain only text
  for (const piece of pieces) {
    if (!piece.trim()) continue;
    const closes = piece.startsWith("</");
    if (closes) depth = Math.max(0, depth - 1);
    if ((leaf && !piece.startsWith("<")) || (closes && leaf)) lines.at(-1)[1].push(piece);
    else lines.push([Math.min(depth, 40), [piece]]);
    const opens = /^<[^!?/]/.test(piece) && !piece.endsWith("/>");
    leaf = opens || (leaf && !piece.startsWith("<"));
    if (opens) depth += 1;
  }
  return lines;
}

function Hex({ n, side, reveal, onReveal }) {
  const [rows, setRows] = useState([]);
  const [more, setMore] = useState(false);
  const [problem, setProblem] = useState(null);
  const load = (offset) => get(`/records/${n}/body/${side}`, { as: "hex", offset, limit: 4096, reveal: reveal ? 1 : null }).then((page) => {
    setRows((kept) => [...kept.slice(0, offset / 16), ...page.rows]);
    setMore(page.more);
  }, setProblem);
  useEffect(() => void load(0), []);
  if (problem?.code === "masked") return html`<p class="pad">These bytes contain hidden values that arrived unmasked. <button onClick=${onReveal}>Show them</button></p>`;
  return html`<${Problem} problem=${problem} /><pre class="text hex" tabindex="0" aria-label="Body bytes">${rows.map(([at, hex, text]) => html`<div><span class="dim">${at.toString(16).padStart(6, "0")}</span>  ${hex.match(/../g).join(" ").padEnd(47)}  <span class="string">${text}</span></div>`)}</pre>
    ${more && html`<p class="pad"><button onClick=${() => load(rows.length * 16)}>Show more</button></p>`}`;
}
