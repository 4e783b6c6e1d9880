"""The masking of single parts, in short."""

from __future__ import annotations

from drhttp._privacy import Redact
from drhttp._record import Body
from drhttp._redact import Rules
from drhttp._redact.bodies import mask_body

RULES = Rules(Redact())


def masked(content: bytes | str, kind: str = "", coding: str = "", *, cut: bool = False, rules: Rules = RULES) -> Body:
    """What becomes of a body."""
    data = content.encode() if isinstance(content, str) else content
    headers = [("content-type", kind)] if kind else []
    if coding:
        headers.append(("content-encoding", coding))
    return mask_body(Body(content=data, size=len(data), truncated=cut), tuple(headers), rules)


def text_of(content: bytes | str, kind: str = "", coding: str = "", *, cut: bool = False, rules: Rules = RULES) -> str:
    """What is left of its text; the reason, where nothing is."""
    body = masked(content, kind, coding, cut=cut, rules=rules)
    return body.omitted or "" if body.content is None else body.content.decode()
