"""HTML elements, by their role: `<th>` labels a cell, `<td>` may be labeled, `<br>` has no end tag."""

from __future__ import annotations

import re

# What labels another cell, what may be labelled, and what may stand between both.
CELLS = frozenset(("th", "td", "dt"))
LABELED = frozenset(("td", "dd", "code", "b", "strong", "span", "kbd", "tt", "pre", "i", "em"))
INLINE = LABELED | frozenset(("th", "dt", "br", "font", "u", "a", "small", "mark", "var", "samp"))
# In HTML these have no end tag.
VOID = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"))
# In HTML the content of these is no markup.
RAW_TEXT = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style")}
# Elements whose content is the name of an element beside them: property lists, XML-RPC; in HTML, what labels a cell.
NAME_ELEMENTS = frozenset(("key", "name", "label", "field", "parametername", "headername"))
VALUE_ELEMENTS = frozenset(("value", "val", "content"))  # what such a name is the name of, in XML
