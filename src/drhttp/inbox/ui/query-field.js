// The query field: queries apply while typing, with completion and error messages.

import { get } from "./api.js";
import { HIDDEN } from "./format.js";
import { html, useEffect, useRef, useState } from "./components.js";

const PAUSE = 900; // milliseconds without typing after which a query applies even if it finds nothing
const PLAIN = /^[\w./@+-]+$/;

/** A term that matches exactly one value, quoted if necessary. */
export function formatTerm(field, value) {
  const text = String(value);
  // The hidden part of the value may be anything.
  if (text.includes(HIDDEN)) return `${field}:${text.split(HIDDEN).map((part) => part.replace(/[^\w./~-]/g, "?")).join("*")}`;
  const plain = PLAIN.test(text) && !["none", "any"].includes(text.toLowerCase());
  return `${field}:${plain ? text : `"${text.replace(/[\\"]/g, "\\$&")}"`}`;
}

/** The query with a term added; a query with OR is put in parentheses first. */
export const addTerm = (query, added) => {
  const kept = /(^|\s|\))OR(\s|\()/.test(query) ? `(${query.trim()})` : query.trim();
  return kept.split(" ").includes(added) ? kept : `${kept} ${added}`.trim();
};

/** The start and end of the word at the caret; spaces and parentheses within quotes belong to the word. */
export function wordAt(text, caret) {
  let [start, quoted] = [0, false];
  for (let at = 0; at < caret; at += 1) {
    if (text[at] === '"' && text[at - 1] !== "\\") quoted = !quoted;
    else if (!quoted && (/[\s()]/.test(text[at]) || (text[at] === "-" && at === start))) start = at + 1;
  }
  const rest = text.slice(caret);
  const closing = quoted ? /^(?:[^"\\]|\\.)*"/s.exec(rest) : null;
  return { start, end: caret + (closing ? closing[0].length : rest.search(/[\s()"]|$/)) };
}

let fieldNames = null; // of the query language, asked for once

/** Whether the end of a query may become the name of a field: until then it would be looked for as a text. */
async function endsInFieldName(query) {
  const word = /(?:^|[\s(-])([a-z.]+)$/i.exec(query)?.[1].toLowerCase();
  if (!word) return false;
  fieldNames ||= get("/info", {}).then(({ fields }) => fields.map(({ name }) => name), () => (fieldNames = null));
  return ((await fieldNames) || []).some((name) => name.startsWith(word));
}

/** Whether a query finds a record. If that takes longer, or the inbox does not respond, the list says so. */
const findsRecords = (query, signal) => get("/records", { q: query, limit: 1 }, signal).then(({ records, complete }) => records.length > 0 || !complete, () => !signal.aborted);

/** The query with its time range replaced by another one. */
export async function withTimeRange(query, from, to) {
  const parsed = await get("/parse", { q: query });
  const old = parsed.terms.filter((one) => one.depth === 0 && !one.negated && ["after", "before"].includes(one.field));
  const rest = old.reverse().reduce((text, one) => text.slice(0, one.start) + text.slice(one.end), query);
  const iso = (time) => new Date(time).toISOString();
  return addTerm(rest.replace(/\s+/g, " "), `after:${iso(from)} before:${iso(to)}`);
}

export function QueryField({ value, onChange, onEnter, field }) {
  const [draft, setDraft] = useState(value);
  const [parsed, setParsed] = useState(null); // the answer of /parse for the last draft that could be read
  const [problem, setProblem] = useState(null);
  const committed = useRef(value);
  const latest = useRef(draft);
  latest.current = draft;
  useEffect(() => {
    if (value !== committed.current) setDraft(value);
    committed.current = value;
  }, [value]);
  const commit = (text, replace) => {
    committed.current = text;
    onChange(text, { replace });
  };
  /** A query that is half typed would empty the page: what may become a field waits, and what finds nothing waits for a pause. */
  const applyWhileTyping = async (signal) => {
    if (draft.trim() === committed.current.trim() || (await endsInFieldName(draft))) return;
    const wait = (await findsRecords(draft.trim(), signal)) ? 0 : PAUSE;
    const apply = () => signal.aborted || latest.current !== draft || draft.trim() === committed.current.trim() || commit(draft.trim(), true);
    if (wait) setTimeout(apply, wait);
    else apply();
  };
  const showProblem = (found) => setProblem({ error: { ...found, message: found.error }, text: draft });
  /** Whether the draft is no query; if its answer is still to come, the inbox is asked. */
  const isUnreadable = async () => {
    if (problem?.text === draft) return true;
    if (parsed?.of === draft) return false;
    const { problem: found } = await get("/parse", { q: draft }).catch(() => ({}));
    if (found && latest.current === draft) showProblem(found);
    return Boolean(found) || latest.current !== draft;
  };
  const done = async () => {
    if (await isUnreadable()) return;
    commit(draft.trim());
    onEnter(draft.trim());
    (document.querySelector(".list, .table-view") || field.current).focus();
    if (document.activeElement === field.current) field.current.blur();
  };
  const leave = async () => {
    const isNew = () => draft === latest.current && draft.trim() !== committed.current.trim(); // a click may have changed the query
    if (isNew() && !(await isUnreadable()) && isNew()) commit(draft.trim(), true);
  };
  useEffect(() => {
    const stop = new AbortController();
    // Typing changes the list at once, but an unfinished word shows no error.
    const timer = setTimeout(async () => {
      try {
        const answer = await get("/parse", { q: draft }, stop.signal);
        if (latest.current !== draft) return; // an answer about an older text changes nothing
        if (answer.problem) return void (delay = setTimeout(() => showProblem(answer.problem), 350));
        setParsed({ ...answer, of: draft });
        setProblem(null);
        await applyWhileTyping(stop.signal);
      } catch {
        if (!stop.signal.aborted) setProblem(null);
      }
    }, 40);
    let delay;
    return () => (stop.abort(), clearTimeout(timer), clearTimeout(delay));
  }, [draft]);
  const removeTerm = (one) => {
    if (draft.slice(one.start, one.end) !== one.text) return; // the chips are of an older text
    const rest = [draft.slice(0, one.start).trimEnd(), draft.slice(one.end).trimStart()].filter(Boolean).join(" ");
    const by = draft.length - rest.length;
    const left = parsed.terms.filter((other) => other !== one && draft.slice(other.start, other.end) === other.text);
    // Another chip may be removed before the rest is parsed.
    setParsed({ ...parsed, of: rest, terms: left.map((other) => (other.start > one.start ? { ...other, start: other.start - by, end: other.end - by } : other)) });
    setDraft(rest);
    commit(rest);
  };
  return html`<div class="query">
    <${QueryInput} field=${field} draft=${draft} problem=${problem} onDraft=${setDraft} onDone=${done} onLeave=${leave} />
    ${problem ? html`<${QueryError} ...${problem} onFix=${(fixed) => problem.text === draft && setDraft(fixed)} />`
      : html`<${Chips} terms=${parsed?.terms || []} onRemove=${removeTerm} />`}
  </div>`;
}

function Chips({ terms, onRemove }) {
  const shown = terms.filter((one) => one.depth === 0);
  if (!shown.length) return null;
  return html`<ul class="chips" aria-label="Terms of the query">${shown.map((one) => html`<li key=${one.start}>
    <span class="chip"><span title=${one.text}>${one.text}</span><button aria-label=${`Remove ${one.text}`} title="Remove term" onClick=${() => onRemove(one)}>×</button></span>
  </li>`)}</ul>`;
}

/** The error of `text`, which may be older than the text in the field. */
function QueryError({ error, text, onFix }) {
  const start = error.position ?? 0;
  const end = start + (error.length ?? 0);
  const put = (word) => text.slice(0, start) + word + text.slice(end);
  return html`<p class="query-error" id="query-error" role="alert">
    ${end > start && html`<code>${text.slice(0, start).slice(-24)}<mark>${text.slice(start, end)}</mark>${text.slice(end).slice(0, 24)}</code> `}
    ${error.message}
    ${error.suggestions.map((word) => html` <button class="link" onClick=${() => onFix(put(word))}>${word}</button>`)}
  </p>`;
}

function QueryInput({ field, draft, problem, onDraft, onDone, onLeave }) {
  const [completions, setCompletions] = useState(null); // the completions and the start of their word
  const [chosen, setChosen] = useState(null); // the text that the chosen completion inserts
  const requests = useRef(0);
  const close = () => ((requests.current += 1), setCompletions(null), setChosen(null));
  const word = (input) => wordAt(input.value, input.selectionStart);
  const ask = async (input) => {
    const request = (requests.current += 1);
    const [text, caret, { start }] = [input.value, input.selectionStart, word(input)];
    const answer = await get("/suggest", { q: text, cursor: caret }).catch(() => null);
    if (request !== requests.current || document.activeElement !== input) return;
    const now = word(input);
    const typed = input.value.slice(now.start, now.end);
    const useful = now.start === start && answer?.items.some((item) => item.insert.trim() !== typed); // a completed word needs no completions
    setCompletions(useful ? { items: answer.items, start } : null);
  };
  /** Replace the word at the caret as it is now: the user may have typed on since the completions were asked for. */
  const accept = (item) => {
    const input = field.current;
    const { start, end } = word(input);
    const put = item.insert + (item.insert.endsWith(":") || input.value[end] === " " ? "" : " ");
    input.setRangeText(put, start, end, "end");
    onDraft(input.value);
    close();
    if (put.endsWith(":")) ask(input);
  };
  const edit = ({ target: input }) => {
    onDraft(input.value);
    const { start } = word(input);
    const typed = input.value.slice(start, input.selectionStart);
    // These completions are for another word, or for a part of this one that is complete.
    if (completions && (start !== completions.start || completions.items.some((item) => typed.startsWith(item.insert)))) close();
    ask(input);
  };
  const items = completions?.items || [];
  const active = items.findIndex((item) => item.insert === chosen);
  const keys = {
    ArrowDown: () => (completions ? setChosen(items[(active + 1) % items.length].insert) : ask(field.current)),
    ArrowUp: () => completions && setChosen(items.at(active <= 0 ? -1 : active - 1).insert),
    Tab: () => (active >= 0 ? accept(items[active]) : (close(), false)),
    Enter: () => (active >= 0 ? accept(items[active]) : (close(), onDone())),
    Escape: () => (completions ? close() : field.current.blur()),
  };
  const press = (event) => {
    const action = keys[event.key];
    if (!action) return;
    event.stopPropagation();
    if (action() !== false) event.preventDefault();
  };
  return html`<div class="field">
    <svg class="search-icon" viewBox="0 0 16 16" aria-hidden="true"><circle cx="7" cy="7" r="4.5" /><path d="m10.5 10.5 4 4" /></svg>
    <input ref=${field} class="mono" type="text" role="combobox" aria-label="Query" aria-autocomplete="list" aria-expanded=${Boolean(completions)}
      aria-controls="completions" aria-activedescendant=${active >= 0 ? `completion-${active}` : null} aria-invalid=${Boolean(problem)}
      aria-describedby=${problem ? "query-error" : null} autocomplete="off" autocapitalize="off" spellcheck="false"
      placeholder="status:5xx  path:/api/*  user:42  dur:>500  …" value=${draft}
      onInput=${edit} onKeyDown=${press} onBlur=${() => setTimeout(() => document.activeElement === field.current || (close(), onLeave()), 120)} />
    ${draft && html`<button class="clear" aria-label="Clear the query" title="Clear the query" onClick=${() => (onDraft(""), field.current.focus())}>×</button>`}
    <ul id="completions" role="listbox" aria-label="Completions" hidden=${!completions}>
      ${items.map((item, at) => html`<li role="option" id=${`completion-${at}`} key=${item.insert} aria-selected=${at === active}
        onMouseDown=${(event) => (event.preventDefault(), accept(item))}><b>${item.label}</b><span>${item.detail}</span></li>`)}
    </ul>
  </div>`;
}
