// The charts of matching records above the list, one at a time.

import { useThrottled } from "./throttle.js";
import { Histogram } from "./histogram.js";
import { html, Tabs, useState } from "./components.js";
import { Scatter } from "./scatter.js";

const STORAGE_KEY = "drhttp-chart";
const CHARTS = { time: Histogram, latency: Scatter };

export function Charts({ feed, query, onOpen }) {
  const [chosen, setChosen] = useState(localStorage.getItem(STORAGE_KEY) || "time");
  const refresh = useThrottled(feed.arrived);
  const choose = (name) => (localStorage.setItem(STORAGE_KEY, name), setChosen(name));
  const Chosen = CHARTS[chosen];
  return html`<section class="charts" aria-label="Charts">
    <${Tabs} small label="Chart" items=${[["time", "Requests"], ["latency", "Latency"], ["off", "Hide"]]} chosen=${chosen} onChoose=${choose} />
    ${Chosen && html`<${Chosen} query=${query} refresh=${refresh} onOpen=${onOpen} />`}
  </section>`;
}
