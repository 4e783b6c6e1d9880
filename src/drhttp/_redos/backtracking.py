"""Regular expressions that can take quadratic time or worse to fail, such as `(a+)+$`.

An expression becomes a position automaton: a graph of its characters, in which each may be followed by others.
Backtracking is slow where one text leads in several ways through unbounded repeats, or in very many ways through
bounded ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drhttp._redos.ambiguity import Ambiguity
from drhttp._redos.automaton import Bounds, PositionAutomaton, TooLarge
from drhttp._redos.bounded_repeats import repeat_too_often

if TYPE_CHECKING:
    import re

_BOUNDS = Bounds(loop=100, copies=(3, 3, 2, 1), places=100_000)
_MOST_STEPS = 300_000


def is_superlinear(pattern: re.Pattern[str]) -> bool:
    """Whether a search may take more than linear time, or very long despite bounds.

    Usually also true if the analysis would take too long.
    """
    try:
        ambiguity = Ambiguity(PositionAutomaton(pattern, _BOUNDS), _MOST_STEPS)
        return any(True for _ in ambiguity.pumps(search=True)) or repeat_too_often(pattern)
    except (TooLarge, RecursionError):
        return True
