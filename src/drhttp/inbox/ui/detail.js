// The pane of one record: one page with the answers, tabs for what is long, and find.

import { navigate } from "./router.js";
import { Body, hasBody, Pairs } from "./body.js";
import { actions, Heading } from "./detail-heading.js";
import { FindBar, lower, useMarks } from "./find.js";
import { restoreFocus } from "./focus.js";
import { Overview } from "./overview.js";
import { html, Problem, Tabs, useApi, useEffect, useMemo, useRef, useState } from "./components.js";
import { Replay } from "./replay-dialog.js";
import { Timeline } from "./timeline.js";
import { Tokens, tokensOf } from "./tokens.js";

export { actions };

const NOTHING = []; // always the same, so that nothing is looked for again

export function Detail({ n, tab, feed, query, dialog, onDialog, onOpen, onLoad }) {
  const [revealed, setRevealed] = useState(null);
  const reveal = revealed === n;
  const [record, problem, again] = useApi(`/records/${n}`, { reveal: reveal ? 1 : null, q: query });
  const shown = record?.n === n ? record : null;
  const current = useRef();
  useEffect(() => onLoad(shown), [shown]);
  current.current = shown; // while the record loads, any outbound request may belong to it
  useEffect(() => {
    const child = (one) => one.parent_id && (!current.current || one.parent_id === current.current.span_id);
    const parent = (one) => one.span_id && (!current.current || one.span_id === current.current.parent_id);
    const related = (one) => child(one) || parent(one);
    const onRecords = (numbers, records) => (numbers.includes(n) || records.some(related)) && again();
    feed.listeners.add(onRecords);
    return () => feed.listeners.delete(onRecords);
  }, [n]);
  if (!shown) return html`<aside class="detail" aria-label="Record"><${Missing} problem=${problem} onOpen=${onOpen} /></aside>`;
  return html`<${Loaded} key=${n} ...${{ record: shown, reveal, problem, tab, query, feed, again, dialog, onDialog, onOpen, onReveal: reveal ? null : () => setRevealed(n) }} />`;
}

/** The tab to open by itself: that of the only body, or else the only headers, in which the query found its text. */
function tabWithHits({ hits }) {
  for (const place of ["body", "headers"]) {
    const sides = ["request", "response"].filter((side) => hits.places[`${side}.${place}`]);
    if (sides.length) return sides.length === 1 ? sides[0] : "overview";
  }
  return "overview";
}

function Loaded(props) {
  const { record, problem, tab, dialog, onDialog, onOpen } = props;
  const [picked, setPicked] = useState(false); // whether somebody chose the tab; otherwise the query does
  const [find, setFind] = useState({ typed: "", asked: 0, closed: false });
  const box = useRef();
  const tabs = tabsOf(record);
  const wanted = tab === "overview" && !picked ? tabWithHits(record) : tab;
  const chosen = tabs.some(([name]) => name === wanted) ? wanted : "overview";
  const fromQuery = Object.keys(record.hits.places).length ? record.hits.texts : NOTHING;
  const texts = useMemo(() => (find.closed ? NOTHING : find.typed ? [lower(find.typed)] : fromQuery.map(lower)), [find, record]);
  const marks = useMarks(box, texts, chosen);
  const ask = () => setFind((was) => ({ ...was, closed: false, asked: was.asked + 1 }));
  useFindKeys(marks, ask);
  useEffect(restoreFocus);
  useEffect(() => {
    setPicked(false);
    setFind((was) => ({ ...was, closed: false }));
  }, [props.query]);
  const choose = (name) => (setPicked(true), navigate({ tab: name }, { replace: true }));
  const Chosen = { overview: Overview, request: Request, response: Response, outbound: Outbound }[chosen];
  const close = () => (setFind({ typed: "", asked: 0, closed: true }), box.current?.focus());
  return html`<aside class="detail" aria-label=${`Record ${record.n}`}>
    <${Heading} ...${props} onFind=${ask} />
    <${Tabs} label="Parts of the record" items=${tabs} chosen=${chosen} onChoose=${choose} />
    ${!find.closed && (find.asked > 0 || texts.length > 0) && html`<${FindBar} typed=${find.typed} texts=${fromQuery} marks=${marks} asked=${find.asked}
      onType=${(typed) => setFind((was) => ({ ...was, typed }))} onClose=${close} />`}
    <div class="scroll" role="tabpanel" tabindex="0" aria-label=${chosen} key=${chosen} ref=${box}><${Problem} problem=${problem} />
      <${HiddenHits} record=${record} onReveal=${props.onReveal} /><${Chosen} ...${props} texts=${texts} /></div>
    ${dialog === "replay" && html`<${Replay} record=${record} onClose=${() => onDialog("")} onOpen=${onOpen} />`}
  </aside>`;
}

