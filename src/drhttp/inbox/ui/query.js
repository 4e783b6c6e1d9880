// The query line: what is typed is tried at once, completed, and said in words where it cannot be read.

import { get } from "./api.js";
import { HIDDEN } from "./format.js";
import { html, useEffect, useRef, useState } from "./parts.js";

const PLAIN = /^[\w./@+-]+$/;

/** A term for one exact value, quoted where the value could mean something else. */
export function term(field, value) {
  const text = String(value);
  // What is hidden in it may be anything.
  if (text.includes(HIDDEN)) return `${field}:${text.split(HIDDEN).map((part) => part.replace(/[^\w./~-]/g, "?")).join("*")}`;
  const plain = PLAIN.test(text) && !["none", "any"].includes(text.toLowerCase());
  return `${field}:${plain ? text : `"${text.replace(/[\\"]/g, "\\$&")}"`}`;
}

/** The query with a term beside it; an OR in it is held together first. */
export const joined = (query, added) => {
  const kept = /(^|\s|\))OR(\s|\()/.test(query) ? `(${query.trim()})` : query.trim();
  return kept.split(" ").includes(added) ? kept : `${kept} ${added}`.trim();
};

/** The query with another time range in the place of the one that it has. */
export async function ranged(query, from, to) {
  const told = await get("/parse", { q: query });
  const old = told.terms.filter((one) => one.depth === 0 && !one.negated && ["after", "before"].includes(one.field));
  const rest = old.reverse().reduce((text, one) => text.slice(0, one.start) + text.slice(one.end), query);
  const iso = (time) => new Date(time).toISOString();
  return joined(rest.replace(/\s+/g, " "), `after:${iso(from)} before:${iso(to)}`);
}

export function Query({ value, onChange, field }) {
  const [draft, setDraft] = useState(value);
  const [told, setTold] = useState(null); // what /parse says of the draft
  const [problem, setProblem] = useState(null);
  const sent = useRef(value);
  useEffect(() => {
    if (value !== sent.current) setDraft(value);
    sent.current = value;
  }, [value]);
  const commit = (text, replace) => {
    sent.current = text;
    onChange(text, { replace });
  };
  useEffect(() => {
    const stop = new AbortController();
    // Typing changes the list at once, but a half-written word is no reason to complain.
    const timer = setTimeout(async () => {
      try {
        setTold(await get("/parse", { q: draft }, stop.signal));
        setProblem(null);
        if (draft.trim() !== sent.current.trim()) commit(draft.trim(), true);
      } catch (error) {
        if (!stop.signal.aborted) complain = setTimeout(() => setProblem(error.code === "query" ? error : null), 350);
      }
    }, 40);
    let complain;
    return () => (stop.abort(), clearTimeout(timer), clearTimeout(complain));
  }, [draft]);
  const cut = (one) => {
    const rest = [draft.slice(0, one.start).trimEnd(), draft.slice(one.end).trimStart()].filter(Boolean).join(" ");
    const by = draft.length - rest.length;
    const left = told.terms.filter((other) => other !== one && draft.slice(other.start, other.end) === other.text);
    // Another chip may be taken out before the rest is parsed.
    setTold({ ...told, terms: left.map((other) => (other.start > one.start ? { ...other, start: other.start - by, end: other.end - by } : other)) });
    setDraft(rest);
    commit(rest);
  };
  return html`<div class="query">
    <${Field} field=${field} draft=${draft} problem=${problem} onDraft=${setDraft} onDone=${() => problem || commit(draft.trim())} />
    ${problem ? html`<${Complaint} problem=${problem} draft=${draft} onFix=${setDraft} />`
      : html`<${Chips} terms=${told?.terms || []} onCut=${cut} />`}
  </div>`;
}

function Chips({ terms, onCut }) {
  const shown = terms.filter((one) => one.depth === 0);
  if (!shown.length) return null;
  return html`<ul class="chips" aria-label="Terms of the query">${shown.map((one) => html`<li key=${one.start}>
    <span class="chip"><span>${one.text}</span><button aria-label=${`Remove ${one.text}`} title="Remove term" onClick=${() => onCut(one)}>×</button></span>
  </li>`)}</ul>`;
}

