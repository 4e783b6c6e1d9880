"""What is loaded when: an inbox listens before it can show anything."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("uvicorn")

LISTENS = """
import sys
import drhttp.__main__
drhttp.__main__._parser()
import drhttp.inbox.launch
slow = {"drhttp._check", "drhttp._redact", "drhttp.inbox.api.routes", "drhttp.inbox.har", "drhttp.inbox.view.masking"}
assert not slow & set(sys.modules), slow & set(sys.modules)
"""


def test_an_inbox_listens_without_what_only_the_page_needs():
    """Masking, export and the other commands are not loaded."""
    subprocess.run([sys.executable, "-c", LISTENS], check=True)


def test_the_first_requests_may_come_at_the_same_time(start, event):
    """Each is answered, while the API is being loaded."""
    inbox = start("--quiet")
    assert inbox.post([event()]) == 201

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: inbox.api("GET", "/records")[0], range(16)))

    assert answers == [200] * 16


@pytest.fixture(scope="module")
def module_inbox(start_for_module):
    """One inbox for the tests of this module."""
    return start_for_module("--quiet")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/api/v1", 307),
        ("GET", "/api/v1/", 401),
        ("GET", "/api/v2/info", 404),
        ("GET", "/raw/1/request", 403),
        ("POST", "/raw/1/request", 405),
        ("GET", "/raw/x/request", 404),
        ("GET", "/raw/1/request/", 307),
    ],
)
def test_paths_of_the_api_answer_as_any_others(module_inbox, method, path, status):
    """The first request decides nothing for later ones."""
    assert module_inbox.request(method, path)[0] == status
