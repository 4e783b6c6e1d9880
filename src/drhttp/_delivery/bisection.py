"""What to send next while the receiver fails: tells an outage from a record that makes the receiver fail. Pure."""

from __future__ import annotations

from collections import deque

_TRIES = 3  # of a batch as it is, before it is divided
_PROVED = 2  # failures that nothing but one record explains: from then on it is tried without waiting for others
_POISON = 10  # of them, and it is dropped
_SUSPECTS = 1000  # records that may wait for their proof, before no further batch is begun


class _Piece:
    """Records that are sent together. batch: number of the batch that they come from.

    divided: whether it is a part of what has failed. failures: how often it has failed as it is. after: how many POSTs
    had succeeded when it, or what it is a part of, last failed.
    """

    __slots__ = ("after", "batch", "divided", "failures", "numbers")

    def __init__(self, numbers: list[int], batch: int, after: int = -1, *, divided: bool = False) -> None:
        self.numbers = numbers
        self.batch = batch
        self.after = after
        self.divided = divided
        self.failures = 0

    @property
    def suspect(self) -> bool:
        """Whether it is a single record that has failed alone."""
        return len(self.numbers) == 1 and self.failures >= (1 if self.divided else _TRIES)

    def parts(self, numbers: list[int]) -> list[_Piece]:
        """These of its records in two parts, or one by one if they are no more than three."""
        size = (len(numbers) + 1) // 2 if len(numbers) > 3 else 1
        parts = [numbers[start : start + size] for start in range(0, len(numbers), size)]
        return [_Piece(part, self.batch, self.after, divided=True) for part in parts]


