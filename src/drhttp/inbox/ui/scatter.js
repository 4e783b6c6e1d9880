// The scatter plot of durations, on a logarithmic scale.

import { clock, count, duration, kind, period, plural } from "./format.js";
import { TimeChart, HEIGHT } from "./time-chart.js";
import { barsIn, MAX_PITCH, timeAxis } from "./time-axis.js";
import { html, useApi, useMemo } from "./components.js";

const CLICK_RADIUS = 14; // pixels around a point within which a click selects it
const EDGE = 5; // pixels at every edge, so that no point is cut
const LEAST = 1_000; // milliseconds that a period is at least wide
const MOST_POINTS = 2_000;
const DECADES = [0.01, 0.1, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

export function Scatter({ query, until, refresh, width, onOpen }) {
  const [data] = useApi(width ? "/scatter" : null, { q: query, until, buckets: barsIn(width), limit: MOST_POINTS }, { every: refresh });
  const plot = useMemo(() => data && width && layout(data, width), [data, width]);
  if (!plot) return null;
  if (!plot.points.length) return html`<p class="dim">No matching record has a duration.</p>`;
  const findNearest = (x, y) => {
    const distance = (dot) => Math.hypot(dot.x - x, dot.y - y);
    const best = plot.points.reduce((one, dot) => (distance(dot) < distance(one) ? dot : one));
    return distance(best) <= CLICK_RADIUS ? best : null;
  };
  return html`<${TimeChart} axis=${plot.axis} width=${width} points=${plot.points} levels=${plot.levels} findNearest=${findNearest} onSelect=${(point) => onOpen(point.n)}
    label=${`Duration of ${plural(plot.points.length, "record")}, ${duration(plot.low)} to ${duration(plot.high)}`}
    legend=${html`<span>${duration(plot.low)} – ${duration(plot.high)}, logarithmic</span><span>${plural(plot.points.length, "record")}${plot.points.length === MOST_POINTS ? ", received last" : ""}</span>`}>
    ${Object.entries(plot.paths).map(([name, path]) => html`<path class="dots s${name}" d=${path} />`)}
  <//>`;
}

function layout({ n, time_ms: times, duration_ms: durations, status, periods_ms: periods }, width) {
  if (!n.length) return { points: [] };
  const [low, high] = [Math.min(...durations), Math.max(...durations)];
  // Always from 1 to 100 ms: a scale that follows its points makes noise look like a mountain.
  const bottom = Math.max(0, DECADES.findLastIndex((ms) => ms <= Math.min(low, 1)));
  const top = DECADES.findIndex((ms) => ms >= Math.max(high, 100));
  const decades = DECADES.slice(bottom, (top < 0 ? DECADES.length : top) + 1);
  const [least, greatest] = [decades[0], decades.at(-1)].map(Math.log10);
  const level = (ms) => HEIGHT - EDGE - ((Math.log10(Math.max(decades[0], ms)) - least) / (greatest - least)) * (HEIGHT - 2 * EDGE);
  const axis = timeAxis(periods.map(([from, to]) => ({ from, to: Math.max(to, from + LEAST) })), width - 2 * EDGE, MAX_PITCH / LEAST);
  const points = n.map((number, at) => ({
    n: number, x: EDGE + axis.at(times[at]), width: 0, y: level(durations[at]), begin: times[at], end: times[at] + 1,
    text: `${clock(times[at])}: ${duration(durations[at])}, ${status[at] ?? "no status"}, record ${count(number)}`,
    name: kind(status[at]),
  })).sort((a, b) => a.begin - b.begin || a.n - b.n);
  const paths = {};
  for (const { x, y, name } of points) paths[name] = `${paths[name] || ""}M${x.toFixed(1)} ${y.toFixed(1)}h0`;
  return { points, paths, axis, low, high, levels: decades.map((ms) => [level(ms), period(ms)]) };
}
