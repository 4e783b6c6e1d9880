"""Nothing that others send makes the masking slow: processor time grows in proportion, and 64 KiB take at most 50 ms.

Every way in is driven with runs made of the pieces of the package's own patterns. By default each sign goes through
each way, while literals, pairs and triples of pieces share the ways out among them, always the same. With
`GROWTH=wide pytest tests/growth`, these are three times as many. `GROWTH=all` tries all pairs of a sign and a piece
through all ways, which takes many hours; `GROWTH=all/20` a twentieth of them.

These are the only assertions on time in the whole suite: `growth.measure` tells how they are made to hold on other
machines, and beside other work.
"""

from __future__ import annotations

import itertools
import os
import random
from functools import cache, partial
from typing import TYPE_CHECKING

import pytest

from benchmarks import adversarial
from growth.entries import ENTRIES, SIZE, delivery, exchange
from growth.measure import FLOOR, GROWTH, LIMIT, calibrated, cost, undisturbed
from growth.units import characters, literals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drhttp._capture.exchange import Exchange
    from drhttp._delivery.record_exporter import RecordExporter

SIZES = (SIZE // 4, SIZE // 2, SIZE)
# A `max_body_size` higher than the default, and units that make many pieces of it.
LARGE_SIZES = (256 * 1024, 1024 * 1024)
LARGE = {
    "text/plain": ("4111111111111111 ", "4111 1111 1111 1111 ", "DE89370400440532013000 ", "password: a\n", "a, "),
    "text/html": ("<b>Password</b>: a ", "<tr><td>"),
    "text/csv": ("password,", "a,b\n"),
    "application/x-www-form-urlencoded": ("password=a&",),
    "application/x-ndjson": ('{"password":"a"}\n',),
}
# Runs are tried with a quarter of that first. A linear run that takes 50 ms at full size takes 12 ms here, a quadratic
# one 3 ms.
QUARTER, SUSPICIOUS = SIZE // 4, 0.002
ROUNDS = 8
# Bytes. What stands at the end may decide by which rules a text is masked, which is a step, not growth.
FEWER = (0, 1, 2, 3, 5, 7, 61)
_CHOSEN = os.environ.get("GROWTH", "")
# For each entry, where not all are tried: a share of the literals, and how many pairs and triples.
SHARE, PAIRS, TRIPLES = (6, 20, 20) if _CHOSEN == "wide" else (18, 7, 7)
EXHAUSTIVE, PART = _CHOSEN.startswith("all"), int(_CHOSEN.partition("/")[2] or 1)


def repeated(unit: str, size: int) -> str:
    return (unit * (size // max(1, len(unit)) + 1))[:size]


def numbered(unit: str, size: int) -> str:
    """Append a number to each unit, so that none is repeated."""
    return "".join(f"{unit}{number}" for number in range(size // (len(unit) + 1)))[:size]


@cache
def _words() -> list[str]:
    """Return the words of three and four letters out of `a` to `p`, which make more than 64 KiB, in no order."""
    found = ["".join(each) for length in (3, 4) for each in itertools.product("abcdefghijklmnop", repeat=length)]
    random.Random(0).shuffle(found)
    return found[:16_000]


def worded(front: str, unit: str, end: str, size: int) -> str:
    """Put a piece behind each of many words, so that none is repeated."""
    pieces = "".join(f"{word}{unit}" for word in _words()[: size // (len(unit) + 3)])
    return front + pieces[: size - len(front + end)] + end


# Runs of up to three pieces: each piece ends the run, is repeated in it, or begins it.
SHAPES = {
    "all": lambda a, b, c, size: repeated(a + b + c, size),
    "opened": lambda a, b, c, size: a + repeated(b + c, size - len(a)),
    "closed": lambda a, b, c, size: repeated(a + b, size - len(c)) + c,
    "halves": lambda a, b, c, size: repeated(a, size // 2) + repeated(b + c, size // 2),
    "between": lambda a, b, c, size: a + repeated(b, size - len(a + c)) + c,
    "numbered": lambda a, b, c, size: numbered(a + b + c, size),
    "worded": worded,
}
# Words that are all different, as names, fields and parts of what follows the prefix of a key.
WORDED = [
    ("worded", front, unit, end)
    for front, end in (("", ""), ("tskey-webhook-", "-1-2"))
    for unit in ("-", "=1&", "=1,", "|", '":1,"')
]


def run(entry: str, shape: tuple[str, str, str, str], size: int) -> Exchange:
    return ENTRIES[entry](SHAPES[shape[0]](*shape[1:], size))


def pieces() -> list[str]:
    return list(dict.fromkeys((*characters(), *literals())))


def singles(entry: str) -> Iterator[tuple[str, str, str, str]]:
    """Return each sign, each literal, or a share of them if not all are tried, and runs of different words."""
    signs, turn = characters(), 0 if EXHAUSTIVE else list(ENTRIES).index(entry) % SHARE
    for piece in (*signs, *(literals() if EXHAUSTIVE else literals()[turn::SHARE])):
        yield "all", piece, "", ""
    yield from WORDED if _CHOSEN else WORDED[turn % 4 :: 4]


def pairs(entry: str) -> Iterator[tuple[str, str, str, str]]:
    """Return pairs of pieces, with a sign among them; each entry has its own share."""
    choice = random.Random(entry)
    found = pieces()
    signs, shapes = characters(), list(SHAPES)
    if EXHAUSTIVE:
        both = itertools.chain(itertools.product(signs, found), itertools.product(found, signs))
        for a, b in both:
            shape, part = choice.choice(shapes), choice.randrange(PART)
            if part == 0:
                yield shape, a, b, ""
        return
    for _ in range(PAIRS):
        yield choice.choice(shapes), choice.choice(found), choice.choice(signs), ""
        yield choice.choice(shapes), choice.choice(signs), choice.choice(found), ""


def triples(entry: str) -> Iterator[tuple[str, str, str, str]]:
    choice = random.Random(f"{entry} again")
    found = pieces()
    for _ in range(TRIPLES * (600 if EXHAUSTIVE else 1) // (PART if EXHAUSTIVE else 1)):
        yield (choice.choice(list(SHAPES)), *(choice.choice(found) for _ in range(3)))


def fault(make: Callable[[int], Exchange], exporter: RecordExporter) -> str | None:
    """Return what is wrong with the exchanges that a function makes for each size; `None` if nothing is."""
    quarter = cost(make(QUARTER), exporter)
    if quarter < SUSPICIOUS:
        return None
    if quarter > LIMIT and calibrated(partial(make, QUARTER)) > LIMIT:
        return "16 KiB take more than 50 ms"  # the full size might take minutes
    whole = cost(make(SIZE), exporter)
    if whole > LIMIT:
        whole = calibrated(partial(make, SIZE))
    if whole < FLOOR or whole < min(LIMIT, GROWTH**2 * quarter):
        return None
    found = None
    for less, _ in itertools.product(FEWER, range(ROUNDS)):  # a wrong measurement is not repeated by chance
        found = _judged([calibrated(partial(make, size - less)) for size in SIZES])
        if found is None:
            break
    return found


def _judged(times: list[float]) -> str | None:
    for half, double in itertools.pairwise(times):
        if double > GROWTH * max(half, FLOOR / GROWTH):
            return "{:.1f}, {:.1f}, {:.1f} ms".format(*(each * 1000 for each in times))
    return f"64 KiB take {times[-1] * 1000:.1f} ms" if times[-1] > LIMIT else None


@pytest.mark.timeout(0 if EXHAUSTIVE else 600)
@pytest.mark.parametrize("entry", ENTRIES)
def test_time_grows_in_proportion(entry: str) -> None:
    """No run of pieces of the patterns takes long, or grows faster than its size."""
    exporter = delivery()
    faults = []
    with undisturbed():
        for shape in itertools.chain(singles(entry), pairs(entry), triples(entry)):
            found = fault(partial(run, entry, shape), exporter)
            if found:
                faults.append(f"{shape}: {found}")
    assert not faults, "\n".join([f"{len(faults)} runs", *faults[:20]])


@pytest.mark.parametrize("name", adversarial.SHAPES)
def test_known_shapes_grow_in_proportion(name: str) -> None:
    """The hand-made bodies of the benchmark grow in proportion, whole and truncated."""
    kind, content = adversarial.SHAPES[name]
    for declared in (None, 10 * SIZE):
        with undisturbed():
            found = fault(lambda size, full=declared: exchange(content(size), kind, declared=full), delivery())
        assert found is None, ("cut" if declared else "whole", found)


@pytest.mark.parametrize("kind", LARGE)
def test_large_bodies_grow_in_proportion(kind: str) -> None:
    """With a higher `max_body_size`, time still grows in proportion to the body."""
    for unit in LARGE[kind]:
        with undisturbed():
            for _ in range(ROUNDS):  # a wrong measurement is not repeated by chance
                bodies = [unit.encode() * (size // len(unit)) for size in LARGE_SIZES]
                times = [cost(exchange(body, kind), delivery()) for body in bodies]
                if times[1] < GROWTH**2 * max(times[0], FLOOR):
                    break
            else:
                pytest.fail(f"{unit!r}: {times[0] * 1000:.0f} ms for 256 KiB, {times[1] * 1000:.0f} ms for 1 MiB")


def test_every_pattern_brings_its_pieces() -> None:
    """The pieces include those of the patterns of several modules, of each kind."""
    found = set(pieces())
    assert {"<!--", "://", "-----BEGIN", "Duplicate entry", "boundary", "password", "<", '"', "%", "\n"} <= found
    assert 300 < len(found) < 2000
