"""XML, SOAP and HTML: the content of elements and the values of attributes whose names say secret.

Read as tags, not parsed: entities are not expanded, nothing is fetched, and what is not masked stays to the letter.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from drhttp._redact.rules import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from drhttp._redact.rules import Rules

# Comments and data without an end reach to the end of the text; and no part of a tag reaches beyond the next "<". Both
# keep the search linear.
_TAG = re.compile(
    r"<!--(?:[^-]|-(?!->))*(?:-->|\Z)|<!\[CDATA\[(?P<data>(?:[^\]]|\](?!\]>))*)(?:\]\]>|\Z)|<[?!][^<>]*>"
    r"""|<(?P<close>/?)(?P<name>[^\s<>/="'?!]+)(?P<attributes>(?:[^<>"']|"[^"<]*"|'[^'<]*')*)>|<"""
)
_ATTRIBUTE = re.compile(r"""(?<![^\s<>/="'])([^\s<>/="']+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s<>"']+|["'][^<>]*)""")
# HTML and many others name a field in one attribute and give its value in another, or as the content.
_NAMING = frozenset(("name", "id", "property", "itemprop", "key", "type", "autocomplete", "http-equiv", "for"))
_VALUED = ("value", "content", "val", "data-value", "data-clipboard-text")
_NAMING_CONTENT = ("name", "key", "id", "label")
_HTML_FIELDS = frozenset((
    "textarea", "select", "option", "output", "param", "data", "code", "pre", "kbd", "samp", "var", "span", "td", "dd",
))  # fmt: skip
# Elements whose content is the name of an element beside them: property lists, XML-RPC; in HTML, what labels a cell.
_NAMES = frozenset(("key", "name", "label", "field", "parametername", "headername"))
_LABELS = {"th": ("td",), "td": ("td",), "dt": ("dd",)}
_BESIDE = frozenset(("value", "val", "string", "content"))  # what such a name is the name of, in XML
_LABEL = re.compile(r"\s*[\w.-]{1,40}(?: [\w.-]{1,30}){0,3}\s*")
_LEADING = re.compile(r"(?:^|[\s(>])([\w.-]{1,40}(?: [\w.-]{1,30}){0,2})\s*[:=]\s*\Z")
# In HTML these have no end tag.
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
# In HTML the content of these is no markup.
_RAW = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style")}
_BROKEN_TAG = re.compile(r"<[A-Za-z][^<]*")


def mask_markup(
    text: str, rules: Rules, inner: Callable[..., tuple[str, int]], *, cut: bool = False, html: bool = False
) -> tuple[str, int]:
    """A document, masked, and how many values that were.

    inner: masks texts within it, with `tags=False` those whose tags have been looked at. cut: its end is missing; then
    what stands behind the last tag is left out. html: a `<` that begins no tag is text. Raises `Refusal` for such a `<`
    in XML, which does not allow it.
    """
    masker = _Masker(text, rules, inner, cut=cut, html=html)
    masker.run()
    return "".join(masker.pieces), masker.count


class _Masker:
    """One passage over a text."""

    def __init__(
        self, text: str, rules: Rules, inner: Callable[..., tuple[str, int]], *, cut: bool, html: bool
    ) -> None:
        self._text = text
        self._rules = rules
        self._inner = inner
        self._cut = cut
        self._html = html
        self._position = 0
        self._raw = 0  # up to where the text is no markup
        self._secret: str | None = None  # the element inside of which everything is masked
        self._depth = 0  # of elements of that name within it
        self._begin = 0  # of its content
        self._element = ""  # the last one that was opened
        self._named = False  # the content of the last one was the name of a secret
        self.pieces: list[str] = []
        self.count = 0

    def run(self) -> None:
        """Read all tags, and mask what is secret in and between them."""
        for match in _TAG.finditer(self._text):
            if match.start() < self._raw:
                continue
            if match[0] != "<":
                self._between(match.start())
                self._position = match.end()
                self._tag(match)
            elif not self._html and not self._cut:
                raise Refusal("unparsable")
        if not self._cut:
            self._between(len(self._text))
        if self._secret is not None:
            self._replace(self._secret, len(self._text))

    def _between(self, end: int) -> None:
        """Text between two tags."""
        text = self._text[self._position : end]
        if self._secret is not None or not text:
            return
        if text.isspace():
            self.pieces.append(text)
            return
        if self._element in _NAMES:
            self._named = self._rules.secret(text.strip())
        raw = self._position < self._raw
        if "<" in text and not raw:
            text = _BROKEN_TAG.sub(lambda match: self._attributes(match[0]), text)
        meant = text if raw else unescape(text)
        masked, count = self._inside_of(meant, tags=raw or meant != text)
        self.count += count
        # A "<" that is in it now was there before.
        self.pieces.append((masked if raw or (meant == text and "<" in text) else escape(masked)) if count else text)

    def _tag(self, match: re.Match[str]) -> None:
        name = match["name"]
        if self._secret is not None:
            self._inside(match)
        elif name is not None:
            attributes = match["attributes"]
            self.pieces.append(
                f"<{match['close']}{name}{self._attributes(attributes)}>" if "=" in attributes else match[0]
            )
            self._element = "" if match["close"] else name.rpartition(":")[2].lower()
            if not match["close"]:
                self._opened(match)
        elif match["data"] is not None:
            self._other(match, match["data"], "<![CDATA[", "]]>")
        else:
            # Comments and instructions: no place for values, but people put them there.
            comment = match[0].startswith("<!--") and match[0].endswith("-->") and "<" in match[0][4:]
            front, end = ("<!--", "-->") if comment else ("", "")
            self._other(match, match[0][len(front) : len(match[0]) - len(end)], front, end, tags=comment)

    def _other(self, match: re.Match[str], text: str, front: str, end: str, *, tags: bool = True) -> None:
        if self._cut and match.end() == len(self._text) and match[0][-1] != ">":
            return  # it was cut
        masked, count = self._inside_of(text, tags=tags)
        self.count += count
        self.pieces.append(front + masked + end if count else match[0])

    def _opened(self, match: re.Match[str]) -> None:
        """What an element's name, or one of its attributes, says of its content."""
        name, attributes = match["name"], match["attributes"]
        if attributes.endswith("/") or (self._html and name.lower() in _VOID):
            return
        named, self._named = self._named, False
        if named or self._rules.secret(name) or self._names_content(name, attributes):
            self._secret, self._depth, self._begin = name, 1, match.end()
        elif self._html and name.lower() in _RAW:
            end = _RAW[name.lower()].search(self._text, match.end())
            self._raw = end.start() if end else len(self._text)
            if end is None and self._cut:
                self._text = self._text[: self._text.rfind(" ") + 1]

    def _names_content(self, name: str, attributes: str) -> bool:
        if "=" not in attributes or (self._html and name.lower() not in _HTML_FIELDS):
            return False
        return any(
            match[1].lower() in _NAMING_CONTENT and self._rules.secret(_value(match))
            for match in _ATTRIBUTE.finditer(attributes)
        )

    def _inside(self, match: re.Match[str]) -> None:
        """Within a secret element nothing is kept but its end."""
        if match["name"] == self._secret and not (match["attributes"] or "").endswith("/"):
            self._depth += -1 if match["close"] else 1
            if self._depth == 0:
                self._replace(match["name"], match.start())
                self._secret = None
                self.pieces.append(match[0])

    def _inside_of(self, text: str, *, tags: bool = True) -> tuple[str, int]:
        """A text, masked; what was masked before counts no more."""
        masked, count = self._inner(text, tags=tags)
        return masked, count if masked != text else 0

    def _hidden(self, name: str, value: str) -> tuple[str, int]:
        """The mask of a value; nothing to count if there is nothing to hide, or the value is its own mask."""
        masked = value if self._rules.spared(name, value.strip()) else self._rules.mask(value)
        return masked, int(masked != value)

    def _replace(self, name: str, end: int) -> None:
        content = self._text[self._begin : end]
        if not content.strip():
            return
        masked, count = self._hidden(name, unescape(content))
        self.pieces.append(escape(masked) if count else content)
        self.count += count

    def _attributes(self, text: str) -> str:
        pairs = list(_ATTRIBUTE.finditer(text))
        named = any(match[1].lower() in _NAMING and self._rules.secret(_value(match)) for match in pairs)
        pieces: list[str] = []
        copied = 0
        for match in pairs:
            pieces += (text[copied : match.start()], self._attribute(match, named))
            copied = match.end()
        return "".join(pieces) + text[copied:]

    def _attribute(self, match: re.Match[str], named: bool) -> str:
        name, value = match[1], _value(match)
        if value and (self._rules.secret(name) or (named and name.lower() in _VALUED)):
            masked, count = self._hidden(name, value)
        else:
            masked, count = self._inside_of(value)
        self.count += count
        return f"{name}{match[2]}{quoteattr(masked)}" if count else match[0]


def _value(match: re.Match[str]) -> str:
    """The value of an attribute, without its quotes."""
    text = match[3]
    return unescape(text[1:].rstrip("\"'") if text[0] in "\"'" else text)
