// The scatter plot of durations, on a logarithmic scale.

import { clock, count, duration, kind, period, plural } from "./format.js";
import { BlankChart, TimeChart, HEIGHT, WIDTH } from "./time-chart.js";
import { html, useApi, useMemo } from "./components.js";

const CLICK_RADIUS = 14; // pixels around a point within which a click selects it

export function Scatter({ query, refresh, onOpen }) {
  const [data] = useApi("/scatter", { q: query }, { every: refresh });
  const dots = useMemo(() => data && layout(data), [data]);
  if (!dots?.points.length) return html`<${BlankChart} tall text=${dots && "No matching record has a duration."} />`;
  const findNearest = (box, x, y) => {
    const distance = (dot) => Math.hypot((dot.x - x) * box.width, (dot.y / HEIGHT - y) * box.height);
    const best = dots.points.reduce((one, dot) => (distance(dot) < distance(one) ? dot : one));
    return distance(best) <= CLICK_RADIUS ? best : null;
  };
  return html`<${TimeChart} query=${query} from=${dots.from} span=${dots.span} tall points=${dots.points} findNearest=${findNearest} onSelect=${(point) => onOpen(point.n)}
    label=${`Duration of ${plural(dots.points.length, "record")}, ${duration(dots.low)} to ${duration(dots.high)}`}
    legend=${html`<span>${duration(dots.low)} – ${duration(dots.high)}, logarithmic</span><span>newest ${count(dots.points.length)}</span>`}
    labels=${dots.lines.map(([y, ms]) => html`<span class="level" style=${{ top: `${y}%` }}>${period(ms)}</span>`)}>
    ${dots.lines.map(([y]) => html`<line x1="0" x2=${WIDTH} y1=${y} y2=${y} />`)}
    ${Object.entries(dots.paths).map(([name, path]) => html`<path class="dots s${name}" d=${path} />`)}
  <//>`;
}

function layout({ n, time_ms: times, duration_ms: durations, status }) {
  if (!n.length) return { points: [] };
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const [low, high] = [Math.max(0.01, Math.min(...durations)), Math.max(0.1, ...durations)];
  const [bottom, top] = [Math.log10(low) - 0.05, Math.log10(high) + 0.1];
  const level = (ms) => HEIGHT - ((Math.log10(Math.max(low, ms)) - bottom) / (top - bottom)) * HEIGHT;
  const span = Math.max(1, to - from);
  const points = n.map((number, at) => ({
    n: number, x: (times[at] - from) / span, width: 0, y: level(durations[at]), begin: times[at], end: times[at] + 1,
    text: `${clock(times[at])}: ${duration(durations[at])}, ${status[at] ?? "no status"}, record ${count(number)}`,
    name: kind(status[at]),
  })).sort((a, b) => a.begin - b.begin || a.n - b.n);
  const paths = {};
  for (const { x, y, name } of points) paths[name] = `${paths[name] || ""}M${(x * WIDTH).toFixed(1)} ${y.toFixed(1)}h0`;
  const lines = [1, 10, 100, 1000, 10_000].filter((ms) => ms > low && ms < high).map((ms) => [level(ms), ms]);
  return { points, paths, lines, from, span, low, high };
}
