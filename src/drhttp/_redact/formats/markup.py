"""XML, SOAP and HTML: masks elements and attributes with secret names, such as `<password>abc</password>`.

Tags are read, not parsed: entities are not expanded, nothing is fetched, and what is not masked stays byte for byte.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from drhttp._redact.decoding.entities import unescape
from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.html_elements import NAME_ELEMENTS, Element, element
from drhttp._redact.formats.html_labels import LabelReader
from drhttp._redact.formats.html_tables import NO_CELLS, holds_spreadsheet, secret_cells
from drhttp._redact.formats.markup_attributes import (
    has_secret_content,
    mask_as_text,
    mask_attributes,
    mask_value,
    unclosed_secret,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from drhttp._redact.policy import Policy

# Three rules keep the search linear: unclosed comments and CDATA reach to the end of the text, no part of a tag reaches
# beyond the next "<", and a name extends to the first character that cannot be in one.
_TAG = re.compile(
    r"<!--(?:[^-]|-(?!->))*(?:-->|\Z)|<!\[CDATA\[(?P<data>(?:[^\]]|\](?!\]>))*)(?:\]\]>|\Z)|<[?!][^<>]*>"
    r"""|<(?P<close>/?)(?P<name>[^\s<>/="'?!]+)(?P<attributes>(?=[\s/="'?!>])(?:[^<>"']|"[^"<]*"|'[^'<]*')*)>|<"""
)
_ELEMENT = re.compile(r"<[^<>]*>")
_BROKEN_TAG = re.compile(r"<[A-Za-z][^<]*")


def mask_markup(
    text: str, policy: Policy, inner: Callable[..., tuple[str, int]], *, cut: bool = False, html: bool = False
) -> tuple[str, int]:
    """Mask the secrets of an XML or HTML document; return the document and how many values were masked.

    inner: masks texts in it; called with `tags=False` for those whose tags are done. cut: the end is missing, so what
    follows the last tag is left out. html: a `<` that begins no tag is text; in XML it raises `MaskingError`.
    """
    return _MarkupMasker(text, policy, inner, cut=cut, html=html).run()


