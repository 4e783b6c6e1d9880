// The view Upstreams: what the requests that match spend their time in, by the endpoint of the outbound requests.

import { navigate, currentRoute } from "./router.js";
import { useRefresh } from "./throttle.js";
import { Sparkline } from "./sparkline.js";
import { count, duration, plural } from "./format.js";
import { html, Method, Problem, Text, useApi } from "./components.js";
import { Cell, FilterLink, NoGroups, formatPercent, GroupTable, RECEIVED_LAST } from "./group-table.js";

const SORTS = [["endpoint", "Upstream"], ["count", "Count"], ["errors", "Errors"], ["p50", "p50"], ["p95", "p95"], ["total", "Total time"]];
const HINT = "Set the option outbound of the recorder, or DRHTTP_OUTBOUND=1, to record the requests that the application sends.";

export function Upstreams({ feed, query }) {
  const sort = currentRoute().sort || "total";
  const [data, problem] = useApi("/upstreams", { q: query, sort, until: feed.until }, { every: useRefresh(feed) });
  if (!data) return html`<${Problem} problem=${problem} />`;
  if (!data.upstreams.length) return html`<${NoGroups} title="No outbound requests" query=${query} hint=${HINT} />`;
  const shown = data.complete ? "" : RECEIVED_LAST;
  const caption = `${plural(data.total, "outbound request")} to ${plural(data.upstreams.length, "upstream")}${shown}`;
  return html`<${GroupTable} label="Upstreams" caption=${caption} head=${html`${SORTS.map((one) => html`<${Sort} one=${one} sort=${sort} />`)}<th scope="col" class="share">Share of time</th><th scope="col" class="spread-col">Durations</th>`}>
    ${data.upstreams.map((one) => html`<${Upstream} key=${one.query} one=${one} />`)}<//>`;
}

const Sort = ({ one: [name, label], sort }) => html`<th scope="col" class=${name === "endpoint" ? "first-col" : name}
  aria-sort=${sort === name ? (name === "endpoint" ? "ascending" : "descending") : null}>
  <button class="sort" onClick=${() => navigate({ sort: name }, { replace: true })}>${label}</button></th>`;

const Upstream = ({ one }) => html`<tr>
    <th scope="row"><${Method} name=${one.method} /> <${FilterLink} query="" added=${one.query}><${Text} text=${one.endpoint} /><//></th>
    <${Cell} name="count" label="Count">${count(one.count)}<//>
    <${Cell} name=${one.errors ? "errors some" : "errors"} label="Errors">${one.errors > 0 && html`<span class="meter"><i style=${{ width: `${Math.min(100, one.error_share * 100)}%` }}></i></span>`}${formatPercent(one.error_share)}<//>
    <${Cell} name="p50" label="p50">${duration(one.p50_ms)}<//><${Cell} name="p95" label="p95">${duration(one.p95_ms)}<//><${Cell} name="total" label="Total time">${duration(one.total_ms)}<//>
    <${Cell} name="share" label="Share of time" title="of the time of the requests that the application served">${one.share === null ? "–" : formatPercent(one.share)}<//>
    <${Cell} name="spread-col" label="Durations"><${Sparkline} counts=${one.distribution} label=${`p50 ${duration(one.p50_ms)}, slowest ${duration(one.max_ms)}`} /><//></tr>`;
