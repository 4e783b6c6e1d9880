// What went wrong: the exception, the error that the response tells, or why there is no response.

import { compareWithLastSuccess } from "./comparison.js";
import { duration, span } from "./format.js";
import { parseJson } from "./json.js";
import { html, notify, Text } from "./components.js";

const MAX_LINES = 5;
const MAX_TEXT = 300; // characters of an error body that is not JSON
const TITLES = ["title", "error", "type", "name", "code", "status"]; // members that name an error, and those that explain it
const EXPLANATIONS = ["detail", "message", "error_description", "description", "reason", "msg", "non_field_errors"];
const GRPC = ["OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"];

const isText = (node) => node && !node.entries && node.type !== "word" && node.text !== "";
const member = (node, name) => (node?.type === "object" ? node.entries.find(([key]) => key.toLowerCase() === name)?.[1] : undefined);
const first = (node, names) => names.map((name) => member(node, name)).find(isText)?.text;

/** The lines that an error in JSON tells: {title, lines}. */
function errorInJson(node) {
  const inner = member(node, "error")?.entries ? member(node, "error") : node;
  const title = first(inner, TITLES) || first(node, TITLES) || "";
  const explained = EXPLANATIONS.map((name) => member(inner, name) || member(node, name)).filter(Boolean);
  const listed = ["errors", "detail", "details", "message"].map((name) => member(inner, name) || member(node, name)).find((one) => one?.entries?.length);
  const texts = explained.filter(isText).map(({ text }) => text);
  const lines = [...texts, ...(listed ? problems(listed, "") : texts.length || title ? [] : problems(node, ""))];
  return { title, lines: [...new Set(lines)].filter((line) => line !== title) };
}

/** The problems in a list or an object of them, as in FastAPI, Django REST framework, GraphQL, and JSON:API. */
function problems(node, path) {
  if (isText(node)) return [path ? `${path}: ${node.text}` : node.text];
  if (!node.entries) return [];
  const text = first(node, ["msg", "message", "detail", "title", "reason", "description"]);
  if (text) {
    const place = member(node, "loc") || member(node, "path") || member(node, "field") || member(member(node, "source"), "pointer");
    const where = place?.entries ? place.entries.map(([, one]) => one.text).join(".") : place?.text;
    return [[path, where].filter(Boolean).join(".") + (path || where ? ": " : "") + text];
  }
  return node.entries.slice(0, 20).flatMap(([key, value]) => problems(value, node.type === "array" ? path : [path, key].filter(Boolean).join(".")));
}

/** What an HTML page says about an error: its title, and its first heading. */
function errorInHtml(text) {
  const plain = (found) => (found?.[1] || "").replace(/<[^<>]*>/g, " ").replace(/&(amp|lt|gt|quot|#39|#x27);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">", quot: '"' }[name] || "'")).replace(/\s+/g, " ").trim();
  const title = plain(/<title[^<>]*>([^<]*)/i.exec(text));
  const heading = plain(/<h1[^<>]*>([^<]*)/i.exec(text));
  return { title: title || heading, lines: heading ? [heading] : [] };
}

/** Whether a title says already what a line does. */
const says = (title, line) => title.toLowerCase().includes(line.toLowerCase());

/** What the body of a response tells about an error, or null. */
export function errorInBody(body) {
  if (!body?.text) return null;
  const found = body.form === "html" ? errorInHtml(body.text) : body.form === "json" ? errorInJson(parseJson(body.text)?.node) : { title: "", lines: [body.text.trim().split("\n").slice(0, 3).join("\n").slice(0, MAX_TEXT)] };
  const lines = found.lines.filter((line) => line && !says(found.title, line));
  const title = lines.length === 1 && lines[0].toLowerCase().startsWith(found.title.toLowerCase()) ? "" : found.title;
  return title || lines.length ? { title, lines: lines.slice(0, MAX_LINES), more: lines.length - MAX_LINES } : null;
}

/** Errors that are told under a successful status, as GraphQL, JSON-RPC, and gRPC do. */
function errorDespiteStatus(record) {
  const header = (name) => record.response?.headers.find((one) => one.name.toLowerCase() === name)?.value;
  const status = Number(header("grpc-status") || /"grpc-status": "(\d+)"/.exec(record.response?.body.tree?.text || "")?.[1] || 0);
  if (status) return { title: `gRPC status ${status} ${GRPC[status] || ""}`, lines: [header("grpc-message") || /"grpc-message": "([^"]*)"/.exec(record.response.body.tree?.text || "")?.[1]].filter(Boolean).map(decoded), more: 0 };
  const body = record.response?.body;
  if (body?.form !== "json" || !/"(?:errors|jsonrpc)"/.test(body.text || "")) return null;
  const node = parseJson(body.text)?.node;
  const told = member(node, "errors")?.entries?.length || (member(node, "jsonrpc") && member(node, "error")?.entries);
  return told ? errorInBody(body) : null;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Why a token was refused, if its times tell. */
function tokenRemarks(record) {
  if (![401, 403].includes(record.status)) return [];
  return record.tokens.filter((one) => one.part !== "response.body" && ["expired", "early"].includes(one.state)).map((one) => one.state === "expired"
    ? `The token in ${one.name || one.part} had expired ${span(one.seconds)} before.`
    : `The token in ${one.name || one.part} was not valid until ${span(one.seconds)} later.`);
}

/** Whether a record failed, also with a 4xx: it can be compared with the last success. */
export const hasFailed = (record) => record.error || record.aborted || record.status >= 400;

export function Failure({ record }) {
  const told = record.exception ? null : hasFailed(record) ? errorInBody(record.response?.body) : errorDespiteStatus(record); // an exception tells more
  if (!hasFailed(record) && !told) return null;
  const { exception, aborted } = record;
  const { module, line } = record.extra?.raised || {};
  const remarks = tokenRemarks(record);
  return html`<section class="failure ${record.error || told ? "" : "mild"} ${record.status >= 400 && record.status < 500 ? "client-error" : ""}" aria-label="What went wrong">
    <div class="told" tabindex=${(exception?.message || "").length > MAX_TEXT ? 0 : null}>
      ${exception && html`<p><b>${exception.type}</b> <${Text} text=${exception.message} />${typeof module === "string" && html` <span class="raised">raised in ${module}${Number.isInteger(line) ? `, line ${line}` : ""}</span>`}</p>`}
      ${aborted && html`<p>${record.direction === "out" ? "The application closed or canceled it before the response was complete." : "The client disconnected before the response was complete."}</p>`}
      ${!exception && !aborted && record.status === null && html`<p><b>No answer</b> was recorded${record.duration_ms === null ? "" : ` within ${duration(record.duration_ms)}`}.</p>`}
      ${told && html`<p>${told.title && html`<b><${Text} text=${told.title} /></b> `}${told.lines.length === 1 && html`<${Text} text=${told.lines[0]} />`}</p>`}
      ${told?.lines.length > 1 && html`<ul>${told.lines.map((line) => html`<li><${Text} text=${line} /></li>`)}${told.more > 0 && html`<li>and ${told.more} more</li>`}</ul>`}
      ${!told && !exception && !aborted && record.status !== null && html`<p><b>Status ${record.status}</b> without an explanation in the body.</p>`}
      ${remarks.map((line) => html`<p>${line}</p>`)}
    </div>
    ${hasFailed(record) && html`<button title="Compare with the newest success of this endpoint (l)" onClick=${() => compareWithLastSuccess(record.n).catch((problem) => notify(problem.message))}>Compare with the last success</button>`}
  </section>`;
}
