"""Pairs of a name and a value in text that no sign of assignment connects: in YAML, `.netrc`, PHP's `serialize` and
sentences.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._redact.detect.code_sentences import find_codes, holds_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drhttp._redact.formats.value_locator import ValueLocator
    from drhttp._redact.policy import Policy

    Spans = Iterator[tuple[int, int]]

_NAMED = r"""(?P<front>(?:-[ \t]{1,9})?)["']?(?:name|key)["']?:[ \t]{0,9}["']?(?P<name>[\w.$-]{1,80})["']?[ \t]{0,9}"""
# `- name: PASSWORD` above `value: abc`, as in manifests of Kubernetes. The groups of the value are those of a name, the
# quote behind it, and the sign, for the locator.
_NAME_FIRST = re.compile(rf"(?m)^[ \t]{{0,80}}{_NAMED}\r?\n[ \t]{{1,80}}(?=value:)")
_VALUE_FIRST = re.compile(r"(?<![^\n])[ \t]{0,80}(?:-[ \t]{1,9})?(?=value:[^\r\n]*\r?\n[ \t]{1,80}(?:name|key):)")
_VALUE = re.compile(r"(value)(:protected\])?(:[ \t]{0,9})")
_NAME_BELOW = re.compile(r"""value:[^\r\n]*\r?\n[ \t]{1,80}(?:name|key):[ \t]{0,9}["']?(?P<name>[\w.$-]{1,80})""")
# A key of its own in YAML: `? password` above `: abc`.
_EXPLICIT_KEY = re.compile(
    r"""(?m)^[ \t]{0,80}\?[ \t]{1,9}["']?(\w[\w.$ -]{0,79})["']?[ \t]?\r?\n[ \t]{0,80}:[ \t]{1,9}(?=\S)"""
)
_NETRC = re.compile(
    r"\b(?:machine\s{1,20}\S{1,200}|default)\s{1,20}(?:login\s{1,20}\S{1,200}\s{1,20})?(password)\s{1,20}(\S{1,200})"
)
_SERIALIZED = re.compile(r'(?<!\w)s:\d{1,3}:"([^"\n]{1,80})";s:(\d{1,9}):"')


def find_text_pairs(text: str, policy: Policy, locator: ValueLocator) -> Spans:
    """Yield the spans of the values of secret names in such pairs, in any order."""
    if "value:" in text and ("name:" in text or "key:" in text):
        yield from _yaml_pairs(text, policy, locator)
    if "? " in text and ": " in text:
        for match in _EXPLICIT_KEY.finditer(text):
            policy.budget.spend(2)
            if policy.is_secret(match[1]):
                yield locator.value_at(match.end())
    if holds_netrc(text) and policy.is_secret("password"):
        yield from (match.span(2) for match in _NETRC.finditer(text))
    if '";s:' in text:
        yield from _serialized(text, policy)
    if holds_words(text):
        yield from (each[1:] for each in find_codes(text, policy.budget.spend) if not policy.is_allowed(each.name))


def holds_netrc(text: str) -> bool:
    """Whether a text may hold an entry of `.netrc`."""
    return "password" in text and "login" in text and ("machine" in text or "default" in text)


def _yaml_pairs(text: str, policy: Policy, locator: ValueLocator) -> Spans:
    """Yield the spans of values next to their names in lists of YAML."""
    named = [(match["name"], match.end()) for match in _NAME_FIRST.finditer(text)]
    for match in _VALUE_FIRST.finditer(text):
        below = _NAME_BELOW.match(text, match.end())
        if below is not None:
            named.append((below["name"], match.end()))
    for name, at in named:
        policy.budget.spend(2)
        value = _VALUE.match(text, at)
        if value is None or not policy.is_secret(name):
            continue
        begin, end = locator.after_name(value, value.start())
        if begin < end and not policy.is_harmless(name, text[begin:end]):
            yield begin, end


def _serialized(text: str, policy: Policy) -> Spans:
    """Yield the spans of strings behind a secret name, as PHP's `serialize` writes them."""
    for match in _SERIALIZED.finditer(text):
        policy.budget.spend(2)
        if policy.is_secret(match[1]):
            begin, end = match.end(), match.end() + int(match[2])
            if text[end : end + 2] != '";':  # the length is in bytes, or the text was cut
                end = text.find('";', begin)
            if end != begin:
                yield begin, end if end > 0 else len(text)
