// The ground of a picture over time. A drag, or Shift and arrow keys, make a time range in the query; a click, or Enter,
// does what the picture says with the bar or point that it is on.

import { go, place } from "./router.js";
import { brief } from "./format.js";
import { html, useRef, useState } from "./components.js";
import { ranged } from "./query-field.js";

export const WIDE = 1000;
export const HIGH = 100;
const DRAGGED = 4; // pixels from which on a click is a drag
const sorted = (pair) => [...pair].sort((a, b) => a - b);

/** `stops` are the bars or points in order of time: {x, wide, y, begin, end, text}, x and wide as shares of the width. */
export function Frame({ query, from, span, label, legend, tall, stops, near, pick, marks, children }) {
  const [range, setRange] = useState(null); // of a drag, as shares of the width
  const [at, setAt] = useState(null); // [first, last] stop of what the keys have chosen
  const [hint, setHint] = useState(null);
  const plot = useRef();
  const narrow = async (begin, end) => {
    const next = await ranged(query, begin, end);
    if (place().q === query) go({ q: next }); // another query may have been typed meanwhile
  };
  const choose = (stop) => (pick ? pick(stop) : narrow(stop.begin, stop.end));
  const stopAt = (event) => {
    const box = plot.current.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    return near ? near(box, x, y) : stops.find((stop) => x >= stop.x && x < stop.x + stop.wide);
  };
  const share = (event) => {
    const box = plot.current.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const move = (event) => (range ? setRange([range[0], share(event)]) : setHint(stopAt(event)?.text ?? null));
  const done = (event) => {
    if (!range) return undefined;
    const [first, last] = sorted(range);
    setRange(null);
    if ((last - first) * plot.current.clientWidth > DRAGGED) return narrow(from + first * span, from + last * span);
    const stop = stopAt(event);
    return stop && choose(stop);
  };
  const press = (event) => {
    const step = steps(event.key, at?.[1] ?? stops.length, stops.length);
    if (event.key === "Enter" && at) take();
    else if (event.key === "Escape" && at) setAt(null);
    else if (step === null) return;
    else setAt(event.shiftKey && at ? [at[0], step] : [step, step]);
    event.preventDefault();
    event.stopPropagation();
  };
  const chosen = at && sorted(at).map((one) => stops[Math.min(one, stops.length - 1)]);
  const take = () => (setAt(null), at[0] === at[1] ? choose(chosen[0]) : narrow(chosen[0].begin, chosen[1].end));
  const told = chosen && (chosen[0] === chosen[1] ? chosen[0].text : `${chosen[0].text} – ${chosen[1].text}`);
  const mark = range ? sorted(range) : chosen && [chosen[0].x, chosen[1].x + chosen[1].wide];
  return html`<div class="plot ${tall ? "tall" : ""}">
    <svg ref=${plot} viewBox="0 0 ${WIDE} ${HIGH}" preserveAspectRatio="none" role="slider" tabindex="0" aria-label=${label} aria-valuemin="1" aria-valuemax=${stops.length}
      aria-valuenow=${(at?.[1] ?? stops.length - 1) + 1} aria-valuetext=${told || "nothing selected; use the arrow keys to move"}
      onPointerDown=${(event) => (event.currentTarget.setPointerCapture(event.pointerId), setRange([share(event), share(event)]))}
      onPointerMove=${move} onPointerUp=${done} onPointerCancel=${() => setRange(null)} onPointerLeave=${() => setHint(null)}
      onKeyDown=${press} onBlur=${() => setAt(null)}>
      ${children}${mark && html`<rect class="range" x=${mark[0] * WIDE - 1} y="0" width=${(mark[1] - mark[0]) * WIDE + 2} height=${HIGH} />`}
      ${chosen && chosen[1].y !== undefined && html`<path class="here" d="M${chosen[1].x * WIDE} ${chosen[1].y}h0" />`}
    </svg>${marks && html`<div class="marks" aria-hidden="true">${marks}</div>`}
    <div class="axis"><span>${brief(from)}</span><span class="legend">${told || hint ? html`<b>${told || hint}</b>` : legend}</span><span>${brief(from + span)}</span></div>
  </div>`;
}

/** An empty chart of the same height, so that nothing below moves when the answer comes. */
export const Blank = ({ tall, text }) => html`<div class="plot ${tall ? "tall" : ""}"><div class="blank"></div><div class="axis"><span>${text || "\u00a0"}</span></div></div>`;

/** The stop that a key leads to from `at` among `many`, or null where the key leads nowhere. */
function steps(key, at, many) {
  const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -many, End: many }[key];
  return by === undefined ? null : Math.min(Math.max(at + by, 0), many - 1);
}
