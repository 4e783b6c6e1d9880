"""Credentials: masks values that are secret by their form, under any name, such as `ghp_...`, `Bearer ...` and JWTs.

Every pattern takes linear time: no part can match the same characters in two ways, and none can begin everywhere.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from drhttp._redact.detect import capability_urls, check_digits
from drhttp._redact.detect.false_positives import is_basic, is_signed_json, is_slug, is_token
from drhttp._redact.detect.key_prefixes import KEY_PREFIXES, MAILCHIMP_DIGITS, MAILCHIMP_END, MAILCHIMP_REST
from drhttp._redact.detect.tries import trie
from drhttp._redact.work_budget import WorkBudget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from drhttp._redact.work_budget import Spend

# Where a word begins; also behind an encoded space or line break (`%20`, `\n`).
_BEGIN = r"(?:(?<![0-9A-Za-z_-])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"
_JWT = rf"(?P<jwt>{_BEGIN}eyJ[0-9A-Za-z_-]{{6,}}\.[0-9A-Za-z_-]*(?:\.[0-9A-Za-z_-]*){{0,3}})"
_KEY = rf"(?P<key>{_BEGIN}(?:{'|'.join(f'{trie(each.prefixes)}{each.rest}' for each in KEY_PREFIXES)}))"
_PREFIXES = tuple(prefix for each in KEY_PREFIXES for prefix in each.prefixes)
_PREFIX = re.compile(trie(_PREFIXES))  # in front of the random part of a key
_LINE = r"[0-9A-Za-z+/=]+(?![0-9A-Za-z+/=-])"  # of base64; no beginning of a name with a hyphen
_PATTERN = re.compile(
    # Keys of SSH2 (RFC 4716) have a space beside four hyphens.
    r"(?P<pem>----[- +]BEGIN[ +%A-Z0-9]{0,40}PRIVATE(?: |\+|%20)KEY[ +%A-Z0-9]{0,10}-{4,5}"
    r"(?:[^-]+|-(?!---[- +]END))*(?:----[- +]END[ +%A-Z0-9]{0,60}-{4,5})?)"
    # Keys of PuTTY have a field in front of each part.
    rf"|(?P<field>{_BEGIN}Private-Lines:[ \t]{{0,8}}[0-9]{{1,4}}(?:\s|\\[nr])+)"
    rf"(?P<lines>{_LINE}(?:(?:\s|\\[nr])+{_LINE})*)"
    rf"|{_JWT}"
    rf"|(?P<scheme>{_BEGIN}(?:[Bb]earer|BEARER|[Bb]asic|BASIC)(?: |\+|%20)[ +]{{0,8}})"
    r"(?P<credentials>[0-9A-Za-z._~+/=-]{6,})"
    rf"|{_KEY}"
)
# It begins with a literal, which is searched much faster than what stands in front of it.
_MAILCHIMP = re.compile(rf"{MAILCHIMP_END}(?<={_BEGIN}[0-9a-f]{{{MAILCHIMP_DIGITS}}}{MAILCHIMP_END}){MAILCHIMP_REST}")
_WITHIN = re.compile(f"{_JWT}|{_KEY}")  # what may stand where credentials are expected
# How each of them begins. The lookbehind comes after the first character: `re` searches for a set of characters
# several times faster than for a lookbehind.
_BEGINNINGS = (
    *_PREFIXES,
    "eyJ",
    "PuTTY-User-Key-File",
    "Private-Lines",
    "bearer",
    "Bearer",
    "BEARER",
    "basic",
    "Basic",
    "BASIC",
)
_START = re.compile(
    rf"[-{''.join(sorted({each[0] for each in _BEGINNINGS}))}](?:(?<=-)---[- +]BEGIN"
    rf"|(?:(?<![0-9A-Za-z_-].)|(?<=%[0-9A-Fa-f]{{2}}.)|(?<=\\[nrt].)){trie({each[1:] for each in _BEGINNINGS})})",
    re.DOTALL,
)
_RUN = re.compile(r"[0-9A-Za-z_-]*")  # nothing else begins within it
_TAIL = 100  # characters behind a possible key that are examined
# What precedes the last @ of a URL: passwords that are not encoded may contain @, / and #. No part matches an @.
_PART = r"[^\s\"'<>`:@\\]*(?:(?::(?!//)|\\(?![nrt\"'`\\]))[^\s\"'<>`:@\\]*)*"
_USERINFO = re.compile(rf"(?<=://){_PART}(?:@{_PART}(?=@))*(?=@)")
_WEB = ("http", "https")
_ADDRESS = re.compile(r"[\w.-]*:[0-9]{1,5}/[^@?]*\?")  # a host and its port, and a query behind them
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]*\]|[^:\[]*):?[0-9]{0,5}[/?#]")
_URL = "://"
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_SHORT = 100  # characters of a text that one expression searches as fast as several searches
_SHORTEST = 10  # characters of the shortest value, apart from patterns of the user

# Apart from JWTs and keys, a pattern matches only in a text that holds one of these.
_HINTS = ("-----BEGIN", "---- BEGIN", "----+BEGIN", "earer", "EARER", "asic", "ASIC")
_PEM = ("----be", "---- be", "----+be")  # in lower case
_FEW = re.compile("|".join(map(re.escape, _HINTS)))
# JWTs and keys are in long words, but some begin in front of one: `1//0...`.
_IN_FRONT = ("1//", "sha256~", "$production$")
_LONG_WORD = b"a" * 15
_LETTERS = bytes(97 if byte < 128 and (chr(byte).isalnum() or chr(byte) in "_.-") else 46 for byte in range(256))


class CredentialFinder:
    """Finds and masks tokens, keys, passwords in URLs, capability URLs, card numbers and IBANs.

    patterns: further regular expressions whose matches are masked. emails: whether e-mail addresses are masked too.
    is_secret: whether a name is secret, by which tokens in paths are found. budget: limits the work.

    min_length: shorter texts, in characters, hold no secret value; 0 if there are further patterns.
    """

    def __init__(
        self,
        patterns: Iterable[re.Pattern[str]] = (),
        *,
        emails: bool = False,
        is_secret: Callable[[str], bool] = frozenset[str]().__contains__,
        budget: WorkBudget | None = None,
    ) -> None:
        self._patterns = (*patterns, *((_EMAIL,) if emails else ()))
        self._is_secret = is_secret
        self._spend = (budget or WorkBudget()).spend
        # The user's patterns may match a text of any length.
        self.min_length = 0 if self._patterns else _SHORTEST

    def may_hold_secret(self, text: str) -> bool:
        """Whether a text may hold a secret value; `False` is certain."""
        if self._patterns:
            return True
        if len(text) < _SHORTEST:
            return False
        if "/" in text and (
            (_has_userinfo(text) and any(map(_userinfo_span, _USERINFO.finditer(text))))
            or capability_urls.holds_token(text, self._is_secret, self._spend)
        ):
            return True
        if MAILCHIMP_END in text and _MAILCHIMP.search(text):
            return True
        return check_digits.holds_number(text, self._spend) or (
            _may_begin(text) and _may_match(text) and next(_find_secrets(_PATTERN, text, self._spend), None) is not None
        )

    def mask(self, text: str, mask: Callable[[str], str]) -> tuple[str, int]:
        """Replace secret values by the result of `mask`; return the text and how many there were."""
        count = 0
        if len(text) >= _SHORTEST:
            text, count = capability_urls.mask(text, mask, self._is_secret, self._spend)
            for pattern in _applicable_patterns(text):
                text, found = _replace(text, pattern, mask, self._spend)
                count += found
            text, found = check_digits.mask(text, mask, self._spend)
            count += found
        for pattern in self._patterns:
            text, found = pattern.subn(lambda match: mask(match[0]) if match[0] else "", text)
            count += found
        return text, count


def _applicable_patterns(text: str) -> Iterator[re.Pattern[str]]:
    """Yield the patterns that may match in a text."""
    if _has_userinfo(text):
        yield _USERINFO
    if _may_match(text):
        yield _PATTERN
    if MAILCHIMP_END in text:
        yield _MAILCHIMP


def _has_userinfo(text: str) -> bool:
    # Searching for one character is much faster than for three.
    """Whether a text may hold a URL with a user or a password."""
    return "@" in text and "/" in text and _URL in text


def _replace(text: str, pattern: re.Pattern[str], mask: Callable[[str], str], spend: Spend) -> tuple[str, int]:
    """Replace what a pattern finds by the result of `mask`; return the text and how many there were."""
    pieces, copied, count = [], 0, 0
    for begin, end in _spans(pattern, text, spend):
        pieces += [text[copied:begin], mask(text[begin:end])]
        copied, count = end, count + 1
    return "".join(pieces) + text[copied:], count


def _spans(pattern: re.Pattern[str], text: str, spend: Spend) -> Iterable[tuple[int, int]]:
    """Return the spans of the secrets that a pattern finds."""
    if pattern is _PATTERN:
        return _find_secrets(pattern, text, spend)
    if pattern is _MAILCHIMP:
        return ((match.start() - MAILCHIMP_DIGITS, match.end()) for match in pattern.finditer(text))
    return filter(None, map(_userinfo_span, pattern.finditer(text)))


def _find_secrets(
    pattern: re.Pattern[str], text: str, spend: Spend, start: int = 0, stop: int = sys.maxsize
) -> Iterator[tuple[int, int]]:
    """Yield the spans of the matches that are not false positives."""
    match = _first_match(pattern, text, spend, start, stop)
    while match is not None:
        spend(3)
        end = match.end()
        kind = match.lastgroup
        if kind == "credentials":
            begin = match.start("credentials")
            if is_basic(match["credentials"]) if match["scheme"][1] in "aA" else is_token(match["credentials"]):
                yield begin, end
            else:
                yield from _find_secrets(_WITHIN, text, spend, begin, end)
        elif kind == "lines":
            yield match.span(kind)
        elif kind == "pem" or not _is_false_positive(match[0], text[end : end + _TAIL], jwt=kind == "jwt"):
            yield match.span()
        else:
            # Nothing begins within the words of a slug, but a key may stand behind a dot in something like a JWT.
            run = _RUN.match(text, match.start())
            behind = run.end() if run else end
            end = behind if kind == "jwt" else max(end, behind)
        match = _first_match(pattern, text, spend, end, stop)


def _first_match(pattern: re.Pattern[str], text: str, spend: Spend, start: int, stop: int) -> re.Match[str] | None:
    """Find the first match between two positions, trying only where one can begin."""
    begin = _START.search(text, start, stop)
    while begin is not None:
        spend(1)
        match = pattern.match(text, begin.start(), stop)
        if match is not None:
            return match
        begin = _START.search(text, begin.start() + 1, stop)
    return None


def _is_false_positive(text: str, behind: str, *, jwt: bool) -> bool:
    """Whether a match is a false positive: it begins like a token or a key, but is a slug or not a JWT.

    behind: the text behind the match; a slug may go on there with a `_` or `-`.
    """
    if jwt:
        return not is_signed_json(text.partition(".")[0])
    prefix = _PREFIX.match(text)
    if prefix is None:
        return False
    rest = text[prefix.end() :]
    tail = _RUN.match(behind) if behind[:1] in ("_", "-") else None
    return is_slug(rest) or (tail is not None and is_slug(rest + tail[0]))


def _may_begin(text: str) -> bool:
    """Whether a text holds a word or a long run of letters with which a secret value may begin; `False` is certain."""
    if len(text) < _SHORT:
        return True
    if _mentions_credentials(text):
        return True
    return _LONG_WORD in text.encode("utf-8", "replace").translate(_LETTERS)


def _may_match(text: str) -> bool:
    """Whether a text holds something with which a secret value begins."""
    if _FEW.search(text) if len(text) < _SHORT else _mentions_credentials(text):
        return True
    letters = text.encode("ascii", "replace").translate(_LETTERS)  # positions stay
    begin = letters.find(_LONG_WORD)
    while begin >= 0:
        end = letters.find(b".", begin) % (len(text) + 1)  # -1 becomes the end of the text
        if _may_hold_key(text, begin, end):
            return True
        begin = letters.find(_LONG_WORD, end)
    return False


def _may_hold_key(text: str, begin: int, end: int) -> bool:
    """Whether a long word between two positions may hold a JWT or a key, or the end of one."""
    before = text[begin - 1] if begin else " "
    if before in "\\%" or text.find(".", begin, end) >= 0:  # `\\n` and `%20` may be in front of a key
        return _START.search(text, begin, end) is not None
    if before in "/~$" and text.endswith(_IN_FRONT, 0, begin):
        return True
    return _START.match(text, begin) is not None


def _mentions_credentials(text: str) -> bool:
    """Whether a text holds `bearer`, `basic` or the beginning of a PEM block."""
    lower = text.lower()
    # A loop would take longer than the searches.
    return "bearer" in lower or "basic" in lower or ("----" in lower and any(mark in lower for mark in _PEM))


def _userinfo_span(match: re.Match[str]) -> tuple[int, int] | None:
    """Return the span of the user and the password in a URL; `None` if the match is something else."""
    text, start = match[0], match.start()
    if not match.string.endswith(_WEB, max(0, start - 8), start - 3):
        # A user without a password is secret only in URLs of web servers; `ssh://git@host` is an address.
        return match.span() if ":" in text.partition("@")[0] and _ADDRESS.match(text) is None else None
    authority = min([at for at in map(text.find, "/?#") if at >= 0], default=0)
    if not authority:
        return match.span()
    inside = text.rfind("@", 0, authority)
    if inside >= 0:
        return start, start + inside
    # What is not a host is a user and the beginning of a password.
    return match.span() if _HOST.match(text) is None else None
