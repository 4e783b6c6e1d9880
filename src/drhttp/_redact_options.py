"""The option `redact`: what is masked beyond the built-in rules, and how."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drhttp._mask import MASK
from drhttp.exceptions import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, kw_only=True, slots=True)
class Redact:
    """What to mask beyond the built-in rules, and how.

    also: further names to mask, of header fields, parameters, form fields, JSON keys, XML elements and attributes; in
    any spelling, and within longer names. allow: names to leave alone although the rules would mask them, cookies
    included; the whole name must match, in any spelling. value: the mask, or a function that returns one for the secret
    text (a hash, the last four digits); if it raises, or does not return a string, the body is left out. patterns:
    regular expressions, as strings or compiled, whose matches are masked anywhere. emails: whether e-mail addresses are
    masked; they are not by default.

    Raises `ConfigError`.
    """

    also: Iterable[str] = ()
    allow: Iterable[str] = ()
    value: str | Callable[[str], str] = MASK
    patterns: Iterable[str | re.Pattern[str]] = ()
    emails: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "also", _names("also", self.also))
        object.__setattr__(self, "allow", _names("allow", self.allow))
        object.__setattr__(self, "patterns", _expressions(self.patterns))
        if not (isinstance(self.value, str) or callable(self.value)):
            raise ConfigError(f"redact.value: {self.value!r} is invalid; must be a string or a function")
        if not isinstance(self.emails, bool):
            raise ConfigError(f"redact.emails: {self.emails!r} is invalid; must be true or false")


def _names(part: str, value: Any) -> tuple[str, ...]:
    # A string would otherwise be read as a list of its characters.
    names = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str | bytes) else (None,)
    if not all(isinstance(each, str) and any(map(str.isalnum, each)) for each in names):
        raise ConfigError(f"redact.{part}: {value!r} is invalid; must be a list of names")
    return tuple(sorted(set(names)))


def _expressions(value: Any) -> tuple[re.Pattern[str], ...]:
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise ConfigError(f"redact.patterns: {value!r} is invalid; must be a list of regular expressions")
    patterns = []
    for each in value:
        try:
            pattern = re.compile(each)
        except (re.error, TypeError, RecursionError) as error:
            raise ConfigError(f"redact.patterns: {each!r} is not a regular expression: {error}") from None
        if not isinstance(pattern.pattern, str):
            raise ConfigError(f"redact.patterns: {each!r} is a pattern for bytes; use one for strings")
        if pattern.fullmatch(""):
            raise ConfigError(f"redact.patterns: {each!r} matches the empty string, which cannot be masked")
        patterns.append(pattern)
    return tuple(patterns)
