"""Every regular expression of the package, and of the inbox's page, is linear by the analyzer."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

from patterns import driving
from patterns.analyzer import Pattern, analyzed, not_linear, of_javascript
from patterns.collection import PACKAGE, Expression, sites

pytestmark = pytest.mark.timeout(1200)  # seconds; some analyses take long

# A former pattern of tags: a name may end anywhere, and its other letters are tried as attributes.
OLD_TAG = r"""<(/?)([^\s<>/="'?!]+)((?:[^<>"']|"[^"<]*"|'[^'<]*')*)>"""


@pytest.fixture(scope="module")
def expressions() -> list[Expression]:
    """Return what the package compiles, recorded in a fresh interpreter."""
    command = [sys.executable, "-m", "patterns.collection"]
    run = subprocess.run(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True, check=True)
    return [Expression(**each) for each in json.loads(run.stdout)]


def pattern_of(each: Expression) -> Pattern:
    pattern = each.pattern.encode("latin-1") if each.is_bytes else each.pattern
    return Pattern(f"{each.file}:{each.line}", pattern, each.flags, each.mode)


def test_every_pattern_is_linear(expressions):
    """Every pattern is linear as it is used: unanchored for searching, anchored for matching."""
    assert not_linear(list(map(pattern_of, expressions))) == {}


def test_every_pattern_is_found(expressions):
    """Each place in the code that makes an expression made at least one, and none comes from elsewhere."""
    places = {(site.file, site.line) for site in sites()}
    assert {(each.file, each.line) for each in expressions} == places
    assert len(expressions) >= len(places)


def test_no_place_is_overlooked():
    """The tokens of the modules show as many calls of `re` as their syntax trees, and none by another name."""
    counted = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        tokens = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
        code = " ".join(each.string for each in tokens if each.type in (tokenize.NAME, tokenize.OP))
        file = str(path.relative_to(PACKAGE))
        assert not re.search(r"\bfrom re import|\bimport re as|\bimport regex", code), file
        named = re.findall(r"(?<!\. )(?<!\w)re \. (\w+)( \()?", code)
        made = [called for name, called in named if name not in _NOT_MAKING]
        assert all(made), file
        counted[file] = len(made)
    found = {}
    for site in sites():
        found[site.file] = found.get(site.file, 0) + 1
    assert {file: count for file, count in counted.items() if count} == found


_NOT_MAKING = frozenset(
    ("Match", "Pattern", "error", "escape", "IGNORECASE", "DOTALL", "ASCII", "VERBOSE", "MULTILINE")
)
# The library htm trims templates with it; the page's templates are its own code.
_OF_HTM = r"^\s*\n\s*|\s*\n\s*$"


def test_what_is_made_at_run_time_is_driven(expressions):
    """Words of names, ends of strings, skipped paths, and the documentation's examples are among the expressions."""
    by_file = {}
    for each in expressions:
        by_file.setdefault(each.file, set()).add(each.pattern)
    assert len(by_file["_redact/formats/value_locator.py"]) > 40
    assert any(
        "kundennummer" in each.replace("(?:", "").replace(")", "") for each in by_file["_redact/detect/vocabulary.py"]
    )
    assert any("/internal/" in each for each in by_file["_capture/excluded_paths.py"])
    assert driving.documented()
    assert set(driving.documented()) <= by_file["_redact_options.py"]


def test_the_page_has_no_other_pattern_than_linear_ones():
    """The expressions in the page's JavaScript are linear; a parser of JavaScript finds them."""
    found = of_javascript()
    assert len(found) > 10
    assert [place for place, source, _ in found if source is None] == []
    verdicts = analyzed((source, flags) for _, source, flags in found)
    bad = {place: (source, verdicts[source, flags]) for place, source, flags in found if verdicts[source, flags]}
    assert bad.pop("htm-preact.js:1")[0] == _OF_HTM
    assert bad == {}


@pytest.mark.parametrize(
    ("pattern", "mode"),
    [
        (OLD_TAG, "search"),
        (r"\s+$", "search"),
        (r"(?:a|a)*b", "fullmatch"),
        (r"(?P<word>\w+)\s*\w*=", "match"),
        (rb"[a-z]*[a-y]*\Z", "match"),
        (r"(?i)[a-z]+[K\u212a]+=", "match"),
        (r"(?:x|<[^<>]*\w+(?![<>])[^>]*>)", "search"),
    ],
    ids=repr,
)
def test_a_pattern_that_is_not_linear_fails(pattern, mode):
    """A pattern like the one that once froze processes fails."""
    planted = Pattern("planted", pattern, 0, mode)
    assert list(not_linear([planted])) == [planted]


@pytest.mark.parametrize(
    ("pattern", "mode"),
    [
        (r"\s+$", "match"),
        (r"(?<!\w)\w+@", "search"),
        (r"<[^<>]*>", "search"),
        (r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)', "search"),
        (r"[A-Z]+(?=key)|[A-Z]+", "search"),
    ],
    ids=repr,
)
def test_a_pattern_that_is_linear_passes(pattern, mode):
    """Patterns that are anchored, begin in one place, or always end pass."""
    assert not_linear([Pattern("planted", pattern, re.DOTALL, mode)]) == {}
