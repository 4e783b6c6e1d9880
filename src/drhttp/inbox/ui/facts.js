// The facts of a record that neither its heading nor its bodies show, with buttons that filter for a value or exclude it.

import { navigate } from "./router.js";
import { duration, moment, size } from "./format.js";
import { html, Text } from "./components.js";
import { addTerm, formatTerm } from "./query-field.js";

/** Two buttons that add a value to the query. */
export function Pick({ label, field, value, query }) {
  const filter = (sign) => navigate({ q: addTerm(query, `${sign}${formatTerm(field, value)}`) });
  return html`<span class="pick">
    <button aria-label=${`Filter for ${label} ${value}`} title="Filter for this value" onClick=${() => filter("")}>+</button>
    <button aria-label=${`Exclude ${label} ${value}`} title="Exclude this value" onClick=${() => filter("-")}>−</button></span>`;
}

const sizes = ({ request_size: sent, response_size: received }) => [sent && `request ${size(sent)}`, received && `response ${size(received)}`].filter(Boolean).join(", ");

export function Facts({ record, query }) {
  const facts = [
    ["Time", moment(record.time)],
    ["First byte", record.ttfb_ms === null ? "" : `after ${duration(record.ttfb_ms)} of ${duration(record.duration_ms)}`],
    ["User", record.user, "user"], ["Device", record.device, "device"], ["Client", record.client, "client"],
    ["Endpoint", record.endpoint === record.path ? "" : record.endpoint, "route"],
    ["Body sizes", sizes(record)], ["Trace", record.trace_id, "trace"], ["Id", record.id, "id"],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
  return html`<dl class="facts" aria-label="Details">${facts.map(([label, value, field]) => html`<div key=${label} class=${["Trace", "Id"].includes(label) ? "long" : ""}><dt>${label}</dt>
    <dd><${Text} text=${value} />${field && html`<${Pick} label=${label.toLowerCase()} field=${field} value=${value} query=${query} />`}</dd></div>`)}</dl>`;
}
