"""Writes a regular expression as the template of a path: Django takes both as routes."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from typing import Any

_parser: Any = import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

_FLAGS = re.compile(r"\(\?[a-zA-Z]+\)")  # Python refuses them in the middle, where an included pattern may have them
_STARS = re.compile(r"\*{2,}")
_ANYTHING = "*"


def plain(pattern: str) -> str | None:
    """The template of a pattern: literal text, names in braces, and `*` for what is neither; `None` if it is invalid.

    Literal text that may be missing is left out, and an optional parameter stays.
    """
    try:
        parsed = _parser.parse(_FLAGS.sub("", pattern))
    except (re.error, RecursionError, OverflowError, Warning):
        return None
    names = {number: name for name, number in parsed.state.groupdict.items()}
    return _STARS.sub(_ANYTHING, _text(parsed, names))


def _text(parsed: Any, names: dict[int, str]) -> str:
    return "".join([_part(str(kind), argument, names) for kind, argument in parsed])


def _part(kind: str, argument: Any, names: dict[int, str]) -> str:
    if kind == "LITERAL":
        return chr(argument)
    if kind == "SUBPATTERN":
        name = names.get(argument[0])
        return _text(argument[-1], names) if name is None else f"{{{name}}}"
    if kind.endswith("_REPEAT"):
        return _repeated(argument[0], argument[2], names)
    if kind == "ATOMIC_GROUP":
        return _text(argument, names)
    if kind == "BRANCH":
        texts = [_text(branch, names) for branch in argument[1]]
        return next((text for text in texts if "{" in text), _ANYTHING)
    if kind == "ANY":
        return "."  # rather a dot that nobody has escaped
    return _ANYTHING if kind in ("IN", "NOT_LITERAL") else ""


def _repeated(least: int, parsed: Any, names: dict[int, str]) -> str:
    kinds = [str(kind) for kind, _ in parsed]
    text = _ANYTHING if kinds == ["ANY"] else _text(parsed, names)
    return text if least or _ANYTHING in text or "{" in text else ""
