"""What the worker needs to turn the exchanges of one recorder into records."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drhttp._config import Config
    from drhttp._redact import Policy


class Preparation:
    """The configuration with the user's callbacks, and the masking policy that the worker makes of it.

    The recorder holds it, and so does each exchange that waits in the queue; the thread does not. A callback often
    holds the application, which holds the recorder: an idle thread would keep all of them alive.
    """

    __slots__ = ("config", "policy")

    def __init__(self, config: Config) -> None:
        self.config = config
        self.policy: Policy | None = None  # built with the first record, because that takes a while
