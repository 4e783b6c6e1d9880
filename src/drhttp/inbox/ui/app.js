// The page: what the address names, the keys, and the parts around the list.

import { askTabs, takeToken, token } from "./api.js";
import { go, onMove, place } from "./router.js";
import { Bar, Pause } from "./header.js";
import { Pictures } from "./charts.js";
import { Compare } from "./compare.js";
import { acts, Detail } from "./detail.js";
import { Endpoints } from "./endpoints.js";
import { Errors } from "./errors.js";
import { Feed } from "./feed.js";
import { Devices, Users } from "./groups.js";
import { About } from "./inbox-dialog.js";
import { keyboard, Keys } from "./shortcuts.js";
import { List } from "./list.js";
import { nested, useNest } from "./outbound-rows.js";
import { Dialog, html, News, render, say, useEffect, useMemo, useRef, useState } from "./components.js";
import { Query } from "./query-field.js";
import { Splitter } from "./splitter.js";
import { Door, NoMatch, Unreadable, Welcome } from "./welcome.js";

const SHEETS = { errors: Errors, endpoints: Endpoints, users: Users, devices: Devices, compare: Compare };

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
  const nest = useNest(feed);
  const lines = useMemo(() => nested(feed.rows, nest.calls), [feed.rows, nest.calls]);
  useEffect(() => feed.open(at.q), [at.q]);
  useEffect(() => () => feed.close(), []);
  useEffect(() => opened && setCursor(opened), [opened]);
  const open = (n) => (setCursor(n), n === opened || setAsked(""), go({ view: "requests", n: n ?? "", tab: n === null ? "overview" : at.tab }, { replace: opened !== null && n !== null }));
  const act = { feed, lines, nest, cursor, setCursor, opened, open, field, help: () => setAsked("help") };
  keyboard(act, recordKeys(act, setAsked));
  const list = { feed, query: at.q, lines, nest, cursor, setCursor, opened, onOpen: open };
  return html`
    <${Bar} at=${at} feed=${feed} onAsk=${setAsked} />
    <div class="tools">
      <${Query} field=${field} value=${at.q} onChange=${(q, how) => go({ q }, how)} />
      <${Pause} feed=${feed} />
    </div>
    ${feed.state === "lost" && html`<p class="banner" role="status">The inbox is not responding. This page reconnects automatically.</p>`}
    ${at.view === "requests" && feed.rows.length > 0 && html`<${Pictures} feed=${feed} query=${at.q} onOpen=${open} />`}
    <main class=${opened ? "split" : ""}>
      ${SHEETS[at.view] ? html`<${SHEETS[at.view]} feed=${feed} query=${at.q} left=${at.left} right=${at.right} />` : html`<${Listed} ...${list} />`}
      ${opened && html`<${Splitter} /><${Detail} n=${opened} tab=${at.tab} feed=${feed} query=${at.q} asked=${asked} onAsk=${setAsked} onOpen=${open} />`}
    </main>
    ${asked === "inbox" && html`<${About} feed=${feed} query=${at.q} onClose=${() => setAsked("")} />`}
    ${asked === "help" && html`<${Dialog} title="Keyboard shortcuts" onClose=${() => setAsked("")}><${Keys} onClose=${() => setAsked("")} /><//>`}
  `;
}

/** Keys that act on the record under the cursor. */
function recordKeys({ feed, lines, cursor, opened, open }, onAsk) {
  const record = lines.find((line) => line.record.n === cursor)?.record || (cursor && { n: cursor });
  const tell = (problem) => say(problem.message);
  const labels = () => {
    if (!record) return;
    if (!opened) open(record.n);
    go({ tab: "overview" }, { replace: true });
    onAsk("labels");
  };
  return {
    x: () => record && acts.pin(record, feed).catch(tell),
    c: () => record && acts.snippet(record, "curl").catch(tell),
    r: () => record && (open(record.n), onAsk("replay")),
    m: () => record && acts.mark(record.n),
    t: labels,
  };
}

function Listed(about) {
  const { feed, query } = about;
  if (feed.problem) return html`<${Unreadable} problem=${feed.problem} />`;
  if (feed.rows.length || feed.loading || feed.state === "loading") return html`<${List} ...${about} />`;
  return query ? html`<${NoMatch} query=${query} />` : html`<${Welcome} />`;
}

takeToken();
render(html`<${App} />`, document.body);
