// Pictures of what matches the query: requests over time, and how long each took.

import { go } from "./address.js";
import { brief, count, duration, plural } from "./format.js";
import { html, Tabs, useAnswer, useEffect, useMemo, useRef, useState } from "./parts.js";
import { ranged } from "./query.js";

const KINDS = ["2xx", "3xx", "4xx", "5xx", "1xx", "none"];
const WIDE = 1000;
const HIGH = 100;
const NEAR = 14; // pixels around a point that count as a click on it
const EVERY = 2_000; // milliseconds between two looks while records arrive

/** A number that follows another at a walk, so that a busy stream does not mean a request for each record. */
export function useBeat(value) {
  const [beat, setBeat] = useState(value);
  const now = useRef(value);
  now.current = value;
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setBeat(now.current), EVERY);
    return () => clearInterval(timer);
  }, []);
  return beat;
}

export function Pictures({ feed, query, onOpen }) {
  const [chosen, setChosen] = useState(localStorage.getItem("drhttp-picture") || "time");
  const beat = useBeat(feed.arrived);
  const choose = (name) => (localStorage.setItem("drhttp-picture", name), setChosen(name));
  const Chosen = { time: Histogram, latency: Scatter }[chosen];
  return html`<section class="pictures" aria-label="Pictures">
    <${Tabs} small label="Picture" items=${[["time", "Requests"], ["latency", "Latency"], ["off", "Hide"]]} chosen=${chosen} onChoose=${choose} />
    ${Chosen && html`<${Chosen} query=${query} beat=${beat} onOpen=${onOpen} />`}
  </section>`;
}

function Histogram({ query, beat }) {
  const [told] = useAnswer("/histogram", { q: query, buckets: 120 }, { every: beat });
  if (!told?.buckets.length) return null;
  const from = Date.parse(told.from);
  const span = Math.max(1, Date.parse(told.to) - from);
  const most = Math.max(1, ...told.buckets.map((bucket) => KINDS.reduce((sum, name) => sum + bucket[name], 0)));
  const wide = (told.width_ms / span) * WIDE;
  const sums = KINDS.map((name) => [name, told.buckets.reduce((sum, bucket) => sum + bucket[name], 0)]).filter(([, sum]) => sum);
  return html`<${Frame} query=${query} from=${from} span=${span} click=${(time) => [time - ((time - from) % told.width_ms), told.width_ms]}
    label=${`${plural(told.total, "record")} over time: ${sums.map(([name, sum]) => `${count(sum)} ${name}`).join(", ")}`}
    legend=${html`${sums.map(([name, sum]) => html`<span><i class="b${name}"></i>${name === "none" ? "no status" : name} ${count(sum)}</span>`)}${!told.complete && html`<span>newest part only</span>`}`}>
    ${told.buckets.map((bucket, at) => stack(bucket, at * wide, wide, most))}
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

function Scatter({ query, beat, onOpen }) {
  const [told] = useAnswer("/scatter", { q: query }, { every: beat });
  const dots = useMemo(() => told && placed(told), [told]);
  if (!dots?.points.length) return html`<p class="dim pad">No record that matches has a duration.</p>`;
  const pick = (time, event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const far = (dot) => Math.hypot((dot.x / WIDE) * box.width - (event.clientX - box.left), (dot.y / HIGH) * box.height - (event.clientY - box.top));
    const near = dots.points.reduce((best, dot) => (far(dot) < far(best) ? dot : best));
    if (far(near) <= NEAR) onOpen(near.n);
  };
  return html`<${Frame} query=${query} from=${dots.from} span=${dots.span} tall pick=${pick} label=${`Duration of ${plural(dots.points.length, "record")}, ${duration(dots.low)} to ${duration(dots.high)}`}
    legend=${html`<span>${duration(dots.low)} – ${duration(dots.high)}, logarithmic</span><span>newest ${count(dots.points.length)}</span>`}>
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
  const points = n.map((number, at) => ({ n: number, x: ((times[at] - from) / span) * WIDE, y: level(durations[at]) }));
  const paths = {};
  points.forEach(({ x, y }, at) => {
    const name = status[at] ? `${Math.floor(status[at] / 100)}xx` : "none";
    paths[name] = `${paths[name] || ""}M${x.toFixed(1)} ${y.toFixed(1)}h0`;
  });
  const lines = [1, 10, 100, 1000, 10_000].filter((ms) => ms > low && ms < high).map((ms) => [level(ms), ms]);
  return { points, paths, lines, from, span, low, high };
}

/** The ground of a picture over time: drag makes a time range, a click does what the picture says. */
function Frame({ query, from, span, label, legend, tall, click, pick, children }) {
  const [range, setRange] = useState(null);
  const plot = useRef();
  const at = (event) => {
    const box = plot.current.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const narrow = async (begin, end) => go({ q: await ranged(query, begin, end) });
  const done = (event) => {
    if (!range) return undefined;
    const [first, last] = [...range].sort((a, b) => a - b);
    setRange(null);
    const moved = (last - first) * plot.current.clientWidth > 4;
    if (moved) return narrow(from + first * span, from + last * span);
    if (pick) return pick(from + first * span, event);
    const [begin, width] = click(from + first * span);
    return narrow(begin, begin + width);
  };
  const [first, last] = range ? [...range].sort((a, b) => a - b) : [0, 0];
  return html`<div class="plot ${tall ? "tall" : ""}">
    <svg ref=${plot} viewBox="0 0 ${WIDE} ${HIGH}" preserveAspectRatio="none" role="img" aria-label=${label}
      onPointerDown=${(event) => (event.currentTarget.setPointerCapture(event.pointerId), setRange([at(event), at(event)]))}
      onPointerMove=${(event) => range && setRange([range[0], at(event)])} onPointerUp=${done} onPointerCancel=${() => setRange(null)}>
      ${children}${range && html`<rect class="range" x=${first * WIDE} y="0" width=${(last - first) * WIDE} height=${HIGH} />`}
    </svg>
    <div class="axis"><span>${brief(from)}</span><span class="legend">${legend}</span><span>${brief(from + span)}</span></div>
  </div>`;
}

/** Counts as small columns. */
export function Columns({ counts, label }) {
  const most = Math.max(1, ...counts);
  return html`<svg class="columns" viewBox="0 0 ${counts.length * 10} 24" preserveAspectRatio="none" role="img" aria-label=${label}>
    ${counts.map((value, at) => value > 0 && html`<rect x=${at * 10 + 1} width="8" y=${24 - Math.max(2, (value / most) * 24)} height=${Math.max(2, (value / most) * 24)} />`)}</svg>`;
}
