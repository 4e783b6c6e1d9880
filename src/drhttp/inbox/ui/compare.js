// The comparison of two records: headers in any order, JSON by path.

import { navigate } from "./router.js";
import { duration, moment, plural, span } from "./format.js";
import { Link } from "./link.js";
import { html, Method, Problem, Status, Text, useApi, useLayoutEffect, useRef, useState } from "./components.js";

const TITLES = { summary: "Summary", "request.headers": "Request headers", "request.body": "Request body", "response.headers": "Response headers", "response.body": "Response body" };
const ORDER = ["summary", "request.body", "response.body", "request.headers", "response.headers"]; // what explains most comes first
const APART = 3_600; // seconds from which the time between a success and a failure is told
const SIGNS = { added: "+", removed: "−", changed: "≠" };

export function Compare({ left, right, n }) {
  const box = useRef();
  const [ignore, setIgnore] = useState("date,age,x-request-id,etag");
  const [reveal, setReveal] = useState(false);
  const [data, problem] = useApi(left && right ? "/compare" : null, { left, right, ignore: ignore || ",", reveal: reveal ? 1 : null });
  useLayoutEffect(() => { // the keys that scroll are for the comparison
    if (data && document.activeElement === document.body) box.current.focus({ preventScroll: true });
  }, [Boolean(data)]);
  if (!data) return html`<section class="empty"><${Problem} problem=${problem} />${!(left && right) && html`<h2>Nothing to compare</h2><p>Press <kbd>m</kbd> on one record, then on another.</p>`}<p><${Back} n=${n} /></p></section>`;
  const parts = [...data.parts].sort((one, other) => one.equal - other.equal || ORDER.indexOf(one.part) - ORDER.indexOf(other.part));
  return html`<div class="table-view compare ${outcome(data)}" tabindex="0" role="region" aria-label="Comparison" ref=${box}>
    <p class="lead"><${Back} n=${n} /><${Relation} ...${data} /></p>
    <div class="pair"><${Side} record=${data.left} /><${Side} record=${data.right} /></div>
    <div class="compare-options"><label>Ignore: <input class="mono" value=${ignore} onChange=${(event) => setIgnore(event.target.value)} /></label>
      <button onClick=${() => navigate({ left: right, right: left }, { replace: true })}>Swap</button>
      ${data.hidden > 0 && html`<button aria-pressed=${reveal} onClick=${() => setReveal(!reveal)}>${reveal ? "Hide values" : "Show hidden values"}</button>`}
      <span class=${data.equal ? "same" : "dim"}>${data.equal ? "Equal." : plural(data.parts.reduce((sum, part) => sum + part.changes.length, 0), "difference")}</span></div>
    ${parts.map((part) => html`<${Part} key=${part.part} part=${part} sides=${[data.left, data.right]} />`)}
  </div>`;
}

/** To the record from which one came, or to the list. */
const Back = ({ n }) => html`<${Link} class="back" to=${{ view: "requests" }} title="Leave the comparison (Esc)">${n ? `← Record ${n}` : "← All records"}<//>`;

const failed = (record) => record.error || record.status >= 400;

/** Which side is the good one, if one is. */
const outcome = ({ left, right }) => (failed(left) === failed(right) ? "" : failed(right) ? "to-failure" : "to-success");

/** Whether the right record is a failure of the endpoint of the left one, which succeeded. */
const isFailureOf = ({ left, right }) => !failed(left) && failed(right) && left.endpoint === right.endpoint && left.method === right.method;

/** What two records have to do with each other. */
function Relation({ left, right }) {
  if (!isFailureOf({ left, right })) return null;
  const user = right.user && left.user === right.user ? html` and the same user (<${Text} text=${right.user} />)` : right.user ? ", by another user" : "";
  return html`<span class="relation">Success (left) and failure (right) of the same endpoint${user}.${distance(left, right)}</span>`;
}

/** How far apart a success and a failure are, if that may explain a difference, or if the success came later. */
function distance(success, failure) {
  const seconds = (Date.parse(failure.time) - Date.parse(success.time)) / 1000;
  const between = Math.abs(seconds);
  return seconds >= 0 && seconds < APART ? "" : ` The success was ${between < 1 ? duration(between * 1000) : span(between)} ${seconds > 0 ? "before" : "after"} the failure.`;
}

const Side = ({ record }) => html`<${Link} class="side" to=${{ view: "requests", n: record.n, tab: "overview" }}>
  <${Method} name=${record.method} /> <${Status} record=${record} /> <b class="mono"><${Text} text=${`${record.path}${record.query ? `?${record.query}` : ""}`} /></b>
  <span class="dim">${moment(record.time)} · ${duration(record.duration_ms)} · record ${record.n}</span><//>`;

function Part({ part, sides }) {
  const title = TITLES[part.part] || part.part;
  if (part.equal) return html`<section class="part-of"><h3>${title} <span class="same">equal</span></h3></section>`;
  return html`<section class="part-of"><h3>${title} <span class="dim">${part.as ? `by ${part.as === "json" ? "path" : part.as}` : ""}</span></h3>
    <table class="changes"><thead><tr><th scope="col">Where</th>${sides.map((one) => html`<th scope="col">${one.n} <span class="dim">· ${one.status ?? "no status"}</span></th>`)}</tr></thead>
      <tbody>${part.changes.map((one) => html`<tr class=${one.change}><th scope="row"><i aria-label=${one.change}>${SIGNS[one.change]}</i> ${one.path}</th>
        <td><${Text} text=${shown(one.left, one.left_text)} /></td><td><${Text} text=${shown(one.right, one.right_text)} /></td></tr>`)}</tbody></table>
    ${part.more && html`<p class="dim pad">More differences are not shown.</p>`}</section>`;
}

/** A value; `text` is its JSON, in which numbers are exact. */
function shown(value, text) {
  if (typeof text === "string") return typeof value === "string" ? value : text;
  if (value === null || value === undefined) return html`<span class="dim">–</span>`;
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.join("\n");
  return typeof value === "string" ? value : JSON.stringify(value, null, 1);
}
