// The tags and the note of a record, which queries can find.

import { send } from "./api.js";
import { html, Problem, useEffect, useLayoutEffect, useRef, useState } from "./components.js";

/** The tags and the note of a record; `focused` moves the focus to the input for tags. */
export function Labels({ record, feed, again, focused, onFocused }) {
  const [problem, setProblem] = useState(null);
  const field = useRef();
  useLayoutEffect(() => { // before the next key, which belongs into the field
    if (!focused) return;
    field.current.focus();
    onFocused();
  }, [focused]);
  const tags = useRef(record.tags); // including changes that are not saved yet
  const pending = useRef(0);
  useEffect(() => {
    if (!pending.current) tags.current = record.tags;
  }, [record]);
  const queue = useRef(Promise.resolve());
  const save = (change) => {
    setProblem(null);
    pending.current += 1;
    queue.current = queue.current.then(() => send("PATCH", `/records/${record.n}`, change)).then(() => void feed.refetch([record.n]), setProblem).then(() => {
      pending.current -= 1;
      if (!pending.current) again();
    });
  };
  const setTags = (next) => save({ tags: (tags.current = next) });
  const add = (event) => {
    event.preventDefault();
    const tag = field.current.value.trim();
    field.current.value = "";
    if (tag && !tags.current.includes(tag)) setTags([...tags.current, tag]);
  };
  return html`<section class="labels" aria-label="Tags and note">
    <form class="tags" onSubmit=${add}>
      ${record.tags.map((tag) => html`<span class="chip" key=${tag}><span>${tag}</span><button type="button" aria-label=${`Remove tag ${tag}`} title="Remove tag" onClick=${() => setTags(tags.current.filter((one) => one !== tag))}>×</button></span>`)}
      <input ref=${field} aria-label="Add a tag" placeholder="Add a tag …" autocomplete="off" onKeyDown=${leaveOnEscape} />
    </form>
    <${Note} key=${record.n} note=${record.note || ""} onSave=${(note) => save({ note })} />
    <${Problem} problem=${problem} />
  </section>`;
}

/** Escape leaves a field, and the keys are those of the record again. */
const leaveOnEscape = (event) => event.key === "Escape" && (event.stopPropagation(), leave(event.target));
const leave = (field) => field.closest(".scroll").focus({ preventScroll: true });

/** A note, saved on blur; while it has the focus, changes from elsewhere do not overwrite it. */
function Note({ note, onSave }) {
  const field = useRef();
  useEffect(() => {
    if (document.activeElement !== field.current) field.current.value = note;
  }, [note]);
  const saveNote = () => field.current.value.trim() !== note && onSave(field.current.value.trim());
  const press = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) leave(event.target);
    leaveOnEscape(event);
  };
  return html`<textarea ref=${field} rows="1" aria-label="Note" placeholder="Add a note …" onBlur=${saveNote} onKeyDown=${press}></textarea>`;
}
