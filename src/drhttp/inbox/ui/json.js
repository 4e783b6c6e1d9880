// A JSON parser that keeps order, repeated names, and long numbers, and parses truncated text as far as possible.

const TOKEN = /[\s]*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?\d[\w.+-]*|true|false|null))/y;
const MAX_DEPTH = 400;

class Reader {
  constructor(text) {
    Object.assign(this, { text, at: 0, cut: false });
  }

  next() {
    TOKEN.lastIndex = this.at;
    const found = TOKEN.exec(this.text);
    if (!found) {
      this.cut = true;
      return null;
    }
    this.at = TOKEN.lastIndex;
    return found[1] || found[2] || found[3];
  }

  peek() {
    const { at, cut } = this;
    const token = this.next();
    Object.assign(this, { at, cut });
    return token;
  }

  value(depth = 0) {
    const token = this.next();
    if (token === null || depth > MAX_DEPTH) return this.broken();
    if (token === "{") return this.entries("object", "}", depth);
    if (token === "[") return this.entries("array", "]", depth);
    if (token[0] === '"') return { type: "string", text: unquoted(token) };
    if (token.length === 1 && "}],:".includes(token)) return this.broken();
    return { type: /^[-\d]/.test(token) ? "number" : "word", text: token };
  }

  broken() {
    this.cut = true;
    return { type: "cut", text: "" };
  }

  entries(type, end, depth) {
    const node = { type, entries: [] };
    while (!this.cut) {
      if (this.peek() === end) return this.next(), node;
      const name = type === "object" ? this.name() : node.entries.length;
      if (name === null) break;
      const value = this.value(depth + 1);
      if (value.type !== "cut") node.entries.push([name, value]);
      if (this.peek() === ",") this.next();
      else if (this.peek() !== end) this.cut = true;
    }
    return node;
  }

  name() {
    const token = this.next();
    if (token?.[0] !== '"' || this.next() !== ":") return this.broken(), null;
    return unquoted(token);
  }
}

function unquoted(token) {
  try {
    return JSON.parse(token);
  } catch {
    return token.slice(1, -1);
  }
}

/** Parse a text to {node, cut}; `cut` is true if the text is truncated or becomes invalid. Return null for no JSON. */
export function parseJson(text) {
  const reader = new Reader(text);
  const node = reader.value();
  if (node.type === "cut") return null;
  return { node, cut: reader.cut || reader.text.slice(reader.at).trim() !== "" };
}
