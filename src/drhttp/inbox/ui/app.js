// The root component: the route, the keyboard shortcuts, and the layout around the list.

import { requestTokenFromTabs, takeTokenFromUrl, token } from "./api.js";
import { navigate, onNavigate, currentRoute } from "./router.js";
import { Header, PauseButton } from "./header.js";
import { Charts } from "./charts.js";
import { Compare } from "./compare.js";
import { actions, Detail } from "./detail.js";
import { Endpoints } from "./endpoints.js";
import { Upstreams } from "./upstreams.js";
import { Errors } from "./errors.js";
import { Feed } from "./feed.js";
import { restoreFocus } from "./focus.js";
import { Devices, Users } from "./groups.js";
import { InboxDialog } from "./inbox-dialog.js";
import { ShortcutList, useShortcuts } from "./shortcuts.js";
import { List } from "./list.js";
import { flattenRows, useExpandedRequests } from "./outbound-rows.js";
import { Dialog, dismissToast, html, Toast, render, notify, useEffect, useMemo, useRef, useState } from "./components.js";
import { useOutbound } from "./outbound-presence.js";
import { QueryField } from "./query-field.js";
import { SavedViews, ViewsButton } from "./saved-views.js";
import { shareByNumber } from "./share.js";
import { redeemTicket } from "./share-link.js";
import { validOrder } from "./sorting.js";
import { Splitter } from "./splitter.js";
import { useTitle } from "./title.js";
import { TokenPrompt, NoMatches, InvalidQuery, Welcome } from "./welcome.js";

const VIEWS = { errors: Errors, endpoints: Endpoints, users: Users, devices: Devices, upstreams: Upstreams, compare: Compare };

function useFeed(onExpired) {
  const [, rerender] = useState(0);
  const listeners = useRef(new Set());
  const feed = useMemo(() => new Feed(
    () => rerender((value) => value + 1),
    (numbers, records) => listeners.current.forEach((listener) => listener(numbers, records)),
    onExpired,
  ), []);
  feed.listeners = listeners.current;
  return feed;
}

function useRoute() {
  const [at, setAt] = useState(currentRoute());
  useEffect(() => onNavigate(() => (dismissToast(), setAt(currentRoute()))), []);
  return at;
}

function App({ refusal }) {
  const [hasToken, setHasToken] = useState(Boolean(token()));
  useEffect(() => requestTokenFromTabs(() => setHasToken(true)), []);
  useEffect(() => window.addEventListener("hashchange", () => (takeTokenFromUrl() || location.hash.startsWith("#ticket=")) && location.reload()), []);
  const expire = () => (sessionStorage.clear(), setHasToken(false));
  return html`${hasToken ? html`<${Inbox} onExpired=${expire} />` : html`<${TokenPrompt} refusal=${refusal} onOpen=${() => setHasToken(true)} />`}<${Toast} />`;
}

