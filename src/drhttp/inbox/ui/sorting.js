// The order of the list: what the address says of it, and how records compare in it.

/** The columns of the list. `descending` is how a first click sorts; `value` is what of a record is compared. */
export const COLUMNS = [
  { name: "time", label: "Time", part: "time", descending: true, value: (record) => record.time },
  { name: "direction", label: "Dir", part: "dir", value: (record) => record.direction },
  { name: "method", label: "Method", part: "method-cell", value: (record) => record.method },
  { name: "host", label: "Host", part: "host-cell", value: (record) => record.host },
  { name: "path", label: "Path", part: "path", value: (record) => record.path },
  { name: "status", label: "Status", part: "status-cell", descending: true, value: (record) => record.status },
  { name: "duration", label: "Duration", part: "duration", descending: true, value: (record) => record.duration_ms },
  { name: "size", label: "Size", part: "size", descending: true, value: (record) => record.response_size },
  { name: "user", label: "User", part: "user", value: (record) => record.user },
  { name: "device", label: "Device", part: "device", value: (record) => record.device },
];

const parsed = (order) => ({ name: order.replace(/^-/, ""), descending: order.startsWith("-") });

/** The order of the address if it is one, else that of arrival. */
export const validOrder = (order) => (COLUMNS.some(({ name }) => name === parsed(order).name) ? order : "");

/** "ascending", "descending", or null if the list is not sorted by this column. */
export function sortedBy(order, column) {
  const { name, descending } = parsed(order);
  return name === column.name ? (descending ? "descending" : "ascending") : null;
}

/** The order after a click on a column: its own direction first, then the other one, then the order of arrival. */
export function nextOrder(order, { name, descending }) {
  const first = descending ? `-${name}` : name;
  const other = descending ? name : `-${name}`;
  return order === first ? other : order === other ? "" : first;
}

/** A comparison of records as the inbox sorts them: unknown values last, equal ones from the newest on. */
export function comparison(order) {
  const { name, descending } = parsed(order);
  const { value } = COLUMNS.find((column) => column.name === name);
  return (one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === b) return other.n - one.n;
    if (a === null || a === undefined) return 1;
    if (b === null || b === undefined) return -1;
    return (a < b ? -1 : 1) * (descending ? -1 : 1);
  };
}

/** The rows with fresh records put where they belong; what belongs after the last row comes with a later page. */
export function insertSorted(rows, fresh, order, more) {
  const compare = comparison(order);
  const last = rows.at(-1);
  const fitting = fresh.filter((record) => !more || !last || compare(record, last) < 0);
  return [...rows, ...fitting].sort(compare);
}
