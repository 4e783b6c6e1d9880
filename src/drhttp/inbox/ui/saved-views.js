// The panel of views at the left: those that every inbox has, and queries that the user gave a name.

import { get, send } from "./api.js";
import { copyLink } from "./share-link.js";
import { Link } from "./link.js";
import { navigate } from "./router.js";
import { SORTABLE } from "./sorting.js";
import { html, notify, Problem, useEffect, useRef, useState } from "./components.js";

const STORAGE_KEY = "drhttp-views";
const BESIDE = window.matchMedia("(min-width: 1200px)"); // narrower, the panel covers the list while it is open
const BESIDE_BOTH = window.matchMedia("(min-width: 1601px)"); // the same with a record open
const OUTBOUND = "dir:out";
const VIEWS = [
  ["Everything", ""], ["5xx and exceptions", "is:error", "and requests without a response"], ["4xx", "is:client-error"],
  ["Slow: 1 s and more", "is:slow"], ["Outbound", OUTBOUND, "sent by the application"], ["Pinned", "is:pinned"],
].map(([name, query, title]) => ({ name, query, title, order: "", page: "requests" }));
const listeners = new Set();
let docked = localStorage.getItem(STORAGE_KEY) !== "closed"; // whether it is shown where there is room for it
let covering = false; // whether it is shown where it covers the list

const hasRoom = (split) => (split ? BESIDE_BOTH : BESIDE).matches;

function setOpen(value, split) {
  if (hasRoom(split)) localStorage.setItem(STORAGE_KEY, (docked = value) ? "open" : "closed");
  else covering = value;
  listeners.forEach((listener) => listener());
}

/** Whether the panel is shown, and whether it covers the list. split: whether a record is open. */
function usePanel(split) {
  const [, rerender] = useState(0);
  useEffect(() => {
    const listener = () => rerender((value) => value + 1);
    const resized = () => ((covering = false), listener());
    listeners.add(listener);
    [BESIDE, BESIDE_BOTH].forEach((query) => query.addEventListener("change", resized));
    return () => {
      listeners.delete(listener);
      [BESIDE, BESIDE_BOTH].forEach((query) => query.removeEventListener("change", resized));
    };
  }, []);
  const room = hasRoom(split);
  return { shown: room ? docked : covering, over: !room };
}

/** A panel that covers the list takes the focus, and goes at Escape and at a click beside it. */
function useCover(box, covers, split) {
  useEffect(() => {
    if (!covers) return undefined;
    box.current.querySelector("a").focus();
    const press = ({ target }) => target.closest(".views, .views-button") || setOpen(false, split);
    document.addEventListener("pointerdown", press);
    return () => document.removeEventListener("pointerdown", press);
  }, [covers, split]);
  useEffect(() => () => void (covering = false), [split]);
}

/** The button that shows and hides the panel. */
export function ViewsButton({ split }) {
  const { shown } = usePanel(split);
  return html`<button class="views-button" aria-expanded=${shown} aria-controls="views" aria-label="Views" title="Views" onClick=${() => setOpen(!shown, split)}>
    <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 3.5h12M2 8h12M2 12.5h12" /></svg></button>`;
}

