// The order of the list: what the address says of it, and how records compare in it.

/** The order of arrival, which has no name in the address: the newest number comes first. */
const ARRIVAL = "arrival";

/** The columns of the list. `descending` is how a first click sorts; `value` is what of a record is compared. */
export const COLUMNS = [
  { name: ARRIVAL, label: "#", part: "record-number", descending: true, hint: "In the order of arrival, which is not quite that of time", value: (record) => record.n },
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

/** The columns that an order of the address may name. */
export const SORTABLE = COLUMNS.filter(({ name }) => name !== ARRIVAL);

const parsed = (order) => ({ name: order.replace(/^-/, ""), descending: order.startsWith("-") });

/** The order of the address if it is one, else that of arrival. */
export const validOrder = (order) => (SORTABLE.some(({ name }) => name === parsed(order).name) ? order : "");

/** "ascending", "descending", or null if the list is not sorted by this column. */
export function sortedBy(order, column) {
  const { name, descending } = parsed(order || `-${ARRIVAL}`);
  return name === column.name ? (descending ? "descending" : "ascending") : null;
}

/** The order after a click on a column: its own direction first, then the other one, then the order of arrival. */
export function nextOrder(order, { name, descending }) {
  if (name === ARRIVAL) return "";
  const first = descending ? `-${name}` : name;
  const other = descending ? name : `-${name}`;
  return order === first ? other : order === other ? "" : first;
}

/** The order in words, for screens without headings: "Time ↓". */
export const orderInWords = (order) => {
  const { name, descending } = parsed(order || `-${ARRIVAL}`);
  return `${name === ARRIVAL ? "arrival" : COLUMNS.find((column) => column.name === name).label.toLowerCase()} ${descending ? "↓" : "↑"}`;
};

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
