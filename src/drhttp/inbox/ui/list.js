// The list: a window of rows over everything that is loaded. It moves only when its reader moves it.

import { clock, count, duration, moment, plural, size } from "./format.js";
import { html, Method, Status, useEffect, useLayoutEffect, useRef, useState } from "./parts.js";

const AROUND = 12; // rows beyond the edges, so that fast scrolling shows no blanks
const FRESH = 1_200; // milliseconds that a new row is marked
const COLUMNS = { Time: "time", Dir: "dir", Method: "method-cell", Path: "path", Status: "status-cell", Duration: "duration", Size: "size", User: "user", Device: "device" };
const narrow = window.matchMedia("(max-width: 700px)");

const height = () => (narrow.matches ? 54 : 30);

export function List({ feed, cursor, opened, onOpen }) {
  const box = useRef();
  const [top, setTop] = useState(0);
  const [, setWidth] = useState(0);
  const row = height();
  const unseen = useUnseen(feed, box, row, cursor);
  useEffect(() => {
    const watch = new ResizeObserver(() => setWidth(box.current.clientHeight + box.current.clientWidth));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  useEffect(() => show(box.current, feed.rows.findIndex((one) => one.n === cursor), row), [cursor]);
  const tall = box.current?.clientHeight ?? 800;
  const first = Math.max(0, Math.floor(top / row) - AROUND);
  const last = Math.min(feed.rows.length, Math.ceil((top + tall) / row) + AROUND);
  const scroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    setTop(scrollTop);
    if (scrollTop < row / 2) unseen.current = 0;
    if (scrollTop < row && cursor === null) feed.trim();
    if (scrollHeight - scrollTop - clientHeight < 40 * row) feed.more();
  };
  useEffect(scroll, [feed.rows.length, feed.loading]);
  const toTop = () => (box.current.scrollTo({ top: 0 }), scroll());
  return html`<div class="listing">
    ${unseen.current > 0 && html`<button class="pill" onClick=${toTop}>↑ ${plural(unseen.current, "new record")}</button>`}
    <div class="list" ref=${box} role="grid" aria-label="Records" tabindex="0" aria-rowcount=${feed.next === null ? feed.rows.length + 1 : -1}
      aria-activedescendant=${cursor ? `r${cursor}` : null} onScroll=${scroll} aria-busy=${Boolean(feed.loading)}>
      <div class="head" role="rowgroup"><div class="row" role="row">
        ${Object.entries(COLUMNS).map(([name, part]) => html`<span role="columnheader" class=${part}>${name}</span>`)}
      </div></div>
      <div class="rows" role="rowgroup" style=${{ height: `${feed.rows.length * row}px`, paddingTop: `${first * row}px` }}>
        ${feed.rows.slice(first, last).map((record, at) => html`<${Row} key=${record.n} record=${record} index=${first + at + 2}
          chosen=${record.n === cursor} open=${record.n === opened} onOpen=${onOpen} />`)}
      </div>
    </div>
    <${Foot} feed=${feed} />
  </div>`;
}

/** Keep the reader's place while rows arrive on top, and count the ones above. */
function useUnseen(feed, box, row, cursor) {
  const unseen = useRef(0);
  const before = useRef(feed.arrived);
  useLayoutEffect(() => {
    const added = feed.arrived - before.current;
    before.current = feed.arrived;
    if (added <= 0 || added >= feed.rows.length) return;
    const reading = box.current.scrollTop >= row / 2 || cursor !== null || selects(box.current);
    if (!reading) return;
    box.current.scrollTop += added * row;
    unseen.current += added;
  }, [feed.arrived]);
  return unseen;
}

function selects(box) {
  const selection = getSelection();
  return !selection.isCollapsed && box.contains(selection.anchorNode);
}

function show(box, index, row) {
  if (index < 0) return;
  const head = box.firstElementChild.offsetHeight;
  const room = box.clientHeight - head;
  if (index * row < box.scrollTop) box.scrollTop = index * row;
  else if ((index + 1) * row > box.scrollTop + room) box.scrollTop = (index + 1) * row - room;
}

function Row({ record, index, chosen, open, onOpen }) {
  const out = record.direction === "out";
  const fresh = record.arrived && performance.now() - record.arrived < FRESH;
  const click = () => getSelection().isCollapsed && onOpen(record.n);
  const classes = ["row", chosen && "chosen", open && "open", record.error && "failed", fresh && "fresh"].filter(Boolean).join(" ");
  return html`<div class=${classes} role="row" id=${`r${record.n}`} aria-rowindex=${index} aria-selected=${chosen} onClick=${click}>
    <span role="gridcell" class="time" title=${moment(record.time)}>${clock(record.time)}</span>
    <span role="gridcell" class="dir" title=${out ? "sent by the application" : "received by the application"}>${out ? "out" : "in"}</span>
    <span role="gridcell" class="method-cell"><${Method} name=${record.method} /></span>
    <span role="gridcell" class="path" title=${record.url}>
      ${record.pinned && html`<span class="pin" title="Pinned">★</span>`}
      <span class="text"><span class="host">${out ? record.host : ""}</span>${record.path}<span class="search">${record.query ? `?${record.query}` : ""}</span></span>
      ${record.children > 0 && html`<span class="tag" title="Requests that it sent">${record.children} out</span>`}
      ${record.replay_of && html`<span class="tag">replay</span>`}
      ${(record.tags || []).map((tag) => html`<span class="tag">${tag}</span>`)}
    </span>
    <span role="gridcell" class="status-cell"><${Status} record=${record} /></span>
    <span role="gridcell" class="duration ${record.duration_ms >= 1000 ? "slow" : ""}">${duration(record.duration_ms)}</span>
    <span role="gridcell" class="size">${size(record.response_size)}</span>
    <span role="gridcell" class="user" title=${record.user}>${record.user}</span>
    <span role="gridcell" class="device" title=${record.device}>${record.device}</span>
  </div>`;
}

function Foot({ feed }) {
  const more = feed.next === null ? "" : ", more below";
  return html`<div class="foot"><span>${count(feed.rows.length)} shown${more}</span>
    ${feed.searching !== null && html`<span>searching, at record ${count(feed.searching)} …</span>`}
    <span class="keys"><kbd>j</kbd> <kbd>k</kbd> move · <kbd>Enter</kbd> open · <kbd>/</kbd> query · <kbd>?</kbd> all keys</span></div>`;
}
