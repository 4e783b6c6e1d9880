"""Shortcuts for masking single bodies."""

from __future__ import annotations

import math
import time

from drhttp._record import Body
from drhttp._redact import Policy
from drhttp._redact.bodies import mask_body
from drhttp._redact_options import Redact

POLICY = Policy(Redact())


def masked(
    content: bytes | str, kind: str = "", coding: str = "", *, cut: bool = False, policy: Policy = POLICY
) -> Body:
    """Mask a body, and lift the limit of work afterwards."""
    data = content.encode() if isinstance(content, str) else content
    headers = [("content-type", kind)] if kind else []
    if coding:
        headers.append(("content-encoding", coding))
    try:
        return mask_body(Body(content=data, size=len(data), truncated=cut), tuple(headers), policy)
    finally:
        policy.budget.remaining = math.inf  # the work for one body must not fail a later test


def text_of(
    content: bytes | str, kind: str = "", coding: str = "", *, cut: bool = False, policy: Policy = POLICY
) -> str:
    """Return the text of a masked body; the reason if it was left out."""
    body = masked(content, kind, coding, cut=cut, policy=policy)
    return body.omitted or "" if body.content is None else body.content.decode()


def shortest(function, text):
    """Return the seconds of processor time that a function takes for a text, the best of three."""
    best = float("inf")
    for _ in range(3):
        begin = time.process_time()
        function(text)
        best = min(best, time.process_time() - begin)
    return best
