// A page that is one table of groups; on narrow screens its rows become cards that name their values.

import { Link } from "./link.js";
import { html } from "./components.js";
import { joined } from "./query-field.js";

export const Sheet = ({ label, caption, head, children }) => html`<div class="sheet" tabindex="0" role="region" aria-label=${label}>
  <table class="groups"><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>${children}</tbody></table></div>`;

/** A cell that can tell its column's name where there is no room for a head. */
export const Cell = ({ name, label, title, children }) => html`<td class=${name} data-label=${label} title=${title}><div>${children}</div></td>`;

/** A link into the list: the query with a term beside it. */
export const Into = ({ query, added, children }) => html`<${Link} to=${{ view: "requests", q: joined(query, added), n: "" }}>${children}<//>`;

export const Nothing = ({ what, query, hint = "They appear here when records contain them." }) => html`<section class="empty"><h2>${what}</h2>
  <p>${query ? "No records match the query." : hint}</p></section>`;

export const share = (part) => (part === 0 ? "0" : part < 0.001 ? "<0.1 %" : `${(part * 100).toFixed(part < 0.1 ? 1 : 0)} %`);
