"""The edge: what the recorder raises is counted and goes no further; what is not ours passes."""

from __future__ import annotations

import asyncio

import pytest

from drhttp import _guard
from drhttp._guard import aguarded, failures, forget_failures, guarded


def broken() -> None:
    raise RuntimeError("broken")


async def abroken() -> None:
    raise RuntimeError("broken")


async def afine(value: int) -> int:
    return value


def test_result() -> None:
    """What a function returns comes back."""
    assert guarded(max, 1, 2) == 2
    assert asyncio.run(aguarded(afine, 3)) == 3
    assert failures() == 0


def test_counted() -> None:
    """W8: exceptions are counted, from functions and from coroutine functions, and by the process."""
    assert guarded(broken) is None
    assert asyncio.run(aguarded(abroken)) is None
    assert failures() == 2
    forget_failures()
    assert failures() == 0


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_not_ours(kind: type[BaseException]) -> None:
    """An interrupt or exit that happens to reach the thread in our code is the application's."""

    def interrupted() -> None:
        raise kind

    with pytest.raises(kind):
        guarded(interrupted)
    assert failures() == 0


def test_without_a_name() -> None:
    """W8: something that fails need not have a name to be counted."""

    class Nameless:
        def __call__(self) -> None:
            raise RuntimeError

    assert guarded(Nameless()) is None
    assert _guard.failures() == 1
