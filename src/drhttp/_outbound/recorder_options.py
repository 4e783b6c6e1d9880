"""Which outgoing requests a recorder records, and how much of their bodies; looked up once for each recorder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drhttp._capture.excluded_paths import address_matcher

if TYPE_CHECKING:
    from drhttp._config import Config


class RecorderOptions:
    """The options of one recorder that matter to outgoing requests.

    request_limit, response_limit: bytes kept of each body; 0 if none are. sample_rate: share of the requests to record
    that belong to no other request. excludes: matches the addresses that are not recorded; `None` if there are none.
    """

    __slots__ = ("excludes", "request_limit", "response_limit", "sample_rate")

    def __init__(self, config: Config) -> None:
        self.request_limit = config.max_body_size if config.captures_requests else 0
        self.response_limit = config.max_body_size if config.captures_responses else 0
        self.sample_rate = config.sample_rate
        self.excludes = address_matcher(config.exclude)
