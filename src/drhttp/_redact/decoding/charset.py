"""Charsets: found by a byte order mark, or by the content type (`text/plain; charset=latin-1`); UTF-8 otherwise."""

from __future__ import annotations

import codecs
import encodings
import pkgutil
import re
from encodings.aliases import aliases
from functools import lru_cache

from drhttp._redact.errors import MaskingError

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_LONGEST_NAME = 40  # characters
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
# Python also has codecs that are not charsets, and some that are very slow.
_KNOWN = re.compile(
    r"utf-(?:8|16|32|7)|utf-(?:16|32)-[lb]e|utf-8-sig|ascii|latin-1|iso8859-\d+|cp\d+|koi8-\w|mac-\w+|gbk?|gb2312|gb18030"
    r"|big5(?:hkscs)?|shift_jis\w*|euc_\w+|iso2022_\w+|hz|johab|tis-620|ptcp154|kz1048"
)
_PRINTABLE = bytes(range(32, 127))
_CONTROLS = bytes({*range(32), 127} - {*b"\t\n\f\r\x1b"})


def charset_of(content: bytes, content_type: str) -> str:
    """Return the charset of content. Raises `MaskingError` ("encoding") if the content type names an unknown one."""
    for mark, name in _BOMS:
        if content.startswith(mark):
            return name
    match = _CHARSET.search(content_type)
    found = codec_of(match[1].lower()) if match else "utf-8"
    if found is None:
        raise MaskingError("encoding")
    return found


@lru_cache(maxsize=64)
def codec_of(charset: str) -> str | None:
    """Return Python's name for a charset; `None` if Python does not know it, or knows a codec that is not a charset."""
    if len(charset) > _LONGEST_NAME or not charset.isascii():
        return None
    module = encodings.normalize_encoding(charset.lower()).replace(".", "_")
    module = aliases.get(module, module)
    # `codecs.lookup` remembers every name, known or not, and clients can send any.
    if module not in _modules():
        return None
    try:
        name = codecs.lookup(module).name
    except LookupError:
        return None
    return name if _KNOWN.fullmatch(name) else None


@lru_cache(maxsize=1)
def _modules() -> frozenset[str]:
    """Return the names of the encodings in Python's standard library."""
    return frozenset(module.name for module in pkgutil.iter_modules(encodings.__path__))


def decode(content: bytes, charset: str, *, cut: bool) -> str | None:
    """Return the text; `None` if the content is not in that charset. cut: the end is missing, perhaps within a
    character.
    """
    try:
        if not cut:
            return content.decode(charset)
        return codecs.getincrementaldecoder(charset)().decode(content, final=False)
    except UnicodeError:
        return None


@lru_cache(maxsize=64)
def is_ascii_superset(charset: str) -> bool:
    """Whether the charset encodes printable ASCII as ASCII does."""
    return decode(_PRINTABLE, charset, cut=False) == _PRINTABLE.decode()


def is_wide(charset: str) -> bool:
    """Whether each character takes at least two bytes."""
    return charset.startswith(("utf-16", "utf-32"))


def is_binary(content: bytes) -> bool:
    """Whether more than one byte in fifty is a control character that texts do not have."""
    return (len(content) - len(content.translate(None, _CONTROLS))) * 50 > len(content)
