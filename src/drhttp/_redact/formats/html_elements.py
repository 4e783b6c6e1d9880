"""HTML elements, by their role: `<th>` labels a cell, `<td>` may be labeled, `<br>` has no end tag."""

from __future__ import annotations

import re

from drhttp._redact.formats.compound_pairs import spell_settings

# Elements that label another cell, elements that may be labeled, and elements that may stand between them.
CELLS = frozenset(("th", "td", "dt"))
LABELED = frozenset(("td", "dd", "code", "b", "strong", "span", "kbd", "tt", "pre", "i", "em"))
INLINE = LABELED | frozenset(("th", "dt", "br", "font", "u", "a", "small", "mark", "var", "samp"))
# Elements that may hold a label or its value as their only text, next to each other.
PAIRED = frozenset(("div", "p", "span", "h2", "h3", "h4", "h5", "h6", "b", "strong", "label", "section", "header"))
# Fields of forms: a label in front of one names what is entered there, and not the next text.
FIELDS = frozenset(("input", "button", "select", "option"))
# In HTML these have no end tag.
VOID = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"))
# In HTML the content of these is not markup.
RAW_TEXT = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style")}
# Elements whose content names a neighbor: in property lists and XML-RPC; in HTML, labels.
NAME_ELEMENTS = frozenset(("key", "name", "label", "field")) | spell_settings(("name", "key"))
VALUE_ELEMENTS = frozenset(("value", "val", "content")) | spell_settings(
    ("value",)
)  # the neighbor that is named, in XML
