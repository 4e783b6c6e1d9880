// The views without records: the welcome page, empty results, invalid queries, and the prompt for the token.

import { storeToken } from "./api.js";
import { navigate } from "./router.js";
import { copy, html, useApi, useState } from "./components.js";

export const Empty = ({ children }) => html`<section class="empty">${children}</section>`;

const CommandLine = ({ text }) => html`<div class="line"><code tabindex="0">${text}</code><button aria-label=${`Copy ${text}`} onClick=${() => copy(text)}>Copy</button></div>`;

let known = ""; // the DSN, for the time while the inbox is away

export function Welcome() {
  const [info] = useApi("/info", {});
  const dsn = (known = info?.dsn || known);
  const lines = [`export DRHTTP_DSN=${dsn}`, "drhttp inbox run -- flask run"];
  return html`<${Empty}>
    <h2>No requests yet</h2>
    <p>Set this DSN for your application. Its requests appear here as they happen.</p>
    ${lines.map((line) => html`<${CommandLine} text=${line} key=${line} />`)}
    <p class="dim">The second command runs your application with the DSN set. To record a Flask application, add this below <code>app = Flask(__name__)</code>:</p>
    <pre class="mono" tabindex="0">${`import drhttp\n\napp.wsgi_app = drhttp.WSGIMiddleware(app.wsgi_app, dsn="${dsn}")`}</pre>
  <//>`;
}

export const NoMatches = ({ query }) => html`<${Empty}><h2>No matching records</h2>
  <p>No records match <code>${query}</code>. New matching records appear automatically.</p>
  <p><button onClick=${() => navigate({ q: "" })}>Show all records</button></p><//>`;

export const InvalidQuery = ({ problem }) => html`<${Empty}><h2>Invalid query</h2><p>${problem.message}</p>
  <p><button onClick=${() => navigate({ q: "" })}>Show all records</button></p><//>`;

/** A form for the token, shown if there is none or if it is not valid. */
export function TokenPrompt({ refusal, onOpen }) {
  const [wrong, setWrong] = useState(false);
  const enter = (event) => {
    event.preventDefault();
    if (storeToken(event.target.elements.address.value)) onOpen();
    else setWrong(true);
  };
  return html`<main><section class="empty token-prompt"><h1>drhttp inbox</h1>
    ${refusal && html`<p class="problem" role="alert">${refusal}</p>`}
    <p>Access requires the token of the running inbox. Open the URL that <code>drhttp inbox</code> printed when it started, or paste it here.</p>
    <form onSubmit=${enter}><input name="address" class="mono" aria-label="URL or token" placeholder="http://127.0.0.1:8399/#token=…" autocomplete="off" /><button class="main">Open</button></form>
    ${wrong && html`<p class="problem" role="alert">No token found. Paste the whole URL or the token.</p>`}
  </section></main>`;
}
