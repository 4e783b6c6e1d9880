"""The heuristics that warn about users' patterns, compared with the analyzer."""

from __future__ import annotations

import re

import pytest

from drhttp._redos.backtracking import is_superlinear
from patterns.analyzer import Pattern, analyzed, not_linear
from patterns.translation import translated
from patterns.user_patterns import BOUNDED, BOUNDED_AND_SLOW, FALSE_ALARMS, LINEAR, SUPERLINEAR

pytestmark = pytest.mark.timeout(1200)


def test_the_rules_of_thumb_agree_with_the_analyzer():
    """There is a warning for every pattern that the analyzer calls super-linear; needless warnings are listed."""
    patterns = [Pattern("user", each, 0, "search") for each in (*LINEAR, *FALSE_ALARMS, *SUPERLINEAR)]
    slow = {each.pattern for each in not_linear(patterns)}
    warned = {each.pattern for each in patterns if is_superlinear(re.compile(each.pattern))}
    assert len(patterns) > 60
    assert slow == set(SUPERLINEAR)
    assert warned - slow == set(FALSE_ALARMS)
    assert slow <= warned


def test_there_is_a_warning_where_the_analyzer_knows_an_attack_on_bounded_repeats():
    """Of the quick ones it attacks none. It cannot tell of each slow one within five seconds."""
    parts = {each: translated(each, 0, "search") for each in (*BOUNDED, *BOUNDED_AND_SLOW)}
    verdicts = analyzed([part for expressions in parts.values() for part in expressions], timeout=5_000)
    attacked = {each for each in parts if any(verdicts[part].startswith("vulnerable") for part in parts[each])}
    assert attacked <= set(BOUNDED_AND_SLOW)
    assert len(attacked) > 10
