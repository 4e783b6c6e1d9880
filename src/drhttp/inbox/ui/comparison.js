// The way from a record to a comparison and back: the record that is open stays in the address.

import { get } from "./api.js";
import { navigate } from "./router.js";
import { notify } from "./components.js";

export const compareRecords = (left, right) => navigate({ view: "compare", left, right });

export const leaveComparison = () => navigate({ view: "requests" });

/** One step from a failed record to its comparison with the last success of the same endpoint and user. */
export async function compareWithLastSuccess(n) {
  const { record, complete } = await get(`/records/${n}/last-success`);
  if (record) return compareRecords(record.n, n);
  return notify(complete ? "The inbox has no success of this endpoint." : "No success of this endpoint was found among the newest records.");
}
