"""HTML elements, by their role: `<th>` labels a cell, `<td>` may be labeled, `<br>` has no end tag."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from drhttp._redact.decoding.entities import unescape
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
# The neighbor that is named, in XML.
VALUE_ELEMENTS = frozenset(("value", "val", "content")) | spell_settings(("value",))
_LONGEST = 60  # characters of a name that is remembered


class Element(NamedTuple):
    """The name of an element, and its roles.

    plain: without character references. lower: in lower case. local: the same without a prefix. names, valued: whether
    its content names a neighbor, or may be named by one. void: in HTML, it has no content. raw_end: finds the end of
    its content if that is not markup.
    """

    plain: str
    lower: str
    local: str
    names: bool
    valued: bool
    void: bool
    raw_end: re.Pattern[str] | None


def element(name: str) -> Element:
    """Return what is known about elements of a name. Documents have few names, so they are remembered."""
    return _remembered(name) if len(name) <= _LONGEST else _read(name)


def _read(name: str) -> Element:
    lower = name.lower()
    local = lower.rpartition(":")[2]
    return Element(
        plain=unescape(name),
        lower=lower,
        local=local,
        names=local in NAME_ELEMENTS,
        valued=local in VALUE_ELEMENTS,
        void=lower in VOID,
        raw_end=RAW_TEXT.get(lower),
    )


_remembered = lru_cache(maxsize=512)(_read)
