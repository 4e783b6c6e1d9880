// What the keys do, and the list of them.

import { html, useEffect, useRef } from "./parts.js";

const KEYS = [
  ["j  k", "next, previous record"], ["Enter", "open the record"], ["Esc", "close, let go"], ["/", "to the query"],
  ["p", "pause, resume"], ["x", "pin the record"], ["c", "copy it as cURL"], ["r", "replay it"], ["m", "mark it, then compare another with it"],
  ["g", "to the newest"], ["?", "this list"],
];

export const Keys = () => html`<dl class="keylist">${KEYS.map(([key, what]) => html`<div key=${key}><dt>${key.split("  ").map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl>`;

function step({ feed, cursor, setCursor, opened, open }, by) {
  const at = feed.rows.findIndex((row) => row.n === cursor);
  const next = feed.rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), feed.rows.length - 1)];
  if (next) (opened ? open : setCursor)(next.n);
}

const ACTS = {
  j: (on) => step(on, 1),
  k: (on) => step(on, -1),
  ArrowDown: (on) => step(on, 1),
  ArrowUp: (on) => step(on, -1),
  Enter: (on) => on.cursor && on.open(on.cursor),
  Escape: (on) => (on.opened ? on.open(null) : on.setCursor(null)),
  "/": (on) => (on.field.current.focus(), on.field.current.select()),
  p: (on) => on.feed.setPaused(!on.feed.paused),
  g: (on) => (on.setCursor(null), document.querySelector(".list")?.scrollTo({ top: 0 })),
  "?": (on) => on.help(),
};
const ON_LIST = ["Enter", "ArrowDown", "ArrowUp"]; // keys that other elements use, too

/** Listen to the keys of the whole page; `acts` adds to them or replaces some. */
export function keyboard(on, acts = {}) {
  const now = useRef();
  now.current = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, dialog")) return;
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
