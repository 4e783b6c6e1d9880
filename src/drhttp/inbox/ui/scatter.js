// How long each request took, on a logarithmic scale.

import { clock, count, duration, kind, period, plural } from "./format.js";
import { Blank, Frame, HIGH, WIDE } from "./time-chart.js";
import { html, useAnswer, useMemo } from "./components.js";

const NEAR = 14; // pixels around a point that count as a click on it

export function Scatter({ query, beat, onOpen }) {
  const [told] = useAnswer("/scatter", { q: query }, { every: beat });
  const dots = useMemo(() => told && placed(told), [told]);
  if (!dots?.points.length) return html`<${Blank} tall text=${dots && "No matching record has a duration."} />`;
  const near = (box, x, y) => {
    const far = (dot) => Math.hypot((dot.x - x) * box.width, (dot.y / HIGH - y) * box.height);
    const best = dots.points.reduce((one, dot) => (far(dot) < far(one) ? dot : one));
    return far(best) <= NEAR ? best : null;
  };
  return html`<${Frame} query=${query} from=${dots.from} span=${dots.span} tall stops=${dots.points} near=${near} pick=${(point) => onOpen(point.n)}
    label=${`Duration of ${plural(dots.points.length, "record")}, ${duration(dots.low)} to ${duration(dots.high)}`}
    legend=${html`<span>${duration(dots.low)} – ${duration(dots.high)}, logarithmic</span><span>newest ${count(dots.points.length)}</span>`}
    marks=${dots.lines.map(([y, ms]) => html`<span class="level" style=${{ top: `${y}%` }}>${period(ms)}</span>`)}>
    ${dots.lines.map(([y]) => html`<line x1="0" x2=${WIDE} y1=${y} y2=${y} />`)}
    ${Object.entries(dots.paths).map(([name, path]) => html`<path class="dots s${name}" d=${path} />`)}
  <//>`;
}

function placed({ n, time_ms: times, duration_ms: durations, status }) {
  if (!n.length) return { points: [] };
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const [low, high] = [Math.max(0.01, Math.min(...durations)), Math.max(0.1, ...durations)];
  const [bottom, top] = [Math.log10(low) - 0.05, Math.log10(high) + 0.1];
  const level = (ms) => HIGH - ((Math.log10(Math.max(low, ms)) - bottom) / (top - bottom)) * HIGH;
  const span = Math.max(1, to - from);
  const points = n.map((number, at) => ({
    n: number, x: (times[at] - from) / span, wide: 0, y: level(durations[at]), begin: times[at], end: times[at] + 1,
    text: `${clock(times[at])}: ${duration(durations[at])}, ${status[at] ?? "no status"}, record ${count(number)}`,
    name: kind(status[at]),
  })).sort((a, b) => a.begin - b.begin || a.n - b.n);
  const paths = {};
  for (const { x, y, name } of points) paths[name] = `${paths[name] || ""}M${(x * WIDE).toFixed(1)} ${y.toFixed(1)}h0`;
  const lines = [1, 10, 100, 1000, 10_000].filter((ms) => ms > low && ms < high).map((ms) => [level(ms), ms]);
  return { points, paths, lines, from, span, low, high };
}
