// Small things that every sight uses: labels, copying, dialogs, and what a failed request says.

import { html, useEffect, useRef, useState } from "./vendor/htm-preact.js";
import { get } from "./api.js";
import { kind } from "./format.js";

export { html, render, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/htm-preact.js";

export const Status = ({ record }) => html`<span class="status k${record.exception && !record.status ? "5xx" : kind(record.status)}">${record.status ?? (record.exception ? "exc" : "–")}</span>`;

export const Method = ({ name }) => html`<span class="method ${(name || "").toLowerCase() === "get" ? "" : "strong"}">${name || "–"}</span>`;

/** Text, with the mask of a secret as a button where it can be lifted. */
export const Value = ({ value, masked, onReveal }) => masked && onReveal
  ? html`<button class="mask" onClick=${onReveal} title="Show the masked values of this record">${value || "********"}</button>`
  : html`<span class=${masked ? "mask" : ""}>${value}</span>`;

/** Ask the API whenever the parameters change: [answer, problem, ask again]. The last answer stays until the next. */
export function useAnswer(path, parameters, { every = 0 } = {}) {
  const [told, setTold] = useState([null, null]);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!path) return undefined;
    const stop = new AbortController();
    get(path, parameters, stop.signal)
      .then((answer) => setTold([answer, null]))
      .catch((problem) => stop.signal.aborted || setTold(([kept]) => [problem.status ? null : kept, problem]));
    return () => stop.abort();
  }, [path, JSON.stringify(parameters), turn, every]);
  return [...told, () => setTurn((value) => value + 1)];
}

export const Problem = ({ problem }) => problem && problem.status !== 401
  ? html`<p class="problem" role="alert">${problem.message}</p>` : null;

/** Copy text; where the page may not (an inbox under another name), by the old way. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = Object.assign(document.createElement("textarea"), { value: text, className: "unseen" });
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  say("Copied.");
}

let announce = () => {};
export const say = (sentence) => announce(sentence);

/** Where short news appear, for eyes and for screen readers. */
export function News() {
  const [sentence, setSentence] = useState("");
  useEffect(() => {
    announce = setSentence;
    const timer = sentence && setTimeout(() => setSentence(""), 3_500);
    return () => clearTimeout(timer);
  }, [sentence]);
  return html`<div class="news ${sentence ? "" : "quiet"}" role="status">${sentence}</div>`;
}

export function Dialog({ title, onClose, children }) {
  const box = useRef();
  useEffect(() => {
    const last = document.activeElement;
    box.current.showModal();
    return () => last?.focus?.();
  }, []);
  return html`<dialog ref=${box} aria-label=${title} onClose=${onClose} onClick=${(event) => event.target === box.current && onClose()}>
    <div class="box"><h2>${title}</h2>${children}</div>
  </dialog>`;
}

/** Tabs that arrow keys move between: items are [name, label]. */
export function Tabs({ label, items, chosen, onChoose, small }) {
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = items.findIndex(([name]) => name === chosen);
    const next = (at + step + items.length) % items.length;
    onChoose(items[next][0]);
    event.currentTarget.children[next].focus();
  };
  return html`<div class="tabs ${small ? "small" : ""}" role="tablist" aria-label=${label} onKeyDown=${move}>
    ${items.map(([name, text]) => html`<button role="tab" key=${name} aria-selected=${name === chosen}
      tabindex=${name === chosen ? 0 : -1} onClick=${() => onChoose(name)}>${text}</button>`)}
  </div>`;
}
