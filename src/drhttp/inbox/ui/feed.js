// The records of the list: loaded page by page, kept current by the stream, and held back while paused.

import { get, newestOnly, stream } from "./api.js";

const PAGE = 200;
const MOST = 6_000; // rows that may gather while the list follows; KEPT of them stay
const KEPT = 3_000;
const HELD = 2_000; // rows that wait while paused before resuming means loading anew
const REFETCHED = 20;

const pause = (ms, signal) => new Promise((resolve) => {
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
  arrived = 0; // rows that were ever put on top: the list keeps its place by it
  searching = null; // how far down a search through payloads has come
  #query = null;
  #held = [];
  #stale = false;
  #loaded = false;
  #stop = null;
  #epoch = 0; // changes when rows are dropped: a page that was requested before does not fit any more
  #newest = newestOnly();

  /** onChange: something is different; onTouch(ns, records): these were changed, those are new. */
  constructor(onChange, onTouch, onExpired) {
    Object.assign(this, { onChange, onTouch, onExpired });
  }

  open(query) {
    if (query === this.#query) return;
    this.close();
    this.#query = query;
    this.#reset();
    this.#stop = new AbortController();
    this.#live(this.#stop.signal);
  }

  close() {
    this.#stop?.abort();
    this.#query = null;
  }

  reload() {
    const query = this.#query;
    this.close();
    this.open(query);
  }

  setPaused(paused) {
    this.paused = paused;
    if (!paused && this.#stale) return this.reload();
    if (!paused) this.#release();
    this.onChange();
  }

  /** The next page below. */
  async more() {
    if (this.next === null || this.loading) return;
    await this.#page(this.#stop.signal, this.next).catch(() => {});
  }

  /** Forget what is far below; called while the reader is at the top. */
  trim() {
    if (this.rows.length <= MOST || !this.#loaded) return;
    this.rows = this.rows.slice(0, KEPT);
    this.next = this.rows.at(-1).n;
    this.#epoch += 1;
    this.loading = false;
  }

  #reset() {
    Object.assign(this, { next: null, newest: 0, problem: null, waiting: 0, state: "loading", loading: false });
    this.#held = [];
    this.#stale = this.#loaded = false;
  }

  async #live(signal) {
    let wait = 250;
    while (!signal.aborted) {
      try {
        if (!this.#loaded) await this.#page(signal, null);
        await stream(this.#query, this.newest, {
          onOpen: () => ((this.state = "live"), (wait = 250), this.onChange()),
          onFrame: (event, data, id) => this.#take(event, data, id),
        }, signal);
      } catch (problem) {
        if (signal.aborted || this.#refused(problem)) return;
      }
      if (signal.aborted) return;
      this.state = "lost";
      this.onChange();
      await pause(wait, signal);
      wait = Math.min(wait * 2, 4_000);
      await this.#compare(signal);
    }
  }

  #refused(problem) {
    if (problem.status === 401) this.onExpired();
    if (problem.status !== 401 && problem.code !== "query") return false;
    Object.assign(this, { state: "refused", problem, rows: [] });
    this.onChange();
    return true;
  }

  /** Another file may be behind the same address now; its numbers start anew. */
  async #compare(signal) {
    const told = await get("/info", {}, signal).catch(() => null);
    if (told && (told.newest ?? 0) < this.newest) this.#loaded = false;
  }

  /** Load a page, the first one (before = null) or the next; a search through payloads comes in steps. */
  async #page(signal, before) {
    this.loading = true;
    let missing = PAGE;
    if (before === null) this.#epoch += 1;
    const epoch = this.#epoch;
    try {
      do {
        const told = await get("/records", { q: this.#query, limit: missing, before }, signal);
        if (signal.aborted || epoch !== this.#epoch) return;
        if (before === null) Object.assign(this, { rows: [], newest: told.newest ?? 0 });
        this.#loaded = true;
        this.rows = this.rows.concat(told.records);
        missing -= told.records.length;
        before = this.next = told.next;
        this.searching = told.complete ? null : told.next;
        this.onChange();
        if (told.complete) break;
      } while (before !== null && missing > 0 && !signal.aborted);
    } finally {
      if (!signal.aborted && epoch === this.#epoch) Object.assign(this, { loading: false, searching: null });
      this.onChange();
    }
  }

  #take(event, data, id) {
    if (event === "cleared" || (event === "gap" && !this.paused)) return void setTimeout(() => this.reload());
    if (event === "gap") {
      this.#stale = true;
      this.waiting += data.gap;
    } else if (event === "records") this.#add(data.records);
    else if (event === "changed") this.#refresh(data.n);
    this.newest = Math.max(this.newest, id ?? 0);
    this.onChange();
  }

  #add(records) {
    const fresh = records.filter((record) => record.n > this.newest);
    if (!fresh.length) return;
    const now = performance.now();
    fresh.forEach((record) => (record.arrived = now));
    this.#held.push(...fresh);
    if (this.#held.length > HELD && this.paused) {
      this.#held = [];
      this.#stale = true;
    }
    this.waiting += fresh.length;
    if (!this.paused) this.#release();
    this.onTouch([], fresh);
    this.#count(fresh);
  }

  /** Rows tell how many requests they sent; some of these come later than they do. */
  #count(fresh) {
    const parents = new Map(this.rows.filter((row) => row.span_id).map((row) => [row.span_id, row.n]));
    const numbers = new Set(fresh.map((record) => parents.get(record.parent_id)).filter(Boolean));
    if (numbers.size && numbers.size <= REFETCHED) this.refetch([...numbers]);
  }

  #release() {
    this.arrived += this.#held.length;
    this.rows = [...this.#held.reverse(), ...this.rows];
    this.#held = [];
    this.waiting = 0;
  }

  async #refresh(numbers) {
    this.onTouch(numbers, []);
    const shown = new Set(this.rows.map((row) => row.n));
    const wanted = numbers.filter((n) => shown.has(n));
    if (wanted.length > REFETCHED) return this.reload();
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
