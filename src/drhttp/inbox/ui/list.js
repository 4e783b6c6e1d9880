// The list: a window of lines over everything that is loaded. It moves only when its reader moves it.

import { count, plural } from "./format.js";
import { parentOf } from "./outbound-rows.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "./components.js";
import { row as drawn } from "./row.js";

const AROUND = 12; // rows beyond the edges, so that fast scrolling shows no blanks
const COLUMNS = { Time: "time", Dir: "dir", Method: "method-cell", Path: "path", Status: "status-cell", Duration: "duration", Size: "size", User: "user", Device: "device" };
const narrow = window.matchMedia("(max-width: 700px)");

const height = () => (narrow.matches ? 48 : 27);
const indexOf = (lines, n) => lines.findIndex((line) => line.record.n === n);

export function List({ feed, query, lines, nest, cursor, setCursor, opened, onOpen }) {
  const box = useRef();
  const [, setTop] = useState(0);
  const [, setWidth] = useState(0);
  const row = height();
  const scroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    setTop(scrollTop);
    if (scrollTop < row / 2) unseen.current = 0;
    if (scrollTop < row && cursor === null) feed.trim();
    if (scrollHeight - scrollTop - clientHeight < 40 * row) feed.more();
  };
  const unseen = useUnseen(feed, box, row, cursor);
  const top = useSteady(box, lines, row, cursor, scroll);
  useEffect(() => {
    const watch = new ResizeObserver(() => setWidth(box.current.clientHeight + box.current.clientWidth));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    const parent = indexOf(lines, cursor) < 0 && parentOf(feed.rows, feed.rows.find((one) => one.n === cursor) || {});
    if (parent) nest.open(parent);
  }, [cursor, lines]);
  useEffect(() => show(box.current, indexOf(lines, cursor), row), [cursor]);
  useEffect(() => {
    if (indexOf(lines, cursor) < 0) box.current.scrollTop = 0;
  }, [query]);
  useEffect(scroll, [lines.length, feed.loading]);
  const tall = box.current?.clientHeight ?? 800;
  const first = Math.max(0, Math.min(lines.length, Math.floor(top / row)) - AROUND);
  const last = Math.min(lines.length, Math.ceil((top + tall) / row) + AROUND);
  const toTop = () => (box.current.scrollTo({ top: 0 }), scroll());
  const fold = (line) => (setCursor(line.record.n), (line.open ? nest.close : nest.open)(line.record));
  return html`<div class="listing">
    ${unseen.current > 0 && html`<button class="pill" onClick=${toTop}>↑ ${plural(unseen.current, "new record")}</button>`}
    <div class="list" ref=${box} role="treegrid" aria-label="Records" tabindex="0" aria-rowcount=${feed.next === null ? lines.length + 1 : -1}
      aria-activedescendant=${cursor && indexOf(lines.slice(first, last), cursor) >= 0 ? `r${cursor}` : null} onScroll=${scroll} aria-busy=${Boolean(feed.loading)}>
      <div class="head" role="rowgroup"><div class="row" role="row">
        ${Object.entries(COLUMNS).map(([name, part]) => html`<span role="columnheader" class=${part}>${name}</span>`)}
      </div></div>
      <div class="rows" role="rowgroup" style=${{ height: `${lines.length * row}px`, paddingTop: `${first * row}px` }}>
        ${lines.slice(first, last).map((line, at) => drawn({
          line, index: first + at + 2, chosen: line.record.n === cursor, open: line.record.n === opened, onOpen, onFold: fold,
        }))}
      </div>
    </div>
    <${Foot} feed=${feed} />
  </div>`;
}

/** Whether something on the screen must stay where it is: a selection, the chosen row, or what was scrolled to. */
const reading = (box, row, cursor) => box.scrollTop >= row / 2 || cursor !== null || selected(box) !== null;

/** The number of the row that holds the reader's text selection. */
function selected(box) {
  const { isCollapsed, anchorNode } = getSelection();
  const holder = !isCollapsed && box.contains(anchorNode) && (anchorNode.closest ? anchorNode : anchorNode.parentElement).closest(".rows > .row");
  return holder ? Number(holder.id.slice(1)) : null;
}

/** The line of `before` that has to stay: the selected one, the chosen one if it is on the screen, or the first that is. */
function anchor(box, before, row, cursor) {
  if (!reading(box, row, cursor)) return -1;
  const [from, to] = [box.scrollTop / row, (box.scrollTop + box.clientHeight) / row - 2];
  const seen = [selected(box), cursor].map((n) => indexOf(before, n)).filter((at) => at >= Math.max(0, from - 1) && at <= to);
  return seen.length ? seen[0] : Math.ceil(from);
}

/** How many lines came, or went, above what is being read. */
function shift(box, before, lines, row, cursor) {
  const was = anchor(box, before, row, cursor);
  const kept = before[was]?.record;
  if (!kept) return 0;
  const same = indexOf(lines, kept.n);
  const is = same >= 0 || !kept.parent_id ? same : lines.findIndex((line) => line.record.span_id === kept.parent_id);
  return is < 0 ? 0 : is - was;
}

/**
 * Keep what is being read at its place while lines come and go around it: where the box stands once this is drawn.
 * It is known before, so that rows which are seen stay in the document all the time, and with them a selection.
 */
function useSteady(box, lines, row, cursor, scroll) {
  const last = useRef(lines);
  const by = box.current && last.current !== lines ? shift(box.current, last.current, lines, row, cursor) * row : 0;
  useLayoutEffect(() => {
    last.current = lines;
    if (!by) return;
    box.current.scrollTop += by;
    scroll();
  }, [lines]);
  return (box.current?.scrollTop ?? 0) + by;
}

/** How many records came on top unseen. */
function useUnseen(feed, box, row, cursor) {
  const unseen = useRef(0);
  const before = useRef(feed.arrived);
  useLayoutEffect(() => {
    const added = feed.arrived - before.current;
    before.current = feed.arrived;
    if (added > 0 && added < feed.rows.length && reading(box.current, row, cursor)) unseen.current += added;
  }, [feed.arrived]);
  return unseen;
}

function show(box, index, row) {
  if (index < 0) return;
  const head = box.firstElementChild.offsetHeight;
  const room = box.clientHeight - head;
  if (index * row < box.scrollTop) box.scrollTop = index * row;
  else if ((index + 1) * row > box.scrollTop + room) box.scrollTop = (index + 1) * row - room;
}

function Foot({ feed }) {
  const more = feed.next === null ? "" : ", more below";
  return html`<div class="foot"><span>${count(feed.rows.length)} shown${more}</span>
    ${feed.searching !== null && html`<span>searching at record ${count(feed.searching)} …</span>`}
    <span class="keys"><kbd>j</kbd> <kbd>k</kbd> move · <kbd>Enter</kbd> open · <kbd>/</kbd> query · <kbd>?</kbd> shortcuts</span></div>`;
}