class Bisection:
    """The records in hand, by their numbers, in the pieces in which they are sent.

    As long as all goes well, a batch is one piece. One that the receiver fails on ("suspect" verdicts) is sent again as
    it is, then in halves, and their halves, in turn. If nothing gets through, that goes on for ever: an outage. When a
    piece gets through, the receiver is up, and a failure right after that is held against the records of the POST.
    Those of them that get through later are cleared. What is left alone with ten such failures is poison.

    attempt: failures since the last success that ask for a longer and longer wait; 0 if there is no need to wait.
    """

    def __init__(self) -> None:
        self._pieces: deque[_Piece] = deque()
        self._together: list[int] = []  # a batch that was divided, to be tried as one after an outage
        self._sent: list[int] = []
        self._blamed: list[set[int]] = []  # failures right after a success: the records that may have caused each
        self._failed: set[int] = set()  # records that were in a POST that failed, however
        self._successes = 0
        self._batches = 0
        self._apart = -1  # until so many POSTs have succeeded, what was divided is tried in its parts
        self._largest: int | None = None  # records of a POST that is not too large for the receiver
        self.attempt = 0

    @property
    def wants_more(self) -> bool:
        """Whether a new batch may be added: all that is in hand, if anything, waits for the success of another POST."""
        return len(self._pieces) < _SUSPECTS and all(map(self._idle, self._pieces))

    def add(self, numbers: list[int]) -> None:
        """A new batch. It is sent before what has failed."""
        if numbers:
            self._batches += 1
            self._largest = None
            self._pieces.appendleft(_Piece(numbers, self._batches))

    def clear(self) -> None:
        """Nothing is in hand any more."""
        self._pieces.clear()
        self._together = []
        self._blamed.clear()
        self._failed.clear()
        self.attempt = 0

    def next(self) -> list[int]:
        """The records of the next POST. One of the methods below has to be told what became of it."""
        self._sent = self._together or self._first()
        return self._sent

    @property
    def repeated(self) -> int:
        """How many records of that POST were in one before that failed."""
        return len(self._failed.intersection(self._sent)) if self._failed else 0

    def succeeded(self) -> None:
        """They were taken."""
        again = self._take_out(self._sent)
        recovered = bool(self._together) or (self.attempt >= _TRIES and self._successes > self._apart)
        self._successes += 1
        self.attempt = 0
        if again or not all(self._blamed):
            self._blamed.clear()  # the receiver takes what it has failed on: its failures prove nothing
        self._together = self._scattered() if recovered else []
        if len(self._pieces) > 1:  # what is under suspicion comes first, while the receiver is known to be up
            self._pieces = deque(sorted(self._pieces, key=lambda piece: not piece.suspect))

    def refused(self) -> None:
        """They have come to their end in another way: as poison, which explains the failures that they were part of."""
        self._blamed = [each for each in self._blamed if each.isdisjoint(self._sent)]
        self._take_out(self._sent)
        self._together = []
        self.attempt = 0

    def too_large(self) -> None:
        """They are too many for one POST, as are as many others."""
        if not self._together:
            self._largest = len(self._sent) // 2
        self._together = []
        self.attempt = 0

    def postponed(self) -> None:
        """The receiver could not be reached, or is not ready: none of the records is to blame."""
        self._failed.update(self._sent)
        self.attempt += 1
        if not self._together and self._pieces[0].suspect:
            self._pieces[0].after = self._successes
            self._pieces.rotate(-1)  # the others need not wait for it

    def failed(self) -> bool:
        """The receiver failed, perhaps on one of the records; `True` if it is proved that it was this one alone."""
        self._failed.update(self._sent)
        if self._together:
            self._fail_together()
            return False
        piece = self._pieces[0]
        if not self._blame(piece):
            self.attempt += 1
        piece.failures += 1
        piece.after = self._successes
        if self._evidence(piece) >= _POISON:
            return True
        if piece.divided or piece.failures >= _TRIES:
            self._divide(self._pieces.popleft())
        return False

    def _idle(self, piece: _Piece) -> bool:
        """Whether a piece waits for the success of another one."""
        return piece.suspect and piece.after == self._successes

    def _divide(self, piece: _Piece) -> None:
        """Send it in parts, after all others; where nothing gets through, a single record of it first."""
        numbers = piece.numbers
        if len(numbers) == 1:
            self._pieces.append(piece)
        elif self.attempt < 2:
            self._pieces.extend(piece.parts(numbers))
        else:
            self._pieces.extend(piece.parts(numbers[1:]))
            self._pieces.extendleft(piece.parts(numbers[:1]))

    def _blame(self, piece: _Piece) -> bool:
        """Hold a failure against a piece if the receiver is known to be up; whether the waits need not grow."""
        up = piece.after < self._successes and (piece.divided or piece.suspect)
        proved = self._evidence(piece) >= _PROVED and self.attempt <= 1
        if up or proved:
            self._blamed.append(set(piece.numbers))
        if proved and not up:
            self.attempt = 1
        return up or proved

    def _evidence(self, piece: _Piece) -> int:
        """Failures that nothing but this record explains."""
        return self._blamed.count(set(piece.numbers)) if len(piece.numbers) == 1 else 0

    def _fail_together(self) -> None:
        numbers, self._together, self._apart = set(self._together), [], self._successes
        self._blamed.append(numbers)
        for piece in self._pieces:
            if not numbers.isdisjoint(piece.numbers):
                piece.after = self._successes

    def _first(self) -> list[int]:
        """The first piece that may succeed, or as much of it as is not too large."""
        for _ in range(len(self._pieces) - 1):
            if not self._idle(self._pieces[0]):
                break
            self._pieces.rotate(-1)
        piece, most = self._pieces[0], self._largest
        if most is not None and len(piece.numbers) > most:
            rest = _Piece(piece.numbers[most:], piece.batch, piece.after, divided=piece.divided)
            piece.numbers = piece.numbers[:most]
            self._pieces.insert(1, rest)
        return piece.numbers

    def _scattered(self) -> list[int]:
        """The records of a batch that is in several pieces, but for those under suspicion; none if there is no such."""
        if self._largest is not None:
            return []
        batches: dict[int, list[_Piece]] = {}
        for piece in self._pieces:
            if self._evidence(piece) < _PROVED:
                batches.setdefault(piece.batch, []).append(piece)
        pieces = next((each for each in batches.values() if len(each) > 1), [])
        return sorted(number for piece in pieces for number in piece.numbers)

    def _take_out(self, numbers: list[int]) -> bool:
        """These are in hand no more; whether some of them had failed as they were."""
        if not self._failed:  # all is well
            self._pieces.popleft()
            return False
        gone = set(numbers)
        again = any(piece.failures for piece in self._pieces if not gone.isdisjoint(piece.numbers))
        for piece in self._pieces:
            piece.numbers = [number for number in piece.numbers if number not in gone]
        self._pieces = deque(piece for piece in self._pieces if piece.numbers)
        for blamed in self._blamed:
            blamed.difference_update(gone)
        self._failed -= gone
        return again
