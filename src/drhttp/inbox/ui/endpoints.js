// The view Endpoints: requests, errors, and durations of each endpoint.

import { Link } from "./link.js";
import { navigate, currentRoute } from "./router.js";
import { useRefresh } from "./throttle.js";
import { Sparkline } from "./sparkline.js";
import { count, duration, plural } from "./format.js";
import { html, Method, Problem, Text, useApi } from "./components.js";
import { addTerm } from "./query-field.js";
import { Cell, ERRORS, FilterLink, NoGroups, formatPercent, GroupTable, RECEIVED_LAST } from "./group-table.js";

const SORTS = [["endpoint", "Endpoint"], ["count", "Count"], ["errors", "Errors"], ["client-errors", "4xx"], ["p50", "p50"], ["p95", "p95"], ["p99", "p99"], ["total", "Total time"]];

export function Endpoints({ feed, query, outbound }) {
  const sort = currentRoute().sort || "count";
  const refresh = useRefresh(feed);
  const senders = useSenders(outbound, { q: query, until: feed.until }, refresh);
  const [data, problem] = useApi("/endpoints", { q: query, sort, until: feed.until }, { every: refresh });
  if (!data) return html`<${Problem} problem=${problem} />`;
  if (!data.endpoints.length) return html`<${NoGroups} title="No endpoints" query=${query} />`;
  const bounds = data.bounds.map((bound) => (bound === null ? "more" : duration(bound)));
  const caption = `${plural(data.endpoints.length, "endpoint")}, ${plural(data.total, "record")}${data.complete ? "" : RECEIVED_LAST}`;
  return html`<${GroupTable} label="Endpoints" caption=${caption} head=${html`${SORTS.map((one) => html`<${Sort} one=${one} sort=${sort} />`)}<th scope="col" class="spread-col">Durations</th>`}>
    ${data.endpoints.map((one) => html`<${Endpoint} key=${one.query} one=${one} query=${query} sends=${senders(one)} bounds=${bounds} />`)}<//>`;
}

const Sort = ({ one: [name, label], sort }) => html`<th scope="col" class=${name === "endpoint" ? "first-col" : name}
  aria-sort=${sort === name ? (name === "endpoint" ? "ascending" : "descending") : null}>
  <button class="sort" onClick=${() => navigate({ sort: name }, { replace: true })}>${label}</button></th>`;

/** Return a function that tells whether an endpoint has outbound calls; if it takes too long to find out, all may. */
function useSenders(outbound, { q, until }, refresh) {
  const [data] = useApi(outbound ? "/endpoints" : null, { q: addTerm(q, "has:calls"), until }, { every: refresh });
  const found = new Set(data?.endpoints.map((one) => one.query));
  return (one) => outbound && one.direction === "in" && data !== null && (!data.complete || found.has(one.query));
}

function Endpoint({ one, query, sends, bounds }) {
  const distribution = one.distribution.map((value, at) => (value ? `up to ${bounds[at]}: ${count(value)}` : "")).filter(Boolean).join("\n");
  return html`<tr>
    <th scope="row"><span class="direction ${one.direction}" title=${one.direction === "out" ? "sent by the application" : "received by the application"}>${one.direction}</span> <${Method} name=${one.method} /> <${FilterLink} query=${query} added=${one.query}><${Text} text=${one.endpoint} /><//>${sends && html` <${Link} class="upstreams-link" title="What it spends its time in" to=${{ view: "upstreams", q: addTerm(query, one.query), n: "", sort: "" }}>upstreams<//>`}</th>
    <${Cell} name="count" label="Count">${count(one.count)}<//>
    <${Cell} name=${one.errors ? "errors some" : "errors"} label="Errors" title=${`${count(one.errors)}: ${ERRORS}`}>${one.errors > 0 && html`<span class="meter"><i style=${{ width: `${Math.min(100, one.error_share * 100)}%` }}></i></span>`}${formatPercent(one.error_share)}<//>
    <${Cell} name="client-errors" label="4xx">${formatPercent(one.client_errors / one.count)}<//>
    <${Cell} name="p50" label="p50">${duration(one.p50_ms)}<//><${Cell} name="p95" label="p95">${duration(one.p95_ms)}<//>
    <${Cell} name="p99" label="p99">${duration(one.p99_ms)}<//><${Cell} name="total" label="Total time">${duration(one.total_ms)}<//>
    <${Cell} name="spread-col" label="Durations" title=${distribution}><${Sparkline} counts=${one.distribution} label=${`p50 ${duration(one.p50_ms)}, slowest ${duration(one.max_ms)}`} /><//></tr>`;
}
