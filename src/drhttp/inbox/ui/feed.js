// The records of the list: loaded in pages, updated by the event stream, and buffered while paused.

import { get, newestOnly } from "./api.js";
import { stream } from "./event-stream.js";
import { insertSorted } from "./sorting.js";

const PAGE_SIZE = 200;
const MAX_ROWS = 6_000; // above this, the list is trimmed to ROWS_AFTER_TRIM
const ROWS_AFTER_TRIM = 3_000;
const MAX_BUFFERED = 2_000; // above this, resuming reloads the list
const MAX_REFETCHED = 20;

const sleep = (ms, signal) => new Promise((resolve) => {
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => (clearTimeout(timer), resolve()));
});

export class Feed {
  rows = [];
  next = null;
  newest = 0;
  state = "loading"; // loading, live, lost, refused
  problem = null;
  paused = false;
  waiting = 0;
  seen = 0; // records that the stream has brought so far, shown or not
  arrived = 0; // records added at the top so far, from which the list computes its scroll position
  reloads = 0; // how often the same list was loaded anew, because records came or went otherwise
  until = null; // while paused, the last record that is shown: charts and tables count no further
  shown = null; // the query whose records these are
  searching = null; // the record that a full-text search has reached
  partial = null; // the record down to which a sorted list was looked for, if the time ran out
  order = ""; // as in the address; empty for the order of arrival
  #query = null;
  #buffered = [];
  #stale = false;
  #loaded = false;
  #stop = null;
  #generation = 0; // increases when rows are dropped; pages requested before no longer fit
  #newest = newestOnly();

  /** onChange is called after every change; onRecords with the numbers of changed records, and new records. */
  constructor(onChange, onRecords, onExpired) {
    Object.assign(this, { onChange, onRecords, onExpired });
  }

  open(query, order = this.order) {
    if (query === this.#query && order === this.order) return;
    this.close();
    this.#query = query;
    this.order = order;
    this.#reset();
    this.#stop = new AbortController();
    this.#run(this.#stop.signal);
  }

  close() {
    this.#stop?.abort();
    this.#query = null;
  }

  reload() {
    const query = this.#query;
    this.reloads += 1;
    this.close();
    this.open(query);
  }

  setPaused(paused) {
    this.paused = paused;
    this.until = paused && this.#loaded ? this.newest : null;
    if (!paused && this.#stale) return this.reload();
    if (!paused) this.#showBuffered();
    this.onChange();
  }

  /** Load the next page of older records. */
  async loadMore() {
    if (this.next === null || this.loading) return;
    await this.#loadPage(this.#stop.signal, this.next).catch(() => {});
  }

  /** Drop old rows; called while the list is scrolled to the top. */
  trim() {
    if (this.rows.length <= MAX_ROWS || !this.#loaded || this.order) return;
    this.rows = this.rows.slice(0, ROWS_AFTER_TRIM);
    this.next = this.rows.at(-1).n;
    this.#generation += 1;
    this.loading = false;
  }

  #reset() {
    Object.assign(this, { next: null, newest: 0, problem: null, partial: null, waiting: 0, state: "loading", loading: false });
    this.#buffered = [];
    this.#stale = this.#loaded = false;
  }

  async #run(signal) {
    let wait = 250;
    while (!signal.aborted) {
      try {
        if (!this.#loaded) await this.#loadPage(signal, null);
        await stream(this.#query, this.newest, {
          onOpen: () => ((this.state = "live"), (wait = 250), this.onChange()),
          onFrame: (event, data, id) => this.#handleEvent(event, data, id),
        }, signal);
      } catch (problem) {
        if (signal.aborted || this.#stopOnError(problem)) return;
      }
      if (signal.aborted) return;
      this.state = "lost";
      this.onChange();
      await sleep(wait, signal);
      wait = Math.min(wait * 2, 4_000);
      await this.#detectReset(signal);
    }
  }

  #stopOnError(problem) {
    if (problem.status === 401) this.onExpired();
    if (problem.status !== 401 && problem.code !== "query") return false;
    Object.assign(this, { state: "refused", problem, rows: [] });
    this.onChange();
    return true;
  }

  /** Reload if the inbox has another database now, in which numbers start again. */
  async #detectReset(signal) {
    const answer = await get("/info", {}, signal).catch(() => null);
    if (!answer || (answer.newest ?? 0) >= this.newest) return;
    this.#loaded = false;
    this.reloads += 1;
  }

