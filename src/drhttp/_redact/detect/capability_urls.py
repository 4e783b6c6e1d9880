"""Capability URLs (W3C TAG): masks the token in paths that are permissions themselves, such as `/services/T0/B0/XXXX`.

These are webhooks, bots, deploy hooks, links in mails that reset a password or accept an invitation, and segments that
look generated behind one that is a secret name: `/set-password/MQ/8d1f40b7c2/`. The rules are the same for the URL of a
request and for URLs in any other text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._redact.detect.capability_services import SERVICES, SLASH, Service
from drhttp._redact.detect.false_positives import is_page, is_slug

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drhttp._redact.work_budget import Spend


# In reverse order the longer of two words that begin alike comes first.
_WORD = re.compile("/(" + "|".join(sorted({re.escape(each.word) for each in SERVICES.values()}, reverse=True)) + ")")
_BY_WORD: dict[str, list[tuple[re.Pattern[str], Service]]] = {}
for _service in SERVICES.values():
    _BY_WORD.setdefault(_service.word, []).append((re.compile(_service.rest), _service))
# A segment that says what the link is for, and the segments behind it. The lookahead passes over most others.
_ACTION = re.compile(
    r"/(?=[a-z_-]{5,120}[\\/])((?:[a-z]{2,12}[-_]){0,3}(?:password|email|account|user)?"
    r"(?:reset|recover|recovery|activate|activation|confirm|confirmation|verify|verification"
    r"|invite|invites|invitation|invitations|magic|unlock|unsubscribe|passwordless|sign-?in|login|one-?time)"
    rf"(?:password|email|account|user)?(?:[-_][a-z]{{2,12}}){{0,3}})((?:{SLASH}[\w:.~=%+-]+){{1,5}})",
    re.IGNORECASE,
)
# One of the two matches in a long text only if that holds one of these, in lower case. Searching for them one by one is
# faster than a regular expression if there are many slashes.
_SERVICE_HINTS = (
    "hook", "services", "/bot", "workflows", "interactions", "/key", "integration", "/tag", "receiver",
    "hc-ping", "heartbeat", "infura", "alchemy", "private-", "trigger", "datadoghq", "cronitor", "nosnch", "/push",
    "ntfy", "fcm.google", "wpush", "push.apple", "/calendar", "icloud",
)  # fmt: skip
_ACTION_HINTS = ("reset", "recover", "activat", "confirm", "verif", "invit", "magic", "unlock", "unsubscribe",
                 "passwordless", "signin", "sign-in", "login", "onetime", "one-time")  # fmt: skip
# All tokens but those of services are in a segment of at least eight characters.
_LONG_SEGMENT = re.compile(r"/[\w:.~=%+@-]{8}")
_LONG, _SPARSE = 1000, 100  # characters; characters to a slash
_SEGMENT = re.compile(r"[^\\/]+")
# django.contrib.auth.tokens: the time and the hash; allauth puts the user's id in front.
_DJANGO = re.compile(r"(?:\w+-)?([0-9a-z]+)-([0-9a-f]+)")
_LONGEST_TIME, _HASHES = 13, (20, 32, 40, 64)  # digits
# django.core.signing: a value, the time, a signature.
_SIGNED = re.compile(r"[\w.=-]+(?::|%3[Aa])([0-9A-Za-z]+)(?::|%3[Aa])([\w-]+)")
_TIMES, _SHORTEST_SIGNATURE = range(5, 9), 20  # characters
# Identifiers of orders and devices: a UUID, an ObjectId of MongoDB.
_IDENTIFIER = re.compile(r"[0-9A-Fa-f]+(?:-[0-9A-Fa-f]+){4}|[0-9a-f]+")
_IDENTIFIERS = (24, 36)  # characters
# Words in links about people, not about orders or devices.
_SURE = ("password", "email", "account", "magic", "login", "user", "signup", "register", "invit", "recover", "activat",
         "unsubscribe", "signin", "sign-in")  # fmt: skip
_NEAR = 30  # characters in front of the segment that are searched for such a word
_SHORTEST, _SHORTEST_UNSURE, _SHORTEST_NAMED = 12, 20, 8  # characters of a token
# Paths; the beginning of a segment with a digit; a segment that may be generated.
_PATH = re.compile(rf"/[\w:.~=%+@-]+(?:{SLASH}[\w:.~=%+@-]+)+")
_DIGIT_WITHIN = re.compile(r"/[A-Za-z_.~%-]*[0-9]")
_GENERATED = re.compile(r"(?=[^0-9]*[0-9])([\w~.%-]{8,})(?:[:=][\w~.%=-]*)?")
# What looks generated and is not: dates, versions, words with a number inside (`oauth2callback`), files of programs.
_HARMLESS = re.compile(
    r"\d{4}-\d\d-\d\d(?:T[\d:.%AZ+-]*)?|v?\d{1,4}(?:\.\d{1,6}){1,3}(?:[-+][a-z]{1,6}\.?\d{0,3})?"
    r"|[a-z]{4,15}[0-9][a-z]{4,15}|.*\.(?:js|mjs|css|map|svg|png|jpe?g|gif|woff2?|py|rb|go|rs|java|php|tsx?)",
    re.DOTALL,
)
# Behind these words of code hosts stands the hash of a commit, or two of them.
_BEFORE_COMMIT = frozenset(("commit", "commits", "compare", "blob", "tree", "raw", "blame"))
_COMMIT = re.compile(r"[0-9a-f]{7,40}(?:\.{2,3}[0-9a-f]{7,40})?(?:\.patch|\.diff)?")
_SET_PASSWORD = "set-password"  # Django redirects there with the token in the session


def holds_token(text: str, is_secret: Callable[[str], bool], spend: Spend) -> bool:
    """Whether a text holds a capability URL. is_secret: whether a name is secret. spend: called with the work done."""
    return "/" in text and next(find_tokens(text, is_secret, spend), None) is not None


def mask(text: str, mask: Callable[[str], str], is_secret: Callable[[str], bool], spend: Spend) -> tuple[str, int]:
    """Replace the tokens of capability URLs by the result of `mask`; return the text and how many there were.

    is_secret: whether a name is secret. spend: called with the work done.
    """
    spans = spans_of(text, is_secret, spend)
    if not spans:
        return text, 0
    pieces, copied, count = [], 0, 0
    for begin, end in spans:
        pieces += [text[copied:begin], mask(text[begin:end])]
        copied, count = end, count + 1
    return "".join(pieces) + text[copied:], count


def spans_of(text: str, is_secret: Callable[[str], bool], spend: Spend) -> list[tuple[int, int]]:
    """Return the spans of the tokens, in order and apart from each other.

    is_secret: whether a name is secret. spend: called with the work done.
    """
    if "/" not in text:
        return []
    spans: list[tuple[int, int]] = []
    for begin, end in sorted(find_tokens(text, is_secret, spend)):
        if not spans or begin >= spans[-1][1]:
            spans.append((begin, end))
    return spans


def find_tokens(text: str, is_secret: Callable[[str], bool], spend: Spend) -> Iterator[tuple[int, int]]:
    """Yield the spans of the tokens, in any order; some may occur twice, or begin alike.

    is_secret: whether a name is secret. spend: called with the work done.
    """
    lower = text.lower() if text.count("/") * _SPARSE > len(text) >= _LONG else ""
    if not lower or any(hint in lower for hint in _SERVICE_HINTS):
        for match in _WORD.finditer(text):
            yield from _find_service_tokens(match)
    if _LONG_SEGMENT.search(text) is None:
        return
    if not lower or any(hint in lower for hint in _ACTION_HINTS):
        for match in _ACTION.finditer(text):
            yield from _find_link_tokens(match, spend)
    yield from _find_all_named_tokens(text, is_secret, spend)


def _find_all_named_tokens(text: str, is_secret: Callable[[str], bool], spend: Spend) -> Iterator[tuple[int, int]]:
    """Yield the spans of the segments that look generated, behind one that is a secret name."""
    if _DIGIT_WITHIN.search(text) is not None:
        for match in _PATH.finditer(text):
            if _DIGIT_WITHIN.search(match[0]) is not None:
                yield from _find_named_tokens(match, is_secret, spend)


def _find_named_tokens(
    match: re.Match[str], is_secret: Callable[[str], bool], spend: Spend
) -> Iterator[tuple[int, int]]:
    """Yield the spans of the segments of a path that look generated, behind one that is a secret name."""
    path, start, named = match[0], match.start(), False
    # Behind two slashes stands a host.
    at = path.find("/", 1) if match.string[max(0, start - 3) : start].rstrip("\\")[-1:] == "/" else 0
    for name in path[at:].split("/")[:-1]:
        # A loop, as `any` takes twice as long for a few short names.
        if name and (len(name) < _SHORTEST_NAMED or _GENERATED.fullmatch(name) is None) and is_secret(name):
            break
    else:
        return
    current = ""
    for segment in _SEGMENT.finditer(path, at):
        previous, current = current, segment[0]
        generated = _GENERATED.fullmatch(current)
        if generated is None:
            named = named or is_secret(current)
            continue
        spend(4 if named else 1)
        if previous in _BEFORE_COMMIT and _COMMIT.fullmatch(current):
            continue
        if named and not _is_page(generated[1]) and _HARMLESS.fullmatch(generated[1]) is None:
            yield start + segment.start(), start + segment.end()


def _find_service_tokens(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the span of the token behind a word from the paths of services."""
    text, front = match.string, match.string[max(0, match.start() - _NEAR) : match.start()].lower()
    for expression, service in _BY_WORD[match[1]]:
        found = expression.match(text, match.end())
        if found and service.host in front:
            begin, end = found.span(1)
            own = bool(service.own_host) and service.own_host in front
            shortest = 1 if own else service.lengths[0]
            known = own or bool(service.host) or service.word[0] == "/"
            if shortest <= end - begin <= service.lengths[1] and (known or not _is_page(found[1])):
                yield begin, end


