"""Masking takes linear time for every text, whatever is opened in it and never closed."""

from __future__ import annotations

import time

import pytest

from drhttp._redact import Policy
from drhttp._redact.bodies import _LAST_NUMBER, drop_partial_end
from drhttp._redact.detect.secret_names import SecretNames
from drhttp._redact.formats.json import mask_string
from drhttp._redact_options import Redact
from drhttp.inbox.view.masking import json_text
from privacy.masking import masked

SIZE = 64 * 1024
POLICY = Policy(Redact())


def processor_time(work) -> float:
    """Return the seconds of processor time, the best of three, as other processes use the machine too."""
    times = []
    for _ in range(3):
        start = time.thread_time()
        work()
        times.append(time.thread_time() - start)
    return min(times)


@pytest.mark.parametrize("run", ["a", "a ", "a=", "-", "é", "0", "a\n", "/"], ids=repr)
@pytest.mark.parametrize("kind", ["text/plain", "text/html", "application/xml", "application/json"])
def test_a_tag_that_is_opened_and_never_closed(kind, run):
    """A `<` and a long run without `>` are fast; this once took a minute."""
    text = "<a" + run * (SIZE // len(run.encode()))
    content = f'"{text}"' if kind == "application/json" else text
    assert processor_time(lambda: masked(content, kind)) < 0.2


def test_a_short_text_that_opens_a_tag():
    """An unclosed tag in 8 KB, the size of a header field, is fast."""
    assert processor_time(lambda: mask_string("<" + "a" * 8192, POLICY)) < 0.02


@pytest.mark.parametrize(
    ("front", "run"),
    [
        ("password:\n", " "),
        ("password:\n", "a "),
        ("x: password:\n", "- "),
        ("password: |\n", " \r"),
        ("password:\n", "   a\r"),
    ],
    ids=repr,
)
def test_lines_below_a_name(front, run):
    """Lines below a secret name, which may be its value or another name, are fast."""
    text = front + run * (SIZE // len(run))
    assert processor_time(lambda: masked(text, "text/plain")) < 0.2


@pytest.mark.parametrize("end", ["", "A", " ", "AB12"])
def test_digits_in_groups_at_a_cut(end):
    """Groups of digits at the end of a truncated body, which may be the beginning of a number, are fast."""
    assert processor_time(lambda: drop_partial_end(" 0" * 100_000 + end)) < 0.02


@pytest.mark.parametrize("unit", ['"\\', '{"password": "\\', '"password"   ', '{"password":[', '"\\"'])
def test_json_without_an_end_in_the_inbox(unit):
    """A text that begins like JSON, with strings that never end, is fast."""
    text = "{" + unit * (SIZE // len(unit))
    assert processor_time(lambda: json_text(text)) < 0.2


@pytest.mark.parametrize("word", ["apikey" * 5 + "q", "authsigningkey" * 2 + "q", "emailoldpin" * 2 + "q"])
def test_names_that_can_be_read_in_many_ways(word):
    """A name with many readings is fast: "apikey" is one known word and two."""
    names = SecretNames()
    assert names.is_secret(word[:-1])
    assert processor_time(lambda: [names._is_joined(word) for _ in range(100)]) < 0.05


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("call 4111 1111 11", "call "),
        ("to DE89 3704 0044", "to "),
        ("to DE89370400", "to "),
        ("12 AB34 56", "12 "),
        ("A1 22 33", "A1 "),
        ("a1b2 33 ", "a1b2 "),
        ("x=12-34-", "x="),
        ("4111\n", "4111\n"),
    ],
)
def test_numbers_that_a_cut_may_have_shortened(text, kept):
    """The last number of a truncated text is left out with all its groups; other words stay."""
    end = _LAST_NUMBER.match(text[::-1])
    assert (text[: len(text) - end.end()] if end else text) == kept
