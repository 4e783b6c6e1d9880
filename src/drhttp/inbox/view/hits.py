"""Where in a record a query found its texts, so that the page opens that place and marks them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any as AnyType

from drhttp.inbox.coerce import mapping, readable
from drhttp.inbox.exchange import Exchange, Message
from drhttp.inbox.query.nodes import All, Any, Anywhere, Body, Header, Node
from drhttp.inbox.view import imported, masking
from drhttp.inbox.view.bodies import DisplayedBody

SIDES = ("request", "response")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A text that a query looks for, as it was typed. place: ``"body"``, ``"headers"``, or ``"messages"``, which are of
    neither side.

    name: of the header, or `None` for any.
    """

    typed: str
    side: str
    place: str
    name: str | None = None

    @property
    def text(self) -> bytes:
        """The text as it is compared."""
        return _lower(self.typed)


def wanted(node: Node) -> Iterator[Wanted]:
    """Yield the texts that a query looks for in headers and bodies, without those that it excludes."""
    if isinstance(node, (All, Any)):
        for one in node.nodes:
            yield from wanted(one)
    elif isinstance(node, Body):
        yield from (Wanted(node.part, side, "body") for side in node.sides)
    elif isinstance(node, Header):
        yield from (Wanted(node.part or node.name, side, "headers", node.name) for side in node.sides)
    elif isinstance(node, Anywhere):
        yield from (Wanted(node.part, side, place) for side in SIDES for place in ("body", "headers"))
        yield Wanted(node.part, "", "messages")


def hits_json(
    node: Node, exchange: Exchange, bodies: Mapping[str, DisplayedBody], *, reveal: bool
) -> dict[str, AnyType]:
    """Return the JSON member ``hits``: the texts, how often each place shows one, and where only hidden values do."""
    texts = [one for one in wanted(node) if one.typed]
    spellings: dict[bytes, str] = {}
    places: dict[str, int] = {}
    hidden: list[str] = []
    for one in texts:
        spellings.setdefault(one.text, one.typed)
        if one.place == "messages":
            _note("messages", *_in_messages(one.text, exchange, reveal=reveal), places, hidden)
            continue
        message: Message | None = getattr(exchange, one.side)
        if message is None:
            continue
        part = f"{one.side}.{one.place}"
        if one.place == "body":
            count, unseen = _in_body(one.text, bodies[one.side])
        else:
            count, unseen = _in_headers(one, message, reveal=reveal)
        _note(part, count, unseen, places, hidden)
    return {
        "texts": list(spellings.values()),
        "places": places,
        "hidden": hidden,
    }


def _note(part: str, count: int, unseen: bool, places: dict[str, int], hidden: list[str]) -> None:
    if count:
        places[part] = places.get(part, 0) + count
    elif unseen and part not in hidden:
        hidden.append(part)


def _in_messages(text: bytes, exchange: Exchange, *, reveal: bool) -> tuple[int, bool]:
    """The same for the WebSocket messages of an imported record, as many as the page shows at first."""
    messages = imported.messages_of(mapping(exchange.extra.get(imported.NAME))) or []
    shown = imported.messages_json(messages, 0, imported.SHOWN_MESSAGES, reveal=reveal)["items"]
    count = sum(_lower(one["text"] or "").count(text) for one in shown)
    return count, not count and any(text in _lower(str(mapping(one).get("data"))) for one in messages)


def _in_body(text: bytes, view: DisplayedBody) -> tuple[int, bool]:
    """Return how often a body shows a text, and whether it holds it where it is hidden."""
    content = view.content
    shown = view.text if view.text is not None else "\n".join(part["text"] or "" for part in view.parts or ())
    count = _lower(shown).count(text)
    if not count and view.tree is not None:
        count = _lower(view.tree.text or "").count(text)
    if count or not view.masked:
        return count, False
    return 0, text in (content.data.lower() if content.text is None else _lower(content.text))


def _in_headers(one: Wanted, message: Message, *, reveal: bool) -> tuple[int, bool]:
    pairs = tuple((name, readable(value)) for name, value in message.headers if one.name in {None, name.lower()})
    shown = [f"{name}: {value}" for name, value, _ in masking.headers(pairs, reveal=reveal)]
    count = sum(_lower(line).count(one.text) for line in shown)
    return count, not count and any(one.text in _lower(f"{name}: {value}") for name, value in pairs)


def _lower(text: str) -> bytes:
    """Lower-case A to Z only, as queries do; of bytes, as long bodies would take a second as text."""
    return text.encode("utf-8", "surrogatepass").lower()
