// Users and devices: what matches the query, by whom it belongs to.

import { useBeat } from "./throttle.js";
import { Columns } from "./sparkline.js";
import { brief, count, duration, plural } from "./format.js";
import { Cell, Into, Nothing, Sheet } from "./group-table.js";
import { html, Problem, Text, useAnswer } from "./components.js";

const capital = (word) => word[0].toUpperCase() + word.slice(1);

const Groups = (kind, other) => function Group({ feed, query }) {
  const [told, problem] = useAnswer(`/${kind}`, { q: query }, { every: useBeat(feed.arrived) });
  if (!told) return html`<${Problem} problem=${problem} />`;
  if (!told.groups.length) return html`<${Nothing} what=${`No ${kind}`} query=${query} />`;
  const name = kind.slice(0, -1);
  const caption = `${plural(told.total, name)}, ${brief(told.from)} to ${brief(told.to)}${told.complete ? "" : ", most recent records only"}`;
  const columns = [["count", "Count"], ["errors", "Errors"], ["p50", "p50"], ["p95", "p95"], ["others", other], ["last", "Last"], ["spread-col over", "Over time"]];
  return html`<${Sheet} label=${capital(kind)} caption=${caption}
    head=${html`<th scope="col" class="first-col">${capital(name)}</th>${columns.map(([part, label]) => html`<th scope="col" class=${part}>${label}</th>`)}`}>
    ${told.groups.map((one) => html`<tr key=${one.name}>
      <th scope="row"><${Into} query=${query} added=${one.query}><${Text} text=${one.name} /><//></th>
      <${Cell} name="count" label="Count">${count(one.count)}<//>
      <${Cell} name=${one.errors ? "errors some" : "errors"} label="Errors">${count(one.errors)}<//>
      <${Cell} name="p50" label="p50">${duration(one.p50_ms)}<//><${Cell} name="p95" label="p95">${duration(one.p95_ms)}<//>
      <${Cell} name="others" label=${other}><${Text} text=${one.others.join(", ")} /><//>
      <${Cell} name="last" label="Last">${brief(one.last)}<//>
      <${Cell} name="spread-col over" label="Over time"><${Columns} counts=${one.timeline} label=${`${brief(one.first)} to ${brief(one.last)}`} /><//></tr>`)}<//>`;
};

export const Users = Groups("users", "Devices");
export const Devices = Groups("devices", "Users");