def _find_link_tokens(match: re.Match[str], spend: Spend) -> Iterator[tuple[int, int]]:
    """Yield the spans of the tokens behind a segment that says what a link is for, such as `/reset-password/`."""
    rest, start = match[2], match.start(2)
    near = match.string[max(0, match.start() - _NEAR) : match.end()].lower()
    sure = any(word in near for word in _SURE)
    for segment in _SEGMENT.finditer(rest):
        spend(4)
        if _is_signed(segment[0]) or (_SET_PASSWORD not in rest and _is_random(segment[0], sure=sure)):
            yield start + segment.start(), start + segment.end()


def _is_signed(text: str) -> bool:
    """Whether a segment has the form of a token or of a signed value made by Django."""
    token = _DJANGO.fullmatch(text)
    if token is not None:
        return len(token[1]) <= _LONGEST_TIME and len(token[2]) in _HASHES
    signed = _SIGNED.fullmatch(text)
    return signed is not None and len(signed[1]) in _TIMES and len(signed[2]) >= _SHORTEST_SIGNATURE


def _is_random(text: str, *, sure: bool) -> bool:
    """Whether a segment is random, not a slug; and not a UUID or an ObjectId, unless `sure` (the link is about a
    person).
    """
    mixed = any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    if len(text) < (_SHORTEST if sure else _SHORTEST_UNSURE) or not mixed or _is_page(text):
        return False
    return sure or len(text) not in _IDENTIFIERS or _IDENTIFIER.fullmatch(text) is None


def _is_page(text: str) -> bool:
    """Whether a segment is a slug, also with numbers in its words, or a date."""
    return is_slug(text) or is_page(text)
