"""Names in logs that are no names of secrets: exceptions, loggers and positions in files, each in front of a colon.

Such as `jwt.exceptions.ExpiredSignatureError: Signature has expired`, `app.auth: Invalid password` and `token.py:12`.
"""

from __future__ import annotations

import re

_EXCEPTIONS = ("Error", "Exception", "Warning")
_FILE = re.compile(
    r"(?:[\w$%\[\]-]{0,80}\.){1,6}(?:py|pyx|pyi|js|mjs|cjs|jsx|ts|mts|cts|tsx|vue|svelte|java|kt|kts|scala|groovy|go|rs"
    r"|rb|php|cs|fs|vb|c|cc|cpp|cxx|h|hpp|m|mm|swift|dart|ex|exs|erl|hs|lua|pl|pm|sh|sql|html|css|scss|less|md|rst"
    r"|txt|json|yaml|yml|toml|cfg|ini|xml|tf)"
)
_LINE = re.compile(r"[0-9]{1,6}(?![\w.$@%+/=-])")
_TEST = re.compile(r":[A-Za-z_]\w{0,100}(?:::\w{1,100}){0,3}(?:\[[^\]\r\n]{0,80}\])?(?=[\s\"',;)]|\Z)")  # of pytest
#: How names of tests begin.
TESTS = ("Test", "test")
_LOGGER = re.compile(r"[A-Za-z_]\w{0,60}(?:\.[A-Za-z_]\w{0,60}){1,10}")
# Last parts of names of loggers that are secret words, but name modules.
_MODULE = re.compile(r"_{0,2}(?:o?auth2?|authentication|authorization|csrf|xsrf|sessions?|cookies?|jwt|s?otp|totp)")
# Last parts that name a secret even behind the level of a log.
_SECRET = re.compile(r"pass|pw|secret|token\b|key|cred(?!entials\b)|phrase|pin\b|code|iban|card|cv[cv]|ssn|seed"
                     r"|mnemonic|answer|sid\b")  # fmt: skip
_LEVEL = re.compile(
    r"\b(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|SEVERE)\]?[ \t]{0,8}[:|-]?[ \t]{0,8}\[?\Z"
)
_LONGEST_LEVEL = 30  # characters, with what separates it from the name
# The first two words of a sentence, the second without a sign of assignment. What follows a scheme may be a token.
_SENTENCE = re.compile(
    r"[ \t]{0,4}(?!(?i:basic|bearer|digest|negotiate|ntlm|token|apikey)[ \t]{1,4}[^\s0-9+/=_]{0,60}[0-9+/=_])"
    r"[A-Za-z][a-z']{1,30},?[ \t]{1,4}[(\"'A-Za-z][^\s=:]{0,60}(?!\S)"
)
_WORD = re.compile(r"[ \t]{0,4}[A-Za-z]{2,15}[.!]?(?=[ \t]{0,9}(?:[\r\n]|\Z))")


def is_log_name(name: str, text: str, start: int, at: int) -> bool:
    """Whether a name in front of a colon is that of an exception or of a logger, or a file in front of a line number.

    start: where the name begins. at: where the text behind the colon begins, with the space behind it.
    """
    after = text[at : at + 1]
    if not after or after.isspace():
        if name.rstrip("]").endswith(_EXCEPTIONS) and _is_exception(name):
            return True
    elif (after == ":" or after.isdigit()) and _is_position(name, text, at):
        return True
    return "." in name and _LOGGER.fullmatch(name) is not None and _is_logger(name, text, start, at)


def _is_exception(name: str) -> bool:
    """Whether a name is that of an exception, perhaps with its package: `redis.exceptions.AuthenticationError`."""
    last = name.strip("[]").rpartition(".")[2]
    return last[:1].isupper() and last.endswith(_EXCEPTIONS)


def _is_position(name: str, text: str, at: int) -> bool:
    """Whether a name is that of a file in front of a line number, or of a file or a class in front of a test."""
    if _TEST.match(text, at):
        return name[:4] in TESTS or _FILE.fullmatch(name) is not None
    return _LINE.match(text, at) is not None and _FILE.fullmatch(name) is not None


def _is_logger(name: str, text: str, start: int, at: int) -> bool:
    """Whether a dotted name is that of a logger: its last part names a module, and a sentence follows."""
    last = name.rpartition(".")[2]
    sentence = _SENTENCE.match(text, at)
    if sentence and _MODULE.fullmatch(last):
        return True
    if not (sentence or _WORD.match(text, at)) or _LEVEL.search(text[max(0, start - _LONGEST_LEVEL) : start]) is None:
        return False
    return _MODULE.fullmatch(last) is not None or _SECRET.search(last.lower()) is None
