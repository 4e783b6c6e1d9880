"""Text of any kind: which values in it are masked, up to where, and how fast that is."""

from __future__ import annotations

import time

import pytest

from privacy.masking import text_of

M = "[redacted]"
TEXT = "text/plain"

# Units that made the search for an end begin again and again; what stands in front of them.
SLOW = {
    "quotes that do not end, in brackets": ("token:{", "\\" * 10 + '"'),
    "quotes of one level, in brackets": ("token:{", '\\"a\\\\\\"'),
    "quotes of many levels": ("", "".join(f"token={chr(92) * level}'a " for level in range(12))),
    "backslashes": ('token:"', "\\"),
    "backslashes in brackets": ("token:{", "\\"),
    "brackets in quotes": ("token:{'", '}"'),
    "apostrophes": ("", "token: it's {'"),
}


def seconds(text):
    """Process time of masking it, the best of several."""
    best = float("inf")
    for _ in range(5):
        begin = time.process_time()
        text_of(text, TEXT)
        best = min(best, time.process_time() - begin)
    return best


@pytest.mark.parametrize(("front", "unit"), SLOW.values(), ids=SLOW)
def test_the_time_is_linear(front, unit):
    """Twice as much text takes about twice as long, at a size that takes some milliseconds."""
    times = 2000 // len(unit) + 1
    while seconds(front + unit * times) < 0.004 and times * len(unit) < 1_000_000:
        times *= 2
    growth = min(seconds(front + unit * 2 * times) / seconds(front + unit * times) for _ in range(3))
    assert growth < 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"{\"token\":\"S\",\"a\":1}", rf"{{\"token\":\"{M}\",\"a\":1}}"),
        (r"token=\\\"S\\\\\\\"S\\\" b", rf"token=\\\"{M}\\\" b"),
        (r"token:{\"a\":\"}S\"} b", f"token:{M} b"),
        (r'token:{"a":"\"}S"} b', f"token:{M} b"),
        ("token:{'a':'}S'} b", f"token:{M} b"),
    ],
)
def test_quotes(text, shown):
    """A quote ends with as many backslashes as it began; brackets within quotes are text."""
    assert text_of(text, TEXT) == shown
