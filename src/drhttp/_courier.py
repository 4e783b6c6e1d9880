"""What the worker is given to do its work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence, Sized

    from drhttp._verdict import Verdict

I_contra = TypeVar("I_contra", contravariant=True)  # an item, as it lies in the queue
P = TypeVar("P", bound="Sized")  # a parcel, ready to be sent; its length is what it adds to a POST


class Courier(Protocol[I_contra, P]):
    """Prepares items and delivers them. All of it is called in the thread of the worker."""

    @property
    def most(self) -> int | None:
        """How many parcels one POST can carry, `None` for any number."""

    def prepare(self, item: I_contra) -> P | Verdict:
        """Make an item ready to be sent, or say why it is dropped."""

    def deliver(self, parcels: Sequence[P]) -> Verdict:
        """Send what was prepared, in one POST."""

    def close(self) -> None:
        """There will be no more: let go of connections."""
