// The title of the tab: it counts the records that nobody has seen yet.

import { useEffect, useRef, useState } from "./components.js";

const TITLE = "drhttp inbox";

/** Count what arrives while the tab is in the background, or while the list is paused. */
export function useTitle(feed) {
  const [hidden, setHidden] = useState(document.hidden);
  const since = useRef(feed.seen);
  useEffect(() => {
    const change = () => ((since.current = feed.seen), setHidden(document.hidden));
    document.addEventListener("visibilitychange", change);
    return () => document.removeEventListener("visibilitychange", change);
  }, []);
  const count = hidden ? feed.seen - since.current : feed.paused ? feed.waiting : 0;
  useEffect(() => void (document.title = count > 0 ? `(${count}) ${TITLE}` : TITLE), [count]);
}
