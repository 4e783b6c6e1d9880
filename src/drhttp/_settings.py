"""What the middlewares of both interfaces need to record a request: the recorder, and the options of the capture."""

from __future__ import annotations

import os

from drhttp._capture.excluded_paths import path_matcher
from drhttp._logger import logger

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Callable

    from drhttp._config import Options
    from drhttp._process.recorder import Recorder


class CaptureSettings:
    """The options of one middleware, looked up once, because each request needs them.

    recorder: `None` if recording is off. excludes: matches percent-encoded paths that are not recorded. request_limit:
    bytes to capture of a request body, `None` for none. response_limit: the same of a response body. exit_timeout:
    seconds that a shutdown may wait.

    Raises `ConfigError` when the DSN or an option cannot be used.
    """

    def __init__(self, dsn: str | None, options: Options) -> None:
        # Not at the top, because they are slow to load, and an import of the package need not build a recorder.
        from drhttp._config import Config
        from drhttp._process.recorder import recorder_for

        config = Config.load(dsn, options)
        self.recorder: Recorder | None = None
        if config is None:
            self.expose_identity = Config.exposes_identity(options)
            logger().info("drhttp is off: it is disabled, or no DSN is set")
            return
        self.recorder = recorder_for(config)
        self.sample_rate = config.sample_rate
        self.expose_identity = config.expose_identity
        self.exit_timeout = config.exit_timeout
        self.request_limit = config.max_body_size if config.captures_requests else None
        self.response_limit = config.max_body_size if config.captures_responses else 0
        self.excludes: Callable[[str], object] | None = path_matcher(config.exclude)


def chance() -> float:
    """A random number from 0 to 1. Not from `random`, because an application may have seeded it."""
    return int.from_bytes(os.urandom(7), "big") / 2**56
