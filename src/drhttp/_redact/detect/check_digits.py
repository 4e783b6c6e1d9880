"""Card numbers and IBANs, found by their check digits: `4111 1111 1111 1111` and `DE89 3704 0044 0532 0130 00`.

Luhn's check (ISO/IEC 7812) for payment cards, mod 97 (ISO 13616) for bank accounts.
"""

from __future__ import annotations

import re
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drhttp._redact.work_budget import Spend

# Separators of groups: spaces of any width, hyphens, dots; also as HTML.
_MARK = r"(?: {1,2}|[-.\xa0\u2009\u2010-\u2013\u202f]|&nbsp;|&#160;)"
# A run of digits. It may hold more than one card number: a year in front, the security code behind. With letters in
# front it is another kind of number, with a few exceptions: `No.4111...`, `PAN4111...`. The lookbehinds come after the
# first digit: `re` searches for a set of characters many times faster than for a lookbehind.
_RUN = re.compile(
    r"[0-9](?:(?<![0-9A-Za-z.].)|(?<=[A-Za-z]\..)|(?<=[Pp][Aa][Nn].)|(?<=[Cc][Aa][Rr][Dd].)|(?<=\bNo.)|(?<=\\[nrt].))"
    # Digits of a group are one repetition of a set: `re` would keep 200 bytes for each turn of a group's repetition.
    rf"(?=(?:{_MARK}?[0-9]){{12}})[0-9]*(?:{_MARK}[0-9]+)*(?![0-9A-Za-z])"
)
_PLAIN = re.compile(r"[0-9]+(?:[ -][0-9]+)*")
_GROUP = re.compile(r"[0-9]+")
# Lengths of the groups in which numbers of cards are written, as letters: "4" are four digits, ":" ten, "=" 13, "C" 19.
_GROUPED = re.compile(r"(?=(44443|4444|444[123]|465|464|88|6=|[=-C]))")
_SIZES = {size: chr(48 + size) for size in range(1, 20)}
# How the numbers of each length begin, so that few other numbers of that length are taken for one.
_ISSUED = {
    length: re.compile(begin)
    for length, begin in (
        (13, "4"), (14, "3[0689]"), (15, "3[47]"), (16, "[456]|35|2[2-7]"), (17, "[56]"), (18, "[56]"), (19, "[456]")
    )
}  # fmt: skip
_SHORTER = {"44443": "4444"}
_IBAN = re.compile(
    r"(?<![0-9A-Za-z])[A-Za-z]{2}[0-9]{2}"
    r"(?:(?:[ \xa0-][0-9A-Za-z]{4}){2,7}(?:[ \xa0-][0-9A-Za-z]{1,4})?|[0-9A-Za-z]{11,30})(?![0-9A-Za-z])"
)
_IBAN_MARK = re.compile(r"[ \xa0-]")
# Lengths of an IBAN by country (SWIFT's registry).
_IBAN_LENGTHS = {
    code: int(part[:2])
    for part in """15NO 16BE 18DK,FK,FI,FO,GL,NL,SD 19MK,SI 20AT,BA,EE,KZ,LT,LU,MN,XK 21CH,HR,LI,LV
    22BG,BH,CR,DE,GB,GE,IE,ME,RS,VA 23AE,GI,IL,IQ,OM,SO,TL 24AD,CZ,DZ,ES,MD,PK,RO,SA,SE,SK,TN,VG 25AO,CV,GW,LY,MZ,PT,ST
    26IR,IS,TR 27BF,BI,BJ,CF,CG,CI,CM,DJ,FR,GA,GQ,GR,IT,KM,MA,MC,MG,ML,MR,NE,SM,SN,TD,TG 28AL,AZ,BY,CY,DO,GT,HN,HU,LB,
    NI,PL,SV 29BR,EG,PS,QA,UA 30JO,KW,MU,YE 31MT,SC 32LC 33RU""".replace(",\n    ", ",").split()
    for code in part[2:].split(",")
}
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")
_LETTERS = {ord(letter): str(int(letter, 36)) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
# The shape of a text: a digit is "0", a letter "a", all else ".".
_SHAPES = bytes(48 if 48 <= byte <= 57 else 97 if 65 <= byte <= 90 or 97 <= byte <= 122 else 46 for byte in range(256))
# The shape of a text, with separators of an IBAN as spaces; a no-break space is two bytes in UTF-8.
_SPACED = bytes(32 if byte in b" -\xc2" else shape for byte, shape in enumerate(_SHAPES))
_MARKS = b" -." + "\xa0\u2009\u2010\u2011\u2012\u2013\u202f".encode()  # bytes that may separate groups of digits
_FEWEST_DIGITS = 13  # of the number of a card
_LONG_RUN = b"0" * _FEWEST_DIGITS
_LONG = re.compile(rb"aa00[a0]{11}")  # the shape of an IBAN without separators
_LONG_ACCOUNT = re.compile(rb"[a0]{11}")
_LONG_TEXT = 1000  # characters
_last_clean_text = [""]  # the last long text that seemed to hold a number and does not


def holds_number(text: str, spend: Spend) -> bool:
    """Whether a text holds a card number or an IBAN. spend: called with the work done."""
    return next(_find_numbers(text, spend), None) is not None


def mask(text: str, mask: Callable[[str], str], spend: Spend) -> tuple[str, int]:
    """Replace card numbers and IBANs by the result of `mask`; return the text and how many there were.

    spend: called with the work done.
    """
    found = sorted(_find_numbers(text, spend))
    if not found:
        return text, 0
    pieces, copied, count = [], 0, 0
    for start, end in found:
        if start >= copied:
            pieces += [text[copied:start], mask(text[start:end])]
            copied, count = end, count + 1
    return "".join(pieces) + text[copied:], count


def _find_numbers(text: str, spend: Spend) -> Iterator[tuple[int, int]]:
    """Yield the spans of card numbers, and then of IBANs.

    The last long text without any is remembered: it is often searched again right away.
    """
    cards, ibans = _may_hold(text)
    if not (cards or ibans) or (len(text) > _LONG_TEXT and text == _last_clean_text[0]):
        return
    clean = True
    for span in chain(_find_cards(text) if cards else (), _find_ibans(text, spend) if ibans else ()):
        clean = False
        yield span
    if clean and len(text) > _LONG_TEXT:
        _last_clean_text[0] = text


def _may_hold(text: str) -> tuple[bool, bool]:
    """Whether a text may hold card numbers, and whether it may hold IBANs; `False` is certain."""
    content = text.encode("utf-8", "replace")
    # Most texts have few digits, and to leave characters out takes several times as long.
    shape = content.translate(_SHAPES)
    if shape.count(b"0") < _FEWEST_DIGITS and b"aa00" not in shape:
        return False, False
    if "&" in text:
        content = content.replace(b"&nbsp;", b" ").replace(b"&#160;", b" ")
    shape = content.translate(_SHAPES, _MARKS)
    cards = _LONG_RUN in shape
    # Searching for the beginning alone takes a third of the time.
    if b"aa00" not in shape or _LONG.search(shape) is None:
        return cards, False
    return cards, _has_account(content.translate(_SPACED, b"\xa0"))


def _has_account(shape: bytes) -> bool:
    """Whether something that begins like an IBAN goes on in groups, or without spaces for as long as one."""
    at = shape.find(b"aa00")
    while at >= 0:
        if shape.startswith(b" ", at + 4) or _LONG_ACCOUNT.match(shape, at + 4):
            return True
        at = shape.find(b"aa00", at + 4)
    return False


def _find_cards(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of card numbers."""
    for run in _RUN.finditer(text):
        start = run.start()
        # A plus sign makes it a telephone number.
        if text[start - 1 : start] == "+" and not text[max(0, start - 2) : start - 1].isalnum():
            continue
        yield from _cards_in(run)


def _cards_in(run: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the spans of the card numbers in a run of digits, which may hold several, or other digits."""
    text = run[0]
    if text.isdigit():
        if _is_card_number(text):
            yield run.span()
        return
    if _is_fraction(text):
        return
    letters = "".join([_SIZES.get(len(group), "X") for group in _GROUP.findall(text)])
    unusual = _PLAIN.fullmatch(text) is None
    if (unusual or len(letters) > 19) and _GROUPED.search(letters) is None:
        return  # skips computing the positions of thousands of groups
    groups = [match.span() for match in _GROUP.finditer(text)]
    digits = "".join([text[begin:end] for begin, end in groups])
    starts = [0, *accumulate(end - start for start, end in groups)]  # of the groups, among the digits
    dotted = "." in text
    after = 0
    for first, last in _candidates(groups, letters, unusual=unusual):
        if first < after or not _is_card_number(digits[starts[first] : starts[last]]):
            continue
        if not dotted or _has_consistent_dots(text, groups[first:last]):
            after = last
            yield run.start() + groups[first][0], run.start() + groups[last - 1][1]


def _is_fraction(text: str) -> bool:
    """Whether a run is a decimal fraction; digits in two groups as on cards (8.8 or 6.13) are not."""
    whole, _, fraction = text.partition(".")
    lengths = len(whole), len(fraction)
    return fraction.isdigit() and whole.isdigit() and lengths[0] < 13 and lengths not in ((8, 8), (6, 13))


def _has_consistent_dots(text: str, groups: list[tuple[int, int]]) -> bool:
    """Whether dots stand between all groups, or between none and not in front of a single group.

    Otherwise they are decimal points.
    """
    marks = {text[end:start] for (_, end), (start, _) in pairwise(groups)}
    return text[max(0, groups[0][0] - 1)] != "." if not marks else "." not in marks or len(marks) == 1


def _candidates(groups: list[tuple[int, int]], letters: str, *, unusual: bool) -> Iterator[tuple[int, int]]:
    """Yield the groups that may make a number together: in sizes printed on cards, or the whole run.

    unusual: something other than single spaces and hyphens separates the groups; then the whole run is not a candidate.
    """
    if not unusual and sum(end - start for start, end in groups) < 20:
        yield 0, len(groups)
    if len(groups) == 1:
        return
    for match in _GROUPED.finditer(letters):
        found = match[1]
        yield match.start(), match.start() + len(found)
        if found in _SHORTER:
            yield match.start(), match.start() + len(_SHORTER[found])


def _is_card_number(digits: str) -> bool:
    """Whether digits have the length and beginning of a card number, and a valid check digit."""
    issued = _ISSUED.get(len(digits))
    if issued is None or issued.match(digits) is None:
        return False
    return luhn(digits) and digits != digits[0] * len(digits)


def luhn(digits: str) -> bool:
    """Whether digits pass the Luhn check (ISO/IEC 7812-1, annex B): `4111111111111111` does."""
    codes = digits.encode()  # a zero has the code 48
    total = sum(codes[-1::-2]) + sum(codes[-2::-2].translate(_DOUBLED)) - 48 * len(codes)
    return total % 10 == 0


def _find_ibans(text: str, spend: Spend) -> Iterator[tuple[int, int]]:
    """Yield the spans of IBANs."""
    match = _IBAN.search(text)
    while match:
        spend(3)
        end = _end_of_iban(match[0])
        if end:
            yield match.start(), match.start() + end
        match = _IBAN.search(text, match.start() + (end or 4))


def _end_of_iban(text: str) -> int:
    """Where the IBAN ends with which a text begins, perhaps in groups of four; 0 if there is none."""
    length = _IBAN_LENGTHS.get(text[:2].upper(), 0)
    end = length if text[4].isalnum() else length + (length - 1) // 4
    if not length or len(text) < end or text[end : end + 1].isalnum():
        return 0
    number = _IBAN_MARK.sub("", text[:end]).upper()
    return end if len(number) == length and iban_is_valid(number) else 0


def iban_is_valid(iban: str) -> bool:
    """Whether the check digits of an IBAN are right (mod 97, ISO 13616): `DE89370400440532013000` is valid.

    iban: in capital letters, without spaces.
    """
    return int((iban[4:] + iban[:4]).translate(_LETTERS)) % 97 == 1
