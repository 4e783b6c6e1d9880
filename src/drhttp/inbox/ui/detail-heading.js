// The top of the record pane: the request line, the status, and the actions.

import { get, send } from "./api.js";
import { compareRecords, compareWithLastSuccess } from "./comparison.js";
import { duration, plural } from "./format.js";
import { Pick } from "./facts.js";
import { Menu } from "./menu.js";
import { Share } from "./share.js";
import { copy, html, Method, notify, Status, Text, useState } from "./components.js";

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
      notify(""); // what was said about the first record would cover the comparison
      return compareRecords(left, n);
    }
    sessionStorage.setItem(COMPARE_KEY, n);
    return notify(`Record ${n} is selected. Open another record and press Compare (m).`);
  },
  lastSuccess: compareWithLastSuccess,
};

export function Heading({ record, reveal, query, feed, onDialog, again, onFind, onOpen }) {
  const marked = Number(sessionStorage.getItem(COMPARE_KEY));
  const [, rerender] = useState(0);
  const mark = () => (actions.mark(record.n), rerender((value) => value + 1));
  const showError = (problem) => notify(problem.message);
  const snippet = (as) => () => actions.snippet(record, as, reveal).catch(showError);
  return html`<div class="top">
    <div class="title">
      <div class="request-line"><${Method} name=${record.method} /> <${Status} record=${record} whole />
        <div class="address"><h2 class="url mono"><${Text} text=${record.url} /></h2><${Pick} label="path" field="path" value=${record.path} query=${query} /></div></div>
      <div class="about">${record.direction === "out" && html`<span class="tag">sent by the application</span>`}<span class="dim">${duration(record.duration_ms)}</span>
        <span class="dim nr" title=${`Record ${record.n}: drhttp show ${record.n}`}>#${record.n}</span></div>
      <div class="moves">
        <button class="ghost" title="Newer (k)" aria-label="Newer record" disabled=${!record.following} onClick=${() => onOpen(record.following)}>↑</button>
        <button class="ghost" title="Older (j)" aria-label="Older record" disabled=${!record.previous} onClick=${() => onOpen(record.previous)}>↓</button>
        <button class="ghost" title="Close (Esc)" aria-label="Close" onClick=${() => onOpen(null)}>✕</button></div>
    </div>
    <div class="actions">
      <button disabled=${!record.can_replay} title=${record.replay_refusal || "Send this request again (r)"} onClick=${() => onDialog("replay")}>Replay</button>
      <button title="Copy the request as a cURL command (c)" onClick=${snippet("curl")}>Copy as cURL</button>
      <button onClick=${mark} title="Compare with another record (m)">${marked && marked !== record.n ? `Compare with ${marked}` : marked === record.n ? "Marked" : "Compare"}</button>
      <button aria-pressed=${record.pinned} onClick=${() => actions.pin(record, feed).then(again, showError)} title="Keep this record (x)">${record.pinned ? "★ Pinned" : "☆ Pin"}</button>
      <${Menu} id="more-actions" label="More" title="Copy, share, find">
        <span role="group" aria-label="Copy as"><span class="dim">Copy as</span>
          ${[["python", "Python"], ["httpie", "HTTPie"]].map(([as, label]) => html`<button onClick=${snippet(as)}>${label}</button>`)}</span>
        <${Share} record=${record} />
        <span><button title="Find in this record (Ctrl-F)" onClick=${onFind}>Find</button></span>
      <//>
    </div>
  </div>`;
}
