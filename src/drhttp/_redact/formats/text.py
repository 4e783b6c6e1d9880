"""Text of any kind (prose, logs, source code): masks the values of secret names, as in `password=abc`.

Other forms: `name: value`, `"name": {...}`, `name => value`, `--name value`, `('name', 'value')`, `name 'value'`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._percent import unquote
from drhttp._redact.decoding.surroundings import surroundings
from drhttp._redact.detect.command_lines import find_secret_arguments, sets_value
from drhttp._redact.detect.source_code import is_no_value
from drhttp._redact.formats.error_messages import find_error_values, holds_bracket_or_input
from drhttp._redact.formats.expressions import find_in_expressions, holds_compound_sign, with_compound_signs
from drhttp._redact.formats.json_web_keys import KEY_TYPE, secret_parts_in
from drhttp._redact.formats.text_hints import OPTION, QUOTES, holds_rare_sign
from drhttp._redact.formats.text_pairs import find_text_pairs
from drhttp._redact.formats.value_locator import QUOTE, ValueLocator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drhttp._redact.policy import Policy

    Spans = Iterator[tuple[int, int]]

_MARK = rf"\\{{0,8}}{QUOTE}"
# A name, perhaps in quotes (with backslashes inside another string), and the sign that assigns a value. The lookbehind
# lets a name begin only where a word does, which keeps the search linear. The lookahead lets it end only in front of
# the first character of a quote or a sign: otherwise `re` tries each of its letters as the last one, and keeps what it
# has found of each word, which takes three times as long.
_NAME = re.compile(
    r"""(?<![\w.$%\[\]-])([\w.$%\[\]-]+)(?=[^\S\r\n]*[\\"'`&*~=:\uff1a!<\uff1d\u2192?+|-])"""
    rf"({_MARK}(?:\]|:protected\]|:{_MARK}[\w\\]{{1,80}}{_MARK}:private\])?)?"
    r"[*~]{0,3}((?(2)\s*(?:/\*[^*]{0,100}\*/\s*)?|[^\S\r\n]*)(?:=>|={1,3}|[:\uff1a]=?|!=|<>|->|[\uff1d\u2192])[^\S\r\n]*)"
)
_COMPOUND = with_compound_signs(_NAME)
# The words in front of the last one of a name, in text that is reversed.
_WORDS_IN_FRONT = re.compile(r"(?: [\w-]{1,30}(?![\w-]))+")
_LONGEST_WORD = 31  # characters, with the space behind it
# Values that stand for no secret, if another name or nothing follows.
_PLACEHOLDER = re.compile(
    r"(?:null|none|nil|true|false|undefined)\b\s*"
    r"""(?:\Z|[})\]]|(?<=\n)(?=\S)|(?:[,;&]\s*)?(?:\Z|["'\w][\w.$-]{0,60}["']?[ \t]*[=:]))""",
    re.IGNORECASE,
)
# A number, in a line that may go on with other names.
_COUNT = re.compile(
    r"""-?[0-9]{1,19}(?:\.[0-9]{1,20})?"""
    r"""(?=[ \t]*(?:[\r\n)}\]|]|\Z|[,;][ \t]*["']?[\w.$-]{1,60}["']?[ \t]*[=:]))"""
)
_MORE = re.compile(r"[,;]?[ \t]{0,20}[0-9]")
# A URL of a fragment of JSON, with its user and password: `https:\/\/ada:abc@host\/`. And one of Oracle's driver.
_ESCAPED_URL = re.compile(r":\\/\\/[^\s\"'<>/\\]{1,200}@")
_ORACLE_URL = "jdbc:oracle:"
_ORACLE_LOGON = re.compile(r"jdbc:oracle:\w{1,10}:[\w$#.]{1,60}/([^\s@/\"']{1,200})@")
_URN = "urn:ietf:params:"  # RFC 6755: `urn:ietf:params:oauth:token-type:access_token` names a type
_URN_KIND = re.compile(r"(?:token-type|grant-type|client-assertion-type):")
# The rest of an ARN of AWS Secrets Manager, which names a secret.
_ARN = re.compile(r"(?<=:)secretsmanager:[a-z0-9-]{0,20}:[0-9]{12}:secret:[\w/.@*-]{1,160}(?::[\w-]{0,60}){0,3}")
_TYPE = re.compile(r"\[*[A-Z]\w{0,60}[\]!]*(?:[ \t]*[,)]|\s+\$)")
# Words behind an option that is only mentioned.
_MENTION = re.compile(r"(?:option|flag|parameter|argument|is|are|was|to|and|or|must|for|requires?|needs)\b")
_PAIR = re.compile(rf"([(\[,]\s*)[bBuU]?{_MARK}([\w.$-]+){_MARK}\s*,\s*")
_NUMBER, _WORD, _SHORT = re.compile(r"\d{1,3}"), re.compile(r"[^\s(\[\"'`]*"), 12
_PAIR_END = re.compile(rf"(?:{_MARK})?\s*(?:[)\]]|\Z)")
_BEFORE_QUOTE = re.compile(r"[ \t](?=[bBfFnNrRuU]{0,2}[\"'`])")
# Between a name and a quote.
_LINKING_WORDS = frozenset(("<-", "is", "was", "to", "of", "like", "LIKE", "by", "BY", "AS", "||", "??", "~"))
_LONGEST_NAME = 80
_LONGEST_HARMLESS = 90  # characters of a value that may be harmless
_IDENTIFIED = "IDENTIFIED"  # SQL: `CREATE USER ada IDENTIFIED BY 'abc'`
_EXPECTED = frozenset(("expected", "unexpected", "expecting", "missing"))  # a parser mentions its tokens
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2}|\\x[2-7][0-9A-Fa-f]")
_LETTER = re.compile(r"\\{1,8}(?:u00|x)([0-9A-Fa-f]{2})")
_DEEPEST_ESCAPE = 3  # times that a text may be encoded


