"""Texts in which each of many names, values or words costs a look at what follows it: time grows in proportion.

The runs of `test_growth` repeat a few pieces; here each text is made for one function, which would read the rest of the
text, or the same names, again and again.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import pytest

from drhttp._redact.detect.commands import COMMANDS
from growth.entries import SIZE, delivery, exchange
from growth.measure import undisturbed
from growth.test_growth import fault
from growth.texts import HINTED_NAMES, repeated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drhttp._capture.exchange import Exchange


def joined(separator: str, size: int) -> str:
    """Return names that are all different, with something behind each."""
    return separator.join(HINTED_NAMES[: size // (6 + len(separator))])


def escaped(unit: str, escape: str, size: int) -> str:
    """Return units with an escape now and then, so that all of the text is decoded."""
    return repeated(unit * (400 // len(unit)) + escape, size)


TEXTS: dict[str, Callable[[int], str]] = {
    "open brackets behind a remark": lambda size: repeated("pwd (a): {", size),
    "open brackets behind an explicit key": lambda size: repeated("? pwd\n: {\n", size),
    "open brackets in a list of names": lambda size: repeated("- name: pwd\n  value: {\n", size),
    "nested pairs": lambda size: repeated("('pwd',{", size * 2 // 3) + repeated("}x}x", size // 3),
    "open brackets behind settings": lambda size: repeated("config set aa {", size),
    "open brackets behind options": lambda size: "curl" + repeated(" -u {{{{", size),
    "harmless values up to the end of the line": lambda size: repeated("max_cookie=1,", size),
    "blank lines below nested names": lambda size: (
        "".join(" " * deep + "tokens: 1\n" for deep in range(38)) + "\n" * (size - 1200)
    ),
    "calls within calls": lambda size: repeated("token=a(1 ", size),
    "all commands in a line": lambda size: " ".join(COMMANDS) + " login registry" + repeated(" -", size - 1500),
    "all commands in a line, escaped": lambda size: (
        " ".join(COMMANDS) + " login registry" + escaped(" -", "%2525", size - 1500)
    ),
    "accounts, escaped": lambda size: escaped("AT61 ", "%252525 ", size),
    "accounts and a true one": lambda size: repeated("AT61 ", size) + ", DE89370400440532013000",
    "signed words, escaped": lambda size: escaped("eyJhaaaaa.aaaaa ", "%252525 ", size),
    "links, escaped": lambda size: escaped("/login/hello-hello2/world-world2/hello-hello2", "/%252525", size),
    "words behind the prefix of a key": lambda size: "tskey-webhook-" + joined("-", size) + "-1-2",
    "names in a column": lambda size: "pw\n" + joined("\n", size),
    "names in many headings": lambda size: "".join(
        ",".join(HINTED_NAMES[at : at + 250]) + "\n\n" for at in range(0, size // 7, 250)
    ),
    "names in front of a key": lambda size: joined(" key:", size),
}
BODIES: dict[str, tuple[str, Callable[[int], str]]] = {
    "form": ("application/x-www-form-urlencoded", lambda size: joined("=1&", size) + "&z={"),
    "attributes": ("text/html", lambda size: f"<a {joined('=1 ', size)}>"),
    "GraphQL": (
        "application/json",
        lambda size: json.dumps({"query": f"query($a:Int){{ {joined(' ', size)} }}", "variables": {"a": 1}}),
    ),
    "arguments": ("application/json", lambda size: f'["curl","-{joined(chr(34) + "," + chr(34) + "-", size)}"]'),
    "members": ("application/json", lambda size: f'{{"{joined(chr(34) + ":1," + chr(34), size)}":1}}'),
}


def _cases() -> Iterator[tuple[str, Callable[[int], Exchange]]]:
    for name, make in TEXTS.items():
        yield name, lambda size, make=make: exchange(make(size).encode(), "text/plain")
    for name, (kind, make) in BODIES.items():
        yield f"names in {name}", lambda size, make=make, kind=kind: exchange(make(size).encode(), kind)
    protocols = "HTTP_SEC_WEBSOCKET_PROTOCOL"
    yield "names of protocols", lambda size: exchange(fields={protocols: joined(",", size) + ",token"})
    yield "segments behind a name", lambda size: exchange(fields={"PATH_INFO": "/token" + repeated("/hello-k8s", size)})


CASES = dict(_cases())


@pytest.mark.parametrize("name", CASES)
def test_what_follows_is_read_once(name: str) -> None:
    """Each of these texts took up to seconds, because every name reads what follows it, or is read itself."""
    with undisturbed():
        assert fault(CASES[name], delivery()) is None


def test_the_names_are_different() -> None:
    assert len(set(HINTED_NAMES)) == len(HINTED_NAMES) > SIZE // 7
    assert not any(itertools.starmap(str.__eq__, itertools.pairwise(HINTED_NAMES)))