  /** Load a page: the first one (before = null) or the next. A full-text search takes several requests. */
  async #loadPage(signal, before) {
    this.loading = true;
    let missing = PAGE_SIZE;
    if (before === null) this.#generation += 1;
    const generation = this.#generation;
    try {
      do {
        const page = this.order ? { sort: this.order, cursor: before, until: before && this.until } : { before };
        const answer = await get("/records", { q: this.#query, limit: missing, ...page }, signal);
        if (signal.aborted || generation !== this.#generation) return;
        if (before === null) this.#begin(answer.newest ?? 0);
        this.#loaded = true;
        this.rows = this.rows.concat(answer.records);
        missing -= answer.records.length;
        before = this.next = answer.next;
        this.searching = answer.complete || this.order ? null : answer.next;
        if (this.order) this.partial = answer.complete ? null : answer.scanned_to;
        this.onChange();
        if (answer.complete || this.order) break;
      } while (before !== null && missing > 0 && !signal.aborted);
    } finally {
      if (!signal.aborted && generation === this.#generation) Object.assign(this, { loading: false, searching: null });
      this.onChange();
    }
  }

  /** Show the first page of a list. */
  #begin(newest) {
    Object.assign(this, { rows: [], newest, shown: this.#query });
    if (this.paused) this.until = newest;
  }

  #handleEvent(event, data, id) {
    if (event === "cleared" || (event === "gap" && !this.paused)) return void setTimeout(() => this.reload());
    if (event === "gap") {
      this.#stale = true;
      this.waiting += data.gap;
      this.seen += data.gap;
    } else if (event === "records") this.#add(data.records, data.overlap);
    else if (event === "changed") this.#refresh(data.n);
    this.newest = Math.max(this.newest, id ?? 0);
    this.onChange();
  }

  #add(records, overlap) {
    // Of several receivers, records may come out of order, and again after a reconnection.
    const shown = new Set(overlap ? [...this.rows, ...this.#buffered].map((row) => row.n) : []);
    const isNew = ({ n }) => (overlap ? n > (this.next ?? 0) && !shown.has(n) : n > this.newest);
    const fresh = records.filter(isNew);
    if (!fresh.length) return;
    const now = performance.now();
    fresh.forEach((record) => (record.arrived = now));
    this.#buffered.push(...fresh);
    if (this.#buffered.length > MAX_BUFFERED && this.paused) {
      this.#buffered = [];
      this.#stale = true;
    }
    this.waiting += fresh.length;
    this.seen += fresh.length;
    if (!this.paused) this.#showBuffered();
    this.onRecords([], fresh);
    this.#updateParents(fresh);
  }

  /** Reload the rows of requests whose outbound requests arrived after them. */
  #updateParents(fresh) {
    const parents = new Map(this.rows.filter((row) => row.span_id).map((row) => [row.span_id, row.n]));
    const numbers = new Set(fresh.map((record) => parents.get(record.parent_id)).filter(Boolean));
    if (numbers.size && numbers.size <= MAX_REFETCHED) this.refetch([...numbers]);
  }

  #showBuffered() {
    this.arrived += this.#buffered.length;
    this.rows = this.order ? insertSorted(this.rows, this.#buffered, this.order, this.next !== null) : [...this.#buffered.reverse(), ...this.rows];
    this.#buffered = [];
    this.waiting = 0;
  }

  async #refresh(numbers) {
    this.onRecords(numbers, []);
    const shown = new Set(this.rows.map((row) => row.n));
    const wanted = numbers.filter((n) => shown.has(n));
    if (wanted.length > MAX_REFETCHED) return this.reload();
    await this.refetch(wanted);
  }

  /** Load records again and replace their rows. */
  async refetch(numbers) {
    for (const n of numbers) this.#replace(await this.#newest(n, () => get(`/records/${n}`)).catch(() => null));
  }

  #replace(summary) {
    if (!summary) return;
    this.rows = this.rows.map((row) => (row.n === summary.n ? summary : row));
    this.onChange();
  }
}
