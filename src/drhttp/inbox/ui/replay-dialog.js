// The dialog that sends a recorded request again.

import { send } from "./api.js";
import { Dialog, html, Problem, notify, Text, useMounted, useState } from "./components.js";

export function Replay({ record, onClose, onOpen }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const mounted = useMounted();
  const start = async () => {
    setBusy(true);
    try {
      const answer = await send("POST", `/records/${record.n}/replay`, { confirm: true });
      notify(["Replayed.", ...answer.remarks].join(" "));
      if (!mounted()) return; // the dialog was closed, and another record may be open
      onClose();
      onOpen(answer.record.n);
    } catch (error) {
      setBusy(false);
      setProblem(error);
    }
  };
  return html`<${Dialog} title="Send this request again?" onClose=${onClose}>
    <p class="mono wrap"><b>${record.method}</b> <${Text} text=${record.url} /></p>
    <p class="dim">${record.can_replay ? "The request goes to its original host. Masked headers are left out. The application handles it like any other request." : record.replay_refusal}</p>
    <${Problem} problem=${problem} />
    <p class="buttons"><button onClick=${onClose}>Cancel</button><button class="main" disabled=${busy || !record.can_replay} onClick=${start}>Send ${record.method} again</button></p><//>`;
}
