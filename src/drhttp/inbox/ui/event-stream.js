// The event stream of the inbox's API: server-sent events, read with `fetch`.

import { request } from "./api.js";

const STREAM_TIMEOUT = 25_000; // milliseconds without an event or a ping after which the stream is closed

/** Read server-sent events until the stream ends. EventSource cannot send the token. */
export async function stream(query, after, { onOpen, onFrame }, signal) {
  const local = new AbortController();
  const stop = () => local.abort();
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  let watch = setTimeout(stop, STREAM_TIMEOUT);
  try {
    const headers = { Accept: "text/event-stream", "Last-Event-ID": String(after) };
    const response = await request("/stream", { parameters: { q: query }, headers, signal: local.signal });
    onOpen();
    let text = "";
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(watch);
      watch = setTimeout(stop, STREAM_TIMEOUT);
      const frames = (text + value).split(/\r?\n\r?\n/);
      text = frames.pop();
      for (const frame of frames) parseEvent(frame, onFrame);
    }
  } finally {
    clearTimeout(watch);
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
