// Formatting of numbers, times, and sizes.

const two = (value) => String(value).padStart(2, "0");

/** The mask of a value that arrived unmasked and is hidden on display only. */
export const HIDDEN = "[hidden here, arrived in clear]";

/** The time of day with milliseconds, in the time zone of the browser. */
export function clock(iso) {
  const time = new Date(iso);
  const thousandths = String(time.getMilliseconds()).padStart(3, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${thousandths}`;
}

export function moment(iso) {
  if (!iso) return "";
  const time = new Date(iso);
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock(iso)}`;
}

/** A time without milliseconds, with the date unless it is today. */
export function brief(iso) {
  const time = new Date(iso);
  const day = time.toDateString() === new Date().toDateString() ? "" : `${time.getMonth() + 1}/${time.getDate()} `;
  return `${day}${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  return `${(ms / 60_000).toFixed(1)} min`;
}

export function size(bytes) {
  if (bytes === null || bytes === undefined) return "–";
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(bytes < 10_240 ? 1 : 0)} KB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

/** A duration in its largest unit, without trailing zeros: 30 s, 1 min, 1.5 h. */
export function period(ms) {
  const [unit, name] = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"], [1000, "s"], [0, "ms"]].find(([least]) => ms >= least);
  return `${Number((ms / (unit || 1)).toFixed(2))} ${name}`;
}

/** A length of time in words, of which the largest unit is enough: 90 s, 36 hours, 3 days. */
export const span = (seconds) => (seconds < 120 ? `${Math.round(seconds)} s` : seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : seconds < 172_800 ? `${Math.round(seconds / 3600)} hours` : `${Math.round(seconds / 86_400)} days`);

export const count = (value) => value.toLocaleString("en");
export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** The status class, such as "2xx", or "none" without a status; CSS classes use it. */
export const kind = (status) => (status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : "none");
