// The properties of a record, with buttons that filter for a value or exclude it.

import { navigate } from "./router.js";
import { duration, moment, size } from "./format.js";
import { html, Text } from "./components.js";
import { addTerm, formatTerm } from "./query-field.js";

export function RecordProperties({ record, query }) {
  const properties = [
    ["Time", moment(record.time)],
    ["Direction", record.direction === "in" ? "received by the application" : "sent by the application", "dir", record.direction],
    ["Status", record.status, "status"], ["Method", record.method, "method"], ["Host", record.host, "host"], ["Path", record.path, "path"],
    ["Endpoint", record.route, "route"], ["User", record.user, "user"], ["Device", record.device, "device"], ["Client", record.client, "client"],
    ["Duration", `${duration(record.duration_ms)}${record.ttfb_ms === null ? "" : `, first byte after ${duration(record.ttfb_ms)}`}`],
    ["Size", `request ${size(record.request_size)}, response ${size(record.response_size)}`],
    ["Type", record.response_type, "type"], ["Trace", record.trace_id, "trace"], ["Id", record.id, "id"],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
  return html`<table class="pairs properties" aria-label="Details"><tbody>${properties.map(([label, value, field, exact]) => html`<tr><th scope="row">${label}</th>
    <td><span class=${["Time", "Path", "Trace", "Id", "Client", "Host"].includes(label) ? "mono" : ""}><${Text} text=${value} /></span>${field && html`<span class="pick">
      <button aria-label=${`Filter for ${label.toLowerCase()} ${value}`} title="Filter for this value" onClick=${() => navigate({ q: addTerm(query, formatTerm(field, exact ?? value)) })}>+</button>
      <button aria-label=${`Exclude ${label.toLowerCase()} ${value}`} title="Exclude this value" onClick=${() => navigate({ q: addTerm(query, `-${formatTerm(field, exact ?? value)}`) })}>−</button></span>`}</td></tr>`)}</tbody></table>`;
}
