// The dialog about the inbox: its settings, export, import, and deletion of records.

import { download, send } from "./api.js";
import { count, moment, plural, size } from "./format.js";
import { Dialog, html, Problem, notify, useApi, useMounted, useState } from "./components.js";

export function InboxDialog({ feed, query, onClose }) {
  const [info, problem, again] = useApi("/info", {});
  const [failure, setFailure] = useState(null);
  const [sure, setSure] = useState(false);
  const mounted = useMounted();
  const attempt = (work) => () => (setFailure(null), work().catch(setFailure));
  const save = (as) => attempt(async () => {
    await download("/export", { q: query, as }, `drhttp-inbox.${as}`);
    notify("Exported.");
  });
  const importFile = async (event) => {
    const [file] = event.target.files;
    const data = await send("POST", "/import", file);
    notify([`${plural(data.imported, "record")} imported, ${count(data.known)} already present, ${count(data.refused)} rejected.`, ...data.remarks.slice(0, 2)].join(" "));
    feed.reload();
    again();
  };
  const clear = async () => {
    const data = await send("DELETE", "/records", undefined, { q: query });
    notify(`${plural(data.deleted, "record")} deleted.`);
    feed.reload();
    if (mounted()) onClose();
  };
  return html`<${Dialog} title="Inbox" onClose=${onClose}>
    <${Problem} problem=${problem || failure} />
    ${info && html`<table class="pairs properties" aria-label="About"><tbody>${[
      ["DSN", info.dsn], ["File", info.file], ["Records", `${count(info.records)} of ${count(info.limits.records)}, ${count(info.pinned)} pinned`],
      ["Size", `${size(info.bytes)} of ${size(info.limits.bytes)}`], ["Retention", plural(info.limits.days, "day")], ["Oldest", moment(info.oldest)],
      ["Running since", moment(info.started)], ["Version", info.version],
    ].map(([label, value]) => html`<tr><th scope="row">${label}</th><td>${value}</td></tr>`)}</tbody></table>`}
    <h3 id="export-title">${query ? html`Records matching <code>${query}</code>` : "All records"}</h3>
    <p class="buttons start" role="group" aria-labelledby="export-title"><button onClick=${save("har")}>Export as HAR</button><button onClick=${save("jsonl")}>Export as JSON Lines</button>
      <button class=${sure ? "danger" : ""} onClick=${sure ? attempt(clear) : () => setSure(true)}>${sure ? `Delete ${query ? "matching" : "all"} records? Pinned records are kept` : "Delete …"}</button></p>
    <h3 id="import-title">Import</h3>
    <p class="buttons start" role="group" aria-labelledby="import-title"><label class="button">Import HAR file<input type="file" accept=".har,application/json" onChange=${(event) => attempt(() => importFile(event))()} /></label>
      <span class="dim">Adds its records to the inbox, whatever the query is.</span></p>
    <p class="buttons"><button class="main" onClick=${onClose}>Close</button></p><//>`;
}
