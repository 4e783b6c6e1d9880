"""The fast checks that a text is clean never let a secret pass: without them, the result is the same.

A policy with a pattern of the user takes no such shortcut, because the pattern may match anything.
"""

from __future__ import annotations

import json
from urllib.parse import quote_plus

from hypothesis import given
from hypothesis import strategies as st
from support.effort import effort

from drhttp._privacy import Redact
from drhttp._redact import Policy
from drhttp._redact.formats.headers import mask_headers
from drhttp._redact.formats.json import mask_string
from drhttp._redact.formats.urlencoded import mask_query
from privacy.corpus import NAMES, all_cases
from privacy.masking import POLICY, masked
from privacy.test_same_rules import TEXTS

THOROUGH = Policy(Redact(patterns=["(?!)"]))  # matches nothing
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
PIECES = (*TEXTS, *NAMES, *"=:&%;,.'\"`()[]{}<>-+/\\@|\t\n _0", "hunter2", "4111 1111 1111 1111", "DE89370400440532013000",
          "Bearer ", "https://", "machine a login b password c", "value", "name", "variables", "query", "x" * 16)  # fmt: skip
fragments = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=6).map("".join)
names = st.sampled_from(("a", "page", "value", "f[name]", "f[value]", "variables", *NAMES[:20]))


@effort(300)
@given(fragments)
def test_texts(text):
    """A text is masked alike."""
    assert mask_string(text, POLICY) == mask_string(text, THOROUGH)


@effort(300)
@given(st.lists(st.tuples(names, fragments), max_size=4))
def test_forms(pairs):
    """A form or a query is masked alike."""
    form = "&".join(f"{name}={quote_plus(value, errors='replace')}" for name, value in pairs)
    assert mask_query(form, POLICY) == mask_query(form, THOROUGH)


@effort(300)
@given(st.dictionaries(names, fragments | st.integers() | st.lists(fragments, max_size=2), max_size=4), st.booleans())
def test_json(document, ascii_only):
    """A JSON document is masked alike."""
    content = json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "replace")
    assert masked(content, JSON) == masked(content, JSON, policy=THOROUGH)


@effort(300)
@given(
    names | st.sampled_from(("x-request-id", "user-agent", "accept", "etag")), fragments | st.from_regex("[0-9a-f]+")
)
def test_header_fields(name, value):
    """A header field is masked alike."""
    assert mask_headers(((name, value),), POLICY) == mask_headers(((name, value),), THOROUGH)


def test_the_corpus():
    """Each body of the corpus is masked alike."""
    for case in all_cases():
        assert masked(case.body, case.kind, case.coding) == masked(case.body, case.kind, case.coding, policy=THOROUGH)
