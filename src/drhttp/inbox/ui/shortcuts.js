// What the keys do, and the list of them.

import { go } from "./router.js";
import { html, useEffect, useRef } from "./components.js";

const KEYS = [
  ["j  k", "next or previous record or row (↓ ↑ in the list)"], ["→  ←", "expand or collapse outbound requests"], ["Enter", "open the record"], ["Esc", "close or deselect"],
  ["/", "edit the query; ↓ shows completions, Tab accepts one"], ["p", "pause or resume"], ["g", "go to the newest record"],
  ["x", "pin the record"], ["t", "edit its tags and note"], ["c", "copy as cURL"], ["r", "replay the request"], ["m", "select for comparison; press again on another record"],
  ["1  –  5", "requests, errors, endpoints, users, devices"],
  ["←  →", "in a chart: move between bars or points (also Home and End)"], ["Shift  →", "in a chart: select a range, then press Enter"],
  ["Alt  click", "on a value in the list: filter for it; with Shift: exclude it"], ["?", "show this list"],
];

export const Keys = ({ onClose }) => html`<dl class="keylist">${KEYS.map(([key, what]) => html`<div key=${key}><dt>${key.split("  ").map((one) => (one === "–" ? "– " : html`<kbd>${one}</kbd> `))}</dt><dd>${what}</dd></div>`)}</dl>
  <p class="buttons"><button class="main" onClick=${onClose}>Close</button></p>`;

function step({ lines, cursor, setCursor, opened, open }, by) {
  if (document.querySelector(".sheet")) return stepRow(by);
  const at = lines.findIndex((line) => line.record.n === cursor);
  const next = lines[at < 0 ? 0 : Math.min(Math.max(at + by, 0), lines.length - 1)];
  if (next) (opened ? open : setCursor)(next.record.n);
}

/** In a table of groups, focus goes from link to link. */
function stepRow(by) {
  const links = [...document.querySelectorAll(".sheet tbody th a, .sheet .side")];
  const at = links.indexOf(document.activeElement);
  links[at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
}

/** Unfold or fold the requests that the chosen one sent; folding one of these goes to the one above. */
function fold({ lines, nest, cursor, setCursor }, open) {
  const at = lines.findIndex((line) => line.record.n === cursor);
  if (at < 0) return;
  const parent = lines.slice(0, at + 1).findLast((line) => line.level === 1);
  if (open && parent.calls) nest.open(parent.record);
  if (open) return;
  setCursor(parent.record.n);
  nest.close(parent.record);
}

const VIEWS = ["requests", "errors", "endpoints", "users", "devices"];
const view = (at) => [String(at + 1), () => go({ view: VIEWS[at], n: "", tab: "overview" })];

const ACTS = {
  j: (on) => step(on, 1),
  k: (on) => step(on, -1),
  ArrowDown: (on) => step(on, 1),
  ArrowUp: (on) => step(on, -1),
  ArrowRight: (on) => fold(on, true),
  ArrowLeft: (on) => fold(on, false),
  Enter: (on) => on.cursor && on.open(on.cursor),
  ...Object.fromEntries(VIEWS.map((_, at) => view(at))),
  Escape: (on) => (on.opened ? on.open(null) : on.setCursor(null)),
  "/": (on) => (on.field.current.focus(), on.field.current.select()),
  p: (on) => on.feed.setPaused(!on.feed.paused),
  g: (on) => (on.setCursor(null), document.querySelector(".list")?.scrollTo({ top: 0 })),
  "?": (on) => on.help(),
};
const ON_LIST = ["Enter", "ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"]; // keys that other elements use, too

/** Listen to the keys of the whole page; `acts` adds to them or replaces some. */
export function keyboard(on, acts = {}) {
  const now = useRef();
  now.current = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, dialog[open]")) return;
    if (ON_LIST.includes(event.key) && !event.target.matches("body, .list")) return;
    const act = acts[event.key] || ACTS[event.key];
    if (!act) return;
    event.preventDefault();
    act(on);
  };
  useEffect(() => {
    const press = (event) => now.current(event);
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}
