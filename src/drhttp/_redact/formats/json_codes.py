"""One-time codes in JSON: finds those beside an address, such as `{"email": "ada@x.example", "code": "123456"}`.

`code` is no secret name, as most codes are errors, countries or products. Also finds the key that a login with
dj-rest-auth answers with, whose name is none either.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._redact.formats.json_name_value_pairs import spellings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drhttp._redact.formats.json_tree import Node
    from drhttp._redact.policy import Policy

CODE = "code"
_CODE = re.compile(r'"[0-9]{4,8}"|[0-9]{6,8}')  # shorter numbers are errors
# Beside one of these, or `"type": "totp"`, a code is one of a login (Firebase), whatever else is there.
_SURE = spellings("session_info")
_TYPES, _KINDS = spellings("type"), frozenset(("totp", "TOTP"))
# Beside one of these it is, unless the object tells more about a person or a shop.
_ADDRESSES = spellings("email phone phone_number")
_COMPANIONS = (
    _SURE
    | _TYPES
    | _ADDRESSES
    | spellings(
        "code user user_id username login purpose channel method operation action locale language lang country_code"
        " device_id client_id remember remember_me state redirect_uri"
    )
)
_SPACE = r"\s{0,20}"
_KEY = rf'"key"{_SPACE}:{_SPACE}("[0-9a-f]{{40}}")'
_FIRST_KEY = re.compile(rf'{_SPACE}\{{{_SPACE}{_KEY}{_SPACE}(?:\}}{_SPACE}\Z|,{_SPACE}"user"{_SPACE}:)')
_LAST_KEY = re.compile(rf"{_KEY}{_SPACE}\}}{_SPACE}\Z")
_USER = re.compile(rf'{_SPACE}\{{{_SPACE}"user"{_SPACE}:')
_END = 160  # characters in which the last member is searched


def may_hold_codes(text: str, names: frozenset[str], *, cut: bool) -> bool:
    """Whether a document may hold a one-time code; `False` is certain.

    names: of its members. cut: the end is missing, and may hold an address.
    """
    if CODE not in names:
        return False
    return cut or not (_ADDRESSES | _SURE).isdisjoint(names) or '"totp"' in text or '"TOTP"' in text


def secret_codes_at(nodes: Iterable[Node], policy: Policy) -> Iterator[int]:
    """Yield where one-time codes begin. nodes: the objects and arrays of a document."""
    for node in nodes:
        codes = [each.begin for each in node.member(CODE) if _CODE.fullmatch(each.literal)]
        if codes and not policy.is_allowed(CODE) and _is_login(node, policy):
            yield from codes


def _is_login(node: Node, policy: Policy) -> bool:
    """Whether an object is a login with a code, or may be one whose end is missing."""
    if any(node.member(*_SURE)) or any(each.text in _KINDS for each in node.member(*_TYPES)):
        return True
    if not (node.is_open or any(each.text for each in node.member(*_ADDRESSES))):
        return False
    return all(name in _COMPANIONS or policy.is_secret(name) for name, _ in node.members or ())


def login_key_at(text: str, policy: Policy) -> frozenset[int]:
    """Return where the key of a login begins, which is alone in the document or beside the user."""
    match = _FIRST_KEY.match(text)
    if match is None and _USER.match(text):
        match = _LAST_KEY.search(text, max(0, len(text) - _END))
    return frozenset[int]() if match is None or policy.is_allowed("key") else frozenset((match.start(1),))
