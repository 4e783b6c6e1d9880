// Which columns the list needs: those that are empty, or the same in every row, say nothing.

import { COLUMNS, sortedBy } from "./sorting.js";

const OPTIONAL = ["direction", "host", "user", "device"];
const ownHost = (record) => (record.direction === "in" ? record.host : null); // the others show their host with the path

/** The widths that the longest number and host need, in characters: a host that is cut would not say which it is. */
export function columnWidths(rows) {
  const [number, host] = rows.reduce(([n, at], row) => [Math.max(n, row.n), Math.max(at, row.host?.length ?? 0)], [0, 0]);
  return { "--number": String(number).length + 1, "--host": Math.min(host, 40) };
}

/** Whether all rows have the same value, and which. */
function constant(rows, value) {
  const first = rows.length ? value(rows[0]) ?? null : null;
  return { same: rows.every((row) => (value(row) ?? null) === first), first };
}

/** The columns that are hidden, as a set of names, and [label, value] of what is the same in every row. */
export function hiddenColumns(rows, order) {
  const hidden = new Set();
  const same = [];
  for (const column of COLUMNS.filter(({ name }) => OPTIONAL.includes(name))) {
    const isHost = column.name === "host";
    const { same: constantly, first } = constant(isHost ? rows.filter((row) => row.direction === "in") : rows, isHost ? ownHost : column.value);
    if (!constantly || sortedBy(order, column)) continue;
    hidden.add(column.name);
    if (first && column.name !== "direction") same.push([column.name, first]);
  }
  return { hidden, same };
}