class _MarkupMasker:
    """Masks one text, tag by tag."""

    def __init__(
        self, text: str, policy: Policy, inner: Callable[..., tuple[str, int]], *, cut: bool, html: bool
    ) -> None:
        self._text = text
        self._policy = policy
        self._inner = inner
        self._cut = cut
        self._html = html
        self._table = secret_cells(text, policy) if html or holds_spreadsheet(text) else NO_CELLS
        self._position = 0
        self._raw = 0  # where a script or style sheet ends
        self._secret: str | None = None  # the open element whose content is masked
        self._depth = 0  # how many elements of that name are open
        self._begin = 0  # where its content begins
        self._labels = LabelReader(policy, self._table, html=html)
        self._named = False  # its content was a secret name
        self._passed = 0  # where an unclosed attribute, or a masked cell, ends
        self._level = 0  # how many elements are open
        self._beside = 0  # the level of the last secret name; 0 if there is none
        # By level: where the content of a value element begins, and its first and last piece.
        self._values: dict[int, tuple[int, int, int] | None] = {}
        self._pieces: list[str] = []
        self._count = 0

    def run(self) -> tuple[str, int]:
        """Mask what is secret in all tags and between them; return the text and a count."""
        spend = self._policy.budget.spend
        for match in _TAG.finditer(self._text):
            tag, begin = match[0], match.start()
            spend(1 if match["close"] else 5 if "=" in tag else 2)
            if begin < max(self._raw, self._passed):
                continue
            if tag != "<":
                if begin > self._position:
                    self._text_between(begin)
                self._position = match.end()
                self._tag(match)
            elif not self._html and not self._cut:
                raise MaskingError("unparsable")
            else:
                self._open_value(begin)
        self._end()
        return "".join(self._pieces), self._count

    def _end(self) -> None:
        """Mask what is behind the last tag, and what no tag has ended."""
        self._text_between(self._position if self._cut else len(self._text))
        if self._secret is not None:
            self._replace(self._secret, len(self._text))
        elif self._cut and not self._html:  # the names of the last values may be cut off
            for value in sorted((each for each in self._values.values() if each and each[2] > 0), reverse=True):
                self._mask_pieces(*value[1:])

    def _text_between(self, end: int) -> None:
        """Mask the text between two tags."""
        text = self._text[self._position : end]
        if self._secret is not None or not text:
            return
        if text.isspace():
            self._pieces.append(text)
            return
        raw = self._position < self._raw
        front = ""
        if self._html and not raw and self._labels.names_next:
            if self._labels.names_value(text):
                self._mask_content(text)
                return
            front = self._labels.name_in_front(text)
        self._note_name(text)
        if "<" in text and not raw:
            self._policy.budget.spend(text.count("<"))
            text = _BROKEN_TAG.sub(lambda match: self._attributes(match[0]), text)
        plain = text if raw else unescape(text)
        masked, count = self._mask_inner(front + plain, tags=raw or plain != text)
        masked = masked.removeprefix(front)
        self._count += count
        # Its "<" was in the text before.
        self._pieces.append((masked if raw or (plain == text and "<" in text) else escape(masked)) if count else text)

    def _note_name(self, text: str) -> None:
        """Note a text that may name its neighbor."""
        if self._html:
            self._labels.read_text(text, self._position)
        if self._labels.element in NAME_ELEMENTS and self._policy.is_secret(text.strip()):
            self._named, self._beside = True, self._level
            value = self._values.get(self._level)
            if value is not None and value[2] > 0 and not self._html:
                self._values[self._level] = None
                self._mask_pieces(*value[1:])

    def _mask_content(self, text: str, name: str = "") -> None:
        masked, count = mask_value(name, unescape(text), self._policy)
        self._pieces.append(escape(masked) if count else text)
        self._count += count

    def _mask_pieces(self, first: int, last: int) -> None:
        """Mask the content of an element that is complete already."""
        content = "".join(self._pieces[first:last])
        if content.strip():
            masked, count = mask_value("", unescape(content), self._policy)
            # Many pieces behind it are not moved, as there may be such an element at each of thousands of levels.
            gap = last - first - 1 if len(self._pieces) - last > last - first else 0
            self._pieces[first:last] = [escape(masked) if count else content, *[""] * gap]
            self._count += count

    def _tag(self, match: re.Match[str]) -> None:
        """Mask what is secret in a tag, a comment, CDATA, or a processing instruction."""
        name, close = match["name"], match["close"]
        if name is None:
            if self._secret is None:
                self._other(match)
            return
        kind = element(name)
        self._named &= self._labels.read_tag(kind, closes=bool(close))
        if self._secret is not None:
            self._skip_in_secret(match)
            return
        if close:
            self._end_tag(kind)
        self._pieces.append(self._mask_tag(match) if match["attributes"] or "(" in name else match[0])
        if not close:
            self._start_tag(kind, match)

    def _mask_tag(self, match: re.Match[str]) -> str:
        attributes = match["attributes"]
        text, count = mask_as_text(match, self._mask_inner)
        self._count += count
        if count:
            return text
        return f"<{match['close']}{match['name']}{self._attributes(attributes)}>" if "=" in attributes else match[0]

    def _other(self, match: re.Match[str]) -> None:
        """Mask a comment, CDATA, or a processing instruction, which may hold values too."""
        text, data, tags = match[0], match["data"], True
        if data is not None:
            self._note_name(data)
            front, end = "<![CDATA[", "]]>"
        else:
            tags = text.startswith("<!--") and text.endswith("-->") and "<" in text[4:]
            front, end = ("<!--", "-->") if tags else ("", "")
            data = text[len(front) : len(text) - len(end)]
        if self._cut and match.end() == len(self._text) and text[-1] != ">":
            return  # the end is missing
        masked, count = self._mask_inner(data, tags=tags)
        self._count += count
        self._pieces.append(front + masked + end if count else text)

    def _start_tag(self, kind: Element, match: re.Match[str]) -> None:
        """Read a start tag, whose name or attributes may make its content secret."""
        attributes = match["attributes"]
        if attributes.endswith("/") or (self._html and kind.void):
            return
        named, self._named = self._named, False
        self._level += 1
        if kind.names:
            self._beside = 0
            self._values.setdefault(self._level, None)
        if kind.valued:
            named = named or self._beside == self._level
            if not named and self._level not in self._values:
                self._values[self._level] = (match.end(), len(self._pieces), -1)
        cell = self._table.cells.get(match.start())
        if cell is not None:
            self._mask_cell(match.end(), *cell)
        elif (
            named
            or self._policy.is_secret(kind.plain)
            or ("=" in attributes and has_secret_content(kind.local, attributes, self._policy, html=self._html))
        ):
            self._policy.budget.spend(6)  # for what is skipped and replaced
            self._secret, self._depth, self._begin = match["name"], 1, match.end()
        elif self._html and kind.raw_end is not None:
            self._skip_raw(kind.raw_end.search(self._text, match.end()))

    def _skip_raw(self, end: re.Match[str] | None) -> None:
        """Skip a script or a style sheet."""
        self._raw = end.start() if end else len(self._text)
        if end is None and self._cut:
            self._text = self._text[: self._text.rfind(" ") + 1]

    def _end_tag(self, kind: Element) -> None:
        """Read an end tag: names noted on the level below are forgotten."""
        if self._values:
            begun = self._values.get(self._level)
            if begun is not None and begun[2] < 0 and kind.valued:
                self._values[self._level] = (begun[0], begun[1], len(self._pieces))
            self._values.pop(self._level + 1, None)
        if self._beside > self._level:
            self._beside = 0
        self._level -= 1

    def _open_value(self, start: int) -> None:
        """Read a tag without an end; a quoted secret value may go on behind the next `<`."""
        last = unclosed_secret(self._text, start, self._policy) if self._secret is None else None
        if last is None:
            return
        self._text_between(last.start(3))
        quote = last[3][0]
        closing = self._text.find(quote, last.start(3) + 1)
        closing = closing if closing > 0 else len(self._text)
        self._pieces.append(quoteattr(self._policy.mask(unescape(self._text[last.start(3) + 1 : closing]))))
        self._count += 1
        self._position = self._passed = closing + 1

    def _mask_cell(self, begin: int, end: int, name: str) -> None:
        """Mask the content of a cell in a secret column."""
        content = self._text[begin:end]
        self._policy.budget.spend(len(content) // 16)  # cells of nested tables may all reach to the end
        plain = unescape(_ELEMENT.sub("", content))
        if not (plain.strip() or "=" in content) or self._policy.is_harmless(name, plain.strip()):
            return
        self._mask_content(content)
        self._position = self._passed = end

    def _skip_in_secret(self, match: re.Match[str]) -> None:
        """Drop everything in a secret element up to its end tag."""
        if match["name"] == self._secret and not (match["attributes"] or "").endswith("/"):
            self._depth += -1 if match["close"] else 1
            if self._depth == 0:
                self._level -= 1
                self._replace(match["name"], match.start())
                self._secret = None
                self._pieces.append(f"</{match['name']}>" if "=" in match[0] or " " in match[0] else match[0])

    def _mask_inner(self, text: str, *, tags: bool = True) -> tuple[str, int]:
        """Mask a text; return it and a count that leaves out values masked before."""
        masked, count = self._inner(text, tags=tags)
        return masked, count if masked != text else 0

    def _replace(self, name: str, end: int) -> None:
        content = self._text[self._begin : end]
        if content.strip():
            self._mask_content(content, name)

    def _attributes(self, text: str) -> str:
        text, count = mask_attributes(text, self._policy, self._mask_inner)
        self._count += count
        return text
