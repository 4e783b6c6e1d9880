// Values of a record that arrived unmasked and that only the inbox hides: how many, where, and what to do.

import { count, plural } from "./format.js";
import { html } from "./components.js";

const MAX_PLACES = 8; // places that are listed
const PARTS = { "request.headers": "request header", "response.headers": "response header", "request.body": "request body", "response.body": "response body", query: "query", extra: "additional data" };

export function UnmaskedValues({ hidden, onReveal }) {
  if (!hidden?.count) return null;
  const { places, unknown_masks: unknown } = hidden;
  const rest = places.length - MAX_PLACES;
  return html`<section class="unmasked-values" aria-label="Hidden values">
    <div><h3>${hidden.count === 1 ? "1 value arrived unmasked and is hidden here" : `${count(hidden.count)} values arrived unmasked and are hidden here`}</h3>
      <button onClick=${onReveal}>Show hidden ${hidden.count === 1 ? "value" : "values"}</button></div>
    <ul>${places.slice(0, MAX_PLACES).map((one) => html`<li>${PARTS[one.part] || one.part}${one.name && html` <code>${one.name}</code>`}${one.count > 1 && html` <span class="dim">×${count(one.count)}</span>`}</li>`)}
      ${rest > 0 && html`<li class="dim">and ${count(rest)} more</li>`}</ul>
    <details><summary>What to do about it</summary>
    ${hidden.imported ? html`<p>They are unmasked in the imported file, and the inbox stores them that way.</p>` : html`<p>The recorder sent them unmasked, and the inbox stores them that way. Turn on <code>redact</code>, upgrade drhttp in that application, or add the field names: <code>Redact(also=[…])</code>.</p>`}
    ${unknown > 0 && html`<p>The recorder reports ${plural(unknown, "masked value")} in this record with a mask that the inbox does not recognize. Some of them may be listed here.</p>`}
    </details></section>`;
}
