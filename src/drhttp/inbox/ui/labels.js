// Tags and a note on a record, to be found again.

import { send } from "./api.js";
import { html, Problem, useEffect, useRef, useState } from "./components.js";

/** `asked` puts the cursor into the field for tags. */
export function Labels({ record, feed, again, asked, onAsked }) {
  const [problem, setProblem] = useState(null);
  const field = useRef();
  useEffect(() => {
    if (!asked) return;
    field.current.focus();
    onAsked();
  }, [asked]);
  const tags = useRef(record.tags); // with those that are on their way
  const waits = useRef(0);
  useEffect(() => {
    if (!waits.current) tags.current = record.tags;
  }, [record]);
  const last = useRef(Promise.resolve());
  const put = (change) => {
    setProblem(null);
    waits.current += 1;
    last.current = last.current.then(() => send("PATCH", `/records/${record.n}`, change)).then(() => void feed.refetch([record.n]), setProblem).then(() => {
      waits.current -= 1;
      if (!waits.current) again();
    });
  };
  const wear = (next) => put({ tags: (tags.current = next) });
  const add = (event) => {
    event.preventDefault();
    const tag = field.current.value.trim();
    field.current.value = "";
    if (tag && !tags.current.includes(tag)) wear([...tags.current, tag]);
  };
  return html`<section class="labels" aria-label="Tags and note">
    <form class="tags" onSubmit=${add}>
      ${record.tags.map((tag) => html`<span class="chip" key=${tag}><span>${tag}</span><button type="button" aria-label=${`Remove tag ${tag}`} title="Remove tag" onClick=${() => wear(tags.current.filter((one) => one !== tag))}>×</button></span>`)}
      <input ref=${field} aria-label="Add a tag" placeholder="Add a tag …" autocomplete="off" onKeyDown=${leave} />
    </form>
    <${Note} key=${record.n} note=${record.note || ""} onPut=${(note) => put({ note })} />
    <${Problem} problem=${problem} />
  </section>`;
}

const leave = (event) => event.key === "Escape" && (event.stopPropagation(), event.target.blur());

/** Kept when the field is left; what is being written is not overwritten by what comes in. */
function Note({ note, onPut }) {
  const field = useRef();
  useEffect(() => {
    if (document.activeElement !== field.current) field.current.value = note;
  }, [note]);
  const keep = () => field.current.value.trim() !== note && onPut(field.current.value.trim());
  const press = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.blur();
    leave(event);
  };
  return html`<textarea ref=${field} rows="1" aria-label="Note" placeholder="Add a note …" onBlur=${keep} onKeyDown=${press}></textarea>`;
}
