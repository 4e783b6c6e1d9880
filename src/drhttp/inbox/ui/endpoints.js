// Endpoints: how often each was asked, how often it failed, and how long it took.

import { go, place } from "./router.js";
import { useBeat } from "./throttle.js";
import { Columns } from "./sparkline.js";
import { count, duration, plural } from "./format.js";
import { html, Method, Problem, Text, useAnswer } from "./components.js";
import { Cell, Into, Nothing, share, Sheet } from "./group-table.js";

const SORTS = [["endpoint", "Endpoint"], ["count", "Count"], ["errors", "Errors"], ["p50", "p50"], ["p95", "p95"], ["p99", "p99"], ["total", "Total time"]];

export function Endpoints({ feed, query }) {
  const sort = place().sort || "count";
  const [told, problem] = useAnswer("/endpoints", { q: query, sort }, { every: useBeat(feed.arrived) });
  if (!told) return html`<${Problem} problem=${problem} />`;
  if (!told.endpoints.length) return html`<${Nothing} what="No endpoints" query=${query} />`;
  const bounds = told.bounds.map((bound) => (bound === null ? "more" : duration(bound)));
  const caption = `${plural(told.endpoints.length, "endpoint")}, ${plural(told.total, "record")}${told.complete ? "" : ", most recent records only"}`;
  return html`<${Sheet} label="Endpoints" caption=${caption} head=${html`${SORTS.map((one) => html`<${Sort} one=${one} sort=${sort} />`)}<th scope="col" class="spread-col">Durations</th>`}>
    ${told.endpoints.map((one) => html`<${Endpoint} key=${one.query} one=${one} query=${query} bounds=${bounds} />`)}<//>`;
}

const Sort = ({ one: [name, label], sort }) => html`<th scope="col" class=${name === "endpoint" ? "first-col" : name}
  aria-sort=${sort === name ? (name === "endpoint" ? "ascending" : "descending") : null}>
  <button class="sort" onClick=${() => go({ sort: name }, { replace: true })}>${label}</button></th>`;

function Endpoint({ one, query, bounds }) {
  const told = one.distribution.map((value, at) => (value ? `up to ${bounds[at]}: ${count(value)}` : "")).filter(Boolean).join("\n");
  return html`<tr>
    <th scope="row"><span class="direction ${one.direction}" title=${one.direction === "out" ? "sent by the application" : "received by the application"}>${one.direction}</span> <${Method} name=${one.method} /> <${Into} query=${query} added=${one.query}><${Text} text=${one.endpoint} /><//></th>
    <${Cell} name="count" label="Count">${count(one.count)}<//>
    <${Cell} name=${one.errors ? "errors some" : "errors"} label="Errors">${one.errors > 0 && html`<span class="meter"><i style=${{ width: `${Math.min(100, one.error_share * 100)}%` }}></i></span>`}${share(one.error_share)}<//>
    <${Cell} name="p50" label="p50">${duration(one.p50_ms)}<//><${Cell} name="p95" label="p95">${duration(one.p95_ms)}<//>
    <${Cell} name="p99" label="p99">${duration(one.p99_ms)}<//><${Cell} name="total" label="Total time">${duration(one.total_ms)}<//>
    <${Cell} name="spread-col" label="Durations" title=${told}><${Columns} counts=${one.distribution} label=${`p50 ${duration(one.p50_ms)}, slowest ${duration(one.max_ms)}`} /><//></tr>`;
}
