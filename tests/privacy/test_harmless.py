"""Harmless data that looks secret is not changed, by the whole middleware either."""

from __future__ import annotations

import base64
import json

import pytest

from drhttp._record import Body
from drhttp._redact import Policy
from drhttp._redact.bodies import mask_body
from drhttp._redact.formats.headers import mask_headers
from drhttp._redact.formats.urls import mask_url
from drhttp._redact_options import Redact
from privacy.corpus import Case, both
from privacy.harmless import HEADERS, NAMES, QUERIES, QUERY_NAMES, TEXTS, documents
from privacy.table_corpus import table_documents
from privacy.wiring import leave

POLICY = Policy(Redact())


def test_there_are_many():
    """There are at least 200 names and texts that look secret."""
    assert len({*NAMES, *TEXTS}) >= 200


@pytest.mark.parametrize("name", NAMES)
def test_names(name):
    """A word that only looks secret is not, alone and with other words."""
    assert not POLICY.is_secret(name)
    assert not POLICY.is_secret(f"my_{name}")
    assert not POLICY.is_secret(name.upper())
    assert POLICY.is_secret_in_query(name) == (name in QUERY_NAMES)


def test_bodies():
    """Each body stays byte for byte, as the same object, and nothing is counted."""
    for kind, content in (*documents(), *table_documents()):
        body = Body(content=content, size=len(content))
        assert mask_body(body, (("content-type", kind),) if kind else (), POLICY) is body, (kind, content)


@pytest.mark.parametrize("field", HEADERS, ids=str)
def test_headers(field):
    """Harmless header fields stay."""
    assert mask_headers((field,), POLICY) == ((field,), 0)


@pytest.mark.parametrize("query", QUERIES)
def test_urls(query):
    """URLs without secrets stay, with their encoding."""
    url = f"https://shop.example:8080/a%20b/%C3%A9;v=1?{query}#top"
    assert mask_url(url, POLICY) == (url, 0)


def test_messages(receiver):
    """Messages of exceptions and bodies of all kinds without secrets arrive unchanged."""
    cases = [both(kind, content, kind) for kind, content in (*documents(), *table_documents())] + [
        Case(text, error=text) for text in TEXTS
    ]
    for case, record in zip(cases, leave(receiver, cases), strict=True):
        about = record["metadata"]
        assert "redacted" not in about, case.name
        if case.error:
            assert about["exception"]["message"] == case.error
        else:
            assert about.get("response_body", {}).get("redacted", 0) == 0, case.name
            assert _content(record["response"]) == case.answer or json.loads(case.answer) == record["response"]["body"]


def _content(message):
    return base64.b64decode(message["body"]) if message["transfer_encoding"] == "base64" else None
