// A button that shows and hides a menu of further actions.

import { html, useLayoutEffect, useRef, useState } from "./components.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/**
 * The menu takes the focus, and goes at Escape, at a click beside it, when the focus leaves it, and with the action
 * that was chosen.
 */
export function Menu({ id, label, title, children }) {
  const [open, setOpen] = useState(false);
  const box = useRef();
  const button = useRef();
  const items = () => [...box.current.querySelectorAll(".menu button:not(:disabled)")];
  const close = () => {
    if (box.current?.contains(document.activeElement)) button.current.focus(); // an action may have moved the focus
    setOpen(false);
  };
  useLayoutEffect(() => { // before the next key, which belongs to the menu
    if (!open) return undefined;
    items()[0].focus();
    const leave = ({ target }) => box.current.contains(target) || setOpen(false);
    ["pointerdown", "focusin"].forEach((name) => document.addEventListener(name, leave));
    return () => ["pointerdown", "focusin"].forEach((name) => document.removeEventListener(name, leave));
  }, [open]);
  const press = (event) => {
    const step = STEPS[event.key];
    if (!open || (!step && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    if (!step) return close();
    const all = items();
    all.at((all.indexOf(document.activeElement) + step + all.length) % all.length).focus();
  };
  return html`<span class="menu-box" ref=${box} onKeyDown=${press}>
    <button ref=${button} aria-expanded=${open} aria-controls=${open ? id : null} title=${title} onClick=${() => setOpen(!open)}>${label} <i aria-hidden="true">▾</i></button>
    ${open && html`<span class="menu" id=${id} role="group" aria-label=${label} onClick=${(event) => event.target.closest("button") && close()}>${children}</span>`}
  </span>`;
}