/** The tabs, with the number of hits of the query in each. */
function tabsOf({ calls, hits }) {
  const found = (side) => (hits.places[`${side}.body`] || 0) + (hits.places[`${side}.headers`] || 0);
  const label = (side, name) => (found(side) ? html`${name} <span class="hits" title="Hits of the query">${found(side)}</span>` : name);
  const outbound = calls.length ? [["outbound", `Outbound (${calls.length})`]] : [];
  return [["overview", "Overview"], ["request", label("request", "Request")], ["response", label("response", "Response")], ...outbound];
}

/** Ctrl-F opens find, wherever the focus is; pressed again there, it is the browser's own. n and N go through the marks. */
function useFindKeys(marks, ask) {
  const handler = useRef();
  handler.current = (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "f" && !event.target.closest(".find, dialog[open]")) {
      event.preventDefault();
      return ask();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog[open]")) return undefined;
    const by = { n: 1, N: -1 }[event.key];
    return by && marks.total ? (event.preventDefault(), marks.step(by)) : undefined;
  };
  useEffect(() => {
    const press = (event) => handler.current(event);
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

const HIDDEN_PLACES = { "request.body": "the request body", "response.body": "the response body", "request.headers": "the request headers", "response.headers": "the response headers", messages: "a WebSocket message" };

/** A query also finds what is hidden here, which cannot be marked. */
function HiddenHits({ record, onReveal }) {
  const { hidden } = record.hits;
  if (!hidden.length || !onReveal) return null;
  return html`<p class="note">What the query found in ${hidden.map((part) => HIDDEN_PLACES[part]).join(" and ")} is in a value that is hidden here. <button class="link" onClick=${onReveal}>Show</button></p>`;
}

function Missing({ problem, onOpen }) {
  if (!problem) return html`<p class="dim pad">Loading …</p>`;
  const text = problem.status === 404 ? "This record was deleted, or it exceeded the limits of the inbox." : problem.message;
  return html`<div class="empty"><h2>Nothing to show</h2><p>${text}</p><p><button onClick=${() => onOpen(null)}>Back to the list</button></p></div>`;
}

const Outbound = ({ record, onOpen }) => html`<${Timeline} whole record=${record} onOpen=${onOpen} />`;

const Request = ({ record, ...props }) => html`
  <${Section} title="Query" items=${record.request?.query} onReveal=${props.onReveal} />
  <${Section} title="Cookies" items=${record.request?.cookies} onReveal=${props.onReveal} />
  <${Message} record=${record} side="request" ...${props} />`;

function Response({ record, ...props }) {
  if (!record.response) return html`<p class="dim pad">No response was recorded${record.exception ? `: ${record.exception.type}` : ""}.</p>`;
  return html`<${Message} record=${record} side="response" ...${props} />`;
}

const Section = ({ title, items, onReveal }) => items?.length ? html`<h3>${title}</h3><${Pairs} label=${title} items=${items} onReveal=${onReveal} />` : null;

function Message({ record, side, reveal, texts, onReveal }) {
  const body = html`<h3>Body</h3><${Body} n=${record.n} side=${side} body=${record[side]?.body} reveal=${reveal} texts=${texts} onReveal=${onReveal} />`;
  const known = hasBody(record[side]?.body);
  return html`${known && body}
    <h3>Headers</h3><${Pairs} label="Headers" items=${record[side]?.headers} empty="No headers were recorded." onReveal=${onReveal} />
    <${Tokens} tokens=${tokensOf(record, side)} onReveal=${onReveal} />${!known && body}`;
}
