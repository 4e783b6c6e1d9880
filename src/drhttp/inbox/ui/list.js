// The list of records: only visible rows are rendered, and new records never move what is being read.

import { plural } from "./format.js";
import { Footer } from "./list-footer.js";
import { parentOf, useCallsOfOpened } from "./outbound-rows.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./components.js";
import { columnWidths, hiddenColumns } from "./columns.js";
import { allToday, withDays } from "./days.js";
import { navigate } from "./router.js";
import { dayLine, row as renderRow } from "./row.js";
import { COLUMNS, nextOrder, sortedBy } from "./sorting.js";

const OVERSCAN = 12; // rows rendered above and below the visible ones, so that fast scrolling shows no blanks
const narrow = window.matchMedia("(max-width: 700px)");

const height = () => (narrow.matches ? 48 : 27);
const indexOf = (lines, n) => lines.findIndex((line) => line.record.n === n);

export function List({ feed, query, total, lines: records, expanded, cursor, setCursor, opened, onOpen }) {
  const box = useRef();
  const [, setTop] = useState(0);
  const [, setWidth] = useState(0);
  const row = height();
  const order = feed.order;
  const lines = useMemo(() => withDays(records, order), [records, order]);
  const columns = useMemo(() => hiddenColumns(feed.rows, records, order), [feed.rows, records, order]);
  const dated = useMemo(() => !allToday(feed.rows), [feed.rows]);
  const widths = useMemo(() => columnWidths(feed.rows), [feed.rows]);
  const scroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    setTop(scrollTop);
    if (scrollTop > 0) sought.current = null; // it is being read
    if (scrollTop < row / 2) unseen.current = 0;
    if (scrollTop < row && cursor === null) feed.trim();
    if (scrollHeight - scrollTop - clientHeight < 40 * row) feed.loadMore();
  };
  const sought = useRowInSight(box, lines, cursor, row);
  const unseen = useUnseenCount(feed, box, row, cursor);
  const top = useScrollAnchor(box, lines, row, cursor, scroll);
  useEffect(() => {
    const watch = new ResizeObserver(() => setWidth(box.current.clientHeight + box.current.clientWidth));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    const parent = indexOf(lines, cursor) < 0 && parentOf(feed.rows, feed.rows.find((one) => one.n === cursor) || {});
    if (parent) expanded.open(parent);
  }, [cursor, lines]);
  useCallsOfOpened(feed.rows, opened, expanded, (calls) => [calls, 0].forEach((below) => scrollToRow(box.current, indexOf(lines, opened) + below, row)));
  useEffect(() => {
    if (indexOf(lines, cursor) < 0) box.current.scrollTop = 0;
  }, [query, order]);
  useEffect(scroll, [lines.length, feed.loading]);
  const viewport = box.current?.clientHeight ?? 800;
  const first = Math.max(0, Math.min(lines.length, Math.floor(top / row)) - OVERSCAN);
  const last = Math.min(lines.length, Math.ceil((top + viewport) / row) + OVERSCAN);
  const toTop = () => (box.current.scrollTo({ top: 0 }), scroll());
  const toggle = (line) => (setCursor(line.record.n), (line.open ? expanded.close : expanded.open)(line.record));
  return html`<div class="listing">
    ${unseen.current > 0 && html`<button class="pill" onClick=${toTop}>↑ ${plural(unseen.current, "new record")}</button>`}
    <div class="list ${dated ? "dated" : ""}" style=${widths} ref=${box} role="treegrid" aria-label="Records" tabindex="0" aria-rowcount=${feed.next === null ? lines.length + 1 : -1}
      aria-activedescendant=${cursor && indexOf(lines.slice(first, last), cursor) >= 0 ? `r${cursor}` : null} onScroll=${scroll} aria-busy=${Boolean(feed.loading)}>
      <div class="head" role="rowgroup"><div class="row" role="row">
        ${COLUMNS.filter(({ name }) => !columns.hidden.has(name)).map((column) => html`<${Heading} key=${column.name} column=${column} order=${order} />`)}
      </div></div>
      <div class="rows" role="rowgroup" style=${{ height: `${lines.length * row}px`, paddingTop: `${first * row}px` }}>
        ${lines.slice(first, last).map((line, at) => (line.divider ? dayLine : renderRow)({
          line, index: first + at + 2, chosen: line.record.n === cursor, open: line.record.n === opened, hidden: columns.hidden, onOpen, onToggle: toggle,
        }))}
      </div>
    </div>
    <${Footer} feed=${feed} query=${query} total=${total} same=${columns.same} />
  </div>`;
}

