// A chart over time. A drag, or Shift and arrow keys, add a time range to the query; a click, or Enter, selects a bar or
// a point.
//
// uPlot (1.6.32, 51 KB) was tried with the same records. It has no axis with gaps cut out and no stacked bars, and draws
// on a canvas, which keys and screen readers do not reach and which does not follow the colors of the page.

import { navigate, currentRoute } from "./router.js";
import { html, useLayoutEffect, useRef, useState } from "./components.js";
import { withTimeRange } from "./query-field.js";
import { ticks } from "./time-axis.js";

export const HEIGHT = 96;
const SLASH = 20; // pixels of the height of the two slashes in a gap, below what they say
const DRAG_THRESHOLD = 4; // pixels above which a click is a drag
const sorted = (pair) => [...pair].sort((a, b) => a - b);

/** The width of an element in pixels, as it changes. */
export function useWidth() {
  const box = useRef();
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const watch = new ResizeObserver(() => setWidth(Math.floor(box.current?.clientWidth ?? 0)));
    watch.observe(box.current);
    setWidth(Math.floor(box.current.clientWidth));
    return () => watch.disconnect();
  }, []);
  return [box, width];
}

/**
 * `axis` is that of time-axis.js. `points` are the bars or points by time: {x, width, y, begin, end, text}, in pixels.
 * `levels` are the lines across, as [pixels from the top, text].
 */
export function TimeChart({ axis, width, label, legend, points, findNearest, onSelect, levels, children }) {
  const [range, setRange] = useState(null); // the dragged range, in pixels
  const [at, setAt] = useState(null); // indexes of the first and last point selected by keyboard
  const [pointer, setPointer] = useState(null); // where it is, as [x, y]: what it points at may change under it
  const plot = useRef();
  const selectRange = async (begin, end) => {
    const { q } = currentRoute(); // the chart may still be that of an older query
    const next = await withTimeRange(q, begin, end);
    if (currentRoute().q === q) navigate({ q: next }); // the query may have changed meanwhile
  };
  const choose = (point) => (onSelect ? onSelect(point) : selectRange(point.begin, point.end));
  const place = (event) => {
    const box = plot.current.getBoundingClientRect();
    return [Math.min(box.width, Math.max(0, event.clientX - box.left)), (event.clientY - box.top) * (HEIGHT / box.height)]; // it may be shrunk
  };
  const pointAt = ([x, y]) => (findNearest ? findNearest(x, y) : points.find((point) => x >= point.x && x < point.x + point.width));
  const cutAt = ([x]) => axis.cuts.find((one) => x >= one.x && x < one.x + one.width);
  const hintAt = (spot) => pointAt(spot)?.text ?? (cutAt(spot) ? `no requests for ${cutAt(spot).text}` : null);
  const hint = pointer && hintAt(pointer);
  const move = (event) => {
    setPointer(place(event));
    if (range) setRange([range[0], place(event)[0]]);
  };
  const done = (event) => {
    if (!range) return undefined;
    const [first, last] = sorted(range);
    setRange(null);
    if (last - first > DRAG_THRESHOLD) return selectRange(axis.timeAt(first), axis.timeAt(last));
    const point = pointAt(place(event));
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
  return html`
    <svg ref=${plot} width=${width} height=${HEIGHT} viewBox="0 0 ${width} ${HEIGHT}" preserveAspectRatio="none" role="slider" tabindex="0" aria-label=${label} aria-valuemin="1" aria-valuemax=${points.length}
      aria-valuenow=${(at?.[1] ?? points.length - 1) + 1} aria-valuetext=${description || "nothing selected; use the arrow keys to move"}
      onPointerDown=${(event) => (event.currentTarget.setPointerCapture(event.pointerId), setRange([place(event)[0], place(event)[0]]))}
      onPointerMove=${move} onPointerUp=${done} onPointerCancel=${() => setRange(null)} onPointerLeave=${() => setPointer(null)}
      onKeyDown=${press} onBlur=${() => setAt(null)}>
      ${levels.map(([y]) => html`<line x1="0" x2=${width} y1=${y} y2=${y} />`)}
      ${axis.cuts.map(cut)}
      ${children}${mark && html`<rect class="range" x=${mark[0] - 1} y="0" width=${mark[1] - mark[0] + 2} height=${HEIGHT} />`}
      ${chosen && chosen[1].y !== undefined && html`<path class="current-point" d="M${chosen[1].x} ${chosen[1].y}h0" />`}
    </svg>
    <div class="levels" aria-hidden="true">${levels.map(([y, text]) => html`<span class="level" style=${{ top: `${y}px` }}>${text}</span>`)}</div>
    <div class="ticks" aria-hidden="true">${ticks(axis, width).map(([x, text]) => html`<span style=${{ left: `${x}px` }}>${text}</span>`)}</div>
    <div class="axis"><span class="legend">${description || hint ? html`<b>${description || hint}</b>` : legend}</span></div>`;
}

/** A gap in time: two slashes, and how long it is. */
const cut = ({ x, width, text }) => html`<g class="cut"><rect x=${x} y="0" width=${width} height=${HEIGHT} /><path d="M${x + width / 2 - 8} ${HEIGHT}l6 -${SLASH}m6 ${SLASH}l6 -${SLASH}" />
  <text x=${x + width / 2} y=${HEIGHT / 2 + 4} text-anchor="middle">${text}</text></g>`;

/** The index that a key moves to from `at`, among `count` points; null if the key does not move. */
function movedIndex(key, at, count) {
  const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -count, End: count }[key];
  return by === undefined ? null : Math.min(Math.max(at + by, 0), count - 1);
}
