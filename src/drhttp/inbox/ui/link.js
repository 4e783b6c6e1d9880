// Links within the page that also work in a new tab, followed without a page load.

import { navigate, href } from "./router.js";
import { html } from "./components.js";

const opensNewTab = (event) => event.metaKey || event.ctrlKey || event.shiftKey || event.button > 0;

/** A link to the current URL with some parts changed. */
export function Link({ to, children, onFollow, ...more }) {
  const follow = (event) => opensNewTab(event) || (event.preventDefault(), navigate(to), onFollow?.());
  return html`<a ...${more} href=${href(to)} onClick=${follow}>${children}</a>`;
}
