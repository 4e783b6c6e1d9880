// The histogram of records over time, by status class.

import { brief, count, period, plural } from "./format.js";
import { TimeChart, HEIGHT } from "./time-chart.js";
import { barsIn, MAX_PITCH, timeAxis } from "./time-axis.js";
import { html, useApi, useEffect } from "./components.js";
import { addTerm } from "./query-field.js";
import { currentRoute, navigate } from "./router.js";

const KINDS = ["2xx", "3xx", "4xx", "5xx", "1xx", "none"];
const MAX_BAR = 24; // pixels
const HEAD = 12; // pixels above the highest bar
const label = (name) => (name === "none" ? "no status" : name);
const sum = (bucket) => KINDS.reduce((total, name) => total + bucket[name], 0);

export function Histogram({ query, until, refresh, width, onTotal }) {
  const buckets = barsIn(width);
  const [data] = useApi(width ? "/timeline" : null, { q: query, until, buckets }, { every: refresh });
  useEffect(() => data && onTotal({ query, total: data.total, complete: data.complete }), [data]);
  useEffect(() => () => onTotal(null), []);
  if (!data?.periods.length) return null;
  const periods = data.periods.map((one) => ({ from: Date.parse(one.from), to: Date.parse(one.to) }));
  const axis = timeAxis(periods, width, MAX_PITCH / data.width_ms);
  const bar = data.width_ms * axis.scale;
  const points = data.periods.flatMap((one, at) => one.buckets.map((bucket, place) => {
    const begin = periods[at].from + place * data.width_ms;
    const here = KINDS.filter((name) => bucket[name]).map((name) => `${count(bucket[name])} ${label(name)}`).join(", ") || "none";
    return { x: axis.placed[at].x + place * bar, width: bar, begin, end: begin + data.width_ms, text: `${brief(begin)}: ${here}`, bucket };
  }));
  const most = Math.max(1, ...points.map(({ bucket }) => sum(bucket)));
  const sums = KINDS.map((name) => [name, points.reduce((total, { bucket }) => total + bucket[name], 0)]).filter(([, total]) => total);
  return html`<${TimeChart} axis=${axis} width=${width} points=${points} levels=${[[HEAD, count(most)]]}
    label=${`${plural(data.total, "record")} over time: ${sums.map(([name, total]) => `${count(total)} ${name}`).join(", ")}`}
    legend=${html`${sums.map(([name, total]) => html`<${Entry} key=${name} name=${name} total=${total} />`)}<span>per ${period(data.width_ms)}</span>${!data.complete && html`<span>only records received last</span>`}`}>
    ${points.map(({ bucket, x }) => stack(bucket, x + Math.max(0, bar - MAX_BAR) / 2, Math.min(MAX_BAR, bar), most))}
  <//>`;
}

/** An entry of the legend adds its class to the query. */
const Entry = ({ name, total }) => html`<button title=${`Show ${name === "none" ? "requests without a status" : name} only`} onClick=${() => navigate({ q: addTerm(currentRoute().q, `status:${name}`) })}>
  <i class="b${name}"></i>${label(name)} ${count(total)}</button>`;

function stack(bucket, x, width, most) {
  const gap = width > 4 ? 1 : 0;
  let top = HEIGHT;
  return KINDS.filter((name) => bucket[name]).map((name) => {
    const high = Math.max(1.5, (bucket[name] / most) * (HEIGHT - HEAD));
    top -= high;
    return html`<rect class="f${name}" x=${x} y=${top} width=${Math.max(1, width - gap)} height=${high} />`;
  });
}
