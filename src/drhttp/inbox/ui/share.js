// Sharing one record: as an HTML file that shows it offline, or as HAR, with secrets masked in both; or as a link.

import { download, get } from "./api.js";
import { plural } from "./format.js";
import { copyLink } from "./share-link.js";
import { html, notify } from "./components.js";

async function share({ n, hidden }, as) {
  await download("/export", { as, n }, `drhttp-${n}.${as}`);
  notify(hidden.count ? `Saved, with ${plural(hidden.count, "value")} masked.` : "Saved.");
}

/** Share a record of which only the number is known: as the file that needs no program. */
export const shareByNumber = async (n) => share(await get(`/records/${n}`), "html");

const showError = (problem) => notify(problem.message);

export const Share = ({ record }) => html`<span role="group" aria-label="Share as"><span class="dim">Share as</span>
  ${[["html", "HTML"], ["har", "HAR"]].map(([as, label]) => html`<button title=${`Save this record as a ${label} file, with secrets masked`} onClick=${() => share(record, as).catch(showError)}>${label}</button>`)}
  <button title="Copy a link to this view, for another browser on this machine too" onClick=${() => copyLink().catch(showError)}>Link</button></span>`;
