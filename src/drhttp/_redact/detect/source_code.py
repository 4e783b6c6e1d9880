"""Source code: what stands behind a secret name and is no value, such as the type in `password: String!`.

Also pseudo-classes of CSS, as in `.token:hover {`, versions of packages, as in `PyJWT==2.8.0`, and what stands behind
the name of an exception or a logger.
"""

from __future__ import annotations

import re

from drhttp._redact.detect.log_names import TESTS, is_log_name

_UNION = r"(?:[ \t]{0,3}\|[ \t]{0,3}(?:null|None|undefined|str|string|bytes|number)){0,3}"
# Types of GraphQL, TypeScript, Python, Go and Rust, at the end of a declaration. A default value may follow; then it is
# not the type that is the value.
_TYPE = re.compile(
    r"(?:Optional\[|list\[|\[|&(?:mut )?|\*)?"
    r"(?:String|ID|Int|Float|Boolean|string|str|bytes|bool|boolean|number|SecretStr|undefined|unknown)"
    rf"[!\]?]{{0,3}}(?:\[\])?{_UNION}(?=[ \t]{{0,9}}(?:[,;)}}@]|\r?\n|\Z)|(?<=[!\]])[ \t]{{1,9}}(?![ \t=]))"
)
# A type of GraphQL with the same name as its field: `token: Token!`.
_NAMED_TYPE = re.compile(r"\[?([A-Z][A-Za-z]{2,40})[!\]]{1,3}(?=[ \t,)}\r\n@]|\Z)")
# Parentheses are searched without a limit: a run without parentheses is read for one name only.
_PSEUDO_CLASS = re.compile(
    r":?(?:hover|active|focus(?:-within|-visible)?|visited|(?:any-)?link|target|checked|disabled|enabled|required"
    r"|optional|(?:user-)?(?:in)?valid|read-(?:only|write)|placeholder(?:-shown)?|before|after|selection|empty"
    r"|(?:-webkit-)?autofill|(?:first|last|only)-(?:child|of-type)|(?:not|is|where|has|nth-[a-z-]{4,14})"
    r"\([^(){}\r\n]*\))(?:::?[a-z-]{4,20})?[ \t]{0,9}(?:\r?\n)?(?P<end>[{,>+~. ])"
)
_PIN = re.compile(
    r"v?[0-9]{1,4}(?:\.(?:[0-9]{1,5}|\*)){1,3}(?:\.?(?:a|b|rc|dev|post)[0-9]{1,4})?(?=[\s;,#\\\"')\]]|\Z)"
)
# MySQL, error 1045: `Access denied for user 'ada'@'localhost' (using password: YES)`.
_QUESTION, _ANSWERS, _ANSWER = "(using ", ("Y", "N"), re.compile(r"(?:YES|NO)\)")
_LOGGED_ENDS = "rng]"  # of the names of exceptions
_COORDINATES = re.compile(r"[a-z][a-z-]{1,40}:v?[0-9]{1,4}(?:\.[0-9]{1,5}){1,3}(?=[\s'\"]|\Z)")  # Maven, Gradle


def is_no_value(match: re.Match[str]) -> bool:
    """Whether what stands in source code behind a secret name is no value.

    match: its groups are the name, the quote behind it, and the sign that assigns a value.
    """
    name, text, at, sign = match[1], match.string, match.end(), match[3].strip().lstrip("?!")
    before = text[max(0, match.start() - 1) : match.start()]
    if sign in ("==", "==="):
        return _PIN.match(text, at) is not None
    if sign != ":":
        return False
    if _TYPE.match(text, at):
        return True
    logged = "." in name or name[-1] in _LOGGED_ENDS or name[:4] in TESTS
    if logged and not match[2] and is_log_name(name, text, match.start(), match.start(3) + match[3].index(":") + 1):
        return True
    if text[at : at + 1] in _ANSWERS and _ANSWER.match(text, at) and text.endswith(_QUESTION, 0, match.start()):
        return True
    if text[at - 1] != ":":  # with a space
        named = _NAMED_TYPE.match(text, at)
        return named is not None and named[1].lower() in name.lower()
    if ("." in name[1:] and _COORDINATES.match(text, at)) or (before == ":" and _PIN.match(text, at)):
        return True
    found = _PSEUDO_CLASS.match(text, at)
    return found is not None and (found["end"] == "{" or before == "#" or "." in name or name[-1] == "]")