def mask_text(text: str, policy: Policy) -> tuple[str, int]:
    """Mask the values of secret names, and values that are secret by their form, also where they are percent-encoded or
    escaped; return the text and how many values were masked.
    """
    text, count = _mask(text, policy)
    if "%" in text or "\\u00" in text or "\\x" in text:
        parts = surroundings(text, _ESCAPE)
        if parts is None or any(_mask_escaped(part, policy, known=None)[1] for part in parts):
            text, found = _mask_escaped(text, policy, known=None if count else 0)
            count += found
    return text, count


def _mask_escaped(text: str, policy: Policy, *, known: int | None) -> tuple[str, int]:
    """Mask the secrets that show only when a text is decoded; return the text and how many there were.

    known: how many values are still taken for secrets in the masked text; `None` if that is to be counted.
    """
    decoded, left, count = text, _DEEPEST_ESCAPE, 0
    while left and ("%" in decoded or "\\u00" in decoded or "\\x" in decoded) and _ESCAPE.search(decoded):
        # Secrets that show only in the decoded text are masked there.
        if known is None:
            known = _mask(decoded, policy)[1]
        policy.budget.spend(8 + (len(decoded) // 24 if left < _DEEPEST_ESCAPE else 0))  # most are encoded once
        decoded, left = _LETTER.sub(lambda match: chr(int(match[1], 16)), unquote(decoded)), left - 1
        masked, found = _mask(decoded, policy)
        if found > known:
            text, decoded, count, known = masked, masked, count + found, None
        else:
            known = found
    return text, count


def _mask(text: str, policy: Policy) -> tuple[str, int]:
    """Mask the values of secret names, and values that are secret by their form, in a text as it is."""
    text, count = _mask_named(text, policy)
    text, found = policy.mask_values(text)
    if "\\" in text and ":\\/\\/" in text and _ESCAPED_URL.search(text):
        text, more = policy.mask_values(text.replace("\\/", "/"))
        found += more
    return text, count + found


def _mask_named(text: str, policy: Policy) -> tuple[str, int]:
    """Mask the values of secret names."""
    pieces, copied, count = [], 0, 0
    # All else than an assignment takes several words, brackets or quotes.
    find = _assignments if len(text) < _SHORT and _WORD.fullmatch(text) else _spans
    for begin, end in sorted(_counted(find(text, policy, ValueLocator(text, policy.budget.spend)), policy)):
        if begin >= copied:
            pieces += [text[copied:begin], policy.mask(text[begin:end])]
            count += 1
        # If two overlap, the second is within what is masked.
        copied = max(copied, end)
    return "".join(pieces) + text[copied:], count


def _counted(spans: Spans, policy: Policy) -> Spans:
    """Charge the budget for each span."""
    for span in spans:
        policy.budget.spend(1)
        yield span


def _spans(text: str, policy: Policy, locator: ValueLocator) -> Spans:
    """Yield the spans of the values of secret names, in any order."""
    if "=" in text or ":" in text or "<>" in text or holds_rare_sign(text):
        yield from _assignments(text, policy, locator)
    quoted = '"' in text or "'" in text or "`" in text
    if quoted and (" " in text or "\t" in text):
        yield from _quoted_values(text, policy, locator)
    if (quoted or "&" in text) and "," in text:
        yield from _pairs(text, policy, locator)
    if "-" in text and " " in text:
        yield from _command_options(text, policy, locator)
    yield from find_secret_arguments(text, policy, locator)
    if _ORACLE_URL in text:
        yield from (match.span(1) for match in _ORACLE_LOGON.finditer(text))
    if KEY_TYPE in text:
        yield from secret_parts_in(text)
    yield from find_text_pairs(text, policy, locator)
    if quoted or holds_bracket_or_input(text):
        policy.budget.spend(3)
        yield from find_in_expressions(text, policy, locator)
        yield from find_error_values(text, policy, locator)


def _assignments(text: str, policy: Policy, locator: ValueLocator) -> Spans:
    """Yield the spans of assigned values: `password=abc`, `"token": "abc"`."""
    copied = measured = 0
    harmless: set[str] = set()  # names that are not secret in any context
    policy.budget.spend(len(text) // 10 + (text.count(":") + text.count("=")) // 4)
    for match in (_COMPOUND if holds_compound_sign(text) else _NAME).finditer(text):
        if match[1] in harmless:
            continue
        policy.budget.spend(1 + len(match[1]) // 3)
        arn = _ARN.match(text, match.start()) if match[1] == "secretsmanager" else None
        if arn is not None:
            copied = max(copied, arn.end())
            continue
        if not (policy.is_secret_in_query(match[1]) or match[1].strip("_").lower() in policy.last_words):
            harmless.add(match[1])
            continue
        start = _start_of_secret_name(match, policy) if match.start() >= copied else None
        if start is None or (_is_placeholder(match) and not policy.is_added(match[1])):
            continue
        policy.budget.spend(4)
        begin, end = locator.after_name(match, start)
        if begin < end and begin >= measured and not _is_count(match[1], text, begin, end, policy):
            measured = policy.end_of_harmless(match[1], text, begin) or 0
            if not measured:
                yield begin, end
                copied = end


def _is_count(name: str, text: str, begin: int, end: int, policy: Policy) -> bool:
    """Whether a value is harmless, such as a number; also in a line that goes on with other names."""
    count = _COUNT.match(text, begin)
    value = text[begin : min(end, begin + _LONGEST_HARMLESS)]
    if text[begin - 1 : begin] in QUOTES:  # a string of digits may be a code, as in JSON
        return end - begin <= _LONGEST_HARMLESS and policy.is_harmless(name, f'"{value}"')
    if name.isalpha() and _MORE.match(text, end):  # `tokens: 123456, 234567` may be one-time codes
        return False
    return policy.is_harmless(name, value) or (count is not None and policy.is_harmless(name, count[0]))


def _quoted_values(text: str, policy: Policy, locator: ValueLocator) -> Spans:
    """Yield the spans of quoted values behind a name: `password 'abc'`, `password is "abc"`."""
    copied = 0
    for match in _BEFORE_QUOTE.finditer(text):
        policy.budget.spend(3)
        if match.start() < copied or not _ends_with_secret_name(
            text[max(0, match.start() - _LONGEST_NAME) : match.start()], policy
        ):
            continue
        string = locator.string_at(match.end())
        if string and string[0] < string[1] and string[1] < string[2]:
            yield string[0], string[1]
            copied = string[2]


def _ends_with_secret_name(text: str, policy: Policy) -> bool:
    """Whether a text ends with a secret name, or with one and a linking word such as `is`."""
    words = text.rsplit(None, 3)
    if len(words) > 1 and words[-1] in _LINKING_WORDS:
        words.pop()
    if not words or not (words[-1] == _IDENTIFIED or policy.is_secret(words[-1])):
        return False
    # Parsers mention their tokens; assignments are found by their sign.
    return words[-1][-1] not in "=:,;" and (len(words) == 1 or words[-2].lower() not in _EXPECTED)


def _pairs(text: str, policy: Policy, locator: ValueLocator) -> Spans:
    """Yield the spans of values in pairs: `('password', 'abc')`, `["token", "abc"]`, `['--password', 'abc']`."""
    at = 0
    match = _PAIR.search(text)
    while match:
        policy.budget.spend(2)
        at = match.end() - 1
        option = match[2].startswith("-")
        if (option or not match[1].startswith(",")) and policy.is_secret(match[2]):
            begin, end = locator.value_at(match.end())
            if begin < end and (option or _PAIR_END.match(text, end)) and not _NUMBER.fullmatch(text, begin, end):
                yield begin, end
                at = end
        match = _PAIR.search(text, at)


def _command_options(text: str, policy: Policy, locator: ValueLocator) -> Spans:
    """Yield the spans of the values of long options: `--password abc`."""
    copied = 0
    for match in OPTION.finditer(text):
        policy.budget.spend(1)
        if match.start() < copied or not policy.is_secret(match[1]) or _MENTION.match(text, match.end()):
            continue
        if not sets_value(text, match):
            begin, copied = locator.value_at(match.end())
            yield begin, copied


def _start_of_secret_name(match: re.Match[str], policy: Policy) -> int | None:
    """Return where an assigned name begins that is secret, alone or with the words in front of it (`API key: abc`);
    `None` if it is not.
    """
    name, text, start = match[1], match.string, match.start()
    before = text[start - 1 : start]
    if match[3] == "=" and (before in ("?", "&") or text[max(0, start - 5) : start] == "&amp;"):
        return start if policy.is_secret_in_query(name) else None
    if policy.is_secret(name):
        return start
    name = name.rstrip("_")  # emphasis in Markdown
    if before != " " or name.lower() not in policy.last_words:
        return None
    most = policy.last_words[name.lower()] - 1
    front = _WORDS_IN_FRONT.match(text[max(0, start - most * _LONGEST_WORD) : start][::-1])
    if front is None:
        return None
    words = front[0][::-1].split()[-most:]
    if not policy.is_secret(f"{' '.join(words)} {name}"):
        return None
    for word in reversed(words):
        start, name = start - len(word) - 1, f"{word} {name}"
        if policy.is_secret(name):
            break
    return start


def _is_placeholder(match: re.Match[str]) -> bool:
    """Whether the value of a secret name is none: `null`, a type, a version, or a variable of GraphQL."""
    name, text, at = match[1], match.string, match.end()
    if _PLACEHOLDER.match(text, at) or (
        name == "oauth" and text.endswith(_URN, 0, match.start()) and _URN_KIND.match(text, at)
    ):
        return True
    if is_no_value(match):
        return True
    if name[0] == "$" and ":" in match[3]:
        return _TYPE.match(text, at) is not None
    after = at + 1 + len(name)  # a GraphQL variable with the name of its argument
    return text.startswith(f"${name}", at) and text[after : after + 1] in (")", ",", "\n", "")
