// Dates in the list: a line between the records of two days, and a time that names its day if that is not today.

const LONG = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (value) => String(value).padStart(2, "0");

export const isToday = (iso) => new Date(iso).toDateString() === new Date().toDateString();

/** A time of another day than today, in as much room as there is: "Nov 28 16:05:01". */
export function datedClock(iso) {
  const time = new Date(iso);
  return `${MONTHS[time.getMonth()]} ${time.getDate()} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** The lines with one more where another day begins; the first day needs none if it is today. */
export function withDays(lines) {
  const found = [];
  let day = new Date().toDateString();
  for (const line of lines) {
    const time = new Date(line.record.time);
    if (line.level === 1 && time.toDateString() !== day) {
      day = time.toDateString();
      found.push({ divider: time.toLocaleDateString("en", LONG), record: { n: `day-${line.record.n}` }, level: 1 });
    }
    found.push(line);
  }
  return found;
}
