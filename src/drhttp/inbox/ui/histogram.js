// The histogram of records over time, by status class.

import { brief, clock, count, period, plural } from "./format.js";
import { BlankChart, TimeChart, HEIGHT, WIDTH } from "./time-chart.js";
import { html, useApi } from "./components.js";

const KINDS = ["2xx", "3xx", "4xx", "5xx", "1xx", "none"];
const label = (name) => (name === "none" ? "no status" : name);

export function Histogram({ query, refresh }) {
  const [data] = useApi("/histogram", { q: query, buckets: 120 }, { every: refresh });
  if (!data?.buckets.length) return html`<${BlankChart} />`;
  const from = Date.parse(data.from);
  const span = Math.max(1, Date.parse(data.to) - from);
  const most = Math.max(1, ...data.buckets.map((bucket) => KINDS.reduce((sum, name) => sum + bucket[name], 0)));
  const share = data.width_ms / span;
  const sums = KINDS.map((name) => [name, data.buckets.reduce((sum, bucket) => sum + bucket[name], 0)]).filter(([, sum]) => sum);
  const points = data.buckets.map((bucket, at) => {
    const begin = from + at * data.width_ms;
    const here = KINDS.filter((name) => bucket[name]).map((name) => `${count(bucket[name])} ${label(name)}`).join(", ") || "none";
    return { x: at * share, width: share, begin, end: begin + data.width_ms, text: `${data.width_ms < 1000 ? clock(begin) : brief(begin)}: ${here}` };
  });
  return html`<${TimeChart} query=${query} from=${from} span=${span} points=${points}
    label=${`${plural(data.total, "record")} over time: ${sums.map(([name, sum]) => `${count(sum)} ${name}`).join(", ")}`}
    legend=${html`${sums.map(([name, sum]) => html`<span><i class="b${name}"></i>${label(name)} ${count(sum)}</span>`)}<span>peak: ${count(most)} per ${period(data.width_ms)}</span>${!data.complete && html`<span>most recent records only</span>`}`}>
    ${data.buckets.map((bucket, at) => stack(bucket, at * share * WIDTH, share * WIDTH, most))}
  <//>`;
}

function stack(bucket, x, width, most) {
  let top = HEIGHT;
  return KINDS.filter((name) => bucket[name]).map((name) => {
    const high = Math.max(1.5, (bucket[name] / most) * (HEIGHT - 4));
    top -= high;
    return html`<rect class="f${name}" x=${x + width * 0.08} y=${top} width=${Math.max(1, width * 0.84)} height=${high} />`;
  });
}
