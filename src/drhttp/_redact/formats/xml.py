"""XML, SOAP and HTML documents: masks elements and attributes by name, such as `<password>abc</password>`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from drhttp._redact.formats.json import mask_string
from drhttp._redact.formats.markup import mask_markup

if TYPE_CHECKING:
    from drhttp._redact.policy import Policy


def mask_xml(text: str, policy: Policy, *, cut: bool = False, html: bool = False) -> tuple[str, int]:
    """Mask a document; return it and how many values were masked.

    cut: the end is missing, so what follows the last tag is left out. html: a `<` that begins no tag is text; in XML it
    raises `MaskingError`.
    """
    return mask_markup(text, policy, partial(mask_string, policy=policy, level=1), cut=cut, html=html)
