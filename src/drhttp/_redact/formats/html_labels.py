"""Labels in HTML: finds texts that a label in front of them names, such as `<dt>Password</dt><dd>abc</dd>`.

Next to a label without a colon outside of a table or a list, only a single word that looks generated is a value: menus
and forms have labels too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._redact.detect.code_sentences import is_value, label_at_end
from drhttp._redact.formats.html_elements import CELLS, FIELDS, INLINE, LABELED, PAIRED

if TYPE_CHECKING:
    from drhttp._redact.formats.html_elements import Element
    from drhttp._redact.formats.html_tables import SecretCells
    from drhttp._redact.policy import Policy

_LONGEST = 120  # characters at the end of a text that may be a label
_SIGNS = (":", "=")
_LABEL = re.compile(r"\s*[\w.-]{1,40}(?: [\w.-]{1,30}){0,3}\s*")
_LEADING = re.compile(r"(?:^|[\s(>])([\w.-]{1,40}(?: [\w.-]{1,30}){0,2})\s*[:=]\s*\Z")
# One word with a digit or another sign inside, but no date, time or version, and no name such as "OAuth2".
_VALUE = re.compile(r"(?=\S{4,200}\Z)[^\W\d_]*[\d_!#$%&*+=@^~|]\S*")
_ORDINARY = re.compile(r"[vV]?[0-9]{1,4}(?:[./:-][0-9]{1,4}){1,3}\S{0,20}|[A-Z]\w{0,9}?[0-9]{1,3}")


class LabelReader:
    """Reads the tags and texts of a document, and decides which texts are named by a label in front of them.

    element: the last start tag; empty behind an end tag.
    """

    def __init__(self, policy: Policy, table: SecretCells, *, html: bool) -> None:
        self._policy = policy
        self._table = table
        self._fields = FIELDS if html else frozenset[str]()
        self._in_cell = False
        self._name = ""  # the secret name that the previous text was
        # What the previous text was. "leading": it ended with a secret name and a colon; "cell": it was a secret name
        # in a cell; "pair": in another element.
        self._label = ""
        self._code = ""  # "code" or the like if the previous text was the beginning of a sentence with one
        self.element = ""

    @property
    def names_next(self) -> bool:
        """Whether a label may name the next text."""
        return bool(self._label or self._code)

    def read_tag(self, element: Element, *, closes: bool) -> bool:
        """Read a tag, in which a label may stand, or which ends its reach; return whether a label in front of it may
        name a text behind it, as it is no field of a form.
        """
        lower, local = element.lower, element.local
        if self._label and lower not in INLINE and not (self._label == "pair" and lower in PAIRED):
            self._label = ""
        if self._code and lower in self._fields:
            self._code = ""
        self.element = "" if closes else local
        if local in CELLS:
            self._in_cell = not closes
        return local not in self._fields

    def names_value(self, text: str) -> bool:
        """Whether the label in front of a text names it."""
        label, code, self._code = self._label, self._code, ""
        if code and is_value(code, text):
            self._label = ""
            return True
        if label == "pair":
            found = _is_value(text.strip())
        else:
            found = label == "leading" or (label == "cell" and self.element in LABELED)
        if found:
            self._label = ""
        return found

    def name_in_front(self, text: str) -> str:
        """Return the label in front of a text that begins with a colon; empty if there is none."""
        name = self._name if self._label and text.lstrip().startswith(_SIGNS) else ""
        self._label = ""
        if name and len(text.strip()) == 1:
            self._label = "leading"
            return ""
        return name

    def read_text(self, text: str, position: int) -> None:
        """Note a text that may be a label, or end with one. position: where it begins."""
        self._code = label_at_end(text)
        if ":" in text or "=" in text:
            # The search for the beginning of the label would be tried at each word of a text that ends otherwise.
            leading = _LEADING.search(text[-_LONGEST:]) if text.rstrip().endswith(_SIGNS) else None
            if leading is not None and self._policy.is_secret(leading[1]):
                self._label = "leading"
            return
        if not (self.element in PAIRED or self.element in CELLS or (self._in_cell and self.element in INLINE)):
            return
        if _LABEL.fullmatch(text) and self._policy.is_secret(text.strip()) and not self._table.in_heading(position):
            self._label, self._name = "cell" if self._in_cell else "pair", text.strip()


def _is_value(text: str) -> bool:
    """Whether a text is one word that is not of a language: it holds a digit or another sign."""
    return _VALUE.fullmatch(text) is not None and _ORDINARY.fullmatch(text) is None
