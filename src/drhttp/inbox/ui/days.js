// Dates in the list: a line between the records of two days, and a time that names its day if that is not today.

const LONG = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (value) => String(value).padStart(2, "0");

const today = () => new Date().toDateString();

/** The day of a record, which is worked out once: lists of thousands are gone through whenever a record arrives. */
const dayOf = (record) => (record.day ??= new Date(record.time).toDateString());
const dayOfArrival = (record) => (record.arrivalDay ??= new Date(record.received).toDateString());

export const isToday = (record) => dayOf(record) === today();

export function allToday(records) {
  const day = today();
  return records.every((record) => dayOf(record) === day);
}

/** A time of another day than today, in as much room as there is, as its parts: "Nov 28 16:05", ":01". */
export function datedClock(iso) {
  const time = new Date(iso);
  return [`${MONTHS[time.getMonth()]} ${time.getDate()} ${two(time.getHours())}:${two(time.getMinutes())}`, `:${two(time.getSeconds())}`];
}

/**
 * The lines with one more where another day begins; the first day needs none if it is today. The days are those of
 * the order: of the requests in a list by time, and of their arrival in a list by that, where it says so.
 */
export function withDays(lines, order) {
  if (order && !order.endsWith("time")) return lines;
  const found = [];
  let day = today();
  for (const line of lines) {
    const here = order ? dayOf(line.record) : dayOfArrival(line.record);
    if (line.level === 1 && here !== day) {
      day = here;
      const text = new Date(order ? line.record.time : line.record.received).toLocaleDateString("en", LONG);
      found.push({ divider: order ? text : `Arrived on ${text}`, record: { n: `day-${line.record.n}` }, level: 1 });
    }
    found.push(line);
  }
  return found;
}
