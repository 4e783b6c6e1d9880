// What is there when there are no records: how to get some, why none matches, and the door for those without a token.

import { keepToken } from "./api.js";
import { go } from "./address.js";
import { copy, html, useAnswer, useState } from "./parts.js";

export const Empty = ({ children }) => html`<section class="empty">${children}</section>`;

const Line = ({ text }) => html`<div class="line"><code tabindex="0">${text}</code><button aria-label=${`Copy ${text}`} onClick=${() => copy(text)}>Copy</button></div>`;

export function Welcome() {
  const [info] = useAnswer("/info", {});
  const lines = [`export DRHTTP_DSN=${info?.dsn || ""}`, "drhttp inbox run -- gunicorn app:app"];
  return html`<${Empty}>
    <h2>Nothing recorded yet</h2>
    <p>Give your application this DSN; its requests appear here as they happen.</p>
    ${lines.map((line) => html`<${Line} text=${line} key=${line} />`)}
    <p class="dim">The second line starts a command with the DSN set. Wrap the application once, and it records:</p>
    <pre class="mono" tabindex="0">${"import drhttp\n\napp = drhttp.WSGIMiddleware(app)"}</pre>
  <//>`;
}

export const NoMatch = ({ query }) => html`<${Empty}><h2>No record matches</h2>
  <p>Nothing that is here answers to <code>${query}</code>. New records that do will appear by themselves.</p>
  <p><button onClick=${() => go({ q: "" })}>Show everything</button></p><//>`;

export const Unreadable = ({ problem }) => html`<${Empty}><h2>This query cannot be read</h2><p>${problem.message}</p>
  <p><button onClick=${() => go({ q: "" })}>Show everything</button></p><//>`;

/** Shown when the token is missing or no longer good. */
export function Door({ onOpen }) {
  const [wrong, setWrong] = useState(false);
  const enter = (event) => {
    event.preventDefault();
    if (keepToken(event.target.elements.address.value)) onOpen();
    else setWrong(true);
  };
  return html`<main><section class="empty door"><h1>drhttp inbox</h1>
    <p>This page needs the token of the inbox that runs now. Open the address that <code>drhttp inbox</code> printed when it started, or paste it here.</p>
    <form onSubmit=${enter}><input name="address" class="mono" aria-label="Address or token" placeholder="http://127.0.0.1:8399/#token=…" autocomplete="off" /><button class="main">Open</button></form>
    ${wrong && html`<p class="problem" role="alert">There is no token in this.</p>`}
  </section></main>`;
}
