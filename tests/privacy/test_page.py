"""The documentation of privacy agrees with the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import drhttp
from drhttp._redact.detect.name_tables import BUILT_IN, IN_QUERIES, WHOLE

PAGE = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")


def table(marker):
    """Return the rows of the table below a marker."""
    lines = PAGE.partition(f"<!-- {marker} -->\n\n")[2].split("\n\n")[0].splitlines()
    assert lines[:2] == ["| name | reason |", "|---|---|"]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:]]


@pytest.mark.parametrize(("marker", "names"), [("names", BUILT_IN), ("whole", WHOLE), ("queries", IN_QUERIES)])
def test_the_tables_are_those_of_the_code(marker, names):
    """The tables hold exactly the built-in names, in the same order, with the same reasons."""
    assert table(marker) == list(names.items())


def test_the_example_runs(receiver):
    """The snippet that changes the rules runs, and does what its comments say."""
    (snippet,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "application/json")])
        body = {
            "patient_id": "P-12345",
            "token_type": "bearer",
            "note": "of CUST-12345678 too",
            "password": "hunter2xyz",
        }
        return [json.dumps(body).encode()]

    names = {"drhttp": drhttp, "application": application}
    exec(snippet.replace("redact=redact)", f"redact=redact, dsn={receiver.dsn!r})"), names)
    assert list(names["application"]({"REQUEST_METHOD": "GET"}, lambda *_: None))
    assert drhttp.flush(5.0)
    (record,) = receiver.wait(1)
    assert record["response"]["body"] == {
        "patient_id": "2345",
        "token_type": "bearer",
        "note": "of 5678 too",
        "password": "2xyz",
    }


def test_every_reason_is_explained():
    """Each reason for leaving out a body is on the page."""
    for reason in (
        "unparsable",
        "too_deep",
        "too_dense",
        "encoding",
        "coding",
        "callback",
        "sensitive",
        "off",
        "type",
        "file",
        "too_large",
    ):
        assert f"`{reason}`" in PAGE
