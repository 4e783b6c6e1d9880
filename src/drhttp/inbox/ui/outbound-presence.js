// Whether the inbox has outbound requests: without any, what is about them is not offered.

import { get } from "./api.js";
import { useEffect, useMemo, useState } from "./components.js";

const isOutbound = (record) => record.direction === "out" || record.children > 0;

export function useOutbound(feed) {
  const [found, setFound] = useState(false);
  const ready = feed.shown !== null || feed.state === "refused"; // the list comes first: this looks at all records
  const listed = useMemo(() => feed.rows.some(isOutbound), [feed.rows]);
  useEffect(() => {
    if (!ready) return;
    const stop = new AbortController();
    // If it takes too long to look at all records, there may be some.
    get("/records", { q: "dir:out", limit: 1 }, stop.signal).then(({ records, complete }) => setFound(records.length > 0 || !complete), () => {});
    return () => stop.abort();
  }, [feed.reloads, ready]);
  useEffect(() => {
    const onRecords = (numbers, records) => records.some(isOutbound) && setFound(true);
    feed.listeners.add(onRecords);
    return () => feed.listeners.delete(onRecords);
  }, []);
  return found || listed;
}
