"""Argument types for argparse, and a parser for commands that take a query."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

_NEGATED = re.compile(r'-(?=[A-Za-z][A-Za-z.]*:|[("])')


class QueryParser(argparse.ArgumentParser):
    """An argument parser for commands with a query: ``-path:/health`` is a query term, not the option ``-p``.

    The words of the query may come before, between, and after options.
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        words: Sequence[str] | None = args
        if words is not None and self.get_default("takes_query"):
            words = [_NEGATED.sub("NOT ", word, count=1) if _NEGATED.match(word) else word for word in words]
        found, rest = super().parse_known_args(words, namespace)
        if self.get_default("takes_query"):
            found.query = [*found.query, *(word for word in rest if not word.startswith("-"))]
            rest = [word for word in rest if word.startswith("-")]
        return found, rest


def port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError
    return number


def positive(text: str) -> int:
    number = int(text)
    if not 0 < number <= 1 << 53:
        raise ValueError
    return number


def mib(text: str) -> int:
    return positive(text) << 20


def days(text: str) -> float:
    number = float(text)
    if not 0 < number < 100_000:
        raise ValueError
    return number


def base(text: str) -> str:
    parts = urlsplit(text)
    # `urlsplit` validates the port on access; an invalid one raises `ValueError` here, not at the first replay.
    if not text.startswith(("http://", "https://")) or not parts.hostname or parts.port == 0:
        raise ValueError
    return text


def origin(text: str) -> str:
    """Return an origin in the form that browsers send: scheme, host, and port only."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError
    return text.lower()


port.__name__ = "port"  # argparse prints "invalid port value"
positive.__name__ = mib.__name__ = days.__name__ = "number"
base.__name__ = "URL"
origin.__name__ = "origin"