function Complaint({ problem, draft, onFix }) {
  const { position = 0, length = 0 } = problem;
  const put = (word) => draft.slice(0, position) + word + draft.slice(position + length);
  return html`<p class="complaint" id="complaint" role="alert">
    ${length > 0 && html`<code>${draft.slice(0, position).slice(-24)}<mark>${draft.slice(position, position + length)}</mark>${draft.slice(position + length).slice(0, 24)}</code> `}
    ${problem.message}
    ${problem.suggestions.map((word) => html` <button class="link" onClick=${() => onFix(put(word))}>${word}</button>`)}
  </p>`;
}

function Field({ field, draft, problem, onDraft, onDone }) {
  const [offer, setOffer] = useState(null);
  const [active, setActive] = useState(-1);
  const asked = useRef(0);
  const close = () => ((asked.current += 1), setOffer(null), setActive(-1));
  const ask = async (input) => {
    const turn = (asked.current += 1);
    const told = await get("/suggest", { q: input.value, cursor: input.selectionStart }).catch(() => null);
    if (turn !== asked.current || document.activeElement !== input) return;
    const typed = told && input.value.slice(told.start, told.end);
    const news = told?.items.some((item) => item.insert.trim() !== typed); // what is there already need not be offered
    setOffer(news ? told : null);
    setActive(-1);
  };
  const take = (item) => {
    const { start, end } = offer;
    const rest = draft.slice(end);
    const put = item.insert + (item.insert.endsWith(":") || rest.startsWith(" ") ? "" : " ");
    onDraft(draft.slice(0, start) + put + rest);
    close();
    const input = field.current;
    requestAnimationFrame(() => {
      input.focus();
      input.setSelectionRange(start + put.length, start + put.length);
      if (put.endsWith(":")) ask(input);
    });
  };
  const keys = {
    ArrowDown: () => (offer ? setActive((active + 1) % offer.items.length) : ask(field.current)),
    ArrowUp: () => offer && setActive((active <= 0 ? offer.items.length : active) - 1),
    Tab: () => (offer && active >= 0 ? take(offer.items[active]) : (close(), false)),
    Enter: () => (offer && active >= 0 ? take(offer.items[active]) : (close(), onDone())),
    Escape: () => (offer ? close() : field.current.blur()),
  };
  const press = (event) => {
    const act = keys[event.key];
    if (!act) return;
    event.stopPropagation();
    if (act() !== false) event.preventDefault();
  };
  return html`<div class="field">
    <svg class="glass" viewBox="0 0 16 16" aria-hidden="true"><circle cx="7" cy="7" r="4.5" /><path d="m10.5 10.5 4 4" /></svg>
    <input ref=${field} class="mono" type="text" role="combobox" aria-label="Query" aria-autocomplete="list" aria-expanded=${Boolean(offer)}
      aria-controls="offers" aria-activedescendant=${active >= 0 ? `offer-${active}` : null} aria-invalid=${Boolean(problem)}
      aria-describedby=${problem ? "complaint" : null} autocomplete="off" autocapitalize="off" spellcheck="false"
      placeholder="status:5xx  path:/api/*  user:42  dur:>500  …" value=${draft}
      onInput=${(event) => (onDraft(event.target.value), ask(event.target))} onKeyDown=${press} onBlur=${() => setTimeout(close, 120)} />
    ${draft && html`<button class="clear" aria-label="Clear the query" title="Clear the query" onClick=${() => (onDraft(""), field.current.focus())}>×</button>`}
    <ul id="offers" role="listbox" aria-label="Completions" hidden=${!offer}>
      ${offer?.items.map((item, at) => html`<li role="option" id=${`offer-${at}`} key=${item.insert} aria-selected=${at === active}
        onMouseDown=${(event) => (event.preventDefault(), take(item))}><b>${item.label}</b><span>${item.detail}</span></li>`)}
    </ul>
  </div>`;
}
