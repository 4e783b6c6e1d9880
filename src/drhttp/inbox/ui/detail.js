// One record: overview, request, response, and what can be done with it.

import { get, send } from "./api.js";
import { go, href } from "./router.js";
import { Body, Pairs } from "./body.js";
import { duration, plural } from "./format.js";
import { Facts } from "./record-properties.js";
import { Hidden } from "./unmasked-values.js";
import { Labels } from "./labels.js";
import { copy, html, Method, Problem, say, Status, Tabs, Text, useAnswer, useEffect, useRef, useState } from "./components.js";
import { Replay } from "./replay-dialog.js";
import { Timeline } from "./timeline.js";

const MARKED = "drhttp-marked";

/** What keys and buttons do with a record; each tells what came of it. */
export const acts = {
  async pin(record, feed) {
    const told = await send("PATCH", `/records/${record.n}`, { pinned: !record.pinned });
    feed.refetch([record.n]);
    say(told.pinned ? "Pinned. The inbox keeps this record until you unpin it." : "Unpinned.");
    return told;
  },
  async snippet(record, as, reveal) {
    const told = await get(`/records/${record.n}/snippet`, { as, reveal: reveal ? 1 : null });
    await copy(told.text);
    const hidden = told.masked ? [`${plural(told.masked, "value")} masked.`] : [];
    say(["Copied.", ...told.remarks, ...hidden].join(" "));
  },
  mark(n) {
    const left = Number(sessionStorage.getItem(MARKED));
    if (left && left !== n) {
      sessionStorage.removeItem(MARKED);
      return go({ view: "compare", left, right: n, n: "", tab: "overview" });
    }
    sessionStorage.setItem(MARKED, n);
    return say(`Record ${n} is selected. Open another record and press Compare (m).`);
  },
};

export function Detail({ n, tab, feed, query, asked, onAsk, onOpen }) {
  const [revealed, setRevealed] = useState(null);
  const reveal = revealed === n;
  const [record, problem, again] = useAnswer(`/records/${n}`, { reveal: reveal ? 1 : null });
  const shown = record?.n === n ? record : null;
  const now = useRef();
  now.current = shown; // while the record loads, any call may be one of its own
  useEffect(() => {
    const child = (one) => one.parent_id && (!now.current || one.parent_id === now.current.span_id);
    const parent = (one) => one.span_id && (!now.current || one.span_id === now.current.parent_id);
    const ours = (one) => child(one) || parent(one);
    const touch = (numbers, records) => (numbers.includes(n) || records.some(ours)) && again();
    feed.touched.add(touch);
    return () => feed.touched.delete(touch);
  }, [n]);
  if (!shown) return html`<aside class="detail" aria-label="Record"><${Gone} problem=${problem} onOpen=${onOpen} /></aside>`;
  const about = { record: shown, reveal, query, feed, again, asked, onAsk, onOpen, onReveal: reveal ? null : () => setRevealed(n) };
  const calls = shown.calls.length ? [["outbound", `Outbound (${shown.calls.length})`]] : [];
  const tabs = [["overview", "Overview"], ["request", "Request"], ["response", "Response"], ...calls];
  const chosen = tabs.some(([name]) => name === tab) ? tab : "overview";
  const Chosen = { overview: Overview, request: Request, response: Response, outbound: Outbound }[chosen];
  return html`<aside class="detail" aria-label=${`Record ${n}`}>
    <${Top} ...${about} />
    <${Tabs} label="Parts of the record" items=${tabs} chosen=${chosen} onChoose=${(name) => go({ tab: name }, { replace: true })} />
    <div class="scroll" role="tabpanel" tabindex="0" aria-label=${chosen} key=${`${n}${chosen}`}><${Problem} problem=${problem} /><${Chosen} ...${about} /></div>
    ${asked === "replay" && html`<${Replay} record=${shown} onClose=${() => onAsk("")} onOpen=${onOpen} />`}
  </aside>`;
}

