"""Records the requests that a process makes, without a middleware: `drhttp.record_outbound()`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drhttp._config import Config
from drhttp._logger import logger
from drhttp._outbound.installation import watch_until_stopped
from drhttp._process.recorder import recorder_for

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from drhttp._config import Options


class Outbound:
    """Records the requests that the process makes, until `stop` is called, or to the end of a `with` block."""

    def __init__(self, config: Config | None) -> None:
        self._stop = None if config is None else watch_until_stopped(self, recorder_for(config))

    def stop(self) -> None:
        """Record no further requests. A second call does nothing."""
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def record_outbound(dsn: str | None = None, **options: Unpack[Options]) -> Outbound:
    """Record the requests that this process makes from now on: in a script, a job or a worker.

    dsn, options: as of `WSGIMiddleware`. Without a DSN, or with `enabled=False`, nothing is recorded.

    Raises `ConfigError` when the DSN or an option cannot be used.
    """
    config = Config.load(dsn, {**options, "outbound": True})
    if config is None:
        logger().info("drhttp is off: it is disabled, or no DSN is set")
    return Outbound(config)
