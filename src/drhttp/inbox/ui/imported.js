// What an imported record has beyond others: its file, the phases of the request, form fields, and WebSocket messages.

import { get } from "./api.js";
import { Pairs } from "./body.js";
import { clock, count, plural } from "./format.js";
import { html, Problem, Text, useState } from "./components.js";

const PHASES = { blocked: "Blocked", dns: "DNS", connect: "Connect", ssl: "TLS, part of connect", send: "Send", wait: "Wait", receive: "Receive" };

export function Imported({ record, reveal }) {
  const about = record.imported;
  if (!about) return null;
  const source = about.browser || about.creator;
  const facts = [
    ["From", `log.entries[${about.place}] of a HAR${source ? ` by ${source}` : ""}`], ["HTTP version", about.http_version], ["Server", about.server],
    ["Connection", about.connection], ["Page", about.page], ["Initiator", about.initiator], ["Kind", about.kind],
  ].filter(([, value]) => value);
  const params = about.params.map((one) => ({ name: one.name, value: [one.value, one.filename && `file ${one.filename}`, one.type].filter(Boolean).join(" · ") }));
  return html`<section class="imported" aria-label="Imported">
    ${about.messages && html`<${Messages} n=${record.n} first=${about.messages} reveal=${reveal} />`}
    <h3>Imported</h3>
    ${about.remarks.length > 0 && html`<ul class="remarks">${about.remarks.map((one) => html`<li>${one}</li>`)}</ul>`}
    <${Pairs} label="Imported" items=${facts.map(([name, value]) => ({ name, value }))} />
    <${Phases} timings=${about.timings} />
    ${params.length > 0 && html`<h3>Fields of the form, as the file lists them</h3><${Pairs} label="Fields of the file" items=${params} />`}
    ${Object.keys(about.fields).length > 0 && html`<details><summary>Everything else in the HAR</summary><pre class="text" tabindex="0"><${Text} text=${JSON.stringify(about.fields, null, 2)} /></pre></details>`}
  </section>`;
}

function Phases({ timings }) {
  const whole = timings.reduce((sum, [name, ms]) => sum + (name === "ssl" ? 0 : ms), 0);
  if (!(whole > 0)) return null;
  let start = 0;
  return html`<table class="pairs phases" aria-label="Phases of the request"><tbody>${timings.map(([name, ms]) => {
    const from = name === "ssl" ? Math.max(0, start - ms) : start; // the handshake comes at the end of connecting
    if (name !== "ssl") start += ms;
    return html`<tr><th scope="row">${PHASES[name] || name}</th><td>${ms.toLocaleString("en", { maximumFractionDigits: 2 })} ms
      <svg width="100%" height="6" viewBox="0 0 1000 6" preserveAspectRatio="none" aria-hidden="true"><rect fill="currentColor" x=${(from / whole) * 1000} width=${Math.max(2, (ms / whole) * 1000)} height="6" /></svg></td></tr>`;
  })}</tbody></table>`;
}

function Messages({ n, first, reveal }) {
  const [more, setMore] = useState([]);
  const [problem, setProblem] = useState(null);
  const shown = [...first.items, ...more];
  const load = () => get(`/records/${n}/messages`, { offset: shown.length, reveal: reveal ? 1 : null }).then((page) => setMore([...more, ...page.items]), setProblem);
  return html`<h3>${plural(first.count, "WebSocket message")}</h3>
    <table class="pairs messages" aria-label="WebSocket messages"><tbody>${shown.map((one, at) => html`<tr key=${at}>
      <th scope="row">${one.sent ? "↑ sent" : "↓ received"}${one.time && html` <span class="dim">${clock(one.time)}</span>`}</th>
      <td class="mono"><${Text} text=${one.text ?? ""} />${one.binary && html` <span class="dim">binary, as base64</span>`}${one.length > (one.text?.length ?? 0) && html` <span class="dim">${count(one.length)} characters in all</span>`}</td></tr>`)}</tbody></table>
    <${Problem} problem=${problem} />
    ${shown.length < first.count && html`<p class="pad"><button onClick=${load}>Show more</button> <span class="dim">${count(shown.length)} of ${count(first.count)}</span></p>`}`;
}
