"""Postal codes of India, which are called PIN codes: `{"pin_code": "560001", "city": "Bengaluru"}`."""

from __future__ import annotations

import re

_NAMES = frozenset(("pincode", "postalpincode"))
POSTAL_LENGTHS = range(6, 10)  # characters of a code, which may hold a space and stand in quotes
_CODE = re.compile(r'"?[1-9][0-9]{2} ?[0-9]{3}"?')
# A member of an address in the same object. One that is called `country` or `state` alone may be something else.
_ADDRESS = re.compile(
    r'"(?:city|district|street|address|address_?line_?[12]?|line_?1|locality|landmark|town|taluk|post_?office|state_code'
    r'|province|area)"\s{0,20}:',
    re.IGNORECASE,
)
_FAR = 1000  # characters on each side that are searched
_LONGEST_ADDRESS = 60  # more characters than such a member takes up to its colon
# A text, where the last search in it began and ended, and the span of the first member of an address that it found.
_Search = tuple[str, int, int, tuple[int, int] | None]
_last_search: list[_Search] = [("", 0, 0, None)]


def is_postal_code(normalized: str, text: str, begin: int, end: int) -> bool:
    """Whether a JSON value is a postal code in an address: six digits, beside another member of an address.

    normalized: its name. begin, end: where the value stands in the text.
    """
    if normalized not in _NAMES or _CODE.fullmatch(text, begin, end) is None:
        return False
    first = text.rfind("{", max(0, begin - _FAR), begin)
    last = text.find("}", end, end + _FAR)
    return _holds_address(text, max(first, begin - _FAR, 0), last if last >= 0 else min(end + _FAR, len(text)))


def _holds_address(text: str, begin: int, end: int) -> bool:
    """Whether there is a member of an address between two positions.

    The last search is remembered, because one object may hold thousands of codes: what it went through is not searched
    again for the next one.
    """
    known, searched, until, found = _last_search[0]
    if known is not text or not searched <= begin <= until or (found is not None and found[0] < begin):
        searched, until, found = begin, begin, None
    if found is None and until < end:
        match = _ADDRESS.search(text, max(begin, until - _LONGEST_ADDRESS), end)
        until, found = end, match.span() if match else None
    _last_search[0] = (text, searched, until, found)
    return found is not None and found[1] <= end
