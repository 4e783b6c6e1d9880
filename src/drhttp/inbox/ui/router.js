// What is shown lives in the search part of the address, so that every sight is a permalink and Back goes back.

const DEFAULTS = { view: "requests", q: "", n: "", tab: "overview", left: "", right: "", sort: "" };
const listeners = new Set();

export function place() {
  const told = new URLSearchParams(location.search);
  return Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, told.get(name) ?? DEFAULTS[name]]));
}

export function href(changes) {
  const next = { ...place(), ...changes };
  const told = Object.entries(next).filter(([name, value]) => String(value) !== DEFAULTS[name]);
  return told.length ? `/?${new URLSearchParams(told)}` : "/";
}

/** Change parts of the address; with `replace` the step is not one that Back returns to. */
export function go(changes, { replace = false } = {}) {
  const target = href(changes);
  if (target === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", target);
  listeners.forEach((listener) => listener());
}

export function onMove(listener) {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
}
