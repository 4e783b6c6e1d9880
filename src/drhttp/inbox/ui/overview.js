// The first tab of a record, on one page: what went wrong, both bodies, headers, and the facts.

import { navigate } from "./router.js";
import { Body, hasBody, Pairs } from "./body.js";
import { compareRecords } from "./comparison.js";
import { duration, plural } from "./format.js";
import { Facts } from "./facts.js";
import { Failure } from "./failure.js";
import { Imported } from "./imported.js";
import { Labels } from "./labels.js";
import { parseJson } from "./json.js";
import { Node } from "./tree.js";
import { html, Method, Status, Text } from "./components.js";
import { Timeline } from "./timeline.js";
import { Tokens } from "./tokens.js";
import { UnmaskedValues } from "./unmasked-values.js";

const SLOW = 1_000; // milliseconds from which the timeline comes before the bodies
const SIDES = [["request", "Request"], ["response", "Response"]];
const WIDE = ["image", "html", "binary"]; // forms that need the whole width, unless a tree shows them

export function Overview(props) {
  const { record, query, feed, again, dialog, texts, onDialog, onOpen, onReveal } = props;
  const timeline = html`<${Timeline} record=${record} onOpen=${onOpen} />`;
  const slow = record.duration_ms >= SLOW;
  return html`
    <${Failure} record=${record} />
    ${slow && timeline}
    <${Bodies} ...${props} />
    <${Headers} record=${record} texts=${texts} onReveal=${onReveal} />
    ${onReveal && html`<${UnmaskedValues} hidden=${record.hidden} onReveal=${onReveal} />`}
    ${!slow && timeline}
    <${Facts} record=${record} query=${query} />
    <${Imported} record=${record} reveal=${!onReveal} />
    <${Labels} record=${record} feed=${feed} again=${again} focused=${dialog === "labels"} onFocused=${() => onDialog("")} />
    <${Related} title="Sent by" records=${record.parent && [record.parent]} onOpen=${onOpen} />
    <${Related} title="Replay of" records=${record.original && [record.original]} onOpen=${onOpen} compare=${record.n} />
    <${Related} title="Replays" records=${record.replays} onOpen=${onOpen} compare=${record.n} />
    <${Rest} record=${record} texts=${texts} onReveal=${onReveal} />`;
}

/** Whether a body is the page that a framework shows in place of an exception, which tells less than the exception. */
const isErrorPage = (record, side) => side === "response" && record.exception && record.response.body.form === "html";

/** Request body and response body, side by side where there is room. */
function Bodies({ record, reveal, texts, onReveal }) {
  const sides = SIDES.filter(([side]) => hasBody(record[side]?.body));
  if (!sides.length) return html`<p class="dim pad">${record.response ? "Neither request nor response has a body." : "The request has no body."}</p>`;
  const beside = sides.length === 2 && sides.every(([side]) => record[side].body.tree?.text || !WIDE.includes(record[side].body.form));
  return html`<div class="bodies ${beside ? "beside" : ""}">${sides.map(([side, title]) => {
    const body = html`<${Body} brief n=${record.n} side=${side} body=${record[side].body} reveal=${reveal} texts=${texts} onReveal=${onReveal} />`;
    const heading = html`<h3><button class="plain" title=${`Open the tab ${title}`} onClick=${() => navigate({ tab: side }, { replace: true })}>${title} body</button></h3>`;
    return html`<section class="brief" key=${side} aria-label=${`${title} body`}>${isErrorPage(record, side)
      ? html`<details open=${texts.length > 0}><summary>${title} body <span class="dim">HTML page</span></summary>${body}</details>` : html`${heading}${body}`}</section>`;
  })}</div>`;
}

export function Related({ title, records, onOpen, compare }) {
  if (!records?.length) return null;
  return html`<section><h3>${title}</h3><ul class="related">${records.map((one) => html`<li key=${one.n}>
    <button class="link" onClick=${() => onOpen(one.n)}><${Method} name=${one.method} /> <${Text} text=${`${one.direction === "out" ? one.host : ""}${one.path}`} /></button>
    <${Status} record=${one} whole /><span class="dim">${duration(one.duration_ms)}</span>
    ${compare && html`<button class="link" onClick=${() => compareRecords(Math.min(one.n, compare), Math.max(one.n, compare))}>compare</button>`}</li>`)}</ul></section>`;
}

/** Right below the bodies, folded: they are long, and often explain a body. */
function Headers({ record, texts, onReveal }) {
  const folded = [
    ["Query", record.request?.query, "parameter"],
    ["Request headers", record.request?.headers, "header"],
    ["Response headers", record.response?.headers, "header"],
  ].filter(([, items]) => items?.length);
  return html`<div class="folded">${folded.map(([title, items, word]) => html`<details key=${`${record.n}${title}`} open=${texts.length > 0 || (title === "Query" && items.length <= 8)}>
      <summary>${title} <span class="dim">${plural(items.length, word)}</span></summary><${Pairs} label=${title} items=${items} onReveal=${onReveal} /></details>`)}</div>`;
}

/** What is rarely the answer, folded. */
function Rest({ record, texts, onReveal }) {
  const more = record.extra_text ? parseJson(record.extra_text)?.node : null; // as text, in which numbers are exact
  return html`<div class="folded">${record.tokens.length > 0 && html`<details key=${`${record.n}tokens`}><summary>${plural(record.tokens.length, "JSON Web Token")}</summary><${Tokens} tokens=${record.tokens} onReveal=${onReveal} /></details>`}
    ${more && html`<details key=${`${record.n}more`}><summary>Additional data</summary><div class="tree"><${Node} node=${more} depth=${0} texts=${texts} onReveal=${onReveal} /></div></details>`}</div>`;
}
