// The foot of the list: how many records are shown of how many, its order, and what is the same in every row.

import { count } from "./format.js";
import { orderInWords } from "./sorting.js";
import { html, Text, useApi } from "./components.js";
import { useRefresh, useSettled } from "./throttle.js";

export function Footer({ feed, query, total, same }) {
  const shared = same.map(([name, value]) => `${name} ${value}`).join(" · ");
  return html`<div class="foot"><span>${count(feed.rows.length)} shown<${Total} feed=${feed} query=${query} counted=${total} /></span>
    <span class="ordered">by ${orderInWords(feed.order)}</span>
    ${feed.order && feed.partial !== null && html`<span class="partial">sorted down to record ${count(feed.partial)} only: the time ran out</span>`}
    ${shared && html`<span class="same-in-all" title=${`The same in every row: ${shared}`}>in every row: <${Text} text=${shared} /></span>`}
    ${feed.searching !== null && html`<span>searching at record ${count(feed.searching)} …</span>`}
    <span class="keys"><kbd>j</kbd> <kbd>k</kbd> move · <kbd>Enter</kbd> open · <kbd>/</kbd> query · <kbd>?</kbd> shortcuts</span></div>`;
}

/** How many records match. The histogram has counted them; without it, they are counted for this. */
function Total({ feed, query, counted }) {
  const settled = useSettled(query);
  const known = counted?.query === query;
  const asks = feed.next !== null && !known && settled === query && !feed.loading;
  const [data] = useApi(asks ? "/histogram" : null, { q: settled, until: feed.until, buckets: 1 }, { every: useRefresh(feed) });
  if (feed.next === null) return feed.loading ? "" : ` of ${count(feed.rows.length)}`;
  const found = known ? counted : asks && data;
  if (!found) return ", more below";
  // The histogram is counted now and then, and records arrive meanwhile.
  return ` of ${found.complete ? "" : "more than "}${count(Math.max(found.total, feed.rows.length))}`;
}
