// Which columns the list needs: those that are empty, or the same in every row, say nothing.

import { COLUMNS, sortedBy } from "./sorting.js";

const OPTIONAL = ["direction", "host", "user", "device"];
const ownHost = (record) => (record.direction === "in" ? record.host : null); // the others show their host with the path

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
