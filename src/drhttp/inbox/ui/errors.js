// The view Errors: 4xx and 5xx responses and exceptions by endpoint, with the newest of each.

import { useThrottled } from "./throttle.js";
import { brief, count, kind, plural } from "./format.js";
import { Link } from "./link.js";
import { html, Method, Problem, Status, Text, useApi } from "./components.js";
import { addTerm } from "./query-field.js";
import { Cell, FilterLink, NoGroups, GroupTable } from "./group-table.js";

const FAILED = "(is:error OR is:client-error)";
const SAMPLE = 500; // the newest errors, from which the kinds of each endpoint are counted

export function Errors({ feed, query }) {
  const every = useThrottled(feed.arrived);
  const failed = addTerm(query, FAILED);
  const [data, problem] = useApi("/endpoints", { q: failed, sort: "last" }, { every });
  const [page] = useApi("/records", { q: failed, limit: SAMPLE }, { every });
  if (!data) return html`<${Problem} problem=${problem} />`;
  if (!data.endpoints.length) return html`<${NoGroups} title="No errors" query=${query} hint="4xx and 5xx responses and exceptions appear here." />`;
  const newest = bySource(page?.records || []);
  const caption = `${plural(data.total, "error")} at ${plural(data.endpoints.length, "endpoint")}${data.complete ? "" : ", most recent records only"}`;
  return html`<${GroupTable} label="Errors" caption=${caption} head=${html`<th scope="col" class="first-col">Endpoint</th><th scope="col" class="count">Count</th>
      <th scope="col" class="kinds">Kinds</th><th scope="col" class="newest">Newest</th><th scope="col" class="last">Last</th>`}>
    ${data.endpoints.map((one) => html`<${Failing} key=${one.query} one=${one} query=${failed} records=${newest.get(source(one)) || []} />`)}<//>`;
}

const source = ({ direction, method, endpoint }) => `${direction} ${method} ${endpoint}`;

function bySource(records) {
  const groups = new Map();
  for (const record of records) groups.set(source(record), [...(groups.get(source(record)) || []), record]);
  return groups;
}

/** The kinds of errors as {label, name, total}, the most frequent first; `name` is the status class. */
function kinds(records) {
  const found = new Map();
  for (const record of records) {
    const thrown = record.exception?.type;
    const label = thrown || (record.status ? String(record.status) : "no response");
    const known = found.get(label) || { label, name: thrown ? "5xx" : kind(record.status), total: 0 };
    found.set(label, { ...known, total: known.total + 1 });
  }
  return [...found.values()].sort((a, b) => b.total - a.total);
}

function Failing({ one, query, records }) {
  const [newest] = records;
  return html`<tr>
    <th scope="row"><span class="direction ${one.direction}">${one.direction}</span> <${Method} name=${one.method} /> <${FilterLink} query=${query} added=${one.query}><${Text} text=${one.endpoint} /><//></th>
    <${Cell} name="count" label="Count">${count(one.count)}<//>
    <${Cell} name="kinds" label="Kinds">${kinds(records).map(({ label, name, total }) => html`<span class="status k${name}">${label}${total > 1 ? ` ×${count(total)}` : ""}</span> `)}<//>
    <${Cell} name="newest" label="Newest">${newest && html`<${Link} to=${{ view: "requests", q: addTerm(query, one.query), n: newest.n, tab: "overview" }}><${Status} record=${newest} /> ${html`<${Text} text=${newest.exception ? newest.exception.message || newest.exception.type : newest.path} />`}<//>`}<//>
    <${Cell} name="last" label="Last">${brief(one.last)}<//></tr>`;
}
