// The view Errors: 5xx and exceptions by endpoint, with the newest of each; and 4xx apart from them.

import { useRefresh } from "./throttle.js";
import { brief, count, kind, plural } from "./format.js";
import { Link } from "./link.js";
import { html, Method, Problem, Status, Text, useApi } from "./components.js";
import { addTerm } from "./query-field.js";
import { Cell, FilterLink, NoGroups, GroupTable, RECEIVED_LAST } from "./group-table.js";

const NONE = "5xx responses, exceptions and requests without a response appear here, and 4xx responses apart from them.";
const SAMPLE = 500; // the newest errors, from which the kinds of each endpoint are counted

export function Errors({ feed, query }) {
  const every = useRefresh(feed);
  const errors = useFailures(query, "is:error", feed.until, every);
  const refused = useFailures(query, "is:client-error", feed.until, every);
  if (!errors.data || !refused.data) return html`<${Problem} problem=${errors.problem || refused.problem} />`;
  if (!errors.data.total && !refused.data.total) return html`<${NoGroups} title="No errors" query=${query} hint=${NONE} />`;
  return html`<div class="failures">
    <${Failures} ...${errors} label="Errors" what=${["error", "errors"]} which="5xx, exceptions and requests without a response; as Endpoints, Users and is:error count" />
    <${Failures} ...${refused} label="4xx" what=${["4xx response", "4xx responses"]} which="as is:client-error counts" /></div>`;
}

/** The endpoints with records that match a term, and the latest of these requests. */
function useFailures(query, term, until, every) {
  const failed = addTerm(query, term);
  const [data, problem] = useApi("/endpoints", { q: failed, sort: "last", until }, { every });
  const [page] = useApi("/records", { q: failed, sort: "-time", limit: SAMPLE, until }, { every });
  return { data, problem, failed, records: page?.records || [] };
}

function Failures({ data, failed, records, label, what: [one, many], which }) {
  if (!data.total) return html`<p class="dim pad">No ${many}: ${which}.</p>`;
  const newest = bySource(records);
  const caption = `${plural(data.total, one, many)} at ${plural(data.endpoints.length, "endpoint")}${data.complete ? "" : RECEIVED_LAST}`;
  return html`<${GroupTable} label=${label} caption=${html`${caption} <span title=${which} class="which">(${which})</span>`} head=${html`<th scope="col" class="first-col">Endpoint</th><th scope="col" class="count">Count</th>
      <th scope="col" class="kinds">Kinds</th><th scope="col" class="newest">Newest</th><th scope="col" class="last">Last</th>`}>
    ${data.endpoints.map((each) => html`<${Failing} key=${each.query} one=${each} query=${failed} records=${newest.get(source(each)) || []} />`)}<//>`;
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
