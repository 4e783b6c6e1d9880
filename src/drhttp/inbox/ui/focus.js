// Where the keyboard goes on after the element that had the focus is gone, as a pane that was closed.

let last = null; // the element that had the focus last
let room = null; // the part of the page it was in: "pane", "main" for a list or table, or neither

document.addEventListener("focusin", ({ target }) => {
  last = target;
  room = target.closest(".detail") ? "pane" : target.closest("main") ? "main" : null;
});

const nameOf = (element) => element.getAttribute("aria-label") || element.textContent;

/** Return the control of the pane that does what the lost one did, or else the box with the content; null while it loads. */
function placeInPane(pane) {
  const box = pane.querySelector(".scroll");
  const same = box && [...pane.querySelectorAll("button, a")].find((one) => !one.disabled && one.getClientRects().length && nameOf(one) === nameOf(last));
  return same || box;
}

/** Give the focus back that went with its element: to the same control of the next record, or to the list or table. */
export function restoreFocus() {
  if (document.activeElement !== document.body || !room || last.isConnected) return;
  const pane = room === "pane" && document.querySelector(".detail");
  const place = pane ? placeInPane(pane) : document.querySelector(".list, .table-view");
  place?.focus({ preventScroll: true });
}
