"""Warnings at startup about patterns of users that take very long on some texts."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path

import pytest
from patterns.user_patterns import BOUNDED, BOUNDED_AND_SLOW, FALSE_ALARMS, LINEAR, SUPERLINEAR
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
    """Patterns that are anchored, bounded or separated, or whose last repeat may end anywhere."""
    assert not is_superlinear(re.compile(pattern))


@pytest.mark.parametrize("pattern", BOUNDED_AND_SLOW)
def test_bounds_do_not_hide_that_a_text_is_read_in_many_ways(pattern):
    """Bounded repeats within bounded repeats, several beside each other, and alternatives that overlap."""
    assert is_superlinear(re.compile(pattern))


@pytest.mark.parametrize("pattern", BOUNDED)
def test_bounded_repeats_that_are_quick_are_not_warned_of(pattern):
    """Those of a fixed length, those that a separator divides, and those that leave few choices."""
    assert not is_superlinear(re.compile(pattern))


@pytest.mark.parametrize(
    ("few", "many"),
    [
        (r"(?<!\w)(?:a{1,2}-?){1,3}b", r"(?<!\w)(?:a{1,2}-?){1,20}b"),
        (r"(?:\w{1,3},?){1,2}!", r"(?:\w{1,9},?){1,9}!"),
        (r"\w{1,5} ?\w{1,5}!", r"\w{1,50} ?\w{1,50}!"),
        (r"x?x?x?x?y", "x?" * 25 + "y"),
        (r"(?:ab?){1,50}c", r"(?:ab?|b){1,50}c"),
        (r"(?:a{1,50}){1,50}", r"(?:a{1,50}){1,50}b"),
        (r"^(?:\d{2}-?){3}x", r"^(?:\d{1,2}-?){30}x"),
    ],
)
def test_what_counts_is_the_number_of_ways(few, many):
    """The same shape is quick with small bounds, and slow with large ones or where the end of a match is checked."""
    assert not is_superlinear(re.compile(few))
    assert is_superlinear(re.compile(many))


@pytest.mark.parametrize("pattern", FALSE_ALARMS)
def test_false_alarms_are_few_and_known(pattern):
    """Some linear patterns cost a needless warning; this holds the list."""
    assert is_superlinear(re.compile(pattern))


def test_possessive_repeats_keep_what_they_matched():
    """Possessive repeats and atomic groups are not tried again. They came with Python 3.11."""
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
        "".join(f"[{letter}-z]{{1,30}}" for letter in "abcdefghijklmnopqrst") + ";",
        "(?:" * 150 + "a" + "{1,3})" * 150 + "b",
        "(?:" * 6 + "(?:a?)" + "{90,99})" * 6 + "b",
        "(?:" + "|".join(f"word{number}" for number in range(3000)) + "){1,12};",
        "(?:" + "|".join(f"word{number}" for number in range(300)) + "){1,12};",
        "(?:" + "|".join(f"(?:w{number}-?){{1,5}}" for number in range(300)) + ");",
        r"(?:\w{1,9}[ -]){3};" * 100,
        "x?y?z?" * 300 + ";",
        r"(?:(?:[a-z]{1,20}=[0-9]{1,20}&){1,20}\n){1,20};" * 5,
    ],
    ids=lambda pattern: pattern[:20],
)
@pytest.mark.no_cover
def test_the_check_is_quick(pattern):
    """A large pattern does not delay the start of an application."""
    compiled = re.compile(pattern)
    start = time.process_time()
    is_superlinear(compiled)
    assert time.process_time() - start < 1


def test_a_dangerous_pattern_costs_one_warning_that_names_it(caplog):
    """Middleware with a dangerous pattern logs one warning, also if it is created again, and none for safe ones."""
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
    """Safe patterns, and no patterns at all, log no warning."""
    with caplog.at_level(logging.WARNING, "drhttp"):
        drhttp.WSGIMiddleware(echo, DSN, redact=drhttp.Redact(patterns=[r"CUST-\d{8}", r"\bEMP\d+\b"]))
        drhttp.WSGIMiddleware(echo, DSN, redact=drhttp.Redact())
    assert caplog.records == []


def test_the_documentation_tells_dangerous_patterns_from_safe_ones():
    """Each pattern in the left column of the table is warned of, and each in the middle is not."""
    section = PAGE.read_text("utf-8").split("### Writing a safe pattern")[1].split("\n## ")[0]
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| `")]
    assert len(rows) == 7
    for dangerous, safe, _ in rows:
        assert all(is_superlinear(re.compile(each)) for each in re.findall(r"`([^`]+)`", dangerous))
        assert not any(is_superlinear(re.compile(each)) for each in re.findall(r"`([^`]+)`", safe))
    advice = section.split("A limit makes a single repeat safe")[1].split("If the warning")[0]
    assert not any(is_superlinear(re.compile(each)) for each in re.findall(r"`([^`]+)`", advice))
