// A small bar chart of counts.

import { html } from "./components.js";

export function Sparkline({ counts, label }) {
  const most = Math.max(1, ...counts);
  return html`<svg class="sparkline" viewBox="0 0 ${counts.length * 10} 24" preserveAspectRatio="none" role="img" aria-label=${label}>
    ${counts.map((value, at) => value > 0 && html`<rect x=${at * 10 + 1} width="8" y=${24 - Math.max(2, (value / most) * 24)} height=${Math.max(2, (value / most) * 24)} />`)}</svg>`;
}
