// The views Users and Devices: matching records grouped by user or by device.

import { useRefresh } from "./throttle.js";
import { Sparkline } from "./sparkline.js";
import { brief, count, duration, plural } from "./format.js";
import { Cell, ERRORS, FilterLink, NoGroups, GroupTable, RECEIVED_LAST } from "./group-table.js";
import { html, Problem, Text, useApi } from "./components.js";

const capital = (word) => word[0].toUpperCase() + word.slice(1);

const Groups = (kind, other) => function Group({ feed, query }) {
  const [data, problem] = useApi(`/${kind}`, { q: query, until: feed.until }, { every: useRefresh(feed) });
  if (!data) return html`<${Problem} problem=${problem} />`;
  if (!data.groups.length) return html`<${NoGroups} title=${`No ${kind}`} query=${query} />`;
  const name = kind.slice(0, -1);
  const caption = `${plural(data.total, name)}, ${brief(data.from)} to ${brief(data.to)}${data.complete ? "" : RECEIVED_LAST}`;
  const columns = [["count", "Count"], ["errors", "Errors"], ["client-errors", "4xx"], ["p50", "p50"], ["p95", "p95"], ["others", other], ["last", "Last"], ["spread-col over", "Over time"]];
  return html`<${GroupTable} label=${capital(kind)} caption=${caption}
    head=${html`<th scope="col" class="first-col">${capital(name)}</th>${columns.map(([part, label]) => html`<th scope="col" class=${part} title=${part === "errors" ? ERRORS : null}>${label}</th>`)}`}>
    ${data.groups.map((one) => html`<tr key=${one.name}>
      <th scope="row"><${FilterLink} query=${query} added=${one.query}><${Text} text=${one.name} /><//></th>
      <${Cell} name="count" label="Count">${count(one.count)}<//>
      <${Cell} name=${one.errors ? "errors some" : "errors"} label="Errors" title=${ERRORS}>${count(one.errors)}<//>
      <${Cell} name="client-errors" label="4xx">${count(one.client_errors)}<//>
      <${Cell} name="p50" label="p50">${duration(one.p50_ms)}<//><${Cell} name="p95" label="p95">${duration(one.p95_ms)}<//>
      <${Cell} name="others" label=${other}><${Text} text=${one.others.join(", ")} /><//>
      <${Cell} name="last" label="Last">${brief(one.last)}<//>
      <${Cell} name="spread-col over" label="Over time"><${Sparkline} counts=${one.timeline} label=${`${brief(one.first)} to ${brief(one.last)}`} /><//></tr>`)}<//>`;
};

export const Users = Groups("users", "Devices");
export const Devices = Groups("devices", "Users");
