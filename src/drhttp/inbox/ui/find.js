// Find in a record: what is looked for is marked in the open tab, counted, and gone through.

import { count } from "./format.js";
import { html, useLayoutEffect, useRef, useState } from "./components.js";

const SEARCHED = ".tree, .body pre, .pairs, .part h4, .failure, .facts, .event-head"; // elements in which texts are marked
const BLOCKS = "div, td, th, tr, li, p, pre, h3, h4, button, dt, dd, summary"; // a text does not go on from one to the next
const MAX_MARKS = 1_000;
const canMark = "highlights" in CSS;

/** Lower-case A to Z only: as queries do, and the length stays the same. */
export const lower = (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Whether a text contains one of others, which are lower-case. */
export const contains = (text, texts) => texts.some((one) => lower(text).includes(one));

/** The visible texts of a box: [text, the text nodes in it and where each begins]. */
function* lines(box) {
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  let line = null;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const block = node.parentElement.closest(BLOCKS);
    if (!node.parentElement.closest(SEARCHED) || node.parentElement.closest(".pick")) continue;
    if (line?.block !== block) {
      if (line) yield line;
      line = { block, text: "", nodes: [] };
    }
    line.nodes.push([line.text.length, node]);
    line.text += node.data;
  }
  if (line) yield line;
}

/** The range between two offsets of a line, which may reach over several text nodes. */
function rangeIn({ nodes }, start, end) {
  const range = document.createRange();
  const at = (offset, last) => nodes.findLast(([begin]) => (last ? begin < offset : begin <= offset));
  const [from, to] = [at(start, false), at(end, true)];
  range.setStart(from[1], start - from[0]);
  range.setEnd(to[1], end - to[0]);
  return range;
}

/** The ranges of all texts in a box, in order. */
function ranges(box, texts) {
  const found = [];
  for (const line of lines(box)) {
    const text = lower(line.text);
    const here = texts.flatMap((one) => {
      const places = [];
      for (let at = text.indexOf(one); at >= 0 && places.length < MAX_MARKS; at = text.indexOf(one, at + one.length)) places.push([at, at + one.length]);
      return places;
    });
    for (const [start, end] of here.sort((one, other) => one[0] - other[0])) {
      found.push(rangeIn(line, start, end));
      if (found.length === MAX_MARKS) return found;
    }
  }
  return found;
}

/** Scroll every box around a range so that it is seen. */
function scrollTo(range, box) {
  for (let one = range.startContainer.parentElement; one && box.parentElement.contains(one); one = one.parentElement) {
    if (one.scrollHeight <= one.clientHeight || !/auto|scroll/.test(getComputedStyle(one).overflowY)) continue;
    const [seen, rect] = [one.getBoundingClientRect(), range.getBoundingClientRect()];
    if (rect.top < seen.top + 8 || rect.bottom > seen.bottom - 8) one.scrollTop += rect.top - seen.top - one.clientHeight / 3;
  }
}

function paint(name, found) {
  if (!canMark) return;
  if (found.length) CSS.highlights.set(name, new Highlight(...found));
  else CSS.highlights.delete(name);
}

/**
 * Mark texts in a box (a ref) and keep the marks up to date while its content changes.
 * Returns {total, at, step}; `step` goes on to the next (1) or the previous (-1) mark.
 */
export function useMarks(box, texts, place) {
  const [state, setState] = useState({ total: 0, at: 0 });
  const found = useRef([]);
  const key = texts.join("\n");
  const current = useRef(0);
  const show = (at, scroll) => {
    current.current = at;
    paint("found", found.current);
    paint("found-current", found.current.slice(at, at + 1));
    if (scroll && found.current[at]) scrollTo(found.current[at], box.current);
    setState((was) => (was.total === found.current.length && was.at === at ? was : { total: found.current.length, at }));
  };
  useLayoutEffect(() => {
    current.current = 0;
    if (!box.current || !key) return void ((found.current = []), show(0, false));
    let frame = 0;
    let scrolled = false;
    const mark = () => {
      found.current = ranges(box.current, texts);
      show(Math.min(current.current, Math.max(0, found.current.length - 1)), !scrolled);
      scrolled ||= found.current.length > 0;
    };
    const later = () => (cancelAnimationFrame(frame), (frame = requestAnimationFrame(mark)));
    const watch = new MutationObserver(later);
    watch.observe(box.current, { childList: true, subtree: true, characterData: true });
    mark();
    return () => (watch.disconnect(), cancelAnimationFrame(frame), paint("found", []), paint("found-current", []));
  }, [key, place]);
  const step = (by) => found.current.length && show((current.current + by + found.current.length) % found.current.length, true);
  return { ...state, step };
}

const escaped = (text) => text.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** The texts of a query, without those that are only another's escapes, for which it looks, too. */
const typedTexts = (texts) => texts.filter((text) => !texts.some((other) => other !== text && escaped(other) === text)).join("  ");

/** The bar with the text, the number of marks, and buttons. `texts` are those of the query while nothing is typed. */
export function FindBar({ typed, texts, marks, asked, onType, onClose }) {
  const field = useRef();
  useLayoutEffect(() => { // before the next key, which belongs into the field
    if (!asked) return;
    field.current.focus();
    field.current.select();
  }, [asked]);
  const press = (event) => {
    const action = { Enter: () => marks.step(event.shiftKey ? -1 : 1), Escape: onClose }[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  };
  const said = marks.total ? `${count(marks.at + 1)} of ${count(marks.total)}${marks.total === MAX_MARKS ? "+" : ""}` : typed || texts.length ? "not here" : "";
  return html`<div class="find" role="search" aria-label="Find in this record">
    <input ref=${field} class="mono" aria-label="Find in this record" placeholder=${texts.length ? `${typedTexts(texts)} (from the query)` : "Find in this record"} value=${typed}
      autocomplete="off" spellcheck="false" onInput=${(event) => onType(event.target.value)} onKeyDown=${press} />
    <span class="dim" aria-live="polite">${said}</span>
    <button class="ghost" aria-label="Previous hit" title="Previous hit (N)" disabled=${!marks.total} onClick=${() => marks.step(-1)}>↑</button>
    <button class="ghost" aria-label="Next hit" title="Next hit (n)" disabled=${!marks.total} onClick=${() => marks.step(1)}>↓</button>
    <button class="ghost" aria-label="Close find" title="Close find (Esc)" onClick=${onClose}>✕</button>
  </div>`;
}