function Inbox({ onExpired }) {
  const at = useRoute();
  const feed = useFeed(onExpired);
  const [cursor, setCursor] = useState(null);
  const [dialog, setDialog] = useState(""); // which dialog is open
  const field = useRef();
  const opened = at.view === "requests" && at.n ? Number(at.n) : null;
  const expanded = useExpandedRequests(feed);
  const order = validOrder(at.order);
  const lines = useMemo(() => flattenRows(feed.rows, expanded.calls, feed.order), [feed.rows, expanded.calls]);
  const outbound = useOutbound(feed);
  const [total, setTotal] = useState(null); // how many records match, as the histogram counts them
  const [entered, setEntered] = useState(null); // the query that was confirmed, whose first record is selected
  const [loaded, setLoaded] = useState(null); // the record in the pane
  useTitle(feed, at, opened && [loaded, ...feed.rows].find((one) => one?.n === opened));
  useEffect(() => feed.open(at.q, order), [at.q, order]);
  useEffect(() => () => feed.close(), []);
  useEffect(() => opened && setCursor(opened), [opened]);
  useEffect(restoreFocus);
  const isLoading = feed.loading;
  const isShown = feed.shown === entered && feed.order === order; // of these lines: the feed may have others when the effect runs
  useEffect(() => {
    if (entered !== null && entered !== at.q) setEntered(null);
    if (entered === null || !isShown) return;
    if (lines.length && !lines.some((line) => line.record.n === opened)) setCursor(lines[0].record.n);
    if (lines.length || !isLoading) setEntered(null);
  }, [entered, at.q, isShown, lines, isLoading]);
  const open = (n) => (setCursor(n), n === opened || setDialog(""), navigate({ view: "requests", n: n ?? "", tab: n === null ? "overview" : at.tab }, { replace: opened !== null && n !== null }));
  const close = () => navigate({ n: "", tab: "overview" }); // the row stays selected, so that the keys go on from there
  const context = { feed, lines, expanded, cursor, setCursor, opened, open, close, field, exportList: () => setDialog("inbox"), help: () => setDialog("help") };
  useShortcuts(context, recordShortcuts(context, setDialog));
  const list = { feed, query: at.q, total, lines, expanded, cursor, setCursor, opened, onOpen: open };
  return html`
    <${Header} at=${at} feed=${feed} outbound=${outbound} onDialog=${setDialog} />
    <div class="tools">
      <${ViewsButton} split=${Boolean(opened)} />
      <${QueryField} field=${field} value=${at.q} onChange=${(q, how) => navigate({ q }, how)} onEnter=${setEntered} />
      <${PauseButton} feed=${feed} />
    </div>
    ${feed.state === "lost" && html`<p class="banner" role="status">The inbox is not responding. This page reconnects automatically.</p>`}
    ${at.view === "requests" && (feed.rows.length > 0 || at.q) && html`<${Charts} feed=${feed} query=${at.q} onOpen=${open} onTotal=${setTotal} />`}
    <main class=${opened ? "split" : ""}>
      <${SavedViews} at=${at} split=${Boolean(opened)} outbound=${outbound} />
      ${VIEWS[at.view] ? html`<${VIEWS[at.view]} feed=${feed} query=${at.q} outbound=${outbound} left=${at.left} right=${at.right} n=${at.n} />` : html`<${RecordList} ...${list} />`}
      ${opened && html`<${Splitter} /><${Detail} n=${opened} tab=${at.tab} feed=${feed} query=${at.q} dialog=${dialog} onDialog=${setDialog} onOpen=${open} onLoad=${setLoaded} />`}
    </main>
    ${dialog === "inbox" && html`<${InboxDialog} feed=${feed} query=${at.q} onClose=${() => setDialog("")} />`}
    ${dialog === "help" && html`<${Dialog} title="Keyboard shortcuts" onClose=${() => setDialog("")}><${ShortcutList} onClose=${() => setDialog("")} /><//>`}
  `;
}

/** Shortcuts for the record under the cursor. */
function recordShortcuts({ feed, lines, cursor, opened, open }, onDialog) {
  const record = lines.find((line) => line.record.n === cursor)?.record || (cursor && { n: cursor });
  const attempt = (action) => async () => {
    if (!record) return notify("Select a record first.");
    try {
      await action();
    } catch (problem) {
      notify(problem.message);
    }
  };
  const editTags = () => {
    if (!opened) open(record.n);
    navigate({ tab: "overview" }, { replace: true });
    onDialog("labels");
  };
  return {
    x: attempt(() => actions.pin(record, feed)),
    c: attempt(() => actions.snippet(record, "curl")),
    r: attempt(() => (open(record.n), onDialog("replay"))),
    s: attempt(() => shareByNumber(record.n)),
    m: attempt(() => actions.mark(record.n)),
    l: attempt(() => actions.lastSuccess(record.n)),
    t: attempt(editTags),
  };
}

function RecordList(props) {
  const { feed, query } = props;
  if (feed.problem) return html`<${InvalidQuery} problem=${feed.problem} />`;
  if (feed.rows.length || feed.loading || feed.state === "loading") return html`<${List} ...${props} />`;
  return query ? html`<${NoMatches} query=${query} />` : html`<${Welcome} />`;
}

takeTokenFromUrl();
const refusal = await redeemTicket();
render(html`<${App} refusal=${refusal} />`, document.body);
