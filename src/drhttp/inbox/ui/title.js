// The title of the tab: what is shown in it, and how many records nobody has seen yet.

import { useEffect, useRef, useState } from "./components.js";

const NAME = "drhttp inbox";

/** What tells tabs apart: the record that is open, or else the view and the query. */
function subject(at, record) {
  if (at.view === "compare") return [at.left && at.right ? `Records ${at.left} and ${at.right}` : "Comparison"];
  if (record) return [`${record.method || "–"} ${record.path}`];
  return [at.view === "requests" ? "" : at.view[0].toUpperCase() + at.view.slice(1), at.q];
}

/** Count what arrives while the tab is in the background, or while the list is paused. */
export function useTitle(feed, at, record) {
  const [hidden, setHidden] = useState(document.hidden);
  const since = useRef(feed.seen);
  useEffect(() => {
    const change = () => ((since.current = feed.seen), setHidden(document.hidden));
    document.addEventListener("visibilitychange", change);
    return () => document.removeEventListener("visibilitychange", change);
  }, []);
  const count = hidden ? feed.seen - since.current : feed.paused ? feed.waiting : 0;
  const title = (count > 0 ? `(${count}) ` : "") + [...subject(at, record), NAME].filter(Boolean).join(" · ");
  useEffect(() => void (document.title = title), [title]);
}
