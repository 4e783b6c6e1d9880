// The charts of matching records above the list, one at a time.

import { useRefresh, useSettled } from "./throttle.js";
import { Histogram } from "./histogram.js";
import { html, Tabs, useState } from "./components.js";
import { Scatter } from "./scatter.js";
import { useWidth } from "./time-chart.js";

const STORAGE_KEY = "drhttp-chart";
const CHARTS = { time: Histogram, latency: Scatter };

export function Charts({ feed, query, onOpen, onTotal }) {
  const [chosen, setChosen] = useState(localStorage.getItem(STORAGE_KEY) || "time");
  const refresh = useRefresh(feed);
  const settled = useSettled(query);
  const choose = (name) => (localStorage.setItem(STORAGE_KEY, name), setChosen(name));
  return html`<section class="charts" aria-label="Charts">
    <${Tabs} small label="Chart" items=${[["time", "Requests"], ["latency", "Latency"], ["off", "Hide"]]} chosen=${chosen} onChoose=${choose} />
    ${CHARTS[chosen] && html`<${Plot} of=${CHARTS[chosen]} key=${chosen} query=${settled} until=${feed.until} refresh=${refresh} onOpen=${onOpen} onTotal=${onTotal} />`}
  </section>`;
}

/** The room of a chart: its height is the same before the data arrives, so that nothing below moves. */
function Plot({ of: Chart, ...more }) {
  const [box, width] = useWidth();
  return html`<div class="plot"><div class="canvas" ref=${box}><${Chart} ...${more} width=${width} /></div></div>`;
}
