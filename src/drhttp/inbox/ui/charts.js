// Pictures of what matches the query, one at a time, over the list.

import { useBeat } from "./throttle.js";
import { Histogram } from "./histogram.js";
import { html, Tabs, useState } from "./components.js";
import { Scatter } from "./scatter.js";

const KEPT = "drhttp-picture";
const PICTURES = { time: Histogram, latency: Scatter };

export function Pictures({ feed, query, onOpen }) {
  const [chosen, setChosen] = useState(localStorage.getItem(KEPT) || "time");
  const beat = useBeat(feed.arrived);
  const choose = (name) => (localStorage.setItem(KEPT, name), setChosen(name));
  const Chosen = PICTURES[chosen];
  return html`<section class="pictures" aria-label="Charts">
    <${Tabs} small label="Chart" items=${[["time", "Requests"], ["latency", "Latency"], ["off", "Hide"]]} chosen=${chosen} onChoose=${choose} />
    ${Chosen && html`<${Chosen} query=${query} beat=${beat} onOpen=${onOpen} />`}
  </section>`;
}
