// Links within the page: plain addresses that another tab can open, followed without loading the page anew.

import { go, href } from "./router.js";
import { html } from "./components.js";

const elsewhere = (event) => event.metaKey || event.ctrlKey || event.shiftKey || event.button > 0;

/** A link to this page with some parts of its address changed. */
export function Link({ to, children, ...more }) {
  const follow = (event) => elsewhere(event) || (event.preventDefault(), go(to));
  return html`<a ...${more} href=${href(to)} onClick=${follow}>${children}</a>`;
}
