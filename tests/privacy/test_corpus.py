"""Thousands of planted secrets go through the real middleware to the real receiver, and none leaves."""

from __future__ import annotations

import logging

import pytest

import drhttp
from privacy.corpus import MARK, all_cases
from privacy.table_corpus import table_cases
from privacy.wiring import decompressed, leaks, leave


@pytest.fixture(scope="module")
def cases():
    """Return the corpus."""
    return all_cases() + table_cases()


def test_the_corpus_is_large(cases):
    """There are at least 400 unique secrets, in as many places."""
    planted = {mark for case in cases for mark in _marks(case)}
    assert len(planted) >= 400
    assert len(cases) >= 400


def _marks(case):
    parts = [
        case.path,
        case.query,
        case.error,
        *(value for pair in (*case.headers, *case.answer_headers) for value in pair),
    ]
    text = "".join(parts) + (case.body + case.answer).replace(b"\0", b"").decode("latin-1")
    return {text[at : at + 11] for at in range(len(text)) if text.startswith(MARK, at)}


@pytest.mark.parametrize("protocol", ["events", "record"])
def test_no_secret_leaves(receiver, caplog, cases, protocol):
    """No secret is in the bytes that leave, decoded in every way, nor in any log line."""
    with caplog.at_level(logging.DEBUG):
        records = leave(receiver, cases, protocol=protocol)
    assert len(records) == len(cases)
    leaking = [case.name for case, record in zip(cases, records, strict=True) if leaks(record, case.needles)]
    assert leaking == []
    assert not any(MARK.encode() in decompressed(post) for post in receiver.posts)
    assert not any(MARK in each.getMessage() or MARK in str(each.exc_text) for each in caplog.records)
    assert drhttp.stats().dropped == {}


def test_the_record_says_that_it_was_masked(receiver, cases):
    """Each record with a secret says how many values were masked in which part, or why a body was left out."""
    silent = []
    for case, record in zip(cases, leave(receiver, cases), strict=True):
        about = record["metadata"]
        bodies = [about.get(name, {}) for name in ("request_body", "response_body")]
        counted = about.get("redacted") or any(
            body.get("redacted") or body.get("omitted") or body["truncated"] for body in bodies if body
        )
        if not counted and "multipart file said" not in case.name:  # the content of files is always left out
            silent.append(case.name)
    assert silent == []
