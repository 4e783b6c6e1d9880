"""Header fields as members of a JSON object, such as `"accept":"*/*"`. Fields that come again are encoded once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drhttp._wire._json import dumps, quoted

if TYPE_CHECKING:
    from drhttp._record import Headers

_MOST, _LONGEST = 1000, 300  # fields, characters of a value


class _EncodedFields(dict[tuple[str, str], str]):
    """A cache from fields to members. Bounded, because clients send any names and values."""

    def __missing__(self, field: tuple[str, str]) -> str:
        name, value = field
        member = f"{quoted(name)}:{quoted(value)}"
        if len(value) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[field] = member
        return member


_encoded = _EncodedFields()


def encode_headers(headers: Headers) -> str:
    """Encode header fields as a JSON object, and join repeated ones (RFC 9110 section 5.3).

    `Set-Cookie` becomes a list, because it cannot be joined.
    """
    if len(dict(headers)) < len(headers):
        return dumps(_joined(headers))
    return f"{{{','.join([_encoded[field] for field in headers])}}}"


def _joined(headers: Headers) -> dict[str, str | list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name, []).append(value)
    return {name: _value(name, each) for name, each in values.items()}


def _value(name: str, values: list[str]) -> str | list[str]:
    """Return the value of a field that comes once or several times."""
    if len(values) == 1:
        return values[0]
    return values if name == "set-cookie" else ", ".join(values)
