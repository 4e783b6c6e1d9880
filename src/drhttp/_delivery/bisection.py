"""Chooses what to send next while the receiver fails, and tells an outage from a poison record. It does no I/O.

A poison record is one that makes the receiver fail, whatever else is sent.
"""

from __future__ import annotations

from collections import deque

_TRIES_OF_A_BATCH = 3  # of a whole batch, before it is divided
_PROOF = 2  # failures that only one record explains; after them it is tried without waiting for others
_POISON_FAILURES = 10  # such failures, after which the record is dropped
_MOST_ASIDE = 1000  # records that are set aside while the receiver accepts others; further ones are dropped
_LONGEST_GAP = 6  # a record that was set aside waits for no more than 2 ** 6 other POSTs to succeed
_LONGEST_SHARED_GAP = 3  # between two tries of any such records, no more than 2 ** 3 other POSTs have to succeed
_OUTAGE_CRASHES = 6  # crashes without a success, after which new batches wait for the back-off like the others


class _Piece:
    """Records that are sent together.

    batch: number of the batch that they come from. divided: whether this is a part of a batch that failed. failures:
    how often these records failed together. after: how many POSTs had succeeded when they last failed. A record that
    was set aside waits until more have. crashes: how often it failed since then, without proof against it.
    """

    __slots__ = ("after", "batch", "crashes", "divided", "failures", "numbers")

    def __init__(self, numbers: list[int], batch: int, after: int = -1, *, divided: bool = False) -> None:
        self.numbers = numbers
        self.batch = batch
        self.after = after
        self.divided = divided
        self.failures = 0
        self.crashes = 0

    @property
    def suspect(self) -> bool:
        """Whether it is a single record that has failed alone."""
        return len(self.numbers) == 1 and self.failures >= (1 if self.divided else _TRIES_OF_A_BATCH)

    def parts(self, numbers: list[int]) -> list[_Piece]:
        """These records in two halves, or one by one if there are three or fewer."""
        size = (len(numbers) + 1) // 2 if len(numbers) > 3 else 1
        parts = [numbers[start : start + size] for start in range(0, len(numbers), size)]
        return [_Piece(part, self.batch, self.after, divided=True) for part in parts]


