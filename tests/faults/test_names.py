"""A name that cannot be resolved, or of which the resolution hangs: the receiver is unreachable, and that is all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .comparison import Comparison
from .invariants import all_sent, arrived_once, ends_in_time, tells_the_loss, unharmed
from .parties import NAMESPACES, NameServer, with_name_server
from .party import Party, own_address

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .side import Side


@pytest.mark.parametrize("behaviour", ["hangs", "fails"])
def test_a_name_server_in_trouble(
    behaviour: str,
    party: Party,
    bare: Side,
    serve: Callable[..., Side],
    report: Callable[[dict[str, Any]], None],
    absent: Callable[[str], None],
    tmp_path: Path,
) -> None:
    """T1: no request waits for the name, an exit does not either, and all arrives when the name is known."""
    if not NAMESPACES:
        absent("a name server of its own for a process needs root and unshare")
    with NameServer(own_address(), party.host, behaviour) as names:
        app = serve(party.dsn("receiver.example"), wrap=with_name_server(tmp_path, names.host))
        compared = Comparison()
        compared.go_on(bare, app, 8)
        before = app.wait_for(lambda state: names.asked > 0)
        if behaviour == "fails":
            before = app.wait_for(
                lambda state: "the host name could not be resolved" in str(state["stats"]["last_error"])
            )
        compared.go_on(bare, app, 8)
        report(compared.check())
        assert app.stats()["sent"] == 0
        names.behaviour = "answers"
        arrived_once(party, app)
        after = app.wait_for(all_sent)
        unharmed(before, {**after, "sockets": after["sockets"] - 1, "descriptors": after["descriptors"] - 1})
        assert app.lines == []

        names.behaviour = behaviour
        party.refuse()  # so that the name has to be resolved again
        asked = names.asked
        app.record(150)
        app.wait_for(lambda state: names.asked > asked)
        ends_in_time(app)
        tells_the_loss(app)
