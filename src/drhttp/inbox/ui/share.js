// Sharing one record: as an HTML file that shows it offline, or as HAR; secrets are masked in both.

import { download } from "./api.js";
import { plural } from "./format.js";
import { html, notify } from "./components.js";

async function share({ n, hidden }, as) {
  await download("/export", { as, n }, `drhttp-${n}.${as}`);
  notify(hidden.count ? `Saved, with ${plural(hidden.count, "value")} masked.` : "Saved.");
}

export const Share = ({ record }) => html`<span class="group" role="group" aria-label="Share as"><span class="dim">Share</span>
  ${[["html", "HTML"], ["har", "HAR"]].map(([as, label]) => html`<button title=${`Save this record as a ${label} file, with secrets masked`} onClick=${() => share(record, as).catch((problem) => notify(problem.message))}>${label}</button>`)}</span>`;