class Bisection:
    """The numbers of the records that are being delivered, in the pieces in which they are sent.

    There are three cases. While POSTs succeed, a batch is one piece. When the receiver fails on a batch (a "suspect"
    verdict), the batch is sent again as a whole, then in halves, quarters and so on; if none of them succeeds, that is
    an outage, and goes on until it ends. When a piece succeeds, the receiver is up, and a failure right after that is
    blamed on the records of the failed POST. Records that succeed later are cleared. A single record with ten such
    failures is poison, and is dropped.

    Where the receiver or a gateway may have crashed (a "crash" verdict), batches are divided in the same way, but
    nothing is blamed. A single record that fails alone is set aside: it is tried again more and more rarely. However
    many there are, other POSTs come in between, and beyond a bound they are dropped if the receiver accepts others.
    """

    def __init__(self) -> None:
        self._pieces: deque[_Piece] = deque()
        self._rejoined: list[int] = []  # the records of a divided batch, to be tried together after an outage
        self._sent: list[int] = []
        self._blamed: list[set[int]] = []  # for each failure right after a success: the records that may have caused it
        self._failed: set[int] = set()  # records of POSTs that failed for whatever reason
        self._successes = 0
        self._batches = 0
        self._in_parts_until = -1  # until so many POSTs have succeeded, divided batches are tried in parts
        self._max_records: int | None = None  # number of records that the receiver accepts in one POST
        self._attempt = 0  # failures since the last success
        self._crashes = 0  # those without proof
        self._aside_crashes = 0  # failures of records that were set aside, since one of them was accepted
        self._aside_after = -1  # no such record is tried until more POSTs have succeeded

    @property
    def wants_more(self) -> bool:
        """Whether a new batch may be added: every piece, if there is any, waits for another POST to succeed."""
        return all(map(self._idle, self._pieces))

    @property
    def urgent(self) -> bool:
        """Whether a new batch may be sent without regard to the back-off."""
        return self._crashes < _OUTAGE_CRASHES and self.wants_more

    @property
    def attempt(self) -> int:
        """Failures in a row, for the exponential back-off; 0 if there is no need to wait.

        If only records that were set aside are left, their own failures count too, whatever succeeded meanwhile.
        """
        if not self._pieces or self._rejoined or not all(map(self._idle, self._pieces)):
            return self._attempt
        return max(self._attempt, self._pieces[0].crashes)

    def add(self, numbers: list[int]) -> None:
        """Add a new batch, which is sent before the pieces that failed."""
        if numbers:
            self._batches += 1
            self._max_records = None
            self._pieces.appendleft(_Piece(numbers, self._batches))

    def clear(self) -> None:
        """Forget all records."""
        self._pieces.clear()
        self._rejoined = []
        self._blamed.clear()
        self._failed.clear()
        self._attempt = self._crashes = 0

    def next(self) -> list[int]:
        """The records of the next POST. Report its result by one of the methods below."""
        self._sent = self._rejoined or self._next_piece()
        return self._sent

    @property
    def repeated(self) -> int:
        """How many records of the current POST were part of an earlier POST that failed."""
        return len(self._failed.intersection(self._sent)) if self._failed else 0

    def succeeded(self) -> None:
        """The receiver accepted the records of the last POST."""
        had_failed = self._remove(self._sent)
        ended = self._retry_those_set_aside(had_failed) or self._attempt >= _TRIES_OF_A_BATCH
        recovered = bool(self._rejoined) or (ended and self._successes > self._in_parts_until)
        self._successes += 1
        self._attempt = self._crashes = 0
        if had_failed or not all(self._blamed):
            self._blamed.clear()  # it accepts records that it failed on before, so its failures prove nothing
        self._rejoined = self._divided_batch() if recovered else []
        if len(self._pieces) > 1:  # suspects come first, while the receiver is known to be up
            self._pieces = deque(sorted(self._pieces, key=lambda piece: not piece.suspect))

    def refused(self) -> None:
        """The records of the last POST were dropped. As poison, they explain the failures that they were part of."""
        self._blamed = [each for each in self._blamed if each.isdisjoint(self._sent)]
        self._remove(self._sent)
        self._rejoined = []
        self._attempt = self._crashes = 0

    def too_large(self) -> None:
        """The receiver does not accept that many records in one POST; send half as many from now on."""
        if not self._rejoined:
            self._max_records = len(self._sent) // 2
        self._rejoined = []
        self._attempt = self._crashes = 0

    def postponed(self) -> None:
        """The receiver could not be reached or limits the rate, so no record is to blame."""
        self._failed.update(self._sent)
        self._attempt += 1
        if not self._rejoined and self._pieces[0].suspect:
            self._pieces[0].after = self._successes
            self._pieces.rotate(-1)  # the others need not wait for it

    def crashed(self) -> bool:
        """The receiver was not ready or did not respond, perhaps because of one of the records. None is to blame.

        Returns `True` if a single record is dropped because too many are set aside.
        """
        up = self._successes > 0 and self._attempt == 0  # the receiver has just accepted something
        self._failed.update(self._sent)
        self._attempt += 1
        self._crashes += 1
        if self._rejoined:
            self._divide_rejoined()
            return False
        piece = self._pieces[0]
        piece.failures += 1
        piece.after = self._successes
        if piece.suspect:
            full = sum(1 for each in self._pieces if each.crashes) >= _MOST_ASIDE
            self._set_aside(piece, hurried=full)
            if full and up:
                self._remove(self._sent)
                return True
        self._divide_failed(piece)
        return False

    def failed(self) -> bool:
        """The receiver failed, perhaps on one of the records. Returns `True` if it was a single one, and poison."""
        self._failed.update(self._sent)
        if self._rejoined:
            self._blamed.append(set(self._rejoined))
            self._divide_rejoined()
            return False
        piece = self._pieces[0]
        if not self._blame(piece):
            self._attempt += 1
        piece.failures += 1
        piece.after = self._successes
        if self._evidence(piece) >= _POISON_FAILURES:
            return True
        self._divide_failed(piece)
        return False

    def _idle(self, piece: _Piece) -> bool:
        """Whether a piece waits for another one to succeed."""
        after = max(piece.after, self._aside_after) if piece.crashes else piece.after
        return piece.suspect and after >= self._successes

    def _set_aside(self, piece: _Piece, *, hurried: bool) -> None:
        """Let other records go first after a crash, and ever more of them. hurried: only one other POST."""
        if piece.crashes:
            gap = 0 if hurried else 2 ** min(self._aside_crashes, _LONGEST_SHARED_GAP) - 1
            self._aside_after = self._successes + gap
            self._aside_crashes += 1
        piece.crashes += 1
        piece.after += 2 ** min(piece.crashes, _LONGEST_GAP) - 1

    def _divide_failed(self, piece: _Piece) -> None:
        """Divide the first piece if it has failed often enough."""
        if piece.divided or piece.failures >= _TRIES_OF_A_BATCH:
            self._divide(self._pieces.popleft())

    def _divide(self, piece: _Piece) -> None:
        """Send a piece in parts, after all others. In an outage, send a single record of it first."""
        numbers = piece.numbers
        if len(numbers) == 1:
            self._pieces.append(piece)
        elif self._attempt < 2:
            self._pieces.extend(piece.parts(numbers))
        else:
            self._pieces.extend(piece.parts(numbers[1:]))
            self._pieces.extendleft(piece.parts(numbers[:1]))

    def _blame(self, piece: _Piece) -> bool:
        """Blame a failure on a piece if the receiver is known to be up. Returns whether the back-off stays as it is."""
        up = piece.after < self._successes and (piece.divided or piece.suspect)
        proved = self._evidence(piece) >= _PROOF and self._attempt <= 1
        if up or proved:
            self._blamed.append(set(piece.numbers))
        if proved and not up:
            self._attempt = 1
        return up or proved

    def _evidence(self, piece: _Piece) -> int:
        """Number of failures that only the single record of this piece explains."""
        return self._blamed.count(set(piece.numbers)) if len(piece.numbers) == 1 else 0

    def _divide_rejoined(self) -> None:
        """Divide the records that were tried together again: what failed during the outage proves nothing."""
        numbers, self._rejoined, self._in_parts_until = self._rejoined, [], self._successes
        apart = set(numbers)
        batch = next(piece.batch for piece in self._pieces if not apart.isdisjoint(piece.numbers))
        self._pieces = deque(piece for piece in self._pieces if apart.isdisjoint(piece.numbers))
        self._pieces.extend(_Piece(numbers, batch, self._successes).parts(numbers))

    def _retry_those_set_aside(self, had_failed: bool) -> bool:
        """If a record is accepted that had failed, try those that were set aside again. Returns whether any were."""
        aside = [piece for piece in self._pieces if piece.crashes]
        for piece in aside if had_failed else ():
            piece.crashes, piece.after = 0, self._successes
            self._aside_crashes = 0
        return had_failed and bool(aside)

    def _next_piece(self) -> list[int]:
        """The first piece that does not wait for another, or as many of its records as the receiver accepts.

        If all of them wait, they take turns.
        """
        for index, piece in enumerate(self._pieces):
            if not self._idle(piece):
                self._pieces.rotate(-index)
                break
        piece, limit = self._pieces[0], self._max_records
        if limit is not None and len(piece.numbers) > limit:
            rest = _Piece(piece.numbers[limit:], piece.batch, piece.after, divided=piece.divided)
            piece.numbers = piece.numbers[:limit]
            self._pieces.insert(1, rest)
        return piece.numbers

    def _divided_batch(self) -> list[int]:
        """The records of a divided batch, without suspects; an empty list if no batch is divided."""
        if self._max_records is not None:
            return []
        batches: dict[int, list[_Piece]] = {}
        for piece in self._pieces:
            if self._evidence(piece) < _PROOF and not piece.crashes:
                batches.setdefault(piece.batch, []).append(piece)
        pieces = next((each for each in batches.values() if len(each) > 1), [])
        return sorted(number for piece in pieces for number in piece.numbers)

    def _remove(self, numbers: list[int]) -> bool:
        """Remove records. Returns whether one of their pieces had failed before."""
        if not self._failed:  # the usual case
            self._pieces.popleft()
            return False
        gone = set(numbers)
        had_failed = any(piece.failures for piece in self._pieces if not gone.isdisjoint(piece.numbers))
        for piece in self._pieces:
            piece.numbers = [number for number in piece.numbers if number not in gone]
        self._pieces = deque(piece for piece in self._pieces if piece.numbers)
        for blamed in self._blamed:
            blamed.difference_update(gone)
        self._failed -= gone
        return had_failed
