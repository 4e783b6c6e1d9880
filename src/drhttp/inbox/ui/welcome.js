// What is there when there are no records: how to get some, why none matches, and the door for those without a token.

import { keepToken } from "./api.js";
import { go } from "./router.js";
import { copy, html, useAnswer, useState } from "./components.js";

export const Empty = ({ children }) => html`<section class="empty">${children}</section>`;

const Line = ({ text }) => html`<div class="line"><code tabindex="0">${text}</code><button aria-label=${`Copy ${text}`} onClick=${() => copy(text)}>Copy</button></div>`;

export function Welcome() {
  const [info] = useAnswer("/info", {});
  const lines = [`export DRHTTP_DSN=${info?.dsn || ""}`, "drhttp inbox run -- flask run"];
  return html`<${Empty}>
    <h2>No requests yet</h2>
    <p>Set this DSN for your application. Its requests appear here as they happen.</p>
    ${lines.map((line) => html`<${Line} text=${line} key=${line} />`)}
    <p class="dim">The second command runs your application with the DSN set. To record a Flask application, add this below <code>app = Flask(__name__)</code>:</p>
    <pre class="mono" tabindex="0">${`import drhttp\n\napp.wsgi_app = drhttp.WSGIMiddleware(app.wsgi_app, dsn="${info?.dsn || ""}")`}</pre>
  <//>`;
}

export const NoMatch = ({ query }) => html`<${Empty}><h2>No matching records</h2>
  <p>No records match <code>${query}</code>. New matching records appear automatically.</p>
  <p><button onClick=${() => go({ q: "" })}>Show all records</button></p><//>`;

export const Unreadable = ({ problem }) => html`<${Empty}><h2>Invalid query</h2><p>${problem.message}</p>
  <p><button onClick=${() => go({ q: "" })}>Show all records</button></p><//>`;

/** Shown when the token is missing or no longer good. */
export function Door({ onOpen }) {
  const [wrong, setWrong] = useState(false);
  const enter = (event) => {
    event.preventDefault();
    if (keepToken(event.target.elements.address.value)) onOpen();
    else setWrong(true);
  };
  return html`<main><section class="empty door"><h1>drhttp inbox</h1>
    <p>Access requires the token of the running inbox. Open the URL that <code>drhttp inbox</code> printed when it started, or paste it here.</p>
    <form onSubmit=${enter}><input name="address" class="mono" aria-label="URL or token" placeholder="http://127.0.0.1:8399/#token=…" autocomplete="off" /><button class="main">Open</button></form>
    ${wrong && html`<p class="problem" role="alert">No token found. Paste the whole URL or the token.</p>`}
  </section></main>`;
}
