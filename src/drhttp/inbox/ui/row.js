// A row of the list.

import { navigate, currentRoute } from "./router.js";
import { datedClock, isToday } from "./days.js";
import { clock, duration, kind, moment, plural, size } from "./format.js";
import { html, Method, Status, Text } from "./components.js";
import { addTerm, formatTerm } from "./query-field.js";

const HIGHLIGHT = 1_200; // milliseconds for which a new row is highlighted
const SHOWN = 300; // characters of the reason of a failure: more do not fit into a row

/** Filter for the value that was clicked with Alt, or exclude it with Shift as well; return whether it was. */
function filterByClick(event, record) {
  const field = event.altKey && event.target.closest("[data-field]")?.dataset.field;
  const { method, user, device, path, host, operation } = record;
  const value = { status: record.status ?? "none", method, user, device, path, host, operation, dir: record.direction }[field];
  if (!field || value === null || value === undefined) return false;
  const { q } = currentRoute();
  navigate({ q: addTerm(q, `${event.shiftKey ? "-" : ""}${field === "status" ? `status:${value}` : formatTerm(field, value)}`) });
  return true;
}

/** A time of day without thousandths, and these: narrow lists show the first only. */
const parts = (time) => [time.slice(0, 8), time.slice(8)];

/** The line between two days. */
export const dayLine = ({ line, index }) => html`<div key=${line.record.n} class="day" role="row" aria-rowindex=${index} aria-level="1"><span role="gridcell">${line.divider}</span></div>`;

/** Why a request failed; an outbound one without an answer says it in the place of its status. */
function reason({ exception, status, direction }) {
  if (!exception || (direction === "out" && !status)) return null;
  const full = [exception.type, exception.message].filter(Boolean).join(": ");
  const name = exception.type.split(".").pop(); // without its module, which the title has
  return html`<span class="reason" title=${full}>${Text({ text: full.slice(exception.type.length - name.length).slice(0, SHOWN) })}</span>`;
}

/** A row, as an element: Preact would move the elements of components when rows are removed, and a text selection would be lost. */
export function row({ line, index, chosen, open, hidden, onOpen, onToggle }) {
  const { record, level } = line;
  const out = record.direction === "out";
  const fresh = record.arrived && performance.now() - record.arrived < HIGHLIGHT;
  const [whole, rest] = isToday(record) ? parts(clock(record.time)) : datedClock(record.time);
  // After the first click of a double click, another row may be under the pointer.
  const click = (event) => event.detail > 1 || filterByClick(event, record) || (getSelection().isCollapsed && onOpen(record.n));
  const classes = ["row", level > 1 && "under", chosen && "chosen", open && "open", record.error ? "failed" : kind(record.status) === "4xx" && "client-error", fresh && "fresh"].filter(Boolean).join(" ");
  const show = (name, cell) => (hidden.has(name) ? null : cell);
  return html`<div key=${record.n} class=${classes} role="row" id=${`r${record.n}`} aria-rowindex=${index} aria-level=${level} aria-selected=${chosen}
    aria-expanded=${line.calls ? line.open : null} onClick=${click}>
    <span role="gridcell" class="record-number" title=${`Record ${record.n}: drhttp show ${record.n}`}>#${record.n}</span>
    <span role="gridcell" class="time" title=${moment(record.time)}>${whole}<span class="rest">${rest}</span></span>
    ${show("direction", html`<span role="gridcell" class="dir ${out ? "out" : ""}" data-field="dir" title=${out ? "sent by the application" : "received by the application"}>${out && "out"}</span>`)}
    <span role="gridcell" class="method-cell" data-field="method"><${Method} name=${record.method} /></span>
    ${show("host", html`<span role="gridcell" class="host-cell" data-field="host" title=${record.host}>${Text({ text: record.host })}</span>`)}
    <span role="gridcell" class="path" title=${record.url}>
      ${line.calls > 0 && html`<${ExpandButton} line=${line} onToggle=${onToggle} />`}
      ${record.pinned && html`<span class="pin" title="Pinned">★</span>`}
      <span class="text" data-field="path"><span class="host">${Text({ text: out && hidden.has("host") ? record.host : "" })}</span>${Text({ text: record.path })}<span class="search">${Text({ text: record.query ? `?${record.query}` : "" })}</span></span>
      ${reason(record)}
      ${record.operation && html`<span class="operation" data-field="operation" title="What the request asks for">${Text({ text: record.operation })}</span>`}
      ${record.imported && html`<span class="tag" title="Imported from a HAR file">imported</span>`}
      ${record.replay_of && html`<span class="tag">replay</span>`}
      ${(record.tags || []).map((tag) => html`<span class="tag">${tag}</span>`)}
      ${record.note && html`<span class="tag note" title=${record.note}>note</span>`}
    </span>
    <span role="gridcell" class="status-cell" data-field="status"><${Status} record=${record} /></span>
    <span role="gridcell" class="duration ${record.duration_ms >= 1000 ? "slow" : ""}">${duration(record.duration_ms)}</span>
    <span role="gridcell" class="size">${size(record.response_size)}</span>
    ${show("user", html`<span role="gridcell" class="user" data-field="user" title=${record.user}>${Text({ text: record.user })}</span>`)}
    ${show("device", html`<span role="gridcell" class="device" data-field="device" title=${record.device}>${Text({ text: record.device })}</span>`)}
  </div>`;
}

const ExpandButton = ({ line, onToggle }) => html`<button class="calls ${line.failed ? "bad-call" : ""}" tabindex="-1" aria-expanded=${line.open}
  title=${`${line.open ? "Collapse" : "Expand"} ${plural(line.calls, "outbound request")} (${line.open ? "←" : "→"})${line.failed ? "; some failed" : ""}`}
  onClick=${(event) => (event.stopPropagation(), onToggle(line))}><i aria-hidden="true"></i>${line.calls} out</button>`;
