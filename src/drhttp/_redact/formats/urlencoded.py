"""Queries of URLs and forms (`application/x-www-form-urlencoded`): masks values by name, such as `token=abc&page=2`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from drhttp._percent import unquote_plus
from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.base64_json import may_be_base64_json
from drhttp._redact.formats.compound_pairs import NAMING_ENDS, named_fields
from drhttp._redact.formats.graphql import looks_like_graphql
from drhttp._redact.formats.graphql_variables import DOCUMENTS, VARIABLES, secret_variables
from drhttp._redact.formats.json import mask_json, mask_string
from drhttp._redact.formats.json_rewriter import may_hold_named_value
from drhttp._redact.formats.text_hints import may_hold_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drhttp._redact.policy import Policy

_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
_DEEPEST = 3  # how often a name may be encoded
_DEEPEST_QUERY = 1  # levels of queries in a query
# The other separator of pairs: in old URLs, and in URLs escaped for HTML.
_FURTHER = re.compile(r";(?=[\w.%\[\]-]{1,60}=)")
_QUERY = re.compile(r"[^?#\s]*[?#]")  # what precedes a query or a fragment
_VALUED = re.compile(r"(?:value|val|content|input)(?:\]|%5D)?=", re.IGNORECASE)
_VALUE_ENDS = ("value", "val", "value]", "val]")
_VARIABLES = tuple(f"{key}[" for key in VARIABLES)
_MOST_UNCLEAR = 16  # names; if there are more, all pairs are masked one by one
_PARAMETER = re.compile(r"[A-Za-z0-9_.\[\]-]{0,40}")
# A harmless name or value: words, an index, or a number.
_PLAIN = re.compile(r"[A-Za-z][\w.-]*(?:\[[\w-]*\])*(?:\+[A-Za-z][\w.-]*)*|\d{0,11}", re.ASCII)


def mask_query(query: str, policy: Policy, level: int = 0, *, cut: bool = False) -> tuple[str, int]:
    """Mask a query or a form; return it and how many values were masked.

    Names stay, and so does the encoding of everything that is not masked. level: of a query inside a query. cut: pairs
    at the end are missing.
    """
    unclear = _unclear_names(query, policy)
    if unclear is not None and not unclear:
        return query, 0
    masked: list[str] = []
    total = 0
    may_hold_secret = policy.may_hold_secret(query)
    secret_names = _names_in_values(query, policy, cut=cut) if _VALUED.search(query) else frozenset[str]()
    variables = _graphql_variables(query, policy, cut=cut) if "ariable" in query else None
    if variables:
        secret_names |= {f"{key}[{name}]" for key in VARIABLES for name in variables}
    elif variables is not None:
        secret_names |= {name for name in _decoded_names(query) if name.startswith(_VARIABLES)}
    for part in query.split("&"):
        name = part.partition("=")[0]
        if unclear is not None and name not in unclear and name not in secret_names:
            text, count = part, 0
        elif variables is not None and _decode_fully(name) in VARIABLES:
            text, count = _mask_variables(part, variables, policy)
        elif ";" in part and _FURTHER.search(part):
            texts = [
                _mask_pair(each, policy, level, secret_names, may_hold_secret=may_hold_secret)
                for each in _FURTHER.split(part)
            ]
            text, count = ";".join(text for text, _ in texts), sum(count for _, count in texts)
        else:
            text, count = (
                _mask_pair(part, policy, level, secret_names, may_hold_secret=may_hold_secret) if part else ("", 0)
            )
        total += count
        masked.append(text)
    return "&".join(masked), total


def _unclear_names(query: str, policy: Policy) -> set[str] | None:
    """Return the names whose pairs may hold something to mask; `None` if all may.

    The other names are harmless, and so are all their values together.
    """
    if not policy.min_length or ";" in query or "%25" in query:
        return None
    known = policy.cache.parameters
    unclear: set[str] = set()
    encoded = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name not in known:
            policy.budget.spend(1)
            if name in unclear or not _is_harmless_parameter(name, policy):
                unclear.add(name)
                if len(unclear) > _MOST_UNCLEAR:
                    return None
                continue
            policy.cache.add_parameter(name)
        encoded.append(value)
    values = _decode("\0".join(encoded))
    # Structures and lines are read by other rules.
    if "{" in values or "[" in values or "\\" in values or "\n" in values or "\r" in values:
        return None
    return None if may_hold_named_value(values) or policy.may_hold_secret(values) else unclear


def _is_harmless_parameter(name: str, policy: Policy) -> bool:
    """Whether the values of a parameter are read by themselves, and its name is not secret."""
    return (
        _PARAMETER.fullmatch(name) is not None
        and not ("ariable" in name or _VALUED.search(f"{name}=") or may_be_base64_json(name))
        and not policy.is_secret_in_query(name)
        and not policy.may_hold_secret(name)
    )


def _graphql_variables(query: str, policy: Policy, *, cut: bool) -> frozenset[str] | None:
    """Return the secret variables of the GraphQL document in the same query; `None` if there are none.

    The empty set means that the document is missing and each variable may be secret.
    """
    pairs = [part.partition("=")[::2] for part in query.split("&")]
    documents = [text for name, value in pairs if _decode_fully(name) in DOCUMENTS and "{" in (text := _decode(value))]
    names = frozenset[str]().union(*(secret_variables(each, policy) for each in documents))
    return names or (frozenset() if cut and not documents else None)


def _mask_variables(part: str, variables: frozenset[str], policy: Policy) -> tuple[str, int]:
    """Mask the variables of a GraphQL document, as JSON; as a whole if they are not JSON."""
    name, _, value = part.partition("=")
    text = _decode(value)
    try:
        masked, count = mask_json(text, policy, 1, variables) if variables else (policy.mask(text), 1)
    except MaskingError as error:
        if error.reason != "unparsable":
            raise
        masked, count = policy.mask(text), 1
    return (f"{name}={_encode(masked)}", count) if count else (part, 0)


def has_no_secret_names(query: str, policy: Policy) -> bool:
    """Whether no name in a query is secret."""
    names = [pair.partition("=")[0] for pair in query.split("&")]
    return not any(map(policy.is_secret_in_query, names)) and _VALUED.search(query) is None


def _mask_pair(
    part: str, policy: Policy, level: int, secret_names: frozenset[str], *, may_hold_secret: bool
) -> tuple[str, int]:
    """Mask one pair of a name and a value.

    secret_names: names whose values are secret by another pair. may_hold_secret: whether the query may hold values that
    are secret by their form.
    """
    policy.budget.spend(3)
    name, equals, value = part.partition("=")
    decoded_name = _decode_fully(name).removeprefix("amp;")
    if equals and (policy.is_secret_in_query(decoded_name) or decoded_name in secret_names):
        policy.budget.spend(4)
        if policy.is_harmless(decoded_name, _decode(value)):
            return part, 0
        before, found = policy.mask_values(_decode(name)) if may_hold_secret else (name, 0)
        return f"{_encode(before) if found else name}={_encode(policy.mask(_decode(value)))}", 1 + found
    if not may_hold_secret and _is_plain(name, value) and not may_be_base64_json(part):
        return part, 0
    # Its name is not secret, but name and value may hold anything.
    before, found = _mask_text(name, decoded_name, policy, level)
    text, count = _mask_text(value, _decode_fully(value), policy, level)
    return f"{before}{equals}{text}", count + found


def _is_plain(name: str, value: str) -> bool:
    """Whether a pair is made of words and numbers, and the words of its value are no command."""
    plain = _PLAIN.fullmatch(value) and _PLAIN.fullmatch(name)
    return plain is not None and not ("+" in value and may_hold_values(value.replace("+", " ")))


def _names_in_values(query: str, policy: Policy, *, cut: bool) -> frozenset[str]:
    """Return the names of values that another pair names: `f[0][name]=password&f[0][value]=abc`.

    cut: pairs at the end are missing; they may name any value that no other pair names.
    """
    found: set[str] = set()
    harmless: set[str] = set()
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if not value or ("%" not in name and name[-1:] not in NAMING_ENDS):
            continue  # most, found without a search
        named = named_fields(_decode_fully(name))
        (found if named and policy.is_secret(_decode_fully(value)) else harmless).update(named)
    if cut:
        found |= {name for name in _decoded_names(query) if name.lower().endswith(_VALUE_ENDS)} - harmless
    return frozenset(found)


def _decoded_names(query: str) -> Iterator[str]:
    """Yield the names of the pairs that have a value."""
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if value:
            yield _decode_fully(name)


def _mask_text(text: str, decoded: str, policy: Policy, level: int) -> tuple[str, int]:
    """Mask a name or a value that is still percent-encoded. decoded: the text without the encoding."""
    if len(decoded) < policy.min_length and _PLAIN.fullmatch(decoded):
        return text, 0
    policy.budget.spend(1 + text.count("%") // 4)
    plain, count = _decode(text), 0
    inner = _QUERY.match(plain) if "=" in decoded else None
    if inner and level < _DEEPEST_QUERY and not looks_like_graphql(plain):
        # A URL, or its fragment.
        masked, count = mask_query(plain[inner.end() :], policy, level + 1)
        plain = plain[: inner.end()] + masked
    masked, found = mask_string(plain, policy)
    count += found
    return (_encode(masked) if count else text), count


def _decode_fully(name: str) -> str:
    """Return a name decoded, however often it was encoded."""
    for _ in range(_DEEPEST):
        if "%" not in name or not _ESCAPE.search(name):
            break
        decoded = unquote_plus(name)
        # Not UTF-8, and the charset is unknown; in Latin-1 every byte is a character.
        name = unquote_plus(name, "latin-1") if "\ufffd" in decoded else decoded
    return name


def _decode(text: str) -> str:
    """Decode a text once."""
    return unquote_plus(text) if "+" in text or ("%" in text and _ESCAPE.search(text)) else text


def _encode(text: str) -> str:
    return quote_plus(text, safe="[]", errors="replace")
