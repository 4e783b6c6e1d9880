// Errors: answers of 4xx and 5xx and exceptions, by endpoint, with the newest of each.

import { useBeat } from "./throttle.js";
import { brief, count, kind, plural } from "./format.js";
import { Link } from "./link.js";
import { html, Method, Problem, Status, Text, useAnswer } from "./components.js";
import { joined } from "./query-field.js";
import { Cell, Into, Nothing, Sheet } from "./group-table.js";

const FAILED = "(is:error OR is:client-error)";
const LOOKED_AT = 500; // the newest failures, by which each group tells its kinds

export function Errors({ feed, query }) {
  const every = useBeat(feed.arrived);
  const failed = joined(query, FAILED);
  const [told, problem] = useAnswer("/endpoints", { q: failed, sort: "last" }, { every });
  const [page] = useAnswer("/records", { q: failed, limit: LOOKED_AT }, { every });
  if (!told) return html`<${Problem} problem=${problem} />`;
  if (!told.endpoints.length) return html`<${Nothing} what="No errors" query=${query} hint="4xx and 5xx responses and exceptions appear here." />`;
  const newest = bySource(page?.records || []);
  const caption = `${plural(told.total, "error")} at ${plural(told.endpoints.length, "endpoint")}${told.complete ? "" : ", most recent records only"}`;
  return html`<${Sheet} label="Errors" caption=${caption} head=${html`<th scope="col" class="first-col">Endpoint</th><th scope="col" class="count">Count</th>
      <th scope="col" class="kinds">Kinds</th><th scope="col" class="newest">Newest</th><th scope="col" class="last">Last</th>`}>
    ${told.endpoints.map((one) => html`<${Failing} key=${one.query} one=${one} query=${failed} records=${newest.get(source(one)) || []} />`)}<//>`;
}

const source = ({ direction, method, endpoint }) => `${direction} ${method} ${endpoint}`;

function bySource(records) {
  const groups = new Map();
  for (const record of records) groups.set(source(record), [...(groups.get(source(record)) || []), record]);
  return groups;
}

/** [label, class, how many, its term], the most frequent first. */
function kinds(records) {
  const found = new Map();
  for (const record of records) {
    const thrown = record.exception?.type;
    const label = thrown || (record.status ? String(record.status) : "no response");
    const told = found.get(label) || { label, name: thrown ? "5xx" : kind(record.status), many: 0 };
    found.set(label, { ...told, many: told.many + 1 });
  }
  return [...found.values()].sort((a, b) => b.many - a.many);
}

function Failing({ one, query, records }) {
  const [newest] = records;
  return html`<tr>
    <th scope="row"><span class="direction ${one.direction}">${one.direction}</span> <${Method} name=${one.method} /> <${Into} query=${query} added=${one.query}><${Text} text=${one.endpoint} /><//></th>
    <${Cell} name="count" label="Count">${count(one.count)}<//>
    <${Cell} name="kinds" label="Kinds">${kinds(records).map(({ label, name, many }) => html`<span class="status k${name}">${label}${many > 1 ? ` ×${count(many)}` : ""}</span> `)}<//>
    <${Cell} name="newest" label="Newest">${newest && html`<${Link} to=${{ view: "requests", q: joined(query, one.query), n: newest.n, tab: "overview" }}><${Status} record=${newest} /> ${html`<${Text} text=${newest.exception ? newest.exception.message || newest.exception.type : newest.path} />`}<//>`}<//>
    <${Cell} name="last" label="Last">${brief(one.last)}<//></tr>`;
}
