// Values that change less often: so that a busy stream does not cause a request for each record, nor typing one for each letter.

import { useEffect, useRef, useState } from "./components.js";

const INTERVAL = 2_000; // milliseconds between two updates
const PAUSE = 250; // milliseconds after the last change

function useThrottled(value) {
  const [throttled, setThrottled] = useState(value);
  const latest = useRef(value);
  latest.current = value;
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setThrottled(latest.current), INTERVAL);
    return () => clearInterval(timer);
  }, []);
  return throttled;
}

/** What charts and tables are loaded again for: new records, now and then; and at once what the list was reloaded for. */
export const useRefresh = (feed) => `${useThrottled(feed.arrived)} ${feed.reloads}`;

/** The value, once it has not changed for a moment: a chart counts all records, and the list should not wait for that. */
export function useSettled(value) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
