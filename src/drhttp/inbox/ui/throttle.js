// A throttled value, so that a busy stream does not cause a request for each record.

import { useEffect, useRef, useState } from "./components.js";

const INTERVAL = 2_000; // milliseconds between two updates

export function useThrottled(value) {
  const [throttled, setThrottled] = useState(value);
  const latest = useRef(value);
  latest.current = value;
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setThrottled(latest.current), INTERVAL);
    return () => clearInterval(timer);
  }, []);
  return throttled;
}
