// Views of bodies that are not JSON: server-sent events, JSON by lines, multipart, XML, preview, image, and bytes.

import { get } from "./api.js";
import { count, plural, size } from "./format.js";
import { parseJson } from "./json.js";
import { Node } from "./tree.js";
import { html, Problem, Text, useEffect, useMemo, useState, Value } from "./components.js";

const PAGE = 200; // events or lines that are shown at first
const OPEN = 5; // events and lines that are expanded if there are no more

export function Pairs({ items, empty, onReveal, label }) {
  if (!items?.length) return empty ? html`<p class="dim pad">${empty}</p>` : null;
  return html`<table class="pairs" aria-label=${label}><tbody>${items.map((one) => html`<tr>
    <th scope="row">${one.name}</th><td><${Value} value=${one.value} masked=${one.masked} onReveal=${onReveal} /></td></tr>`)}</tbody></table>`;
}

export const Fields = ({ body, onReveal }) => html`<${Pairs} label="Fields" items=${body.fields || []} empty="No fields" onReveal=${onReveal} />`;

/** A text as a tree if it is JSON, or as it is. `depth` 3 collapses the tree. */
function Data({ text, depth, texts, onReveal }) {
  const parsed = /^\s*[{["]/.test(text) ? parseJson(text) : null;
  if (!parsed || parsed.cut) return html`<pre class="text inline"><${Text} text=${text} onReveal=${onReveal} /></pre>`;
  return html`<div class="tree"><${Node} node=${parsed.node} depth=${depth} texts=${texts} onReveal=${onReveal} /></div>`;
}

/** A list of which only the first items are shown, and all that hold what is looked for. */
function Paged({ items, render }) {
  const [most, setMost] = useState(PAGE);
  return html`${items.slice(0, most).map(render)}
    ${most < items.length && html`<p class="pad"><button onClick=${() => setMost(most + 1000)}>${count(items.length - most)} more</button></p>`}`;
}

/** JSON by lines: a tree for each. */
export function Lines({ text, texts, onReveal }) {
  const lines = useMemo(() => text.split(/\r\n|\n|\r/).map((line, at) => [at + 1, line]).filter(([, line]) => line.trim()), [text]);
  const depth = lines.length > OPEN ? 3 : 1;
  return html`<ol class="lines" aria-label=${plural(lines.length, "line")}><${Paged} items=${lines} render=${([at, line]) => html`<li key=${at} value=${at}><span class="line-number">${at}</span><${Data} text=${line} depth=${depth} texts=${texts} onReveal=${onReveal} /></li>`} /></ol>`;
}

/** The events of a text/event-stream, as a browser would read them, and comments. `open` is the last one if it has no end. */
export function parseEvents(text) {
  const events = [];
  let [event, line] = [null, 0];
  const begin = () => (event ||= { event: "", id: null, retry: null, data: [], comments: [], line });
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/);
  for (const content of lines) {
    line += 1;
    if (!content) {
      if (event) events.push(event);
      event = null;
      continue;
    }
    const [, name, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(content);
    if (!name) begin().comments.push(value ?? "");
    else if (name === "data") begin().data.push(value ?? "");
    else if (["event", "id", "retry"].includes(name)) begin()[name] = value ?? "";
    else begin().comments.push(content);
  }
  if (event) events.push({ ...event, open: true });
  return events;
}

export function Events({ text, missing, texts, onReveal }) {
  const events = useMemo(() => parseEvents(text), [text]);
  const depth = events.length > OPEN ? 3 : 1;
  return html`<ol class="events" aria-label=${plural(events.length, "event")}><${Paged} items=${events} render=${(one, at) => html`<li key=${at} value=${at + 1}>
    <p class="event-head"><span class="line-number">${at + 1}</span><b>${one.event || (one.data.length ? "message" : "comment")}</b>
      ${one.id !== null && html` <span class="dim">id ${one.id}</span>`}${one.retry !== null && html` <span class="dim">retry ${one.retry} ms</span>`}${one.open && !missing && html` <span class="dim">· the stream ends within this event</span>`}</p>
    <div class="event-data">${one.comments.map((comment) => html`<pre class="text inline dim">: ${comment}</pre>`)}
      ${one.data.length > 0 && html`<${Data} text=${one.data.join("\n")} depth=${depth} texts=${texts} onReveal=${onReveal} />`}</div></li>`} /></ol>`;
}

export const Parts = ({ body, texts, onReveal }) => (body.parts || []).map((part, at) => html`<section class="part" key=${at}>
  <h4>${part.name ?? "unnamed"}${part.filename && html` <span class="file">${part.filename}</span>`} <span class="dim">· ${part.type || "text"} · ${size(part.size)}</span></h4>
  <${PartContent} part=${part} texts=${texts} onReveal=${onReveal} />
</section>`);

function PartContent({ part, texts, onReveal }) {
  if (part.image) return html`<div class="picture"><img src=${part.image} alt=${`Image ${part.filename || part.name || ""}`} /></div>`;
  if (part.text === null) return html`<p class="dim pad">Binary data. See the Hex tab.</p>`;
  if (/json$/.test(part.type || "")) return html`<${Data} text=${part.text} depth=${1} texts=${texts} onReveal=${onReveal} />`;
  return html`<pre class="text" tabindex="0"><${Value} value=${part.text} masked=${part.masked} onReveal=${onReveal} /></pre>`;
}

const PLAIN_PAGE = 4_000; // characters up to which a page may be plain text, as error pages of frameworks are
const STYLED = /<(?:div|form|iframe|img|link|script|style|svg|table|video)\b/i;
const BLOCK = /<\/?(?:blockquote|br|dl|h[1-6]|hr|li|ol|p|pre|ul)\b[^<>]*>/i;

/** About how many pixels high a page is, if that can be told: the frame is a stranger, and does not say. */
function heightOf(text) {
  if (!text || text.length > PLAIN_PAGE || STYLED.test(text)) return null;
  const blocks = text.replace(/<title[^<>]*>[^<]*<\/title>/i, "").split(BLOCK).map((one) => one.replace(/<[^<>]*>/g, "").trim()).filter(Boolean);
  return blocks.reduce((sum, { length }) => sum + 16 + 20 * Math.ceil(length / 60), /<h1\b/i.test(text) ? 56 : 24);
}

export const Preview = ({ body }) => body.preview
  ? html`<iframe class="preview" style=${{ "--page": `${heightOf(body.text) ?? 260}px` }} sandbox="" referrerpolicy="no-referrer" title="Preview of the page, without scripts and external resources" src=${body.preview}></iframe>`
  : html`<p class="dim pad">No preview available.</p>`;

export function ImageView({ body }) {
  const [shape, setShape] = useState("");
  if (!body.image) return html`<p class="dim pad">This image cannot be displayed safely. See its bytes on the Hex tab.</p>`;
  return html`<figure class="picture"><img src=${body.image} alt="Image from the body" onLoad=${({ target }) => setShape(`${target.naturalWidth} × ${target.naturalHeight} pixels`)} />
    ${shape && html`<figcaption class="dim">${shape}</figcaption>`}</figure>`;
}

/** XML with one element per line. It is rendered as text and never parsed as markup. */
export function Xml({ text, onReveal }) {
  const lines = useMemo(() => indentXml(text), [text]);
  return html`<pre class="text" tabindex="0" aria-label="XML">${lines.map(([depth, pieces]) => html`<div>${"  ".repeat(depth)}${pieces.map((piece) => html`<span class=${piece[0] === "<" ? "key" : ""}><${Text} text=${piece} onReveal=${onReveal} /></span>`)}</div>`)}</pre>`;
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

export function Hex({ n, side, reveal, onReveal }) {
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
