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


def is_postal_code(normalized: str, text: str, begin: int, end: int) -> bool:
    """Whether a JSON value is a postal code in an address: six digits, beside another member of an address.

    normalized: its name. begin, end: where the value stands in the text.
    """
    if normalized not in _NAMES or _CODE.fullmatch(text, begin, end) is None:
        return False
    first = text.rfind("{", max(0, begin - _FAR), begin)
    last = text.find("}", end, end + _FAR)
    return _ADDRESS.search(text, max(first, begin - _FAR, 0), last if last >= 0 else end + _FAR) is not None
