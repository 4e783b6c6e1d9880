// Which columns the list needs: those that are empty, or the same in every row, say nothing.

import { COLUMNS, sortedBy } from "./sorting.js";

const OPTIONAL = ["direction", "host", "user", "device"];
const ownHost = (record) => (record.direction === "in" ? record.host : null); // the others show their host with the path

function distinct(rows, value) {
  const found = new Set();
  for (const row of rows) {
    found.add(value(row) ?? null);
    if (found.size > 1) break;
  }
  return found;
}

/** The columns that are hidden, as a set of names, and [label, value] of what is the same in every row. */
export function hiddenColumns(rows, order) {
  const hidden = new Set();
  const same = [];
  for (const column of COLUMNS.filter(({ name }) => OPTIONAL.includes(name))) {
    const isHost = column.name === "host";
    const values = distinct(isHost ? rows.filter((row) => row.direction === "in") : rows, isHost ? ownHost : column.value);
    if (values.size > 1 || sortedBy(order, column)) continue;
    hidden.add(column.name);
    const [value] = values;
    if (value && column.name !== "direction") same.push([column.name, value]);
  }
  return { hidden, same };
}
