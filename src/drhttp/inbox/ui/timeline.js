// The timeline of a record: time to first byte, response, and outbound requests.

import { navigate } from "./router.js";
import { count, duration } from "./format.js";
import { html, Status, Text } from "./components.js";

const WIDTH = 1000;
const BRIEF = 8; // calls that the first tab shows

/** With `whole`, all outbound requests, and in full why nothing answered one. */
export function Timeline({ record, whole, onOpen }) {
  const begin = Date.parse(record.time);
  const end = Math.max(record.duration_ms ?? 0, ...record.calls.map((call) => Date.parse(call.time) - begin + (call.duration_ms ?? 0)));
  if (!(end > 0)) return null;
  const scale = (ms) => (Math.max(0, ms) / end) * WIDTH;
  const first = record.ttfb_ms;
  const own = record.calls.length && record.duration_ms ? ownTime(record.calls.map((call) => [Date.parse(call.time) - begin, call.duration_ms ?? 0]), record.duration_ms) : null;
  const calls = whole ? record.calls : record.calls.slice(0, BRIEF);
  return html`<section class="timeline ${whole ? "whole" : ""} ${calls.length ? "with-calls" : ""}" aria-label="Timeline">
    <${Bar} label=${record.direction === "in" ? "Application" : "Request"} status=${calls.length > 0 && html`<${Status} record=${record} />`} text=${duration(record.duration_ms)}>
      <rect class="app" x="0" y="3" width=${Math.max(2, scale(first ?? record.duration_ms ?? 0))} height="12"><title>until first byte: ${duration(first)}</title></rect>
      ${first !== null && html`<rect class="sending" x=${scale(first)} y="3" width=${Math.max(1, scale(record.duration_ms - first))} height="12"><title>sending the response: ${duration(record.duration_ms - first)}</title></rect>
        <rect class="first" x=${Math.min(WIDTH - 3, scale(first))} y="0" width="3" height="18"><title>first byte after ${duration(first)}</title></rect>`}
    <//>
    ${calls.map((call) => html`<${Bar} key=${call.n} nested label=${`${call.method} ${call.host}${call.path}`} status=${html`<${Status} record=${call} whole=${whole} />`} text=${duration(call.duration_ms)} onClick=${() => onOpen(call.n)}>
      <rect class=${call.error ? "bad" : "call"} x=${Math.min(WIDTH - 4, scale(Date.parse(call.time) - begin))} y="3" width=${Math.max(4, scale(call.duration_ms ?? 0))} height="12" />
    <//>`)}
    ${calls.length < record.calls.length && html`<p class="legend"><button class="link" onClick=${() => navigate({ tab: "outbound" }, { replace: true })}>All ${count(record.calls.length)} outbound requests</button></p>`}
    ${first !== null && html`<p class="dim legend"><i class="app"></i>until first byte ${duration(first)} <i class="sending"></i>sending ${duration(Math.max(0, record.duration_ms - first))}</p>`}
    ${own !== null && html`<p class="dim legend own">the application itself ${duration(own)}, waiting for outbound requests ${duration(record.duration_ms - own)}</p>`}
  </section>`;
}

/** How long none of the calls was going on: [start, length] of each, in milliseconds since the request began. */
function ownTime(calls, length) {
  let own = length;
  let until = 0;
  for (const [start, long] of [...calls].sort((one, other) => one[0] - other[0])) {
    const from = Math.max(until, start, 0);
    const to = Math.min(length, start + long);
    own -= Math.max(0, to - from);
    until = Math.max(until, to);
  }
  return Math.max(0, own);
}

const Bar = ({ label, status, text, nested, onClick, children }) => html`<div class="lane ${nested ? "nested" : ""}">
  ${onClick ? html`<button class="link" title=${label} onClick=${onClick}><${Text} text=${label} /></button>` : html`<span>${label}</span>`}
  ${status && html`<span class="answer">${status}</span>`}<svg viewBox="0 0 ${WIDTH} 18" preserveAspectRatio="none" aria-hidden="true">${children}</svg><span class="mono">${text}</span></div>`;