function Gone({ problem, onOpen }) {
  if (!problem) return html`<p class="dim pad">Loading …</p>`;
  const text = problem.status === 404 ? "This record was deleted, or it exceeded the limits of the inbox." : problem.message;
  return html`<div class="empty"><h2>Nothing to show</h2><p>${text}</p><p><button onClick=${() => onOpen(null)}>Back to the list</button></p></div>`;
}

function Top({ record, reveal, feed, onAsk, again, onOpen }) {
  const marked = Number(sessionStorage.getItem(MARKED));
  const [, turn] = useState(0);
  const mark = () => (acts.mark(record.n), turn((value) => value + 1));
  const tell = (problem) => say(problem.message);
  return html`<div class="top">
    <div class="title"><${Method} name=${record.method} /> <${Status} record=${record} /><span class="dim">${duration(record.duration_ms)}</span>
      <span class="spread"></span>
      <button class="ghost" title="Newer (k)" aria-label="Newer record" disabled=${!record.following} onClick=${() => onOpen(record.following)}>↑</button>
      <button class="ghost" title="Older (j)" aria-label="Older record" disabled=${!record.previous} onClick=${() => onOpen(record.previous)}>↓</button>
      <button class="ghost" title="Close (Esc)" aria-label="Close" onClick=${() => onOpen(null)}>✕</button></div>
    <h2 class="url mono"><${Text} text=${record.url} /></h2>
    <div class="acts">
      <span class="group" role="group" aria-label="Copy as"><span class="dim">Copy</span>
        ${[["curl", "cURL"], ["python", "Python"], ["httpie", "HTTPie"]].map(([as, label]) => html`<button onClick=${() => acts.snippet(record, as, reveal).catch(tell)}>${label}</button>`)}</span>
      <button title="Copy link to this view" onClick=${() => copy(location.href).then(() => say("Link copied."))}>Link</button>
      <button aria-pressed=${record.pinned} onClick=${() => acts.pin(record, feed).then(again, tell)} title="Keep this record (x)">${record.pinned ? "★ Pinned" : "☆ Pin"}</button>
      <button disabled=${!record.can_replay} title=${record.replay_refusal || "Send this request again (r)"} onClick=${() => onAsk("replay")}>Replay</button>
      <button onClick=${mark} title="Compare with another record (m)">${marked && marked !== record.n ? `Compare with ${marked}` : marked === record.n ? "Marked" : "Compare"}</button>
    </div>
  </div>`;
}

function Overview({ record, query, feed, again, asked, onAsk, onOpen, onReveal }) {
  return html`
    ${record.exception && html`<p class="failure"><b>${record.exception.type}</b> <${Text} text=${record.exception.message} /></p>`}
    ${record.aborted && html`<p class="failure">The client disconnected before the response was complete.</p>`}
    <${Timeline} record=${record} onOpen=${onOpen} />
    <${Labels} record=${record} feed=${feed} again=${again} asked=${asked === "labels"} onAsked=${() => onAsk("")} />
    ${onReveal && html`<${Hidden} hidden=${record.hidden} onReveal=${onReveal} />`}
    <${Facts} record=${record} query=${query} />
    <${Related} title="Sent by" records=${record.parent && [record.parent]} onOpen=${onOpen} />
    <${Related} title="Replay of" records=${record.original && [record.original]} onOpen=${onOpen} compare=${record.n} />
    <${Related} title="Replays" records=${record.replays} onOpen=${onOpen} compare=${record.n} />`;
}

function Related({ title, records, onOpen, compare }) {
  if (!records?.length) return null;
  return html`<section><h3>${title}</h3><ul class="related">${records.map((one) => html`<li key=${one.n}>
    <button class="link" onClick=${() => onOpen(one.n)}><${Method} name=${one.method} /> <${Text} text=${`${one.direction === "out" ? one.host : ""}${one.path}`} /></button>
    <${Status} record=${one} /><span class="dim">${duration(one.duration_ms)}</span>
    ${compare && html`<button class="link" onClick=${() => go({ view: "compare", left: Math.min(one.n, compare), right: Math.max(one.n, compare), n: "" })}>compare</button>`}</li>`)}</ul></section>`;
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
