// A body: its views, remarks on how it differs from what was sent, and its text in pages.

import { get } from "./api.js";
import { count, plural, size } from "./format.js";
import { contains } from "./find.js";
import { parseJson } from "./json.js";
import { holds, Node } from "./tree.js";
import { Events, Fields, Hex, ImageView, Lines, Pairs, Parts, Preview, Xml } from "./body-views.js";
import { copy, html, Problem, Tabs, Text, useEffect, useMemo, useState } from "./components.js";

export { Pairs };

const VIEWS = { json: ["tree"], ndjson: ["lines"], events: ["events"], form: ["fields"], multipart: ["parts"], xml: ["xml"], html: ["preview"], image: ["image"] };
const LABELS = { tree: "JSON", lines: "Lines", events: "Events", fields: "Form", parts: "Parts", xml: "XML", preview: "Preview", image: "Image", raw: "Raw", hex: "Hex" };
const COMPONENTS = { tree: Tree, lines: Lines, events: Events, fields: Fields, parts: Parts, xml: Xml, preview: Preview, image: ImageView, raw: Raw, hex: Hex, binary: Binary };
const IN_PAGES = ["tree", "lines", "events", "xml", "raw"]; // views of the text, which comes in pages
const SEARCHED = 1_048_576; // characters that are loaded to find a text

/** Whether a body has anything to show: content, or a reason why there is none. */
export const hasBody = (body) => Boolean(body) && (body.form !== "empty" || Boolean(body.omitted) || body.truncated);

/** A body; `brief` is for a box that scrolls by itself. */
export function Body({ n, side, body, reveal, brief, texts = [], onReveal }) {
  const [view, setView] = useState(null);
  if (!body || body.form === "empty") return html`<${Remarks} body=${body} /><p class="dim pad">No body${body?.omitted ? " was recorded" : ""}.</p>`;
  const views = viewsOf(body);
  const shown = views.includes(view) ? view : viewThatShows(body, views, texts);
  const Chosen = COMPONENTS[shown];
  const props = { n, side, body, reveal, texts, onReveal: reveal ? null : onReveal };
  return html`<div class="body">
    <div class="body-toolbar"><${Tabs} small label="Body format" items=${views.map((name) => [name, LABELS[name] || body.tree.name])} chosen=${shown} onChoose=${setView} />
      <span class="dim">${body.type || "no content type"} · ${size(body.size ?? body.kept)}</span>
      ${body.text && html`<button class="link" title=${body.more ? "Copy the first part" : "Copy the text"} onClick=${() => copy(body.text)}>Copy</button>`}
      ${body.download && html`<a href=${body.download} download>Download</a>`}</div>
    <${Remarks} body=${body} onReveal=${onReveal} />
    <div class="body-content" tabindex=${brief ? 0 : null} key=${`${n}${side}${shown}${reveal}`}>${IN_PAGES.includes(shown) ? html`<${Paged} ...${props} view=${Chosen} />` : html`<${Chosen} ...${props} />`}</div>
  </div>`;
}

function viewsOf(body) {
  const own = body.form === "json" && body.valid === false && isLines(body.text) ? ["lines"] : VIEWS[body.form] || [];
  return [...(body.tree ? ["binary"] : []), ...own, ...(body.text === null ? [] : ["raw"]), "hex"];
}

