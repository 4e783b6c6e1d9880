// The state of the page in the query string of its URL, so that every view is a permalink and Back works.

const DEFAULTS = { view: "requests", q: "", n: "", tab: "overview", left: "", right: "", sort: "", order: "", saved: "" };
// Parts of the state that only some views have. They go with these views, and a comparison keeps the record it came from.
const RECORD_VIEWS = ["requests", "compare"];
const ONLY_IN = { left: ["compare"], right: ["compare"], n: RECORD_VIEWS, tab: RECORD_VIEWS };
const listeners = new Set();

export function currentRoute() {
  const search = new URLSearchParams(location.search);
  return Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, search.get(name) ?? DEFAULTS[name]]));
}

export function href(changes) {
  const next = { ...currentRoute(), ...changes };
  const belongs = (name) => !ONLY_IN[name] || ONLY_IN[name].includes(next.view);
  const changed = Object.entries(next).filter(([name, value]) => String(value) !== DEFAULTS[name] && belongs(name));
  return changed.length ? `/?${new URLSearchParams(changed)}` : "/";
}

/** Change parts of the URL; with `replace`, without a new entry in the history. */
export function navigate(changes, { replace = false } = {}) {
  const target = href(changes);
  if (target === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", target);
  listeners.forEach((listener) => listener());
}

export function onNavigate(listener) {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
}