export function SavedViews({ at, split, outbound }) {
  const { shown, over } = usePanel(split);
  const box = useRef();
  useCover(box, shown && over, split);
  const [views, setViews] = useState(null);
  const [problem, setProblem] = useState(null);
  const load = () => get("/views").then((answer) => (setViews(answer.views), setProblem(null)), setProblem);
  useEffect(() => void load(), [shown]);
  const saved = views?.find((view) => view.name === at.saved);
  useEffect(() => {
    // A link may name a view and say no more.
    if (saved && at.q === "" && !at.order && !at.n && !isAt(saved, at)) navigate(target(saved), { replace: true });
  }, [saved?.name]);
  if (!shown) return null;
  const save = (name, view = { query: at.q, order: at.order, page: at.view === "compare" ? "requests" : at.view }) => send("PUT", `/views/${encodeURIComponent(name)}`, view)
    .then(() => (navigate({ saved: name }, { replace: true }), notify(`Saved as ${name}.`), load()), setProblem);
  const remove = (view) => send("DELETE", `/views/${encodeURIComponent(view.name)}`)
    .then(() => (at.saved === view.name && navigate({ saved: "" }, { replace: true }), notify(`${view.name} deleted.`), load()), setProblem);
  const close = () => over && setOpen(false, split);
  const press = (event) => {
    if (event.key !== "Escape" || !over) return;
    event.stopPropagation();
    close();
    document.querySelector(".views-button").focus();
  };
  const given = VIEWS.filter(({ query }) => outbound || query !== OUTBOUND);
  return html`<aside id="views" class=${over ? "views over" : "views"} aria-label="Views" ref=${box} onKeyDown=${press}>
    <ul>${given.map((view) => html`<li key=${view.name}><${View} view=${view} name="" at=${at} onFollow=${close} /></li>`)}</ul>
    ${views?.length > 0 && html`<h2>Saved</h2>
      <ul>${views.map((view) => html`<li key=${view.name}><${View} view=${view} name=${view.name} at=${at} onFollow=${close} />
        <button class="ghost" aria-label=${`Delete the view ${view.name}`} title="Delete" onClick=${() => remove(view)}>×</button></li>`)}</ul>`}
    ${saved && !isAt(saved, at) && html`<button class="update" onClick=${() => save(saved.name)}>Update ${saved.name}</button>`}
    <${SaveForm} at=${at} onSave=${save} />
    ${!BESIDE.matches && html`<${SortBy} order=${at.order} />`}
    <button onClick=${() => copyLink().catch(setProblem)} title="Opens in another browser on this machine, once, within ten minutes">Copy link</button>
    <${Problem} problem=${problem} />
  </aside>`;
}

/** The order of the list, where narrow screens have no headings to click on. */
const SortBy = ({ order }) => html`<label class="sort-by">Sort by <select aria-label="Sort by" value=${order} onChange=${(event) => navigate({ order: event.target.value }, { replace: true })}>
  <option value="">Arrival ↓</option>
  ${SORTABLE.flatMap(({ name, label }) => [[`-${name}`, `${label} ↓`], [name, `${label} ↑`]]).map(([value, text]) => html`<option value=${value}>${text}</option>`)}</select></label>`;

const target = (view, name = view.name) => ({ view: view.page, q: view.query, order: view.order, saved: name, n: "", tab: "overview", left: "", right: "" });
const isAt = (view, at) => at.view === view.page && at.q === view.query && at.order === view.order;

function View({ view, name, at, onFollow }) {
  const current = at.saved === name && isAt(name ? view : { ...view, order: at.order }, at); // those that come with the page have any order
  return html`<${Link} to=${target(view, name)} title=${view.title || view.query || null} aria-current=${current ? "true" : null} onFollow=${onFollow}>${view.name}${name && at.saved === name && !current ? " *" : ""}<//>`;
}

function SaveForm({ at, onSave }) {
  const [naming, setNaming] = useState(false);
  const field = useRef();
  useEffect(() => void (naming && field.current.focus()), [naming]);
  const submit = (event) => {
    event.preventDefault();
    const name = event.target.elements.name.value.trim();
    setNaming(false);
    if (name) onSave(name);
  };
  const press = (event) => event.key === "Escape" && (event.stopPropagation(), setNaming(false));
  if (!naming) return html`<button onClick=${() => setNaming(true)} disabled=${!at.q && !at.order}>Save this view …</button>`;
  return html`<form class="save-form" onSubmit=${submit}><input name="name" aria-label="Name of the view" placeholder="Name" maxlength="60" autocomplete="off" ref=${field} onKeyDown=${press} />
    <button class="main">Save</button></form>`;
}
