"""Calls the code that makes regular expressions at run time, with all possible arguments."""

from __future__ import annotations

import ast
import re
from itertools import product
from pathlib import Path

DOCUMENTS = sorted([*(Path(__file__).parents[2] / "docs").glob("*.md"), Path(__file__).parents[2] / "README.md"])
GLOBS = ("/health", "/static/*", "*.css", "/api/*/internal/*", "/[ab]?/*", "**/*/**/*", "*a*b*c*d*e*", "*/*", "image/*")


def make_all() -> None:
    """Make every expression that importing alone does not make."""
    from drhttp._redact.detect import secret_words
    from drhttp._redact.formats import csv, value_locator

    _policy()
    for escapes, quote, triple in product(
        value_locator._ESCAPES, ('"', "'", "`", "&quot;", "&apos;", "&#39;"), (True, False)
    ):
        value_locator._end_of_string(escapes, quote, triple=triple)
    secret_words.secret_words(("password", "api key"))
    _globs()
    for delimiter in csv._DELIMITERS:
        csv._field(delimiter)


def _policy() -> None:
    """Make policies with names and patterns of users."""
    from drhttp import Redact
    from drhttp._redact import Policy

    Policy(Redact(also=["customer code", "Kundennummer", "密码"], patterns=documented(), emails=True))
    Policy(Redact(), frozenset(("pincode", "card")))


def _globs() -> None:
    """Make the expressions for paths that are not recorded."""
    from drhttp._capture.excluded_paths import path_matcher

    path_matcher(GLOBS)


def documented() -> list[str]:
    """Return the expressions in examples of the documentation."""
    found = []
    for document in DOCUMENTS:
        for block in re.findall(r"```python\n(.*?)```", document.read_text("utf-8"), re.DOTALL):
            found += _patterns(block)
    return found


def _patterns(code: str) -> list[str]:
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return []
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    values = [word.value for call in calls for word in call.keywords if word.arg == "patterns"]
    return [each for value in values if isinstance(value, ast.List) for each in map(ast.literal_eval, value.elts)]
