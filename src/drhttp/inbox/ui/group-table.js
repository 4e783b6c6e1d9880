// The table of a view that groups records; on narrow screens each row becomes a card with labels.

import { Link } from "./link.js";
import { html } from "./components.js";
import { addTerm } from "./query-field.js";

/** What every view counts as an error; 4xx responses are counted apart. */
export const ERRORS = "5xx, exceptions and requests without a response, as is:error finds";

/** What a caption says of an aggregate for which the time ran out. */
export const RECEIVED_LAST = ", only the records received last";

/** A click on a row is one on the link with its name, unless it hits another link or ends a selection of text. */
function follow(event) {
  const row = event.target.closest("tbody tr");
  if (!row || event.target.closest("a, button") || !getSelection().isCollapsed) return;
  const { ctrlKey, metaKey, shiftKey } = event; // a new tab, as a click on the link itself
  row.querySelector("th a")?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey, metaKey, shiftKey }));
}

export const GroupTable = ({ label, caption, head, children }) => html`<div class="table-view" tabindex="0" role="region" aria-label=${label}>
  <table class="groups" onClick=${follow}><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>${children}</tbody></table></div>`;

/** A cell, with the name of its column for the cards of narrow screens. */
export const Cell = ({ name, label, title, children }) => html`<td class=${name} data-label=${label} title=${title}><div>${children}</div></td>`;

/** A link to the list, with a term added to the query. */
export const FilterLink = ({ query, added, children }) => html`<${Link} to=${{ view: "requests", q: addTerm(query, added), n: "" }}>${children}<//>`;

export const NoGroups = ({ title, query, hint = "They appear here when records contain them." }) => html`<section class="empty"><h2>${title}</h2>
  <p>${query ? "There are none in the records that match the query." : hint}</p></section>`;

export const formatPercent = (part) => (part === 0 ? "0" : part < 0.001 ? "<0.1 %" : `${(part * 100).toFixed(part < 0.1 ? 1 : 0)} %`);
