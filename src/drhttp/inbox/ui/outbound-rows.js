// Outbound requests below the request that sent them: the lines of the list, and which of them are expanded.

import { get, newestOnly } from "./api.js";
import { useEffect, useRef, useState } from "./components.js";

/** The expanded requests; `calls` maps the number of a record to its outbound requests. */
export function useExpandedRequests(feed) {
  const [calls, setCalls] = useState(new Map());
  const latest = useRef(calls);
  const newest = useRef(newestOnly());
  latest.current = calls;
  const update = (change) => {
    const next = new Map(latest.current);
    change(next);
    setCalls((latest.current = next));
  };
  const load = async ({ n, span_id: span }) => {
    const record = await newest.current(n, () => get(`/records/${n}`)).catch(() => null);
    if (record && latest.current.has(n)) update((next) => next.set(n, { span, known: record.calls }));
  };
  const open = (record) => {
    if (latest.current.has(record.n)) return;
    update((next) => next.set(record.n, { span: record.span_id, known: [] }));
    load(record);
  };
  const close = (record) => update((next) => next.delete(record.n));
  useEffect(() => {
    const onRecords = (numbers, records) => latest.current.forEach(({ span }, n) => {
      if (records.some((one) => one.parent_id === span)) load({ n, span_id: span });
    });
    feed.listeners.add(onRecords);
    return () => feed.listeners.delete(onRecords);
  }, []);
  return { calls, open, close };
}

/** Expand the request that is open, so that a click shows what it sent as a link does; `show` scrolls there after a link. */
export function useCallsOfOpened(rows, opened, expanded, show) {
  const linked = useRef(opened); // what is open when the list appears
  const scrolls = useRef(false); // only then: later, the list stays where it is being read
  const done = useRef(null); // once for each time that it is opened, so that it can be collapsed
  const record = done.current === opened ? undefined : rows.find((row) => row.n === opened);
  useEffect(() => {
    if (!opened) done.current = null;
    if (record && isParent(record) && record.children) {
      scrolls.current = linked.current === opened;
      expanded.open(record);
    }
    if (record) done.current = opened;
    if (record || opened !== linked.current) linked.current = null;
  }, [opened, Boolean(record)]);
  const calls = expanded.calls.get(opened)?.known.length || 0;
  useEffect(() => {
    if (calls && scrolls.current) show(calls);
    if (calls) scrolls.current = false;
  }, [calls]);
}

const isParent = (record) => record.direction === "in" && record.span_id;

/** The row of the request that sent an outbound request, if it is in the list. */
export function parentOf(rows, record) {
  return record.direction === "out" && record.parent_id ? rows.find((row) => isParent(row) && row.span_id === record.parent_id) : undefined;
}

/** The lines of the list: outbound requests are below the request that sent them, or left out if it is collapsed. */
export function flattenRows(rows, open, sorted) {
  if (sorted) return rows.map((record) => ({ record, level: 1, calls: 0 })); // each has its own place
  const found = new Map(rows.filter(isParent).map((row) => [row.span_id, []]));
  const top = rows.filter((row) => {
    const under = row.direction === "out" && found.get(row.parent_id);
    if (under) under.push(row);
    return !under;
  });
  const placed = new Set(top.map((row) => row.n));
  const once = ({ n }) => !placed.has(n) && placed.add(n);
  return top.flatMap((record) => {
    if (!isParent(record)) return [{ record, level: 1, calls: 0 }];
    const here = found.get(record.span_id);
    const expanded = open.get(record.n);
    const line = { record, level: 1, calls: Math.max(record.children, here.length), open: Boolean(expanded), failed: record.failed_children > 0 || mergeCalls(expanded?.known || [], here).some((one) => one.error) };
    return expanded ? [line, ...mergeCalls(expanded.known, here).filter(once).map((one) => ({ record: one, level: 2, calls: 0 }))] : [line];
  });
}

/** The outbound requests that were loaded and those in the list, without duplicates, by time. */
function mergeCalls(known, here) {
  const all = new Map([...known, ...here].map((one) => [one.n, one]));
  return [...all.values()].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.n - b.n));
}
