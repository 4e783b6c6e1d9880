"""A receiver that fails: an outage loses nothing, and a record that it fails on costs itself and no other."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import effort
from support.virtual_worker import Bench, named
from support.wide import wide

from drhttp._delivery.bisection import Bisection
from drhttp._delivery.retry import DONE, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

FAILS = Verdict(action="retry", reason="status_500", error="answered 500", suspect=True)
CRASHES = Verdict(action="retry", reason="status_502", error="answered 502", crash=True)
TOO_LARGE = Verdict(action="split", reason="too_large", error="answered 413")
POST = 0.01  # seconds that a POST takes


def most_posts(size: int) -> int:
    """How many POSTs a batch of that many records with one poison record in it takes at most."""
    return 2 * math.ceil(math.log2(size)) + 16


class VirtualTimeReceiver:
    """Fails on poison, on everything while it is down, and on some POSTs at random, without a socket.

    It is no `support.receiver.Receiver`: outages of two hours pass in virtual time, which a socket does not keep.
    """

    def __init__(self, bench: Bench, poison: Collection[str] = ()) -> None:
        self._bench = bench
        self.poison = set(poison)
        self.down: Callable[[float], bool] = lambda time: False
        self.chance = 0.0
        self.random = random.Random(0)
        self.most = 10**6
        self.failure = FAILS

    def __call__(self) -> Verdict:
        clock, (_, encoded_records) = self._bench.clock, self._bench.exporter.posts[-1]
        clock.time += POST
        if len(encoded_records) > self.most:
            return TOO_LARGE
        if (
            self.down(clock.time - 1000.0)
            or self.random.random() < self.chance
            or self.poison.intersection(encoded_records)
        ):
            return self.failure
        return DONE


def receiver_of(bench: Bench, poison: Collection[str] = ()) -> VirtualTimeReceiver:
    receiver = VirtualTimeReceiver(bench, poison)
    bench.exporter.judge = receiver
    bench.worker._random.seed(0)
    return receiver


def arrived(bench: Bench, count: int, poison: Collection[str] = ()) -> None:
    """All but the poison has arrived, each record once."""
    assert sorted(bench.exporter.delivered, key=int) == [name for name in named(count) if name not in poison]


PROTOCOLS = pytest.mark.parametrize("most", [None, 1], ids=["events", "record"])


# Poison


@pytest.mark.parametrize("size", [3, 4, 5, 6, 7, 8, 9, 16, 17, 64, 100])
def test_a_record_that_the_receiver_fails_on_costs_itself(size: int) -> None:
    """Wherever it stands in a batch, it alone is dropped and counted, after a bounded number of POSTs, and soon."""
    for place in range(size):
        bench = Bench()
        receiver_of(bench, {str(place)})
        bench.put(*named(size))
        mark = bench.worker.begin_flush()
        bench.clock.after(60.0, lambda bench=bench: bench.worker.begin_close(0.0))
        bench.run()
        assert bench.queue.counts().dropped == {"status_500": 1}
        arrived(bench, size, {str(place)})
        assert len(bench.batches) <= most_posts(size)
        assert bench.exporter.posts[-1][0] - 1000.0 < 30.0
        assert bench.worker.finish_flush(mark, 0.0)


def test_one_record_a_post() -> None:
    """Where every record travels alone, those behind it are not held up, and prove that the receiver is up."""
    bench = Bench(most=1)
    receiver_of(bench, {"0", "7"})
    bench.put(*named(40))
    bench.run()
    assert bench.queue.counts().dropped == {"status_500": 2}
    arrived(bench, 40, {"0", "7"})
    assert len(bench.batches) <= 38 + 2 * most_posts(1)
    assert bench.exporter.delivered == [name for name in named(40) if name not in ("0", "7")]


@PROTOCOLS
@pytest.mark.parametrize("share", [0.01, 0.1, 0.3])
def test_poison_in_each_batch(share: float, most: int | None) -> None:
    """However many there are: those that have enough others behind them are dropped, and no other."""
    bench = Bench(most=most)
    poison = set(random.Random(1).sample(named(1000), int(1000 * share)))
    receiver_of(bench, poison)
    bench.put(*named(1000))
    bench.clock.after(20_000.0, lambda: bench.put(*(f"{n}" for n in range(1000, 1030))))
    bench.clock.after(40_000.0, lambda: bench.worker.begin_close(0.0))
    bench.run()
    arrived(bench, 1030, poison)
    assert bench.queue.counts().dropped == {"status_500": len(poison)}
    # The more there are, the more of the search they share.
    assert len(bench.batches) <= (1030 if most else 1) + len(poison) * (most_posts(100) if share < 0.1 else 16)


@PROTOCOLS
def test_a_lonely_poison_record_is_kept_and_holds_nobody_up(most: int | None) -> None:
    """Nobody proves that the receiver is up: it is kept for as long as that lasts; the next records are the proof."""
    bench = Bench(most=most)
    receiver_of(bench, {"0"})
    bench.put("0")
    kept = []
    bench.clock.after(7200.0, lambda: kept.append(bench.queue.counts().dropped))
    bench.clock.after(7200.0, lambda: bench.put("1"))
    bench.clock.after(7300.0, lambda: kept.append((bench.exporter.delivered.copy(), bench.queue.counts().dropped)))
    bench.clock.after(7300.0, lambda: bench.put("2"))
    bench.clock.after(7400.0, lambda: bench.worker.begin_close(0.0))
    bench.run()
    assert kept == [{}, (["1"], {})]
    assert bench.exporter.delivered == ["1", "2"]
    assert bench.queue.counts().dropped == {"status_500": 1}
    assert len(bench.batches) < 7400 / 5  # the waits between its tries are long


def test_a_receiver_that_takes_little_at_a_time() -> None:
    """413 and 500 together: batches go in parts, and the poison is found in those."""
    for place in (0, 29, 30, 57, 99):
        bench = Bench()
        receiver_of(bench, {str(place)}).most = 30
        bench.put(*named(100))
        bench.run()
        arrived(bench, 100, {str(place)})
        assert bench.queue.counts().dropped == {"status_500": 1}


def test_a_wait_that_is_asked_for_is_kept() -> None:
    """A 500 that names a time is left alone for that time, in the search for poison too."""
    bench = Bench()
    receiver_of(bench, {"3"}).failure = Verdict(action="retry", reason="status_500", suspect=True, after=40.0)
    bench.put(*named(10))
    bench.run()
    arrived(bench, 10, {"3"})
    for index, wait in enumerate(bench.waits):
        assert wait >= 40.0 or "3" not in bench.batches[index]


@pytest.mark.parametrize("seconds", [0.0, 0.3, 1.0, 3.0, 10.0])
def test_close_in_the_middle_of_the_search(seconds: float) -> None:
    """Closing ends in its time; what is not found or delivered by then is counted."""
    bench = Bench()
    receiver_of(bench, {"3", "50", "51", "99"})
    bench.put(*named(100))
    bench.worker.begin_close(seconds)
    bench.run()
    counts = bench.queue.counts()
    assert bench.clock.time <= 1000.0 + seconds + POST
    assert counts.sent == len(set(bench.exporter.delivered)) == len(bench.exporter.delivered)
    assert set(counts.dropped) <= {"status_500", "closed"}
    assert sum(counts.dropped.values()) == 100 - counts.sent


def test_what_is_sent_again_is_counted() -> None:
    """`retried` counts each record of each POST that had been in a failed one before."""
    bench = Bench()
    receiver_of(bench, {"3"})
    bench.put(*named(4))
    bench.run()
    before: set[str] = set()
    again = 0
    for batch in bench.batches:
        again += len(before.intersection(batch))
        before.update(batch if "3" in batch else ())
    assert bench.worker.retried == again > 0


# Outages


@PROTOCOLS
@pytest.mark.parametrize("seconds", [0.5, 5.0, 30.0, 600.0, 7200.0])
def test_an_outage_loses_nothing(seconds: float, most: int | None) -> None:
    """500 to everything, for however long: all arrives once when it is over, in few POSTs, and without a storm."""
    bench = Bench(most=most)
    receiver_of(bench).down = lambda time: 0.2 < time < seconds
    for second in range(40):
        bench.clock.after(0.1 + second, lambda second=second: bench.put(*(f"{second * 10 + n}" for n in range(10))))
    bench.clock.after(seconds + 100.0, lambda: bench.worker.begin_close(10.0))
    bench.run()
    arrived(bench, 400)
    assert bench.queue.counts().dropped == {}
    failed = [at for at, _ in bench.exporter.posts if 1000.2 <= at < 1000.0 + seconds]
    assert len(failed) <= 10 + seconds / 7.5  # half of the longest pause is 15 s
    if most is None:
        assert len(bench.batches) - len(failed) <= 40


@PROTOCOLS
@given(
    poison=st.sets(st.integers(0, 149), max_size=4),
    flips=st.lists(st.floats(0.5, 60.0), max_size=12),
    seed=st.integers(0, 2**16),
)
@effort(60)
def test_outages_in_the_middle_of_the_search(most: int | None, poison: set[int], flips: list[float], seed: int) -> None:
    """Wherever outages begin and end: nothing is lost but poison, each record arrives once, and the search ends."""
    bench = Bench(most=most)
    bad = set(map(str, poison))
    receiver = receiver_of(bench, bad)
    bench.worker._random.seed(seed)
    bounds, time = [], 0.0
    for seconds in flips:
        time += seconds
        bounds.append(time)
    receiver.down = lambda time: sum(bound <= time for bound in bounds) % 2 == 1 and time < bounds[-1]
    bench.put(*named(50))
    bench.clock.after(1.0, lambda: bench.put(*(str(n) for n in range(50, 150))))
    for part in range(20):  # traffic goes on
        bench.clock.after(1000.0 + 60 * part, lambda part=part: bench.put(str(150 + part)))
    bench.clock.after(5000.0, lambda: bench.worker.begin_close(0.0))
    bench.run()
    arrived(bench, 170, bad)
    assert bench.queue.counts().dropped == ({"status_500": len(bad)} if bad else {})


@PROTOCOLS
@pytest.mark.parametrize("chance", [0.05, 0.3, 0.5])
def test_a_receiver_that_fails_at_random_loses_nothing(chance: float, most: int | None) -> None:
    """A failure that comes and goes is no poison: what failed is taken later, which proves that it proves nothing."""
    for seed in range(5):
        bench = Bench(most=most)
        receiver = receiver_of(bench)
        receiver.chance, receiver.random = chance, random.Random(seed)
        bench.put(*named(2000))
        bench.run()
        arrived(bench, 2000)
        assert bench.queue.counts().dropped == {}


def test_a_receiver_that_fails_at_random_and_on_poison() -> None:
    """Both at once: the poison alone is lost."""
    for seed in range(5):
        bench = Bench(most=1)
        receiver = receiver_of(bench, {"5"})
        receiver.chance, receiver.random = 0.2, random.Random(seed)
        bench.put(*named(500))
        bench.run()
        arrived(bench, 500, {"5"})
        assert bench.queue.counts().dropped == {"status_500": 1}


@pytest.mark.parametrize("period", [1.0, 2.0])
def test_flapping(period: float) -> None:
    """Up for a second, down for a second: nothing is lost."""
    bench = Bench(size=10)
    receiver_of(bench).down = lambda time: int(time / period) % 2 == 1
    for tick in range(1200):
        bench.clock.after(0.05 * tick, lambda tick=tick: bench.put(str(tick)))
    bench.run()
    arrived(bench, 1200)
    assert bench.queue.counts().dropped == {}


def test_an_outage_keeps_the_order_as_far_as_it_can() -> None:
    """What a long outage has divided goes out as one again when it is over."""
    bench = Bench()
    receiver_of(bench).down = lambda time: time < 3600.0
    bench.put(*named(100))
    bench.run()
    arrived(bench, 100)
    assert len([at for at, _ in bench.exporter.posts if at > 1000.0 + 3600.0]) <= 3


@pytest.mark.parametrize("failures", [0, 1, 3, 10, 100, 600])
@pytest.mark.parametrize("size", [2, 3, 4, 5, 20, 64, 100])
def test_after_an_outage_only_the_poison_record_is_lost(size: int, failures: int) -> None:
    """Records that failed alone during the outage take turns after it, wherever the poison record is among them."""
    for place in range(size):
        bisection = Bisection()
        bisection.add(list(range(size)))
        waiting = set(range(size))
        for _ in range(failures):
            bisection.next()
            assert not bisection.failed()
        for _ in range(most_posts(size)):
            sent = set(bisection.next())
            if place not in sent:
                bisection.succeeded()
            elif not bisection.failed():
                continue
            else:
                assert sent == {place}
                bisection.refused()
            waiting -= sent
            if not waiting:
                break
        assert waiting <= {place}
        assert not waiting or size == 2  # one other record is not enough to prove it


# Crashes


def crashing(bench: Bench, poison: Collection[str]) -> VirtualTimeReceiver:
    receiver = receiver_of(bench, poison)
    receiver.failure = CRASHES
    return receiver


@pytest.mark.parametrize("size", [2, 3, 8, 100])
def test_a_record_that_crashes_the_receiver_delays_no_other(size: int) -> None:
    """The other records are delivered after a bounded number of POSTs. The record itself is kept and retried rarely."""
    for place in range(size):
        bench = Bench()
        crashing(bench, {str(place)})
        bench.put(*named(size))
        bench.clock.after(600.0, lambda bench=bench: bench.worker.begin_close(0.0))
        bench.run()
        arrived(bench, size, {str(place)})
        assert bench.queue.counts().dropped == {"closed": 1}
        others = [index for index, batch in enumerate(bench.batches) if str(place) not in batch]
        assert others[-1] < most_posts(size)
        assert bench.exporter.posts[others[-1]][0] < 1030.0
        assert len(bench.batches) < 100


@PROTOCOLS
def test_traffic_goes_on_beside_a_record_that_crashes_the_receiver(most: int | None) -> None:
    """New batches neither wait for the record nor cause it to be sent each time."""
    bench = Bench(most=most)
    crashing(bench, {"5"})
    for number in range(3000):
        bench.clock.after(0.2 * number, lambda number=number: bench.put(str(number)))
    bench.clock.after(590.0, lambda: bench.exporter.delivered.append("mark"))
    bench.clock.after(650.0, lambda: bench.worker.begin_close(0.0))
    bench.run()
    assert bench.exporter.delivered.index("mark") > 2900
    bench.exporter.delivered.remove("mark")
    arrived(bench, 3000, {"5"})
    assert bench.queue.counts().dropped == {"closed": 1}
    assert sum("5" in batch for batch in bench.batches) < 100


def test_a_record_that_was_set_aside_is_delivered_once_the_receiver_is_mended() -> None:
    """Crashes prove nothing, so the record waits until the receiver accepts it."""
    bench = Bench()
    receiver = crashing(bench, {"5"})
    bench.put(*named(10))
    bench.clock.after(7200.0, receiver.poison.clear)
    bench.run()
    arrived(bench, 10)
    assert bench.queue.counts().dropped == {}


@PROTOCOLS
@pytest.mark.parametrize("seconds", [5.0, 30.0, 600.0, 7200.0])
def test_an_outage_that_looks_like_a_crash_loses_nothing(seconds: float, most: int | None) -> None:
    """The search costs the receiver no more than a few POSTs, during the outage and after it."""
    posts = []
    for failure in (CRASHES, Verdict(action="retry", reason="unreachable")):
        bench = Bench(most=most)
        receiver = receiver_of(bench)
        receiver.failure, receiver.down = failure, lambda time: time < seconds
        for second in range(40):
            bench.clock.after(second, lambda second=second, put=bench.put: put(*map(str, range(second, 400, 40))))
        bench.run()
        arrived(bench, 400)
        assert bench.queue.counts().dropped == {}
        posts.append(len(bench.batches))
    assert posts[0] <= posts[1] + 10


def crash_after_crash(bench: Bench, count: int) -> VirtualTimeReceiver:
    """Put four records every ten seconds; the receiver crashes on one of them."""
    receiver = crashing(bench, set(named(4 * count)[::4]))
    for number in range(4 * count):
        bench.clock.after(2.5 * number, lambda number=number: bench.put(str(number)))
    return receiver


@pytest.mark.parametrize(("count", "most"), [(100, None), (100, 1), *wide((1100, 1))])
def test_new_batches_flow_beside_any_number_of_records_that_crash_the_receiver(count: int, most: int | None) -> None:
    """Beyond a bound, records that the receiver crashes on are dropped and counted; all others arrive, and soon."""
    bench = Bench(size=4, interval=60.0, most=most)
    receiver = crash_after_crash(bench, count)
    delivered: list[int] = []
    bench.clock.after(10.0 * count + 300.0, lambda: delivered.append(len(bench.exporter.delivered)))
    bench.clock.after(10.0 * count + 300.0, lambda: bench.worker.begin_close(0.0))
    bench.run()
    assert delivered == [3 * count]
    arrived(bench, 4 * count, receiver.poison)
    dropped = bench.queue.counts().dropped
    assert abs(dropped["closed"] - min(count, 1000)) <= 10
    assert dropped.get("status_502", 0) == count - dropped["closed"]


@pytest.mark.wide
def test_an_outage_drops_no_record_although_many_are_set_aside() -> None:
    """The bound holds only while the receiver accepts other records. In an outage, all of them fail."""
    bench = Bench(size=4, interval=60.0)
    receiver = crash_after_crash(bench, 1200)
    lost: list[int] = []

    def note() -> None:
        lost.append(bench.queue.counts().dropped["status_502"])

    def break_down() -> None:
        note()
        receiver.down = lambda time: True

    def recover() -> None:
        note()
        receiver.poison.clear()
        receiver.down = lambda time: False

    bench.clock.after(11_500.0, break_down)
    bench.clock.after(20_000.0, recover)
    bench.run()
    assert lost[0] + 1 >= lost[1] > 50
    assert len(set(bench.exporter.delivered)) == len(bench.exporter.delivered) == 4 * 1200 - lost[1]


def test_records_that_were_set_aside_in_an_outage_do_not_wait_for_many_others() -> None:
    """As soon as the receiver accepts one of them, all are tried."""
    bench = Bench()
    receiver = crashing(bench, named(50))
    bench.put(*named(200))
    bench.clock.after(3600.0, receiver.poison.clear)
    bench.clock.after(3700.0, lambda: bench.worker.begin_close(0.0))
    bench.run()
    arrived(bench, 200)


def test_a_crash_keeps_the_wait_that_the_receiver_asks_for() -> None:
    """Neither parts of the batch nor new batches are sent before the time in `Retry-After` has passed."""
    bench = Bench()
    crashing(bench, {"3"}).failure = Verdict(action="retry", reason="status_503", crash=True, after=40.0)
    bench.put(*named(10))
    bench.clock.after(1000.0, lambda: bench.put("10", "11"))
    bench.clock.after(2000.0, lambda: bench.worker.begin_close(0.0))
    bench.run()
    arrived(bench, 12, {"3"})
    for batch, wait in zip(bench.batches, bench.waits, strict=False):
        assert wait >= 40.0 or "3" not in batch


# Rejections


NO = Verdict(action="drop", reason="status_401", error="answered 401", after=60.0)
BAD = Verdict(action="drop", reason="status_400", error="answered 400")


@PROTOCOLS
def test_a_rejection_of_the_key_by_a_receiver_that_has_accepted_records_is_an_outage(most: int | None) -> None:
    """A bad deployment that answers 401, 404 or a redirect loses nothing. The pause is kept: one POST a minute."""
    bench = Bench(most=most)
    receiver = receiver_of(bench)
    receiver.failure, receiver.down = NO, lambda time: 10.0 < time < 3610.0
    for second in range(40):
        bench.clock.after(second, lambda second=second: bench.put(*map(str, range(second, 400, 40))))
    bench.run()
    arrived(bench, 400)
    assert bench.queue.counts().dropped == {}
    failed = [time for time, _ in bench.exporter.posts if 1010.0 < time < 4610.0]
    assert len(failed) <= 61


def test_a_rejected_batch_is_dropped_at_once() -> None:
    """A 400 is about the batch: it is never retried, whatever the receiver has accepted before."""
    bench = Bench()
    receiver = receiver_of(bench, {"7"})
    receiver.failure = BAD
    bench.put("1000")
    bench.clock.after(3.0, lambda: bench.put(*named(100)))
    bench.clock.after(60.0, lambda: bench.put("1001"))
    bench.run()
    assert sorted(bench.exporter.delivered) == ["1000", "1001"]
    assert bench.queue.counts().dropped == {"status_400": 100}
    assert len(bench.batches) == 3


@pytest.mark.parametrize("rejection", [NO, BAD], ids=["key", "request"])
def test_a_rejection_by_a_receiver_that_has_accepted_nothing(rejection: Verdict) -> None:
    """That is a wrong setting: each batch is dropped."""
    bench = Bench()
    receiver_of(bench).failure = rejection
    bench.exporter.judge.down = lambda time: True  # type: ignore[union-attr]
    bench.put(*named(100))
    bench.run()
    assert bench.queue.counts().dropped == {rejection.reason: 100}
    assert len(bench.batches) == 1


def test_the_end_does_not_wait_for_a_receiver_that_rejects_everything() -> None:
    """Flush and close end in their time, and what is kept until then is counted."""
    bench = Bench()
    receiver = receiver_of(bench)
    receiver.failure = NO
    bench.put("0")
    bench.clock.after(3.0, lambda: setattr(receiver, "down", lambda time: True))
    bench.clock.after(3.0, lambda: bench.put("1"))
    bench.clock.after(10.0, lambda: bench.worker.begin_close(2.0))
    bench.run()
    assert bench.clock.time - 1000.0 < 13.0
    assert bench.queue.counts().dropped == {"closed": 1}
    assert len(bench.batches) == 2


# The proof


def alone(bisection: Bisection, number: int) -> None:
    """Have the receiver fail until that record is alone under suspicion, and the others have been taken."""
    while bisection.next() != [number] or not bisection.wants_more:
        if number not in bisection.next():
            bisection.succeeded()
        else:
            assert not bisection.failed()


def test_the_proof_takes_two_others_and_ten_failures() -> None:
    """Ten failures that it alone explains, two of which came right after another record was taken; not one less."""
    bisection = Bisection()
    bisection.add([1])
    for _ in range(50):
        assert bisection.next() == [1]
        assert not bisection.failed()
    bisection.add([2])
    assert bisection.next() == [2]
    bisection.succeeded()
    for _ in range(50):
        assert bisection.next() == [1]
        assert not bisection.failed(), "one other record is not enough"
    bisection.add([3])
    assert bisection.next() == [3]
    bisection.succeeded()
    for failure in range(2, 11):
        assert bisection.next() == [1]
        assert bisection.failed() == (failure == 10)


def test_what_failed_and_is_taken_later_ends_the_suspicion() -> None:
    """A receiver that takes what it has failed on fails for another reason: the proof begins anew."""
    bisection = Bisection()
    bisection.add([1])
    alone(bisection, 1)
    for number in (2, 3, 4, 5):
        bisection.add([number])
        assert bisection.next() == [number]
        bisection.succeeded()
        assert bisection.next() == [1]
        assert not bisection.failed()
    bisection.add([6])
    assert bisection.next() == [6]
    assert not bisection.failed()
    assert bisection.next() == [6]
    bisection.succeeded()
    for _ in range(20):
        assert bisection.next() == [1]
        assert not bisection.failed()


def test_a_batch_is_sent_again_as_it_is_before_it_is_divided() -> None:
    """A failure that passes at once costs no more than another try."""
    for failures in (1, 2):
        bench = Bench()
        bench.exporter.answers.extend([FAILS] * failures)
        bench.put(*named(8))
        bench.run()
        assert bench.batches == [named(8)] * (failures + 1)
