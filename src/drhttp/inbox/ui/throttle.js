// A number that follows another at a walk, so that a busy stream does not mean a request for each record.

import { useEffect, useRef, useState } from "./components.js";

const EVERY = 2_000; // milliseconds between two looks while records arrive

export function useBeat(value) {
  const [beat, setBeat] = useState(value);
  const now = useRef(value);
  now.current = value;
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setBeat(now.current), EVERY);
    return () => clearInterval(timer);
  }, []);
  return beat;
}
