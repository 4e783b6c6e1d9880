// The separator between list and record, which can be dragged or moved with arrow keys.

import { html, useEffect, useState } from "./components.js";

const STORAGE_KEY = "drhttp-pane";

export function Splitter() {
  const [share, setShare] = useState(Number(localStorage.getItem(STORAGE_KEY)) || 46);
  const set = (wanted) => {
    const next = Math.min(75, Math.max(25, Math.round(wanted)));
    localStorage.setItem(STORAGE_KEY, next);
    setShare(next);
  };
  useEffect(() => document.documentElement.style.setProperty("--pane", `${share}%`), [share]);
  const drag = (event) => event.currentTarget.hasPointerCapture(event.pointerId) && set(100 - (event.clientX / innerWidth) * 100);
  const press = (event) => set(share + ({ ArrowLeft: 3, ArrowRight: -3 }[event.key] || 0));
  return html`<div class="splitter" role="separator" tabindex="0" aria-label="Width of the record pane" aria-orientation="vertical" aria-valuenow=${share} aria-valuemin="25" aria-valuemax="75"
    onPointerDown=${(event) => event.currentTarget.setPointerCapture(event.pointerId)} onPointerMove=${drag} onKeyDown=${press}></div>`;
}