/** Whether a text is JSON by lines: at least two, each of which is a whole object or list. */
function isLines(text) {
  const lines = (text || "").split("\n").filter((line) => line.trim()).slice(0, 2);
  return lines.length === 2 && lines.every((line) => /^\s*[{[]/.test(line) && parseJson(line)?.cut === false);
}

/** The first view, unless only the raw text shows what is looked for. */
function viewThatShows(body, views, texts) {
  if (!texts.length || !body.text || !contains(body.text, texts)) return views[0];
  const shows = {
    tree: () => holds(parseJson(body.text)?.node || { text: "" }, texts),
    fields: () => (body.fields || []).some(({ name, value }) => contains(name, texts) || contains(value, texts)),
    parts: () => (body.parts || []).some(({ name, filename, text }) => [name, filename, text].some((one) => one && contains(one, texts))),
    lines: () => body.text.split("\n").some((line) => holds(parseJson(line)?.node || { text: line }, texts)),
    preview: () => false,
    image: () => false,
    binary: () => contains(body.tree.text || "", texts),
  }[views[0]];
  return !shows || shows() ? views[0] : "raw";
}

/** Remarks on how the shown body differs from what was sent. */
function Remarks({ body, onReveal }) {
  if (!body) return null;
  const remarks = [
    body.omitted && `The body was omitted: ${body.omitted}.`,
    body.truncated && `Truncated: ${body.size === null ? `the first ${count(body.kept)} bytes were` : `${count(body.kept)} of ${count(body.size)} bytes were`} recorded.`,
    body.hidden_before > 0 && `${plural(body.hidden_before, "value")} ${body.hidden_before === 1 ? "was" : "were"} masked when the record was exported and cannot be shown.`,
    body.redacted > 0 && `The recorder masked ${plural(body.redacted, "value")} before sending; ${body.redacted === 1 ? "it" : "they"} cannot be shown.`,
    body.rewritten && `This JSON was written anew on its way here: ${count(body.kept)} bytes instead of ${count(body.size)}.`,
    body.decoded && `Kept without its content coding, ${body.decoded}.`,
    body.read && (body.read === "none" ? "The application did not read this body." : "The application read only a part of this body."),
    body.coding && `Decompressed from ${body.coding}.`,
    body.unpacked_in_part && "The body is very large, so only the beginning is shown.",
    body.coding_error && `Cannot decompress the body: ${body.coding_error}`,
    body.valid === false && !body.truncated && !isLines(body.text) && `This is not valid ${body.form.toUpperCase()}.`,
  ].filter(Boolean);
  const hidden = body.masked > 0 && onReveal;
  if (!remarks.length && !hidden) return null;
  return html`<ul class="remarks">${remarks.map((one) => html`<li>${one}</li>`)}
    ${hidden && html`<li>${plural(body.masked, "value")} arrived unmasked and ${body.masked === 1 ? "is" : "are"} hidden here. <button class="link" onClick=${onReveal}>Show</button></li>`}</ul>`;
}

/** A view of the text loaded so far, with a button that loads more. To find a text, more is loaded at once. */
function Paged({ view, ...props }) {
  const { n, side, body, reveal, texts } = props;
  const [text, setText] = useState(body.text || "");
  const [problem, setProblem] = useState(null);
  useEffect(() => setText(body.text || ""), [body.text]);
  const length = useMemo(() => [...text].length, [text]);
  const more = () => get(`/records/${n}/body/${side}`, { offset: length, limit: 262_144, reveal: reveal ? 1 : null })
    .then((page) => setText((now) => (now === text ? text + page.text : now)), setProblem);
  const missing = length < body.length;
  useEffect(() => void (texts.length && missing && !problem && length < SEARCHED && more()), [texts.join("\n"), text]);
  return html`<${view} ...${props} text=${text} missing=${missing} />
    <${Problem} problem=${problem} />
    ${missing && html`<p class="pad"><button onClick=${more}>Show more</button> <span class="dim">${count(length)} of ${count(body.length)} characters</span></p>`}`;
}

function Raw({ text, onReveal }) {
  return html`<pre class="text" tabindex="0" aria-label="Body text"><${Text} text=${text} onReveal=${onReveal} /></pre>`;
}

function Tree({ text, texts, onReveal }) {
  const parsed = useMemo(() => parseJson(text), [text]);
  if (!parsed) return html`<${Raw} text=${text} onReveal=${onReveal} />`;
  return html`<div class="tree"><${Node} node=${parsed.node} depth=${0} texts=${texts} onReveal=${onReveal} /></div>
    ${parsed.cut && html`<p class="dim pad">… the text ends here or is not valid JSON from here on.</p>`}`;
}

/** A binary format as a tree; fields of Protocol Buffers have numbers instead of names. */
function Binary({ body, texts, onReveal }) {
  const { text, note } = body.tree;
  const parsed = useMemo(() => text && parseJson(text), [text]);
  return html`${parsed && html`<div class="tree"><${Node} node=${parsed.node} depth=${0} texts=${texts} onReveal=${onReveal} /></div>`}
    ${note && html`<p class="dim pad">${note}</p>`}`;
}
