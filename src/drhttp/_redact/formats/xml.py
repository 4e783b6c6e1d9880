"""XML, SOAP and HTML as whole documents."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from drhttp._redact.formats.json import mask_string
from drhttp._redact.formats.markup import mask_markup

if TYPE_CHECKING:
    from drhttp._redact.policy import Policy


def mask_xml(text: str, policy: Policy, *, cut: bool = False, html: bool = False) -> tuple[str, int]:
    """A document, masked, and how many values that were.

    cut: its end is missing; then what stands behind the last tag is left out. html: a `<` that begins no tag is text.
    Raises `MaskingError` for such a `<` in XML, which does not allow it.
    """
    return mask_markup(text, policy, partial(mask_string, policy=policy, level=1), cut=cut, html=html)
