"""Excluded paths: a pattern matches the path that it spells, however that is encoded."""

from __future__ import annotations

import fnmatch

from hypothesis import given
from hypothesis import strategies as st

from drhttp._capture.excluded_paths import encoded_pattern
from drhttp._capture.wsgi_uri import encoded_path


@given(st.text("/ab\xe9%~ -", max_size=8))
def test_pattern_matches_its_own_path(text: str) -> None:
    """X3: a pattern without wildcards, encoded or not, matches the path that it spells."""
    path = {"PATH_INFO": "/" + text.encode().decode("latin-1")}
    plain = "/" + text.replace("%", "%25")
    assert fnmatch.fnmatchcase(encoded_path(path), encoded_pattern(plain))
    assert fnmatch.fnmatchcase(encoded_path(path), encoded_pattern(encoded_path(path)))
    assert fnmatch.fnmatchcase(encoded_path(path), encoded_pattern(encoded_path(path).lower()))
