// What a record holds in clear and only the inbox hides: how much, where, and what to do about it.

import { count } from "./format.js";
import { html } from "./parts.js";

const FIRST = 8; // places that are named
const PARTS = { "request.headers": "request header", "response.headers": "response header", "request.body": "request body", "response.body": "response body", query: "query", extra: "further data" };

export function Hidden({ hidden, onReveal }) {
  if (!hidden?.count) return null;
  const { places, unknown_masks: unknown } = hidden;
  const rest = places.length - FIRST;
  return html`<section class="clear-values" aria-label="Hidden values">
    <h3>${hidden.count === 1 ? "1 value arrived in clear and is hidden here" : `${count(hidden.count)} values arrived in clear and are hidden here`}</h3>
    <ul>${places.slice(0, FIRST).map((one) => html`<li>${PARTS[one.part] || one.part}${one.name && html` <code>${one.name}</code>`}${one.count > 1 && html` <span class="dim">×${count(one.count)}</span>`}</li>`)}
      ${rest > 0 && html`<li class="dim">and ${count(rest)} more</li>`}</ul>
    <p>The recorder sent them unmasked, and the inbox keeps them so. Switch its masking on (<code>redact</code>), update drhttp there, or add the names: <code>Redact(also=[…])</code>.</p>
    ${unknown > 0 && html`<p>The recorder says that it masked ${count(unknown)} of the values in this record with a mask that is not known here; some may be among these.</p>`}
    <p><button onClick=${onReveal}>Show hidden values</button></p></section>`;
}