/** Whether the list is being read: it is scrolled, a row is selected, or text is selected. */
const isReading = (box, row, cursor) => box.scrollTop >= row / 2 || cursor !== null || recordWithSelection(box) !== null;

/** The number of the record whose row contains the text selection. */
function recordWithSelection(box) {
  const { isCollapsed, anchorNode } = getSelection();
  const holder = !isCollapsed && box.contains(anchorNode) && (anchorNode.closest ? anchorNode : anchorNode.parentElement).closest(".rows > .row");
  return holder ? Number(holder.id.slice(1)) : null;
}

/** The index of the line that must not move: the one with selected text, the selected row if visible, or the first visible one. */
function anchorIndex(box, before, row, cursor) {
  if (!isReading(box, row, cursor)) return -1;
  const [from, to] = [box.scrollTop / row, (box.scrollTop + box.clientHeight) / row - 2];
  const seen = [recordWithSelection(box), cursor].map((n) => indexOf(before, n)).filter((at) => at >= Math.max(0, from - 1) && at <= to);
  return seen.length ? seen[0] : Math.ceil(from);
}

/** How many lines were added (or removed, if negative) above the line that must not move. */
function addedAbove(box, before, lines, row, cursor) {
  const was = anchorIndex(box, before, row, cursor);
  const kept = before[was]?.record;
  if (!kept) return 0;
  const same = indexOf(lines, kept.n);
  const is = same >= 0 || !kept.parent_id ? same : lines.findIndex((line) => line.record.span_id === kept.parent_id);
  return is < 0 ? 0 : is - was;
}

/**
 * Keep what is being read in place while lines are added and removed, and return the scroll position after rendering.
 * It is computed before, so that visible rows stay in the document and a text selection survives.
 */
function useScrollAnchor(box, lines, row, cursor, scroll) {
  const last = useRef(lines);
  const by = box.current && last.current !== lines ? addedAbove(box.current, last.current, lines, row, cursor) * row : 0;
  useLayoutEffect(() => {
    last.current = lines;
    if (!by) return;
    box.current.scrollTop += by;
    scroll();
  }, [lines]);
  return (box.current?.scrollTop ?? 0) + by;
}

/** How many records were added at the top while the list was being read. */
function useUnseenCount(feed, box, row, cursor) {
  const unseen = useRef(0);
  const before = useRef(feed.arrived);
  useLayoutEffect(() => {
    const added = feed.arrived - before.current;
    before.current = feed.arrived;
    if (added > 0 && added < feed.rows.length && isReading(box.current, row, cursor)) unseen.current += added;
  }, [feed.arrived]);
  return unseen;
}

/**
 * Bring the selected row into sight. One whose row comes later, as after a reload of the page, is centered once it is there;
 * the number of that one is returned, for those who scroll themselves meanwhile.
 */
function useRowInSight(box, lines, cursor, row) {
  const sought = useRef(null);
  const index = indexOf(lines, cursor);
  const fresh = useRef(true); // nothing was there to select a row from
  useEffect(() => {
    if (fresh.current || index < 0) sought.current = cursor;
    else scrollToRow(box.current, index, row);
  }, [cursor]);
  useEffect(() => {
    if (lines.length) fresh.current = false;
    if (index < 0 || sought.current !== cursor) return;
    sought.current = null;
    centerRow(box.current, index, row);
  }, [cursor, lines]);
  return sought;
}

/** The height in which rows are whole, without a fraction of a pixel. */
const roomBelowHead = (box) => Math.floor(box.getBoundingClientRect().height) - box.firstElementChild.offsetHeight;

/** Scroll to the middle unless the row is in sight. */
function centerRow(box, index, row) {
  const room = roomBelowHead(box);
  const inSight = index * row >= box.scrollTop && (index + 1) * row <= box.scrollTop + room;
  if (!inSight) box.scrollTop = (index + 0.5) * row - room / 2;
}

function scrollToRow(box, index, row) {
  if (index < 0) return;
  const room = roomBelowHead(box);
  if (index * row < box.scrollTop) box.scrollTop = index * row;
  else if ((index + 1) * row > box.scrollTop + room) box.scrollTop = (index + 1) * row - room;
}

function Heading({ column, order }) {
  const sorted = sortedBy(order, column);
  return html`<span role="columnheader" class=${column.part} aria-sort=${sorted}><button class="sort" title=${column.hint || `Sort by ${column.label.toLowerCase()}`}
    onClick=${() => navigate({ order: nextOrder(order, column) }, { replace: true })}>${column.label}</button></span>`;
}
