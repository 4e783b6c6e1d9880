// The time axis of a chart: periods of traffic side by side, the gaps between them cut out, and ticks at round times.

export const CUT = 56; // pixels for a gap that is cut out
export const MAX_PITCH = 48; // pixels for a second at most, so that a short session fills the width, and a shorter one is no desert
const BAR_ROOM = 7; // pixels for a bar and the space beside it, for as many bars as that makes
const TICK_ROOM = 92; // pixels between two labels
const LETTER = 6.4; // pixels of a character of a label
const SPACE = 6; // pixels between two labels at least
const CLOCK_ROOM = Math.ceil(8 * LETTER); // pixels for the label of the last part, which may be narrower
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800].map((seconds) => seconds * 1000);
const two = (value) => String(value).padStart(2, "0");

/** How many bars a chart of this width has: it asks for as many, and the inbox cuts gaps that are long beside them. */
export const barsIn = (width) => Math.min(200, Math.max(20, Math.floor(width / BAR_ROOM)));

/** A long time in few characters: 40 s, 26 h, 3 d. */
function length(ms) {
  const [unit, name] = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"], [1000, "s"]].find(([least]) => ms >= 1.95 * least) || [1000, "s"];
  return `${Math.round(ms / unit)} ${name}`;
}

/** Place periods along a width; no more than `most` pixels show a millisecond. */
export function timeAxis(periods, width, most) {
  const total = periods.reduce((sum, { from, to }) => sum + to - from, 0);
  const room = Math.max(1, width - CUT * (periods.length - 1));
  const { from: begin, to: end } = periods.at(-1);
  const whole = Math.min(most, room / total);
  const narrow = periods.length > 1 && (end - begin) * whole < CLOCK_ROOM;
  const scale = narrow ? Math.min(most, Math.max(1, room - CLOCK_ROOM) / (total - end + begin)) : whole;
  let x = 0;
  const placed = periods.map(({ from, to }) => {
    const one = { from, to, x, width: (to - from) * scale };
    x += one.width + CUT;
    return one;
  });
  const at = (time) => {
    const here = placed.findLast(({ from }) => time >= from) || placed[0];
    return here.x + Math.min(here.width, Math.max(0, (time - here.from) * scale));
  };
  const timeAt = (pixel) => {
    const here = placed.findLast((one) => pixel >= one.x) || placed[0];
    return Math.min(here.to, Math.max(here.from, here.from + (pixel - here.x) / scale));
  };
  const cuts = placed.slice(1).map((next, place) => {
    const last = placed[place];
    return { x: last.x + last.width, width: CUT, text: length(next.from - last.to), from: last.to, to: next.from };
  });
  return { placed, cuts, at, timeAt, scale, end: x - CUT };
}

/**
 * Labels at round times, as [pixels from the left, text]. None is over another or reaches into a gap, where it would name
 * what is behind it; but a part without room for a round time has the time when it begins, beside it if there is room.
 */
export function ticks({ placed, scale }, width) {
  const step = STEPS.find((one) => one * scale >= TICK_ROOM) || STEPS.at(-1);
  const found = [];
  placed.forEach(({ from, to, x, width: wide }, part) => {
    const next = placed[part + 1];
    const before = found.length;
    let free = x; // where the last label ends
    const put = (time, end) => {
      const text = label(time, step, found.length === 0);
      const [left, room] = [x + (time - from) * scale, text.length * LETTER];
      if (left < free || left + room > end) return;
      found.push([left, text]);
      free = left + room + SPACE;
    };
    roundTimes(from, to, step).forEach((time) => put(time, next ? x + wide : width));
    if (found.length === before) put(from, next ? next.x - SPACE : width);
  });
  return found;
}

/** The multiples of a step, in the time of the browser, from one time to another. */
function roundTimes(from, to, step) {
  const offset = new Date(from).getTimezoneOffset() * 60_000;
  const first = Math.ceil((from - offset) / step) * step + offset;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, at) => first + at * step);
}

/** A round time; with its day if that is not today, and if it is the first one or days go by. */
function label(time, step, first) {
  const at = new Date(time);
  const day = at.toDateString() === new Date().toDateString() ? "" : `${at.getMonth() + 1}/${at.getDate()} `;
  if (step >= 86_400_000) return day.trim() || "today";
  const round = step >= 60_000 && at.getSeconds() === 0;
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}${round ? "" : `:${two(at.getSeconds())}`}`;
  return `${first || step >= 3_600_000 ? day : ""}${clock}`;
}
