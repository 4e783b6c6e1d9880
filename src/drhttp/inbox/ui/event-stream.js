// The event stream of the inbox's API: server-sent events, read with `fetch`.

import { request } from "./api.js";

const STREAM_TIMEOUT = 25_000; // milliseconds without an event or a ping after which the stream is closed
// A browser opens six connections to a server, for all tabs. Tabs in the background take turns.
const HIDDEN_TURN = 1_000; // milliseconds for which a hidden tab is connected
const HIDDEN_PAUSE = 5_000; // milliseconds until it connects again

/** Wait until a hidden tab may connect again; a visible one may at once. */
export function waitForTurn(signal) {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => (clearTimeout(timer), document.removeEventListener("visibilitychange", done), resolve());
    const timer = setTimeout(done, HIDDEN_PAUSE);
    document.addEventListener("visibilitychange", done);
    signal.addEventListener("abort", done);
  });
}

/** Read server-sent events until the stream ends. EventSource cannot send the token. Returns whether it was left to other tabs. */
export async function stream(query, after, { onOpen, onFrame }, signal) {
  const local = new AbortController();
  const stop = () => local.abort();
  let turn = null;
  let left = false;
  const limitTurn = () => {
    clearTimeout(turn);
    turn = document.hidden ? setTimeout(() => ((left = true), stop()), HIDDEN_TURN) : null;
  };
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  let watch = setTimeout(stop, STREAM_TIMEOUT);
  try {
    const headers = { Accept: "text/event-stream", "Last-Event-ID": String(after) };
    const response = await request("/stream", { parameters: { q: query }, headers, signal: local.signal });
    onOpen();
    limitTurn();
    document.addEventListener("visibilitychange", limitTurn);
    let text = "";
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      clearTimeout(watch);
      watch = setTimeout(stop, STREAM_TIMEOUT);
      const frames = (text + value).split(/\r?\n\r?\n/);
      text = frames.pop();
      for (const frame of frames) parseEvent(frame, onFrame);
    }
  } catch (problem) {
    if (left) return true;
    throw problem;
  } finally {
    clearTimeout(watch);
    clearTimeout(turn);
    document.removeEventListener("visibilitychange", limitTurn);
    signal.removeEventListener("abort", stop);
  }
}

function parseEvent(frame, onFrame) {
  const fields = { event: "message", data: "" };
  for (const line of frame.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).replace(/^ /, "");
  }
  if (fields.data) onFrame(fields.event, JSON.parse(fields.data), fields.id ? Number(fields.id) : null);
}
