// Components and hooks that every view uses: masked text, API requests, copying, notifications, dialogs, and tabs.

import { html, useEffect, useLayoutEffect, useRef, useState } from "./vendor/htm-preact.js";
import { get } from "./api.js";
import { HIDDEN, kind } from "./format.js";

export { html, render, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/htm-preact.js";

/** The status, or why there is none; with `whole`, in full. */
export function Status({ record, whole }) {
  const { status, exception } = record;
  if (!status && record.direction === "out") return html`<${NoAnswer} record=${record} whole=${whole} />`;
  return html`<span class="status k${exception && !status ? "5xx" : kind(status)}">${status ?? (exception ? "exc" : "–")}</span>`;
}

/** An outbound request that nothing answered. */
function NoAnswer({ record, whole }) {
  const reason = record.exception?.type.split(".").pop() ?? (record.aborted ? "canceled" : "unknown");
  const title = ["no answer", record.exception ? `${record.exception.type}: ${record.exception.message ?? ""}` : reason].join(": ");
  return html`<span class="status why k5xx" title=${title}>${whole ? `no answer: ${reason}` : reason}</span>`;
}

export const Method = ({ name }) => html`<span class="method ${(name || "").toLowerCase() === "get" ? "" : "strong"}">${name || "–"}</span>`;

const MASKS = {
  [HIDDEN]: ["hidden-here", "This value arrived unmasked. It is stored unmasked and only hidden here."],
  "[redacted]": ["redacted", "The recorder masked this value before sending it."],
};
const SPLIT = /(\[hidden here, arrived in clear\]|\[redacted\])/;

/** A text with its masks highlighted; with `onReveal`, values that only the inbox hides are buttons. */
export function Text({ text, onReveal }) {
  if (typeof text !== "string" || !text.includes("[")) return text;
  const pieces = text.split(SPLIT);
  if (pieces.length === 1) return text;
  return pieces.map((piece) => {
    const [className, title] = MASKS[piece] || [];
    if (!className) return piece;
    if (piece === HIDDEN && onReveal) return html`<button class=${className} title=${`${title} Click to show it.`} onClick=${onReveal}>${piece}</button>`;
    return html`<span class=${className} title=${title}>${piece}</span>`;
  });
}

/** A value, as a button if it is hidden but does not contain the mask. */
export const Value = ({ value, masked, onReveal }) => masked && onReveal && !value?.includes(HIDDEN)
  ? html`<button class="hidden-here" onClick=${onReveal} title=${`${MASKS[HIDDEN][1]} Click to show it.`}>${value || HIDDEN}</button>`
  : html`<span><${Text} text=${value} onReveal=${onReveal} /></span>`;

const RETRY = 2_000; // milliseconds after which an inbox that did not respond is asked again

/**
 * Request a path of the API whenever the parameters change: [answer, problem, request again].
 * The last answer for the same path stays until the next one arrives. An inbox that is away is asked until it is back.
 */
export function useApi(path, parameters, { every = 0 } = {}) {
  const [last, setLast] = useState({ answer: null, problem: null });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!path) return undefined;
    const stop = new AbortController();
    get(path, parameters, stop.signal)
      .then((answer) => stop.signal.aborted || setLast({ path, answer, problem: null }))
      .catch((problem) => stop.signal.aborted || setLast((kept) => ({ path, answer: problem.status || kept.path !== path ? null : kept.answer, problem })));
    return () => stop.abort();
  }, [path, JSON.stringify(parameters), turn, every]);
  const away = last.problem?.status === 0;
  useEffect(() => {
    const timer = away && setTimeout(() => setTurn((value) => value + 1), RETRY);
    return () => clearTimeout(timer);
  }, [last]);
  const current = last.path === path; // the page may have moved on to another path
  return [current ? last.answer : null, current ? last.problem : null, () => setTurn((value) => value + 1)];
}

export const Problem = ({ problem }) => problem && problem.status !== 401
  ? html`<p class="problem" role="alert">${problem.message}</p>` : null;

/** Return a function that tells whether the component is still mounted, for use after a response. */
export function useMounted() {
  const mounted = useRef(true);
  useEffect(() => () => (mounted.current = false), []);
  return () => mounted.current;
}

/** Copy text to the clipboard, with execCommand where the Clipboard API is unavailable (a page without HTTPS). */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = Object.assign(document.createElement("textarea"), { value: text, className: "offscreen" });
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  notify("Copied.");
}

const TOAST_TIME = 3_500; // milliseconds, and 30 more for each character
const TOAST_KEPT = 300; // milliseconds for which a notification outlives a change of the view, which may be what it is about
let showMessage = () => {};
export const notify = (message) => showMessage(message);
export const dismissToast = () => showMessage("");

/** A notification that disappears by itself, with the next view, or at a click; screen readers announce it. */
export function Toast() {
  const [shown, setShown] = useState({ message: "", since: 0 });
  useEffect(() => {
    // The same message again is shown as long as a new one.
    showMessage = (message) => setShown((was) => (message || performance.now() - was.since > TOAST_KEPT ? { message, since: performance.now() } : was));
    const timer = shown.message && setTimeout(() => setShown({ message: "", since: 0 }), TOAST_TIME + 30 * shown.message.length);
    return () => clearTimeout(timer);
  }, [shown]);
  const { message } = shown;
  return html`<div class="toast ${message ? "" : "empty-toast"}" role="status" onClick=${() => setShown({ message: "", since: 0 })}>${message}</div>`;
}

export function Dialog({ title, onClose, children }) {
  const box = useRef();
  useLayoutEffect(() => { // before the next key, which belongs to the dialog
    const [last, dialog] = [document.activeElement, box.current];
    dialog.showModal();
    // Escape closes the dialog at once, but ends it later: by then, the next key may have moved the focus.
    return () => (document.activeElement === document.body || dialog.contains(document.activeElement)) && last?.focus?.();
  }, []);
  return html`<dialog ref=${box} aria-label=${title} onClose=${onClose} onClick=${(event) => event.target === box.current && onClose()}>
    <div class="box"><h2>${title}</h2>${children}</div>
  </dialog>`;
}

/** A tab list with arrow-key navigation; `items` are [name, label]. */
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
