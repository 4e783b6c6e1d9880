// Endpoints, users and devices: what matches the query, by what it belongs to.

import { go, href, place } from "./address.js";
import { Columns, useBeat } from "./charts.js";
import { brief, count, duration, plural } from "./format.js";
import { html, Method, Problem, useAnswer } from "./parts.js";
import { joined } from "./query.js";

const SORTS = [["endpoint", "Endpoint"], ["count", "Count"], ["errors", "Errors"], ["p50", "p50"], ["p95", "p95"], ["p99", "p99"], ["total", "Time spent"]];
const share = (part) => (part === 0 ? "0" : part < 0.001 ? "<0.1 %" : `${(part * 100).toFixed(part < 0.1 ? 1 : 0)} %`);
const records = (query, added) => ({ view: "requests", q: joined(query, added), n: "" });

/** A link into the list that another tab can open, too. */
function Into({ query, added, children }) {
  const changes = records(query, added);
  const enter = (event) => event.metaKey || event.ctrlKey || event.shiftKey || (event.preventDefault(), go(changes));
  return html`<a href=${href(changes)} onClick=${enter}>${children}</a>`;
}

const Nothing = ({ what, query }) => html`<section class="empty"><h2>${what}</h2>
  <p>${query ? "Nothing that matches the query belongs to one." : "They appear here as soon as a record names one."}</p></section>`;

export function Endpoints({ feed, query }) {
  const sort = place().sort || "count";
  const [told, problem] = useAnswer("/endpoints", { q: query, sort }, { every: useBeat(feed.arrived) });
  if (!told) return html`<${Problem} problem=${problem} />`;
  if (!told.endpoints.length) return html`<${Nothing} what="No endpoints" query=${query} />`;
  const bounds = told.bounds.map((bound) => (bound === null ? "more" : duration(bound)));
  return html`<div class="sheet" tabindex="0" role="region" aria-label="Endpoints"><table class="groups">
    <caption>${plural(told.endpoints.length, "endpoint")}, ${plural(told.total, "record")}${told.complete ? "" : ", newest part only"}</caption>
    <thead><tr>${SORTS.map(([name, label]) => html`<th scope="col" class=${name} aria-sort=${sort === name ? (name === "endpoint" ? "ascending" : "descending") : null}>
      <button class="sort" onClick=${() => go({ sort: name }, { replace: true })}>${label}</button></th>`)}<th scope="col" class="spread-col">Durations</th></tr></thead>
    <tbody>${told.endpoints.map((one) => html`<tr key=${one.query}>
      <th scope="row"><span class="direction dim">${one.direction}</span> <${Method} name=${one.method} /> <${Into} query=${query} added=${one.query}>${one.endpoint}<//></th>
      <td class="count">${count(one.count)}</td>
      <td class="errors ${one.errors ? "some" : ""}">${one.errors > 0 && html`<span class="meter"><i style=${{ width: `${Math.min(100, one.error_share * 100)}%` }}></i></span>`}${share(one.error_share)}</td>
      <td class="p50">${duration(one.p50_ms)}</td><td class="p95">${duration(one.p95_ms)}</td><td class="p99">${duration(one.p99_ms)}</td><td class="total">${duration(one.total_ms)}</td>
      <td class="spread-col" title=${one.distribution.map((value, at) => (value ? `up to ${bounds[at]}: ${count(value)}` : "")).filter(Boolean).join("\n")}>
        <${Columns} counts=${one.distribution} label=${`p50 ${duration(one.p50_ms)}, slowest ${duration(one.max_ms)}`} /></td></tr>`)}</tbody></table></div>`;
}

const Groups = (kind, other) => function Group({ feed, query }) {
  const [told, problem] = useAnswer(`/${kind}`, { q: query }, { every: useBeat(feed.arrived) });
  if (!told) return html`<${Problem} problem=${problem} />`;
  if (!told.groups.length) return html`<${Nothing} what=${`No ${kind}`} query=${query} />`;
  const name = kind.slice(0, -1);
  return html`<div class="sheet" tabindex="0" role="region" aria-label=${kind}><table class="groups">
    <caption>${plural(told.total, name)}, ${brief(told.from)} to ${brief(told.to)}</caption>
    <thead><tr><th scope="col">${name[0].toUpperCase() + name.slice(1)}</th><th scope="col" class="count">Count</th><th scope="col" class="errors">Errors</th>
      <th scope="col" class="p50">p50</th><th scope="col" class="p95">p95</th><th scope="col" class="others">${other}</th><th scope="col" class="last">Last</th><th scope="col" class="spread-col">Over time</th></tr></thead>
    <tbody>${told.groups.map((one) => html`<tr key=${one.name}>
      <th scope="row"><${Into} query=${query} added=${one.query}>${one.name}<//></th><td class="count">${count(one.count)}</td>
      <td class="errors ${one.errors ? "some" : ""}">${count(one.errors)}</td><td class="p50">${duration(one.p50_ms)}</td><td class="p95">${duration(one.p95_ms)}</td>
      <td class="others">${one.others.join(", ")}</td><td class="last">${brief(one.last)}</td>
      <td class="spread-col"><${Columns} counts=${one.timeline} label=${`${brief(one.first)} to ${brief(one.last)}`} /></td></tr>`)}</tbody></table></div>`;
};

export const Users = Groups("users", "Devices");
export const Devices = Groups("devices", "Users");
