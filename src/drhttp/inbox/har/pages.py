"""The pages of a HAR, to which entries refer: read beside their entries, and written behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drhttp.inbox import coerce
from drhttp.inbox.har.remainder import clean


def pages_by_place(log: Mapping[str, Any], entries: list[Any]) -> list[list[Any]]:
    """Return the pages that belong to each entry: its own, and those of no entry beside the first."""
    pages = log.get("pages")
    listed = [clean(page) for page in pages if isinstance(page, dict)] if isinstance(pages, list) else []
    named = {str(page.get("id")): page for page in listed}
    references = [coerce.mapping(entry).get("pageref") for entry in entries]
    known = [reference if isinstance(reference, str) else None for reference in references]
    found = [[named[name]] if name in named else [] for name in known]
    if found:
        found[0] = found[0] + [page for name, page in named.items() if name not in known]
    return found


class Pages:
    """The pages of a log that is being written. Pages of several files may have the same id."""

    def __init__(self) -> None:
        self._named: dict[str, Any] = {}

    @property
    def listed(self) -> list[Any]:
        """The pages so far."""
        return list(self._named.values())

    def take(self, entry: dict[str, Any], pages: object) -> None:
        """Add the pages of an entry, under another id if another page has it already."""
        for page in pages if isinstance(pages, list) else []:
            if isinstance(page, dict):
                named = str(page.get("id"))
                name = self._add(named, page)
                if entry.get("pageref") == named:
                    entry["pageref"] = name

    def _add(self, named: str, page: dict[str, Any]) -> str:
        name, count = named, 1
        while name in self._named and self._named[name] != {**page, "id": name}:
            count += 1
            name = f"{named}-{count}"
        self._named[name] = {**page, "id": name}
        return name
