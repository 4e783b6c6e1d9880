// The pane of one record: overview, request, response, outbound requests, and actions.

import { get, send } from "./api.js";
import { navigate, href } from "./router.js";
import { Body, Pairs } from "./body.js";
import { duration, plural } from "./format.js";
import { RecordProperties } from "./record-properties.js";
import { UnmaskedValues } from "./unmasked-values.js";
import { Labels } from "./labels.js";
import { copy, html, Method, Problem, notify, Status, Tabs, Text, useApi, useEffect, useRef, useState } from "./components.js";
import { Replay } from "./replay-dialog.js";
import { copyLink } from "./share-link.js";
import { Timeline } from "./timeline.js";

const COMPARE_KEY = "drhttp-compare";

/** The actions on a record, for shortcuts and buttons; each shows a notification. */
export const actions = {
  async pin(record, feed) {
    const changed = await send("PATCH", `/records/${record.n}`, { pinned: !record.pinned });
    feed.refetch([record.n]);
    notify(changed.pinned ? "Pinned. The inbox keeps this record until you unpin it." : "Unpinned.");
    return changed;
  },
  async snippet(record, as, reveal) {
    const snippet = await get(`/records/${record.n}/snippet`, { as, reveal: reveal ? 1 : null });
    await copy(snippet.text);
    const hidden = snippet.masked ? [`${plural(snippet.masked, "value")} masked.`] : [];
    notify(["Copied.", ...snippet.remarks, ...hidden].join(" "));
  },
  mark(n) {
    const left = Number(sessionStorage.getItem(COMPARE_KEY));
    if (left && left !== n) {
      sessionStorage.removeItem(COMPARE_KEY);
      return navigate({ view: "compare", left, right: n, n: "", tab: "overview" });
    }
    sessionStorage.setItem(COMPARE_KEY, n);
    return notify(`Record ${n} is selected. Open another record and press Compare (m).`);
  },
};

export function Detail({ n, tab, feed, query, dialog, onDialog, onOpen }) {
  const [revealed, setRevealed] = useState(null);
  const reveal = revealed === n;
  const [record, problem, again] = useApi(`/records/${n}`, { reveal: reveal ? 1 : null });
  const shown = record?.n === n ? record : null;
  const current = useRef();
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
  const props = { record: shown, reveal, query, feed, again, dialog, onDialog, onOpen, onReveal: reveal ? null : () => setRevealed(n) };
  const calls = shown.calls.length ? [["outbound", `Outbound (${shown.calls.length})`]] : [];
  const tabs = [["overview", "Overview"], ["request", "Request"], ["response", "Response"], ...calls];
  const chosen = tabs.some(([name]) => name === tab) ? tab : "overview";
  const Chosen = { overview: Overview, request: Request, response: Response, outbound: Outbound }[chosen];
  return html`<aside class="detail" aria-label=${`Record ${n}`}>
    <${Heading} ...${props} />
    <${Tabs} label="Parts of the record" items=${tabs} chosen=${chosen} onChoose=${(name) => navigate({ tab: name }, { replace: true })} />
    <div class="scroll" role="tabpanel" tabindex="0" aria-label=${chosen} key=${`${n}${chosen}`}><${Problem} problem=${problem} /><${Chosen} ...${props} /></div>
    ${dialog === "replay" && html`<${Replay} record=${shown} onClose=${() => onDialog("")} onOpen=${onOpen} />`}
  </aside>`;
}

function Missing({ problem, onOpen }) {
  if (!problem) return html`<p class="dim pad">Loading …</p>`;
  const text = problem.status === 404 ? "This record was deleted, or it exceeded the limits of the inbox." : problem.message;
  return html`<div class="empty"><h2>Nothing to show</h2><p>${text}</p><p><button onClick=${() => onOpen(null)}>Back to the list</button></p></div>`;
}

