"""Values that betray themselves anywhere in a text, whatever they are called: tokens, keys, card and account numbers.

Every pattern is linear: no part of it can match the same characters in two ways, and none begins everywhere.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from drhttp._redact import numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Where a word begins; also behind what stands for a space or a line in a text that is still encoded.
_BEGIN = r"(?:(?<![0-9A-Za-z_-])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"
# Prefixes under which providers issue keys, so that scanners (this one too) can find them.
_PREFIXES = (
    r"(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{10,}",
    r"whsec_[0-9A-Za-z+/=]{16,}",
    r"sk-[0-9A-Za-z_-]{20,}",
    r"gh[opsur]_[0-9A-Za-z]{20,}",
    r"github_pat_[0-9A-Za-z_]{20,}",
    r"glpat-[0-9A-Za-z_-]{16,}",
    r"xox[abeoprs]-[0-9A-Za-z-]{10,}",
    r"xapp-[0-9A-Za-z-]{10,}",
    r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}",
    r"AIza[0-9A-Za-z_-]{30,}",
    r"ya29\.[0-9A-Za-z_-]{10,}",
    r"GOCSPX-[0-9A-Za-z_-]{20,}",
    r"SG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}",
    r"npm_[0-9A-Za-z]{30,}",
    r"pypi-[0-9A-Za-z_-]{30,}",
    r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{24,}",
    r"do[opr]_v1_[0-9a-f]{40,}",
    r"hf_[0-9A-Za-z]{20,}",
    r"sq0(?:atp|csp)-[0-9A-Za-z_-]{16,}",
    r"access_token\$production\$[0-9a-z]+\$[0-9a-f]+",
)
_PATTERN = re.compile(
    r"(?P<pem>-----BEGIN[ +%A-Z0-9]{0,40}PRIVATE(?: |\+|%20)KEY[ +%A-Z0-9]{0,10}-----"
    r"(?:[^-]+|-(?!----END))*(?:-----END[ +%A-Z0-9]{0,60}-----)?)"
    rf"|(?P<jwt>{_BEGIN}eyJ[0-9A-Za-z_-]{{6,}}\.[0-9A-Za-z_-]*(?:\.[0-9A-Za-z_-]*){{0,3}})"
    rf"|(?P<scheme>{_BEGIN}(?:[Bb]earer|BEARER|[Bb]asic|BASIC)(?: |\+|%20)[ +]{{0,8}})"
    r"(?P<credentials>[0-9A-Za-z._~+/=-]{6,})"
    rf"|(?P<key>{_BEGIN}(?:" + "|".join(_PREFIXES) + r"))"
    r"|(?P<userinfo>(?<=://)[^\s/?#@\"'<>\\]{1,200}(?=@))"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_SHORTEST = 10  # characters that a value has at least, other than by patterns of the user

# What must be somewhere in a text for a pattern to match: looked for one by one, which is faster than any expression;
# for what stands in a long word only where there is one.
_HINTS = ("-----BEGIN", "earer", "EARER", "asic", "ASIC")
_BEARER, _BASIC, _PEM = "bearer", "basic", "-----begin"  # the same in lower case, for longer texts
_HINTS_IN_WORDS = (
    "eyJ", "AKIA", "ASIA", "ABIA", "ACCA", "AIza", "ya29.", "SG.", "_live_", "_test_", "whsec_", "ghp_", "gho_", "ghs_",
    "ghu_", "ghr_", "github_pat_", "npm_", "shp", "_v1_", "hf_", "access_token$", "sk-", "glpat-", "xox", "xapp-",
    "GOCSPX", "pypi-", "sq0",
)  # fmt: skip
_FEW = re.compile("|".join(map(re.escape, ("://", *_HINTS, *_HINTS_IN_WORDS))))
_LONG_WORD = b"a" * 15
_LETTERS = bytes(97 if byte < 128 and (chr(byte).isalnum() or chr(byte) in "_.$%-") else 46 for byte in range(256))
_PLACE = re.compile(r"[A-Za-z_]+=")  # what begins a parameter of a challenge: `Bearer realm="..."`


class Values:
    """Finds them.

    patterns: further regular expressions whose matches are masked. emails: whether e-mail addresses are masked too.
    """

    def __init__(self, patterns: Iterable[re.Pattern[str]] = (), *, emails: bool = False) -> None:
        self._patterns = (*patterns, *((_EMAIL,) if emails else ()))
        # Characters of a text that may hold a value; 0 if the user's patterns may match anything.
        self.shortest = 0 if self._patterns else _SHORTEST

    def possible(self, text: str) -> bool:
        """Whether it is worth looking closer; `False` is certain."""
        if self._patterns:
            return True
        if len(text) < _SHORTEST:
            return False
        return (_hinted(text) and any(map(_is_secret, _PATTERN.finditer(text)))) or numbers.possible(text)

    def mask(self, text: str, mask: Callable[[str], str]) -> tuple[str, int]:
        """The text with what was found replaced by what `mask` makes of it, and how many that were."""
        count = 0

        def replace(match: re.Match[str]) -> str:
            nonlocal count
            if not _is_secret(match):
                return match[0]
            count += 1
            kept = match["scheme"] or ""
            return kept + mask(match[0][len(kept) :])

        if len(text) >= _SHORTEST:
            if _hinted(text):
                text = _PATTERN.sub(replace, text)
            text, found = numbers.mask(text, mask)
            count += found
        for pattern in self._patterns:
            text, found = pattern.subn(lambda match: mask(match[0]) if match[0] else "", text)
            count += found
        return text, count


def _hinted(text: str) -> bool:
    if len(text) < 100:
        return _FEW.search(text) is not None
    lower = text.lower()
    # Not in a loop: that would take longer than the looking.
    if _BEARER in lower or _BASIC in lower or _PEM in lower or ("@" in text and "://" in text):
        return True
    return _LONG_WORD in text.encode("utf-8", "replace").translate(_LETTERS) and any(
        hint in text for hint in _HINTS_IN_WORDS
    )


def _is_secret(match: re.Match[str]) -> bool:
    """Whether it stands a closer look."""
    if match["credentials"]:
        scheme, credentials = match["scheme"], match["credentials"]
        return _is_basic(credentials) if scheme[1] in "aA" else _is_token(credentials)
    if match["userinfo"]:
        # A name alone is a secret in front of a web server only; `ssh://git@host` is an address.
        scheme = match.string[max(0, match.start() - 8) : match.start() - 3]
        return ":" in match[0] or scheme.endswith(("http", "https"))
    return True


def _is_token(text: str) -> bool:
    """Whether it looks made rather than written: "bearer of bad news" goes on in words."""
    text = text.strip(".-/")
    if _PLACE.fullmatch(text):
        return False
    return len(text) >= 20 or any(letter in "0123456789_~+=" for letter in text)


def _is_basic(text: str) -> bool:
    """Whether it is base64 of `user:password` (RFC 7617)."""
    try:
        pair = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    return ":" in pair and pair.isprintable()
