// A chart over time. A drag, or Shift and arrow keys, add a time range to the query; a click, or Enter, selects a bar or
// a point.

import { navigate, currentRoute } from "./router.js";
import { brief } from "./format.js";
import { html, useRef, useState } from "./components.js";
import { withTimeRange } from "./query-field.js";

export const WIDTH = 1000;
export const HEIGHT = 100;
const DRAG_THRESHOLD = 4; // pixels above which a click is a drag
const sorted = (pair) => [...pair].sort((a, b) => a - b);

/** `points` are the bars or points by time: {x, width, y, begin, end, text}, where x and width are shares of the chart's width. */
export function TimeChart({ query, from, span, label, legend, tall, points, findNearest, onSelect, labels, children }) {
  const [range, setRange] = useState(null); // the dragged range, as shares of the width
  const [at, setAt] = useState(null); // indexes of the first and last point selected by keyboard
  const [hint, setHint] = useState(null);
  const plot = useRef();
  const selectRange = async (begin, end) => {
    const next = await withTimeRange(query, begin, end);
    if (currentRoute().q === query) navigate({ q: next }); // the query may have changed meanwhile
  };
  const choose = (point) => (onSelect ? onSelect(point) : selectRange(point.begin, point.end));
  const pointAt = (event) => {
    const box = plot.current.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    return findNearest ? findNearest(box, x, y) : points.find((point) => x >= point.x && x < point.x + point.width);
  };
  const share = (event) => {
    const box = plot.current.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const move = (event) => (range ? setRange([range[0], share(event)]) : setHint(pointAt(event)?.text ?? null));
  const done = (event) => {
    if (!range) return undefined;
    const [first, last] = sorted(range);
    setRange(null);
    if ((last - first) * plot.current.clientWidth > DRAG_THRESHOLD) return selectRange(from + first * span, from + last * span);
    const point = pointAt(event);
    return point && choose(point);
  };
  const press = (event) => {
    const step = movedIndex(event.key, at?.[1] ?? points.length, points.length);
    if (event.key === "Enter" && at) confirm();
    else if (event.key === "Escape" && at) setAt(null);
    else if (step === null) return;
    else setAt(event.shiftKey && at ? [at[0], step] : [step, step]);
    event.preventDefault();
    event.stopPropagation();
  };
  const chosen = at && sorted(at).map((one) => points[Math.min(one, points.length - 1)]);
  const confirm = () => (setAt(null), at[0] === at[1] ? choose(chosen[0]) : selectRange(chosen[0].begin, chosen[1].end));
  const description = chosen && (chosen[0] === chosen[1] ? chosen[0].text : `${chosen[0].text} – ${chosen[1].text}`);
  const mark = range ? sorted(range) : chosen && [chosen[0].x, chosen[1].x + chosen[1].width];
  return html`<div class="plot ${tall ? "tall" : ""}">
    <svg ref=${plot} viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="slider" tabindex="0" aria-label=${label} aria-valuemin="1" aria-valuemax=${points.length}
      aria-valuenow=${(at?.[1] ?? points.length - 1) + 1} aria-valuetext=${description || "nothing selected; use the arrow keys to move"}
      onPointerDown=${(event) => (event.currentTarget.setPointerCapture(event.pointerId), setRange([share(event), share(event)]))}
      onPointerMove=${move} onPointerUp=${done} onPointerCancel=${() => setRange(null)} onPointerLeave=${() => setHint(null)}
      onKeyDown=${press} onBlur=${() => setAt(null)}>
      ${children}${mark && html`<rect class="range" x=${mark[0] * WIDTH - 1} y="0" width=${(mark[1] - mark[0]) * WIDTH + 2} height=${HEIGHT} />`}
      ${chosen && chosen[1].y !== undefined && html`<path class="current-point" d="M${chosen[1].x * WIDTH} ${chosen[1].y}h0" />`}
    </svg>${labels && html`<div class="levels" aria-hidden="true">${labels}</div>`}
    <div class="axis"><span>${brief(from)}</span><span class="legend">${description || hint ? html`<b>${description || hint}</b>` : legend}</span><span>${brief(from + span)}</span></div>
  </div>`;
}

/** An empty chart of the same height, so that nothing below moves when the data arrives. */
export const BlankChart = ({ tall, text }) => html`<div class="plot ${tall ? "tall" : ""}"><div class="blank"></div><div class="axis"><span>${text || "\u00a0"}</span></div></div>`;

/** The index that a key moves to from `at`, among `count` points; null if the key does not move. */
function movedIndex(key, at, count) {
  const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -count, End: count }[key];
  return by === undefined ? null : Math.min(Math.max(at + by, 0), count - 1);
}