function Heading({ record, reveal, feed, onDialog, again, onOpen }) {
  const marked = Number(sessionStorage.getItem(COMPARE_KEY));
  const [, rerender] = useState(0);
  const mark = () => (actions.mark(record.n), rerender((value) => value + 1));
  const showError = (problem) => notify(problem.message);
  return html`<div class="top">
    <div class="title"><${Method} name=${record.method} /> <${Status} record=${record} whole /><span class="dim">${duration(record.duration_ms)}</span>
      <span class="spread"></span>
      <button class="ghost" title="Newer (k)" aria-label="Newer record" disabled=${!record.following} onClick=${() => onOpen(record.following)}>↑</button>
      <button class="ghost" title="Older (j)" aria-label="Older record" disabled=${!record.previous} onClick=${() => onOpen(record.previous)}>↓</button>
      <button class="ghost" title="Close (Esc)" aria-label="Close" onClick=${() => onOpen(null)}>✕</button></div>
    <h2 class="url mono"><${Text} text=${record.url} /></h2>
    <div class="actions">
      <span class="group" role="group" aria-label="Copy as"><span class="dim">Copy</span>
        ${[["curl", "cURL"], ["python", "Python"], ["httpie", "HTTPie"]].map(([as, label]) => html`<button onClick=${() => actions.snippet(record, as, reveal).catch(showError)}>${label}</button>`)}</span>
      <button title="Copy a link to this view, for another browser on this machine too" onClick=${() => copyLink().catch(showError)}>Link</button>
      <button aria-pressed=${record.pinned} onClick=${() => actions.pin(record, feed).then(again, showError)} title="Keep this record (x)">${record.pinned ? "★ Pinned" : "☆ Pin"}</button>
      <button disabled=${!record.can_replay} title=${record.replay_refusal || "Send this request again (r)"} onClick=${() => onDialog("replay")}>Replay</button>
      <button onClick=${mark} title="Compare with another record (m)">${marked && marked !== record.n ? `Compare with ${marked}` : marked === record.n ? "Marked" : "Compare"}</button>
    </div>
  </div>`;
}

function Overview({ record, query, feed, again, dialog, onDialog, onOpen, onReveal }) {
  return html`
    ${record.exception && html`<p class="failure"><b>${record.exception.type}</b> <${Text} text=${record.exception.message} /></p>`}
    ${record.aborted && html`<p class="failure">${record.direction === "out" ? "The application closed or canceled it before the response was complete." : "The client disconnected before the response was complete."}</p>`}
    <${Timeline} record=${record} onOpen=${onOpen} />
    <${Labels} record=${record} feed=${feed} again=${again} focused=${dialog === "labels"} onFocused=${() => onDialog("")} />
    ${onReveal && html`<${UnmaskedValues} hidden=${record.hidden} onReveal=${onReveal} />`}
    <${RecordProperties} record=${record} query=${query} />
    <${Related} title="Sent by" records=${record.parent && [record.parent]} onOpen=${onOpen} />
    <${Related} title="Replay of" records=${record.original && [record.original]} onOpen=${onOpen} compare=${record.n} />
    <${Related} title="Replays" records=${record.replays} onOpen=${onOpen} compare=${record.n} />`;
}

function Related({ title, records, onOpen, compare }) {
  if (!records?.length) return null;
  return html`<section><h3>${title}</h3><ul class="related">${records.map((one) => html`<li key=${one.n}>
    <button class="link" onClick=${() => onOpen(one.n)}><${Method} name=${one.method} /> <${Text} text=${`${one.direction === "out" ? one.host : ""}${one.path}`} /></button>
    <${Status} record=${one} whole /><span class="dim">${duration(one.duration_ms)}</span>
    ${compare && html`<button class="link" onClick=${() => navigate({ view: "compare", left: Math.min(one.n, compare), right: Math.max(one.n, compare), n: "" })}>compare</button>`}</li>`)}</ul></section>`;
}

const Outbound = ({ record, onOpen }) => html`<${Timeline} record=${record} onOpen=${onOpen} /><${Related} title="Requests sent by the application" records=${record.calls} onOpen=${onOpen} />`;

const Request = ({ record, reveal, onReveal }) => html`
  <${Section} title="Query" items=${record.request?.query} onReveal=${onReveal} />
  <${Section} title="Cookies" items=${record.request?.cookies} onReveal=${onReveal} />
  <${Message} n=${record.n} side="request" message=${record.request} reveal=${reveal} onReveal=${onReveal} />`;

function Response({ record, reveal, onReveal }) {
  if (!record.response) return html`<p class="dim pad">No response was recorded${record.exception ? `: ${record.exception.type}` : ""}.</p>`;
  return html`<${Message} n=${record.n} side="response" message=${record.response} reveal=${reveal} onReveal=${onReveal} />`;
}

const Section = ({ title, items, onReveal }) => items?.length ? html`<h3>${title}</h3><${Pairs} label=${title} items=${items} onReveal=${onReveal} />` : null;

const Message = ({ n, side, message, reveal, onReveal }) => html`
  <h3>Body</h3><${Body} n=${n} side=${side} body=${message?.body} reveal=${reveal} onReveal=${onReveal} />
  <h3>Headers</h3><${Pairs} label="Headers" items=${message?.headers} empty="No headers were recorded." onReveal=${onReveal} />`;
