// The header: the navigation, the state of the connection, and the menu.

import { count } from "./format.js";
import { Link } from "./link.js";
import { html } from "./components.js";

const VIEWS = [["requests", "Requests"], ["errors", "Errors"], ["endpoints", "Endpoints"], ["users", "Users"], ["devices", "Devices"], ["upstreams", "Upstreams"]];
const ICON = new URL("icon.svg", import.meta.url).pathname;
const STATES = { loading: "loading", live: "live", lost: "reconnecting", refused: "stopped" };

export function Header({ at, feed, outbound, onDialog }) {
  const shown = VIEWS.filter(([view]) => view !== "upstreams" || outbound || at.view === view);
  const state = feed.paused ? "paused" : STATES[feed.state];
  return html`<header class="bar">
    <a class="name" href="/" aria-label="drhttp inbox: all requests"><img src=${ICON} alt="" width="20" height="20" />drhttp<span> inbox</span></a>
    <nav aria-label="Views">${shown.map(([view, label]) => html`<${Link} key=${view} to=${{ view, n: "", tab: "overview", left: "", right: "" }} aria-current=${at.view === view ? "page" : null}>${label}<//>`)}</nav>
    <span class="state ${feed.state} ${feed.paused ? "paused" : ""}" title=${`Connection to the inbox: ${state}`}><i></i><span>${state}</span></span>
    <button class="ghost" onClick=${() => onDialog("inbox")} aria-label="Inbox: export, import, clear" title="Export, import, clear (e)">⋯</button>
    <button class="ghost keys-button" onClick=${() => onDialog("help")} aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)">?</button>
  </header>`;
}

export function PauseButton({ feed }) {
  const label = feed.paused ? `Resume${feed.waiting ? ` (${count(feed.waiting)})` : ""}` : "Pause";
  return html`<button class="pause ${feed.paused ? "on" : ""}" aria-pressed=${feed.paused} aria-label=${label} title="Stop showing new records (p)" onClick=${() => feed.setPaused(!feed.paused)}>
    <svg viewBox="0 0 16 16" aria-hidden="true"><path d=${feed.paused ? "M4 2.5v11l9-5.5z" : "M4 3h3v10H4zm5 0h3v10H9z"} /></svg><span aria-live="polite">${label}</span></button>`;
}
