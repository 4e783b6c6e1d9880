"""Patterns of users that a text could make take very long: they are recognized, and cost a warning at the start."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path

import pytest
from patterns.user_patterns import FALSE_ALARMS, LINEAR, SUPERLINEAR
from support.load import echo

import drhttp
from drhttp._redos.backtracking import is_superlinear

PAGE = Path(__file__).parents[2] / "docs" / "privacy.md"
DSN = "http://key@127.0.0.1:9/"


@pytest.mark.parametrize("pattern", SUPERLINEAR)
def test_a_pattern_that_takes_long_is_recognized(pattern):
    """Repeats within repeats, beside each other, in alternations, and at the beginning of a search."""
    assert is_superlinear(re.compile(pattern))


@pytest.mark.parametrize("pattern", LINEAR)
def test_a_linear_pattern_is_not_warned_of(pattern):
    """What is anchored, limited, separated, or ends a match wherever it ends."""
    assert not is_superlinear(re.compile(pattern))


@pytest.mark.parametrize("pattern", FALSE_ALARMS)
def test_false_alarms_are_few_and_known(pattern):
    """What is warned of although it is linear as a search."""
    assert is_superlinear(re.compile(pattern))


def test_possessive_repeats_keep_what_they_matched():
    """What Python 3.11 has against backtracking is understood; older ones do not compile it."""
    try:
        safe = re.compile(r"(?<!a)a++a*b")
    except re.error:
        pytest.skip("possessive repeats came with Python 3.11")
    assert not is_superlinear(safe)
    assert not is_superlinear(re.compile(r"(?<!a)(?>a+)a*b"))
    assert is_superlinear(re.compile(r"a++b"))
    assert is_superlinear(re.compile(r"(?<!a)a+a*b"))


@pytest.mark.parametrize(
    "pattern",
    [
        "|".join(f"word{number}" for number in range(5000)),
        "(?:" * 200 + "a" + ")" * 200,
        r"(?i)[\w.-]{1,99}@(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}",
        "a?" * 200 + "a" * 200,
        "(?:ab|cd|ef)*" * 30,
        r"(a)?(?(1)b|c)\1+",
        "".join(f"[{letter}-z]*" for letter in "abcdefghijklmnopqrst"),
    ],
    ids=lambda pattern: pattern[:20],
)
def test_the_check_is_quick(pattern):
    """However large a pattern is, an application does not start later for it."""
    compiled = re.compile(pattern)
    start = time.process_time()
    is_superlinear(compiled)
    assert time.process_time() - start < 1


def test_a_dangerous_pattern_costs_one_warning_that_names_it(caplog):
    """When the middleware is made, once for equal ones, and not for others beside it."""
    redact = drhttp.Redact(patterns=[r"CUST-\d{8}", r"(?:\w+\s?)+:"])
    with caplog.at_level(logging.WARNING, "drhttp"):
        for _ in range(3):
            drhttp.WSGIMiddleware(echo, DSN, redact=redact)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.name == "drhttp"
    assert r"'(?:\\w+\\s?)+:'" in record.getMessage()
    assert "Writing a safe pattern" in record.getMessage()
    assert "### Writing a safe pattern" in PAGE.read_text("utf-8")


def test_safe_patterns_cost_nothing(caplog):
    """No warning without a reason."""
    with caplog.at_level(logging.WARNING, "drhttp"):
        drhttp.WSGIMiddleware(echo, DSN, redact=drhttp.Redact(patterns=[r"CUST-\d{8}", r"\bEMP\d+\b"]))
        drhttp.WSGIMiddleware(echo, DSN, redact=drhttp.Redact())
    assert caplog.records == []


def test_the_documentation_tells_dangerous_patterns_from_safe_ones():
    """Each pattern in the left column of the table is warned of, and each in the middle is not."""
    section = PAGE.read_text("utf-8").split("### Writing a safe pattern")[1].split("\n## ")[0]
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| `")]
    assert len(rows) == 5
    for dangerous, safe, _ in rows:
        assert all(is_superlinear(re.compile(each)) for each in re.findall(r"`([^`]+)`", dangerous))
        assert not any(is_superlinear(re.compile(each)) for each in re.findall(r"`([^`]+)`", safe))
