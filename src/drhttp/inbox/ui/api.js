// The inbox's JSON API: the token, requests, and the live stream.

const KEPT = "drhttp-token";
const SILENCE = 25_000; // milliseconds without even a ping, after which a stream counts as lost
const channel = "BroadcastChannel" in window ? new BroadcastChannel("drhttp-inbox") : null;

/** An answer that is no success. `code` is the API's word for it, `status` 0 when there was no answer at all. */
export class ApiError extends Error {
  constructor(status, told) {
    super(told.error || `The inbox returned status ${status}.`);
    Object.assign(this, { status, code: told.code || "", position: told.position, length: told.length });
    this.suggestions = told.suggestions || [];
  }
}

export const token = () => sessionStorage.getItem(KEPT);

/** Take the token out of an address or of what was pasted; false when there is none in it. */
export function keepToken(text) {
  const found = /(?:#|^)token=([^&\s]+)/.exec(text) || /^\s*([\w-]{16,})\s*$/.exec(text);
  if (found) sessionStorage.setItem(KEPT, decodeURIComponent(found[1]));
  return Boolean(found);
}

/** Move the token from the address bar, where it would be copied and photographed, into the tab's storage. */
export function takeToken() {
  if (!location.hash.startsWith("#token=")) return false;
  keepToken(location.hash);
  history.replaceState(history.state, "", location.pathname + location.search);
  return true;
}

/** Ask the other tabs of this inbox for the token, so that a permalink opens in a new one. */
export function askTabs(found) {
  channel?.addEventListener("message", ({ data }) => {
    if (data === "ask" && token()) channel.postMessage({ token: token() });
    else if (data.token && !token()) {
      sessionStorage.setItem(KEPT, data.token);
      found();
    }
  });
  if (!token()) channel?.postMessage("ask");
}

function address(path, parameters = {}) {
  const told = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const search = new URLSearchParams(told).toString();
  return `/api/v1${path}${search && "?"}${search}`;
}

async function answer(path, { parameters, method = "GET", body, headers, signal }) {
  let response;
  try {
    response = await fetch(address(path, parameters), {
      method, body, signal, cache: "no-store", credentials: "omit",
      headers: { Authorization: `Bearer ${token() || ""}`, ...headers },
    });
  } catch (problem) {
    if (signal?.aborted) throw problem;
    throw new ApiError(0, { error: "The inbox is not responding." });
  }
  if (response.ok) return response;
  throw new ApiError(response.status, await response.json().catch(() => ({})));
}

export async function get(path, parameters, signal) {
  return (await answer(path, { parameters, signal })).json();
}

/**
 * A function that runs requests by key. Its result is null when a newer request with the same key has begun meanwhile,
 * so that a late answer never replaces a newer one.
 */
export function newestOnly() {
  const running = new Map();
  return async (key, request) => {
    const own = {};
    running.set(key, own);
    try {
      const answer = await request();
      return running.get(key) === own ? answer : null;
    } finally {
      if (running.get(key) === own) running.delete(key);
    }
  };
}

export async function send(method, path, value, parameters) {
  const body = value instanceof Blob || value === undefined ? value : JSON.stringify(value);
  return (await answer(path, { method, parameters, body, headers: { "Content-Type": "application/json" } })).json();
}

/** Store an answer as a file: a plain link could not carry the token. */
export async function download(path, parameters, name) {
  const url = URL.createObjectURL(await (await answer(path, { parameters })).blob());
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Read server-sent events until the stream ends; EventSource could not send the token. */
export async function stream(query, after, { onOpen, onFrame }, signal) {
  const local = new AbortController();
  const stop = () => local.abort();
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  let watch = setTimeout(stop, SILENCE);
  try {
    const headers = { Accept: "text/event-stream", "Last-Event-ID": String(after) };
    const response = await answer("/stream", { parameters: { q: query }, headers, signal: local.signal });
    onOpen();
    let text = "";
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(watch);
      watch = setTimeout(stop, SILENCE);
      const frames = (text + value).split(/\r?\n\r?\n/);
      text = frames.pop();
      for (const frame of frames) tell(frame, onFrame);
    }
  } finally {
    clearTimeout(watch);
    signal.removeEventListener("abort", stop);
  }
}

function tell(frame, onFrame) {
  const fields = { event: "message", data: "" };
  for (const line of frame.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).replace(/^ /, "");
  }
  if (fields.data) onFrame(fields.event, JSON.parse(fields.data), fields.id ? Number(fields.id) : null);
}
