// The page: what the address names, the keys, and the parts around the list.

import { askTabs, keepToken, takeToken, token } from "./api.js";
import { go, href, onMove, place } from "./address.js";
import { Pictures } from "./charts.js";
import { Compare } from "./compare.js";
import { acts, Detail } from "./detail.js";
import { Feed } from "./feed.js";
import { count } from "./format.js";
import { Devices, Endpoints, Users } from "./groups.js";
import { About } from "./inbox.js";
import { keyboard, Keys } from "./keys.js";
import { List } from "./list.js";
import { copy, Dialog, html, News, render, say, useAnswer, useEffect, useMemo, useRef, useState } from "./parts.js";
import { Query } from "./query.js";

const VIEWS = [["requests", "Requests"], ["endpoints", "Endpoints"], ["users", "Users"], ["devices", "Devices"]];
const SHEETS = { endpoints: Endpoints, users: Users, devices: Devices, compare: Compare };
const STATES = { loading: "loading", live: "live", lost: "reconnecting", refused: "stopped" };

function useFeed(onExpired) {
  const [, turn] = useState(0);
  const touched = useRef(new Set());
  const feed = useMemo(() => new Feed(
    () => turn((value) => value + 1),
    (numbers, records) => touched.current.forEach((listener) => listener(numbers, records)),
    onExpired,
  ), []);
  feed.touched = touched.current;
  return feed;
}

function usePlace() {
  const [at, setAt] = useState(place());
  useEffect(() => onMove(() => setAt(place())), []);
  return at;
}

function App() {
  const [known, setKnown] = useState(Boolean(token()));
  useEffect(() => askTabs(() => setKnown(true)), []);
  useEffect(() => window.addEventListener("hashchange", () => takeToken() && location.reload()), []);
  const expire = () => (sessionStorage.clear(), setKnown(false));
  return html`${known ? html`<${Inbox} onExpired=${expire} />` : html`<${Door} onOpen=${() => setKnown(true)} />`}<${News} />`;
}

function Inbox({ onExpired }) {
  const at = usePlace();
  const feed = useFeed(onExpired);
  const [cursor, setCursor] = useState(null);
  const [asked, setAsked] = useState(""); // which dialog is open
  const field = useRef();
  const opened = at.view === "requests" && at.n ? Number(at.n) : null;
  useEffect(() => feed.open(at.q), [at.q]);
  useEffect(() => () => feed.close(), []);
  useEffect(() => opened && setCursor(opened), [opened]);
  const open = (n) => (setCursor(n), go({ view: "requests", n: n ?? "", tab: n === null ? "overview" : at.tab }, { replace: opened !== null && n !== null }));
  const act = { feed, cursor, setCursor, opened, open, field, help: () => setAsked("help") };
  keyboard(act, recordKeys(act, setAsked));
  return html`
    <${Bar} at=${at} feed=${feed} onAsk=${setAsked} />
    <div class="tools">
      <${Query} field=${field} value=${at.q} onChange=${(q, how) => go({ q }, how)} />
      <${Pause} feed=${feed} />
    </div>
    ${feed.state === "lost" && html`<p class="banner" role="status">The inbox does not answer. The page goes on by itself as soon as it does.</p>`}
    ${at.view === "requests" && (feed.rows.length > 0 || at.q) && html`<${Pictures} feed=${feed} query=${at.q} onOpen=${open} />`}
    <main class=${opened ? "split" : ""}>
      ${SHEETS[at.view] ? html`<${SHEETS[at.view]} feed=${feed} query=${at.q} left=${at.left} right=${at.right} />`
        : html`<${Listed} feed=${feed} query=${at.q} cursor=${cursor} opened=${opened} onOpen=${open} />`}
      ${opened && html`<${Splitter} /><${Detail} n=${opened} tab=${at.tab} feed=${feed} query=${at.q} asked=${asked} onAsk=${setAsked} onOpen=${open} />`}
    </main>
    ${asked === "inbox" && html`<${About} feed=${feed} query=${at.q} onClose=${() => setAsked("")} />`}
    ${asked === "help" && html`<${Dialog} title="Keys" onClose=${() => setAsked("")}><${Keys} /><//>`}
  `;
}

/** Keys that act on the record under the cursor. */
function recordKeys({ feed, cursor, open }, onAsk) {
  const record = feed.rows.find((row) => row.n === cursor) || (cursor && { n: cursor });
  const tell = (problem) => say(problem.message);
  return {
    x: () => record && acts.pin(record, feed).catch(tell),
    c: () => record && acts.snippet(record, "curl").catch(tell),
    r: () => record && (open(record.n), onAsk("replay")),
    m: () => record && acts.mark(record.n),
  };
}

/** The border between list and detail, to be dragged or moved with arrow keys. */
function Splitter() {
  const [share, setShare] = useState(Number(localStorage.getItem("drhttp-pane")) || 46);
  const set = (wanted) => {
    const next = Math.min(75, Math.max(25, Math.round(wanted)));
    localStorage.setItem("drhttp-pane", next);
    setShare(next);
  };
  useEffect(() => document.documentElement.style.setProperty("--pane", `${share}%`), [share]);
  const drag = (event) => event.currentTarget.hasPointerCapture(event.pointerId) && set(100 - (event.clientX / innerWidth) * 100);
  const press = (event) => set(share + ({ ArrowLeft: 3, ArrowRight: -3 }[event.key] || 0));
  return html`<div class="splitter" role="separator" tabindex="0" aria-label="Width of the record" aria-orientation="vertical" aria-valuenow=${share} aria-valuemin="25" aria-valuemax="75"
    onPointerDown=${(event) => event.currentTarget.setPointerCapture(event.pointerId)} onPointerMove=${drag} onKeyDown=${press}></div>`;
}

function Listed({ feed, query, cursor, opened, onOpen }) {
  if (feed.problem) return html`<${Empty}><h2>This query cannot be read</h2><p>${feed.problem.message}</p><//>`;
  if (feed.rows.length || feed.loading || feed.state === "loading") {
    return html`<${List} feed=${feed} cursor=${cursor} opened=${opened} onOpen=${onOpen} />`;
  }
  if (query) {
    return html`<${Empty}><h2>No record matches</h2><p>Nothing that is here answers to <code>${query}</code>. New records that do will appear by themselves.</p>
      <p><button onClick=${() => go({ q: "" })}>Show everything</button></p><//>`;
  }
  return html`<${Welcome} />`;
}

