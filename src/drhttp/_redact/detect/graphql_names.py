"""Names in GraphQL that make a value secret: of its type (`Password`), or of the field it is passed to, such as
`changePassword(old: "abc")`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drhttp._redact.policy import Policy

# Fields that set or check a password, by the words in their names, in any order. All their arguments are secret, except
# for those that say whose password it is, and how to go on.
_PASSWORDS = ("password", "passwd", "passphrase", "passcode", "pwd")
_CHANGES = ("change", "set", "update", "create", "confirm", "verify", "check", "edit", "modify", "save", "recover")
_OF_OTHERS = re.compile(
    r"(?:\w*(?:id|ids|mail|user|login|ur[il]|redirect|locale|lang|language|phone|mobile|channel|type|kind|method|domain"
    r"|tenant|realm|organi[sz]ation|site|account|reason|name))",
    re.IGNORECASE,
)
#: A field whose input objects follow the same rule, as values of variables.
PASSWORD_FIELD = "changePassword"
#: Arguments that take an input object.
INPUTS = frozenset(("input", "data", "payload", "args", "params", "values", "form", "request", "body"))
# Fields that log in, and what their arguments may call a password.
_LOGINS = frozenset(("login", "signin", "authenticate", "logon", "signup", "register", "userlogin", "loginuser"))
_IN_LOGINS = frozenset(("p", "key", "code", "word", "phrase", "answer", "with"))
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_LAST_OF_TWO = frozenset(("key", "code", "number", "phrase", "answer"))  # of a secret phrase, such as "api key"
_LONGEST = 100  # characters of a name that are read


def is_secret_type(name: str, policy: Policy) -> bool:
    """Whether a type ends with a secret word: `Password`, `AccessToken`; not `PasswordInput` or `TokenType`."""
    words = _WORDS.findall(name[-_LONGEST:])
    if not words:
        return False
    return policy.is_secret(words[-1]) or (words[-1].lower() in _LAST_OF_TWO and policy.is_secret("".join(words[-2:])))


def sets_password(field: str) -> bool:
    """Whether a field sets or checks a password: `changePassword`, `password_update`."""
    name = field[:_LONGEST].lower()
    return any(word in name for word in _PASSWORDS) and any(word in name for word in _CHANGES)


def is_login(field: str) -> bool:
    """Whether a field logs in: `login`, `signIn`."""
    return field[:_LONGEST].lower().replace("_", "") in _LOGINS


def is_secret_in(field: str, name: str, policy: Policy) -> bool:
    """Whether an argument is secret by its field: `old` in `changePassword(old: "abc")`, `p` in `login(p: "abc")`."""
    if policy.is_allowed(name):
        return False
    if sets_password(field):
        return _OF_OTHERS.fullmatch(name[-_LONGEST:]) is None
    return name in _IN_LOGINS and is_login(field)
