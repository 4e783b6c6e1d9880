// The keyboard shortcuts, and the list of them.

import { get } from "./api.js";
import { currentRoute, navigate } from "./router.js";
import { leaveComparison } from "./comparison.js";
import { html, useEffect, useRef } from "./components.js";

const HELP = [
  ["j  k", "next or previous record or row (↓ ↑ in the list)"], ["→  ←", "expand or collapse outbound requests"], ["Enter", "open the record"], ["Esc", "close or deselect; leave a comparison"],
  ["/", "edit the query; ↓ shows completions, Tab accepts one"], ["p", "pause or resume"], ["g", "go to the top of the list"],
  ["s", "save the record as an HTML file to share"], ["e", "export the list as HAR or JSON Lines; import, delete"],
  ["x", "pin the record"], ["t", "edit its tags and note"], ["c", "copy as cURL"], ["r", "replay the request"], ["m", "select for comparison; press again on another record"], ["l", "compare with the last success of the same endpoint"],
  ["n  N", "next or previous hit in the record"], ["Ctrl  F", "find a text in the record that is open"],
  ["1  –  6", "requests, errors, endpoints, users, devices, upstreams"],
  ["←  →", "in a chart: move between bars or points (also Home and End)"], ["Shift  →", "in a chart: select a range, then press Enter"],
  ["Alt  click", "on a value in the list: filter for it; with Shift: exclude it"], ["?", "show this list"],
];

export const ShortcutList = ({ onClose }) => html`<dl class="keylist">${HELP.map(([key, what]) => html`<div key=${key}><dt>${key.split("  ").map((one) => (one === "–" ? "– " : html`<kbd>${one}</kbd> `))}</dt><dd>${what}</dd></div>`)}</dl>
  <p class="buttons"><button class="main" onClick=${onClose}>Close</button></p>`;

function moveCursor({ lines, cursor, setCursor, opened, open }, by) {
  if (document.querySelector(".table-view")) return moveFocus(by);
  focusList();
  const at = lines.findIndex((line) => line.record.n === cursor);
  if (at < 0 && opened) return openNeighbor(by, open);
  const next = lines[at < 0 ? 0 : Math.min(Math.max(at + by, 0), lines.length - 1)];
  if (next) (opened ? open : setCursor)(next.record.n);
}

/** The keys that follow are for the list, whatever was clicked before; who reads in the pane goes on there. */
function focusList() {
  if (!document.activeElement.closest(".detail")) document.querySelector(".list")?.focus({ preventScroll: true });
}

let steps = Promise.resolve(); // one after the other, so that each begins where the last one led

/** Open the record next to one that is not in the list, as the arrows of the pane do. */
function openNeighbor(by, open) {
  const isOpen = () => currentRoute().view === "requests" && Number(currentRoute().n);
  steps = steps.then(async () => {
    const from = isOpen();
    if (!from) return;
    const { previous, following } = await get(`/records/${from}`).catch(() => ({}));
    const next = by > 0 ? previous : following;
    if (next && isOpen() === from) open(next);
  });
}

/** In a table of groups, focus goes from row to row. */
function moveFocus(by) {
  const links = [...document.querySelectorAll(".table-view tbody th a:not(.upstreams-link), .table-view .side")];
  const at = links.indexOf(document.activeElement);
  links[at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
}

/** Unfold or fold the requests that the chosen one sent; folding one of these goes to the one above. */
function toggle({ lines, expanded, cursor, setCursor }, open) {
  const at = lines.findIndex((line) => line.record.n === cursor);
  if (at < 0) return;
  const parent = lines.slice(0, at + 1).findLast((line) => line.level === 1);
  if (open && parent.calls) expanded.open(parent.record);
  if (open) return;
  setCursor(parent.record.n);
  expanded.close(parent.record);
}

const VIEWS = ["requests", "errors", "endpoints", "users", "devices", "upstreams"];
const view = (at) => [String(at + 1), () => navigate({ view: VIEWS[at], n: "", tab: "overview" })];

const SHORTCUTS = {
  j: (context) => moveCursor(context, 1),
  k: (context) => moveCursor(context, -1),
  ArrowDown: (context) => moveCursor(context, 1),
  ArrowUp: (context) => moveCursor(context, -1),
  ArrowRight: (context) => toggle(context, true),
  ArrowLeft: (context) => toggle(context, false),
  Enter: (context) => context.cursor && context.open(context.cursor),
  ...Object.fromEntries(VIEWS.map((_, at) => view(at))),
  Escape: (context) => (currentRoute().view === "compare" ? leaveComparison() : context.opened ? context.close() : context.setCursor(null)),
  "/": (context) => (context.field.current.focus(), context.field.current.select()),
  p: (context) => context.feed.setPaused(!context.feed.paused),
  g: (context) => (context.setCursor(null), focusList(), document.querySelector(".list")?.scrollTo({ top: 0 })),
  e: (context) => context.exportList(),
  "?": (context) => context.help(),
};
const LIST_KEYS = ["Enter", "ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"]; // keys that other elements use, too

/** Listen to the keys of the whole page; `shortcuts` adds to them or replaces some. */
export function useShortcuts(context, shortcuts = {}) {
  const handler = useRef();
  handler.current = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, dialog[open]")) return;
    if (LIST_KEYS.includes(event.key) && !event.target.matches("body, .list")) return;
    const run = shortcuts[event.key] || SHORTCUTS[event.key];
    if (!run) return;
    event.preventDefault();
    run(context);
  };
  useEffect(() => {
    const press = (event) => handler.current(event);
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}
