// The client of the inbox's JSON API: the access token, and requests.

const TOKEN_KEY = "drhttp-token";
const channel = "BroadcastChannel" in window ? new BroadcastChannel("drhttp-inbox") : null;

/** A failed request. `code` is the error code of the API; `status` is 0 if there was no response. */
export class ApiError extends Error {
  constructor(status, body) {
    super(body.error || `The inbox returned status ${status}.`);
    Object.assign(this, { status, code: body.code || "", position: body.position, length: body.length });
    this.suggestions = body.suggestions || [];
  }
}

export const token = () => sessionStorage.getItem(TOKEN_KEY);

/** Store the token that a URL or a pasted text contains; return whether there was one. */
export function storeToken(text) {
  const found = /(?:#|^)token=([^&\s]+)/.exec(text) || /^\s*([\w-]{16,})\s*$/.exec(text);
  if (found) sessionStorage.setItem(TOKEN_KEY, decodeURIComponent(found[1]));
  return Boolean(found);
}

/** Move the token from the URL, where it would be copied and bookmarked, into the tab's storage. */
export function takeTokenFromUrl() {
  if (!location.hash.startsWith("#token=")) return false;
  storeToken(location.hash);
  history.replaceState(history.state, "", location.pathname + location.search);
  return true;
}

/** Request the token from other tabs of this inbox, so that a permalink opens in a new tab. */
export function requestTokenFromTabs(found) {
  channel?.addEventListener("message", ({ data }) => {
    if (data === "ask" && token()) channel.postMessage({ token: token() });
    else if (data.token && !token()) {
      sessionStorage.setItem(TOKEN_KEY, data.token);
      found();
    }
  });
  if (!token()) channel?.postMessage("ask");
}

function url(path, parameters = {}) {
  const present = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const search = new URLSearchParams(present).toString();
  return `/api/v1${path}${search && "?"}${search}`;
}

/** Send a request to the API. Throws `ApiError` unless the status is 2xx. */
export async function request(path, { parameters, method = "GET", body, headers, signal }) {
  let response;
  try {
    response = await fetch(url(path, parameters), {
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
  return (await request(path, { parameters, signal })).json();
}

/**
 * Return a function that runs a request for a key, and returns null if a newer request for that key has begun meanwhile.
 * So an older response never replaces a newer one.
 */
export function newestOnly() {
  const running = new Map();
  return async (key, load) => {
    const own = {};
    running.set(key, own);
    try {
      const result = await load();
      return running.get(key) === own ? result : null;
    } finally {
      if (running.get(key) === own) running.delete(key);
    }
  };
}

export async function send(method, path, value, parameters) {
  const body = value instanceof Blob || value === undefined ? value : JSON.stringify(value);
  return (await request(path, { method, parameters, body, headers: { "Content-Type": "application/json" } })).json();
}

/** Save a response as a file; a plain link could not send the token. */
export async function download(path, parameters, name) {
  const objectUrl = URL.createObjectURL(await (await request(path, { parameters })).blob());
  const link = Object.assign(document.createElement("a"), { href: objectUrl, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(objectUrl), 60_000);
}