const Empty = ({ children }) => html`<section class="empty">${children}</section>`;

function Welcome() {
  const [info] = useAnswer("/info", {});
  const dsn = info?.dsn || "";
  const lines = [`export DRHTTP_DSN=${dsn}`, "drhttp inbox run -- gunicorn app:app"];
  return html`<${Empty}>
    <h2>Nothing recorded yet</h2>
    <p>Give your application this DSN; its requests appear here as they happen.</p>
    ${lines.map((line) => html`<${Line} text=${line} key=${line} />`)}
    <p class="dim">The second line starts a command with the DSN set. Wrap the application once, and it records:</p>
    <pre class="mono">${"import drhttp\n\napp = drhttp.WSGIMiddleware(app)"}</pre>
  <//>`;
}

const Line = ({ text }) => html`<div class="line"><code>${text}</code><button onClick=${() => copy(text)}>Copy</button></div>`;

function Bar({ at, feed, onAsk }) {
  return html`<header class="bar">
    <a class="name" href="/"><img src="/ui/icon.svg" alt="" width="20" height="20" />drhttp<span> inbox</span></a>
    <nav aria-label="Views">${VIEWS.map(([view, label]) => html`<a key=${view} href=${href({ view, n: "", tab: "overview" })}
      aria-current=${at.view === view ? "page" : null} onClick=${(event) => follow(event, { view, n: "", tab: "overview" })}>${label}</a>`)}</nav>
    <span class="state ${feed.state}" title="The connection to the inbox"><i></i>${feed.paused ? "paused" : STATES[feed.state]}</span>
    <button class="ghost" onClick=${() => onAsk("inbox")} aria-label="The inbox: export, import, clear" title="Export, import, clear">⋯</button>
    <button class="ghost keys-button" onClick=${() => onAsk("help")} aria-label="Keys" title="Keys (?)">?</button>
  </header>`;
}

/** Go without loading the page anew, unless the click asks for another tab. */
export function follow(event, changes) {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go(changes);
}

function Pause({ feed }) {
  const label = feed.paused ? `Resume${feed.waiting ? ` (${count(feed.waiting)})` : ""}` : "Pause";
  return html`<button class="pause ${feed.paused ? "on" : ""}" aria-pressed=${feed.paused} title="Hold new records back (p)" onClick=${() => feed.setPaused(!feed.paused)}>
    <svg viewBox="0 0 16 16" aria-hidden="true"><path d=${feed.paused ? "M4 2.5v11l9-5.5z" : "M4 3h3v10H4zm5 0h3v10H9z"} /></svg><span aria-live="polite">${label}</span></button>`;
}

/** Shown when the token is missing or no longer good. */
function Door({ onOpen }) {
  const [wrong, setWrong] = useState(false);
  const enter = (event) => {
    event.preventDefault();
    if (keepToken(event.target.elements.address.value)) onOpen();
    else setWrong(true);
  };
  return html`<section class="empty door"><h1>drhttp inbox</h1>
    <p>This page needs the token of the inbox that runs now. Open the address that <code>drhttp inbox</code> printed when it started, or paste it here.</p>
    <form onSubmit=${enter}><input name="address" class="mono" aria-label="Address or token" placeholder="http://127.0.0.1:8399/#token=…" autocomplete="off" /><button class="main">Open</button></form>
    ${wrong && html`<p class="problem" role="alert">There is no token in this.</p>`}
  </section>`;
}

takeToken();
render(html`<${App} />`, document.body);
