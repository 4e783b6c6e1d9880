"""Metrics of a receiver for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The metrics of the writer. Raises `ModuleNotFoundError` without the extra."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        own = self._registry = CollectorRegistry()
        self._received = Counter(
            "drhttp_records_received", "Records in batches that arrived whole", registry=self._registry
        )
        self._stored = Counter("drhttp_records_stored", "Records that were new and are stored", registry=own)
        self._repeated = Counter("drhttp_records_repeated", "Records that were stored before", registry=own)
        self._refused = Counter(
            "drhttp_records_refused", "Records whose sender shall retry", ["reason"], registry=self._registry
        )
        self._lag = Histogram(
            "drhttp_lag_seconds", "Time from arrival to storage", buckets=_SECONDS, registry=self._registry
        )
        self._insert = Histogram(
            "drhttp_insert_seconds", "Time of an insert", buckets=_SECONDS, registry=self._registry
        )
        self._waiting = Gauge("drhttp_records_waiting", "Records that wait to be stored", registry=own)
        for reason in ("full", "unavailable"):
            self._refused.labels(reason)

    def watch(self, waiting: Callable[[], int]) -> None:
        """Ask for the length of the queue whenever the metrics are read."""
        self._waiting.set_function(waiting)

    def received(self, records: int) -> None:
        self._received.inc(records)

    def refused(self, reason: str, records: int) -> None:
        self._refused.labels(reason).inc(records)

    def stored(self, records: int, new: int, seconds: float, lag: float) -> None:
        self._stored.inc(new)
        self._repeated.inc(records - new)
        self._lag.observe(lag)
        self._insert.observe(seconds)

    def text(self) -> tuple[bytes, str]:
        """Return the metrics and their content type."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(self._registry), CONTENT_TYPE_LATEST
