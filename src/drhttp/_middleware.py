"""What the middlewares of both interfaces have in common."""

from __future__ import annotations

from drhttp._capture import link
from drhttp._capture.excluded_paths import path_matcher
from drhttp._logger import logger

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Callable

    from drhttp._capture.exchange import Exchange
    from drhttp._capture.link import Entry
    from drhttp._config import Options
    from drhttp._process.recorder import Recorder


class Middleware:
    """The base of both middlewares: the recorder, and its options, looked up once, because each request needs them."""

    def __init__(self, dsn: str | None, options: Options) -> None:
        # Not at the top, because they are slow to load, and an import of the package need not build a recorder.
        from drhttp._config import Config
        from drhttp._process.recorder import recorder_for

        self._recorder: Recorder | None = None
        self._expose_identity = Config.exposes_identity(options)
        config = Config.load(dsn, options)
        if config is None:
            logger().info("drhttp is off: it is disabled, or no DSN is set")
            return
        self._recorder = recorder_for(config)
        self._sample_rate = config.sample_rate
        self._expose_identity = config.expose_identity
        self._exit_timeout = config.exit_timeout
        self._request_limit = config.max_body_size if config.captures_requests else None
        self._response_limit = config.max_body_size if config.captures_responses else 0
        self._excludes: Callable[[str], object] | None = path_matcher(config.exclude)
        self._outbound = config.outbound
        if config.outbound:
            from drhttp._outbound.installation import watch_for

            watch_for(self._recorder)

    def _enter(self, exchange: Exchange | None, traceparent: str | None) -> Entry | None:
        """Link the requests that the application makes from now on to this one, so that they share its fate.

        exchange: `None` if the request is not recorded. `None` is returned if nobody watches outgoing requests.
        """
        recorder = None if exchange is None or not self._outbound else self._recorder
        entered = link.enter(recorder, traceparent)
        if entered is not None and exchange is not None and recorder is not None:
            exchange.link = entered.link
        return entered
