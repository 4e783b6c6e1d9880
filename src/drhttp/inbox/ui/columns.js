// Which columns the list needs: those that are empty, or the same in every row, say nothing.

import { COLUMNS, sortedBy } from "./sorting.js";

const OPTIONAL = ["direction", "host", "user", "device"];
const ownHost = (record) => (record.direction === "in" ? record.host : null); // the others show their host with the path

/** The widths that the longest number, host and user need, in characters: a host that is cut would not say which it is. */
export function columnWidths(rows) {
  const longest = (value) => rows.reduce((most, row) => Math.max(most, String(value(row) ?? "").length), 0);
  return { "--number": longest(({ n }) => n) + 1, "--host": Math.min(longest(({ host }) => host), 40), "--user": Math.min(longest(({ user }) => user), 40) };
}

/** Whether all rows have the same value, and which. */
function constant(rows, value) {
  const first = rows.length ? value(rows[0]) ?? null : null;
  return { same: rows.every((row) => (value(row) ?? null) === first), first };
}

/**
 * The columns that are hidden, as a set of names, and [label, value] of what is the same in every row. Rows below the
 * request that sent them say so by their place, so `lines` decide about the direction.
 */
export function hiddenColumns(rows, lines, order) {
  const placed = lines.filter(({ level }) => level === 1).map(({ record }) => record);
  const hidden = new Set();
  const same = [];
  for (const column of COLUMNS.filter(({ name }) => OPTIONAL.includes(name))) {
    const isHost = column.name === "host";
    const compared = { host: rows.filter((row) => row.direction === "in"), direction: placed }[column.name] ?? rows;
    const { same: constantly, first } = constant(compared, isHost ? ownHost : column.value);
    if (!constantly || sortedBy(order, column)) continue;
    hidden.add(column.name);
    if (first && column.name !== "direction") same.push([column.name, first]);
  }
  return { hidden, same };
}
