"""Sentences with a one-time code or a password, as in messages to users: `Your OTP is 123456`, `Use this code: 123456`.

A code is made of digits. What follows a password must hold a digit, or a sign between letters, as no word does: `The
password is wrong` holds none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from drhttp._redact.detect.tries import trie

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from drhttp._redact.work_budget import Spend

_NOUNS = ("code", "otp", "pin", "passcode", "password", "passwd", "passphrase")
_VERBS = ("use", "enter", "type")


def _spelled(words: Iterable[str]) -> tuple[str, ...]:
    """Return words in lower case, capitalized and in capitals."""
    return tuple(spelling for word in words for spelling in (word, word.capitalize(), word.upper()))


# The lookbehind comes after the first letter: `re` searches for a set of characters several times faster.
_NOUN = re.compile(
    "(?:"
    + "|".join(
        rf"{first}(?<![\w.$/@%=-].){trie({noun[1:] for noun in _spelled(_NOUNS) if noun[0] == first})}"
        for first in sorted({noun[0] for noun in _spelled(_NOUNS)})
    )
    + r")(?![\w/=-]|\.\w)"
)
_PASSWORDS = frozenset(("password", "passwd", "passphrase", "passcode"))
_VALUE = "(?P<value>[0-9]{4,8}|[0-9]{3}[ -][0-9]{3})"
_COUNTED = r"[ \t](?:char|digit|byte|letter|time|sec|min|hour|day|month|year)"  # behind a number that is no code
_DIGITS = rf"{_VALUE}(?![\w%/:@=]|[.,-][0-9]|{_COUNTED})"
_LABEL = r"(?:[A-Z]{1,4}-|[#*_`(]{1,3})?"  # in front of a code: `G-123456`
# What connects a noun with its value. Something else may stand behind a code: `Your OTP for the login is 123456`.
_IS = (
    r"[ \t]{1,3}(?i:is[ \t]now|is|was|will[ \t]be|(?:(?:has[ \t]been|was|is)[ \t])?(?:re)?(?:set|changed)[ \t]to)"
    r"(?:[ \t]{0,3}[:=-]\s{0,8}|\s{1,8})"
)
# One of them is in each of these, or an order is in front of the noun.
_AROUND_NOUNS = (" is", " as", " was", " be", " to", *(f"{verb} " for verb in _VERBS))
_CODE_BEHIND = re.compile(rf"{_IS}{_LABEL}{_DIGITS}")
_CODE_NEXT = re.compile(rf"[ \t]{{0,3}}(?:[:=-]\s{{0,8}}|[ \t]){_LABEL}{_DIGITS}")
_PURPOSE = re.compile(r"[ \t](?:for|to|from|at|on|of)[ \t]")
_SENTENCE_END = re.compile(r"[.!?;:](?!\S)|[\r\n\"<]")
_LONGEST_PURPOSE = 100  # characters
_SHORTEST_SENTENCE = len("PIN is 1234")
_PASSWORD_BEHIND = re.compile(rf"{_IS}[*_~`(]{{0,3}}(?P<value>[^\s\"'<>\\\x00]{{4,64}})(?![^\s\"'<>\\\x00])")
# The value comes first: `123456 is your code`, `Use 123456 as your code`.
_IS_YOUR = re.compile(r"[ \t](?:is|as|IS|AS)[ \t](?P<whose>your|ur|my|the|YOUR|MY|THE)(?=[ \t])")
_LONGEST_NAME = 80  # characters
_VALUE_IN_FRONT = re.compile(r"(?<![^\s\"'<>\\,;()=\x00])[^\s\"'<>\\,;()=\x00]{3,60}\Z")
_CODE_IN_FRONT = re.compile(rf"(?<![\w.,:/@%+=-])(?:[A-Z]{{1,4}}-|#)?{_VALUE}\Z")
_NOUN_ENDS = re.compile(r"[ \t]?(?:[.,;:!?)\"'<\x00\r\n-]|\Z)|[ \t](?:for|to|on|at|from|and|by|with|in|until|valid)\b")
_AIM = r"[ \t](?:verify|confirm|sign|log|authenticate|reset)"
_USE = re.compile(rf"(?<!\w)(?:{'|'.join(_spelled(_VERBS))})[ \t]{_LABEL}{_DIGITS}(?=[ \t]to{_AIM})")
_NUMBER_TO = re.compile(rf"to(?<=[0-9][ \t]to){_AIM}")  # the end of the same; begins with a literal, as that is fast
_WORD = re.compile(r"[\w'-]+")
# A label in front of a value in another element, and a code as a whole.
_LABEL_END = re.compile(r"(?:(?i:is)(?i:[ \t]now)?)?[ \t]?[:=-]?")
_LONGEST_LABEL, _LONGEST_END = 120, 60  # characters; of the noun and what connects it with the value
_CODE = re.compile(rf"{_LABEL}{_DIGITS}")
_FRONT = 60  # characters in front of a noun that are read
_MOST_WORDS = 5
_MOST_WORK = 2000  # as `spend` counts it
# In front of `code`: what makes it a one-time code, and what makes it something else.
_OF_CODES = frozenset((
    "verification", "security", "confirmation", "login", "log-in", "signin", "sign-in", "one-time", "time", "onetime",
    "authentication", "authorization", "auth", "authenticator", "activation", "access", "reset", "recovery", "backup",
    "2fa", "mfa", "otp", "sms", "factor", "two-factor", "2-step", "validation", "pin", "unlock", "registration",
))  # fmt: skip
_OF_OTHERS = frozenset((
    "order", "discount", "postal", "post", "zip", "country", "error", "status", "area", "promo", "promotion",
    "promotional", "coupon", "voucher", "product", "item", "response", "exit", "return", "result", "reason", "currency",
    "language", "sort", "source", "dial", "dialing", "dialling", "tracking", "booking", "reservation", "http",
    "referral", "customer", "state", "color", "colour", "tariff", "tax", "department", "project", "course", "class",
    "rate", "swift", "bank", "branch", "bin", "unit", "event", "sku", "reference", "ref", "bar", "qr", "key", "city",
    "region", "industry", "store", "shop", "location", "airport", "station", "category", "article", "part", "model",
    "type", "hex", "char", "character", "op", "byte", "cancellation", "cost", "account", "fault", "diagnostic", "dress",
    "building", "member", "offer", "savings", "sale", "checkout", "shipping", "delivery", "hs", "naics", "icd", "cpt",
    "billing", "company",
))  # fmt: skip
_ORDERED = frozenset(_VERBS)
_ADDRESSED = frozenset(("your", "ur", "my")) | _ORDERED
# A digit, or a sign between letters.
_UNLIKE_WORDS = re.compile(r"[0-9]|[A-Za-z0-9][!#$%^&*+=@~|][A-Za-z0-9]")
# Names of methods, numbers with units, ranges, and URLs.
_METHOD = re.compile(
    r"(?:s?sha-?[0-9]{1,3}|md-?[45]|aes-?[0-9]{3}|pbkdf2|argon2i?d?|base-?[0-9]{2}|utf-?[0-9]{1,2}|rot13|oauth2?|2fa|v[0-9]"
    r"|[rhe]s[0-9]{3})(?:[-_/][a-z0-9]{1,12}){0,2}|[0-9]{1,3}-[0-9]{1,3}|https?://.{1,64}"
    r"|[0-9]{1,4}(?:[%+x]|st|nd|rd|th|-?(?:char|digit|bit|byte|letter|day|hour|min|sec|month|year|time)[a-z]{0,8})",
    re.IGNORECASE,
)
_UNIT = re.compile(_COUNTED)
_SHORTEST = 4  # characters of a password
_TRAILING = ".,;:)]}*_~`!?"
_KEPT = ".,;:)]}*_~`"  # what is not part of the value; `!` may be


class Value(NamedTuple):
    """A value in a sentence. name: what it is there, such as "code"."""

    name: str
    begin: int
    end: int


class _Dense(Exception):
    """A text holds many words of such sentences."""


def holds_words(text: str) -> bool:
    """Whether a text holds words of such a sentence; if not, it holds no such sentence."""
    if len(text) < _SHORTEST_SENTENCE or text.find(" ", text.find(" ") + 1) < 0:  # it takes two spaces
        return False
    lower = text.lower()
    if _may_hold_noun(lower) and any(word in lower for word in _AROUND_NOUNS):
        return True
    return "to" in text and _NUMBER_TO.search(text) is not None


def _may_hold_noun(lower: str) -> bool:
    """Whether a text, in lower case, may hold one of the nouns; `False` is certain."""
    # Written out, because `any` takes several times as long. "pass" stands for all that begin so.
    return "code" in lower or "pin" in lower or "otp" in lower or "pass" in lower


def may_hold_code(text: str) -> bool:
    """Whether a text holds such a sentence, or so many of their words that this takes long to find out."""
    if not holds_words(text):
        return False
    work = 0

    def spend(more: int) -> None:
        nonlocal work
        work += more
        if work > _MOST_WORK:
            raise _Dense

    try:
        return next(find_codes(text, spend), None) is not None
    except _Dense:
        return True


def find_codes(text: str, spend: Spend) -> Iterator[Value]:
    """Yield the codes and passwords in sentences. spend: called with the work done."""
    lower = text.lower()
    if any(noun in lower for noun in _NOUNS):
        if any(word in lower for word in _AROUND_NOUNS):
            yield from _values(text, _NOUN, _behind, 7, spend)
        if " is " in lower or " as " in lower:
            yield from _values(text, _IS_YOUR, _in_front, 5, spend)
    if "to" in text and _NUMBER_TO.search(text):
        yield from (Value("code", *match.span("value")) for match in _USE.finditer(text))


def _values(
    text: str,
    pattern: re.Pattern[str],
    find: Callable[[str, re.Match[str], Spend], Value | None],
    work: int,
    spend: Spend,
) -> Iterator[Value]:
    """Yield the values beside what a pattern matches. find: finds one of them. work: of a match."""
    for match in pattern.finditer(text):
        spend(work)
        value = find(text, match, spend)
        if value is not None:
            yield value


def _behind(text: str, noun: re.Match[str], spend: Spend) -> Value | None:
    """Return the value behind a noun: `OTP is 123456`."""
    name, end = noun[0].lower(), noun.end()
    if name in _PASSWORDS:
        found = _PASSWORD_BEHIND.match(text, end)
        return _password(name, text, *found.span("value")) if found else None
    code = _CODE_BEHIND.match(text, end)
    if code is None and _PURPOSE.match(text, end):
        spend(5)
        code = _CODE_BEHIND.search(text, end, end + _LONGEST_PURPOSE)
        code = None if code and _SENTENCE_END.search(text, end, code.start()) else code
    ordered = code is None
    code = code or _CODE_NEXT.match(text, end)
    words = _words_in_front(text, noun.start()) if code else []
    if code is None or (ordered and _ORDERED.isdisjoint(words)) or not _is_secret(name, words):
        return None
    return Value(name, *code.span("value"))


def _in_front(text: str, match: re.Match[str], spend: Spend) -> Value | None:
    """Return the value in front of `is your` and a noun: `123456 is your code`."""
    value = _VALUE_IN_FRONT.search(text[max(0, match.start() - _FRONT) : match.start()])
    if value is None or _UNLIKE_WORDS.search(value[0]) is None:
        return None
    end = match.end()
    spend(6)
    for noun in _NOUN.finditer(text, end, end + _LONGEST_NAME):
        name, between = noun[0].lower(), text[end : noun.start()]
        if _SENTENCE_END.search(between):
            break
        whose = "" if match["whose"].lower() == "the" else "your"
        if _NOUN_ENDS.match(text, noun.end()) and _is_secret(name, [whose, *_WORD.findall(between.lower())]):
            return _value_in_front(name, text, match.start() - len(value[0]), match.start())
    return None


def _value_in_front(name: str, text: str, begin: int, end: int) -> Value | None:
    """Return the code or password that ends at a position. begin: where its last word begins."""
    code = _CODE_IN_FRONT.search(text, max(0, end - _FRONT), end)
    if code is not None:
        return Value(name, *code.span("value"))
    return _password(name, text, begin, end) if name in _PASSWORDS else None


def _words_in_front(text: str, at: int) -> list[str]:
    """Return the words in front of a position, in lower case, from the same sentence."""
    front = text[max(0, at - _FRONT) : at]
    for sign in '.!?\n"<':
        front = front.rpartition(sign)[2]
    return _WORD.findall(front.lower())[-_MOST_WORDS:]


def _is_secret(name: str, words: list[str]) -> bool:
    """Whether a noun names a secret. words: those in front of it."""
    if name != "code":
        return True
    last = words[-1] if words else ""
    return last in _OF_CODES or (last not in _OF_OTHERS and not _ADDRESSED.isdisjoint(words))


def _password(name: str, text: str, begin: int, end: int) -> Value | None:
    """Return a password, without the punctuation behind it; `None` if it is a word."""
    value = text[begin:end]
    core = value.rstrip(_TRAILING)
    if len(core) < _SHORTEST or _UNLIKE_WORDS.search(core) is None or _METHOD.fullmatch(core):
        return None
    if core.isdigit() and _UNIT.match(text, end):
        return None
    return Value(name, begin, begin + len(value.rstrip(_KEPT)))


def label_at_end(text: str) -> str:
    """Return the noun whose value follows a text, such as "code" behind `Use this code:`; empty if there is none."""
    name, end = "", text[-_LONGEST_END:].lower()
    if not _may_hold_noun(end):
        return name
    for noun in _NOUN.finditer(text, max(0, len(text) - _LONGEST_LABEL)):
        rest = text[noun.end() :].strip()
        if _LABEL_END.fullmatch(rest) is None:
            continue
        words = _words_in_front(text, noun.start())
        if _is_secret(noun[0].lower(), words) and (rest or not _ORDERED.isdisjoint(words)):
            name = noun[0].lower()
    return name


def is_value(name: str, text: str) -> bool:
    """Whether a text is a code, or a password. name: the noun in front of it."""
    text = text.strip()
    if name in _PASSWORDS:
        return " " not in text and len(text) <= _FRONT and _password(name, text, 0, len(text)) is not None
    return _CODE.fullmatch(text) is not None
