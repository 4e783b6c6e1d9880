// Outbound calls under the request that made them: which lines the list has, and which of them are unfolded.

import { get, newestOnly } from "./api.js";
import { useEffect, useRef, useState } from "./components.js";

/** The unfolded requests: `calls` maps a request's number to the calls that are known of it. */
export function useNest(feed) {
  const [calls, setCalls] = useState(new Map());
  const now = useRef(calls);
  const newest = useRef(newestOnly());
  now.current = calls;
  const put = (change) => {
    const next = new Map(now.current);
    change(next);
    setCalls((now.current = next));
  };
  const load = async ({ n, span_id: span }) => {
    const told = await newest.current(n, () => get(`/records/${n}`)).catch(() => null);
    if (told && now.current.has(n)) put((next) => next.set(n, { span, known: told.calls }));
  };
  const open = (record) => {
    if (now.current.has(record.n)) return;
    put((next) => next.set(record.n, { span: record.span_id, known: [] }));
    load(record);
  };
  const close = (record) => put((next) => next.delete(record.n));
  useEffect(() => {
    const touch = (numbers, records) => now.current.forEach(({ span }, n) => {
      if (records.some((one) => one.parent_id === span)) load({ n, span_id: span });
    });
    feed.touched.add(touch);
    return () => feed.touched.delete(touch);
  }, []);
  return { calls, open, close };
}

const nests = (record) => record.direction === "in" && record.span_id;

/** The request among the rows that made a call; calls whose request is not there stand for themselves. */
export function parentOf(rows, record) {
  return record.direction === "out" && record.parent_id ? rows.find((row) => nests(row) && row.span_id === record.parent_id) : undefined;
}

/** The lines of the list: rows in their order, calls folded into their request or, if it is open, below it. Each once. */
export function nested(rows, open) {
  const found = new Map(rows.filter(nests).map((row) => [row.span_id, []]));
  const top = rows.filter((row) => {
    const under = row.direction === "out" && found.get(row.parent_id);
    if (under) under.push(row);
    return !under;
  });
  const placed = new Set(top.map((row) => row.n));
  const once = ({ n }) => !placed.has(n) && placed.add(n);
  return top.flatMap((record) => {
    if (!nests(record)) return [{ record, level: 1, calls: 0 }];
    const here = found.get(record.span_id);
    const unfolded = open.get(record.n);
    const line = { record, level: 1, calls: Math.max(record.children, here.length), open: Boolean(unfolded), failed: here.some((one) => one.error) };
    return unfolded ? [line, ...merged(unfolded.known, here).filter(once).map((one) => ({ record: one, level: 2, calls: 0 }))] : [line];
  });
}

/** Calls that were asked for and calls that came by themselves, each once, in the order of time. */
function merged(known, here) {
  const all = new Map([...known, ...here].map((one) => [one.n, one]));
  return [...all.values()].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.n - b.n));
}
