// JSON Web Tokens that arrived in clear: their header and claims. The inbox does not check signatures.

import { html } from "./components.js";
import { Pairs } from "./body-views.js";

const PLACES = { "request.headers": "request header", "response.headers": "response header", query: "query", "request.body": "request body", "response.body": "response body" };
const STATES = { valid: "valid at that time", expired: "expired at that time", early: "not yet valid at that time" };

/** The tokens of one side. */
export const tokensOf = (record, side) => record.tokens.filter(({ part }) => part.startsWith(side) || (side === "request" && part === "query"));

export function Tokens({ tokens, onReveal }) {
  if (!tokens.length) return null;
  return tokens.map((one, at) => html`<section class="token" key=${at}>
    <h3>JSON Web Token in ${PLACES[one.part]} ${one.name && html`<code>${one.name}</code>`} ${one.state && html`<span class="state-of ${one.state}">${STATES[one.state]}</span>`}</h3>
    <p class="dim">Header</p><${Pairs} label="Token header" items=${one.header} onReveal=${onReveal} />
    <p class="dim">Claims</p><${Pairs} label="Token claims" items=${one.claims} onReveal=${onReveal} />
  </section>`);
}
