// One step from a failed record to its comparison with the last success of the same endpoint and user.

import { get } from "./api.js";
import { navigate } from "./router.js";
import { notify } from "./components.js";

export async function compareWithLastSuccess(n) {
  const { record, complete } = await get(`/records/${n}/last-success`);
  if (record) return navigate({ view: "compare", left: record.n, right: n, n: "", tab: "overview" });
  return notify(complete ? "The inbox has no success of this endpoint." : "No success of this endpoint was found among the newest records.");
}
