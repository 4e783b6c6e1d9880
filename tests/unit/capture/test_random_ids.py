"""Identifiers are random, and no two records have the same, whatever thread or process made them."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor

from support.load import program

from drhttp._capture.random_ids import RandomDigits, uuid4


def test_a_uuid_is_one_of_version_4():
    """The UUID has the version and the variant of RFC 9562, and the other digits as they are."""
    for _ in range(100):
        made = uuid.UUID(uuid4(RandomDigits().take()))
        assert (made.version, made.variant) == (4, uuid.RFC_4122)
    assert uuid4("0123456789abcdef" * 2) == "01234567-89ab-4def-8123-456789abcdef"


def test_threads_get_different_digits():
    """Threads that share a supply never get the same digits."""
    supply = RandomDigits()
    with ThreadPoolExecutor(8) as pool:
        pieces = list(pool.map(lambda _: supply.take(), range(10_000)))
    assert len(set(pieces)) == len(pieces)
    assert all(re.fullmatch("[0-9a-f]{80}", piece) for piece in pieces)


def test_a_forked_process_gets_other_digits():
    """A child does not use the digits that its parent has left."""
    source = """
from drhttp._capture.random_ids import RandomDigits
supply = RandomDigits()
supply.take()
if os.fork() == 0:
    print(*(supply.take() for _ in range(100)), flush=True)
    os._exit(0)
os.wait()
print(*(supply.take() for _ in range(100)))
"""
    done = program(source)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(set(done.stdout.split())) == 200
