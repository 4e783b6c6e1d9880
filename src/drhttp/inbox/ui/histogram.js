// Requests over time, by class of status.

import { brief, clock, count, period, plural } from "./format.js";
import { Blank, Frame, HIGH, WIDE } from "./time-chart.js";
import { html, useAnswer } from "./components.js";

const KINDS = ["2xx", "3xx", "4xx", "5xx", "1xx", "none"];
const label = (name) => (name === "none" ? "no status" : name);

export function Histogram({ query, beat }) {
  const [told] = useAnswer("/histogram", { q: query, buckets: 120 }, { every: beat });
  if (!told?.buckets.length) return html`<${Blank} />`;
  const from = Date.parse(told.from);
  const span = Math.max(1, Date.parse(told.to) - from);
  const most = Math.max(1, ...told.buckets.map((bucket) => KINDS.reduce((sum, name) => sum + bucket[name], 0)));
  const share = told.width_ms / span;
  const sums = KINDS.map((name) => [name, told.buckets.reduce((sum, bucket) => sum + bucket[name], 0)]).filter(([, sum]) => sum);
  const stops = told.buckets.map((bucket, at) => {
    const begin = from + at * told.width_ms;
    const here = KINDS.filter((name) => bucket[name]).map((name) => `${count(bucket[name])} ${label(name)}`).join(", ") || "none";
    return { x: at * share, wide: share, begin, end: begin + told.width_ms, text: `${told.width_ms < 1000 ? clock(begin) : brief(begin)}: ${here}` };
  });
  return html`<${Frame} query=${query} from=${from} span=${span} stops=${stops}
    label=${`${plural(told.total, "record")} over time: ${sums.map(([name, sum]) => `${count(sum)} ${name}`).join(", ")}`}
    legend=${html`${sums.map(([name, sum]) => html`<span><i class="b${name}"></i>${label(name)} ${count(sum)}</span>`)}<span>peak: ${count(most)} per ${period(told.width_ms)}</span>${!told.complete && html`<span>most recent records only</span>`}`}>
    ${told.buckets.map((bucket, at) => stack(bucket, at * share * WIDE, share * WIDE, most))}
  <//>`;
}

function stack(bucket, x, wide, most) {
  let top = HIGH;
  return KINDS.filter((name) => bucket[name]).map((name) => {
    const high = Math.max(1.5, (bucket[name] / most) * (HIGH - 4));
    top -= high;
    return html`<rect class="f${name}" x=${x + wide * 0.08} y=${top} width=${Math.max(1, wide * 0.84)} height=${high} />`;
  });
}
