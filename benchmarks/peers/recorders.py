"""The recorders that are compared: each is installed as its documentation says for Flask, with another address.

Every function imports its recorder itself, so that no process loads more than the one it runs.
"""

from __future__ import annotations

import atexit
import os
import time
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from benchmarks.apps import flask_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask

_BATCH = 100  # records in one POST: the default of drhttp and of Moesif


@dataclass(frozen=True)
class Recorder:
    """A recorder that can be installed in an application of Flask.

    bodies: which ones it sends, "both", "request" or "none". install: takes the application, and the address of the
    receiver. package: its name on PyPI, whose version is printed.
    """

    name: str
    package: str
    bodies: str
    install: Callable[[Flask, str], object]

    @property
    def version(self) -> str:
        """The version that is installed."""
        return version(self.package)


def _drhttp(app: Flask, address: str) -> None:
    import drhttp

    app.wsgi_app = drhttp.WSGIMiddleware(app.wsgi_app, dsn=address.replace("//", "//key@"))


def _moesif(app: Flask, address: str) -> None:
    from moesifwsgi import MoesifMiddleware

    settings = {"APPLICATION_ID": "key", "BASE_URI": address}
    app.wsgi_app = MoesifMiddleware(app.wsgi_app, settings)


def _readme(app: Flask, address: str) -> None:
    from readme_metrics import MetricsApiConfig
    from readme_metrics.flask_readme import ReadMeMetrics

    os.environ["README_METRICS_SERVER"] = address
    # Without the address of the documentation, the first request would ask ReadMe for it.
    config = MetricsApiConfig("key", _caller, base_log_url=address, buffer_length=_BATCH)
    ReadMeMetrics(config, app)


def _caller(request: Any) -> dict[str, str]:
    return {"api_key": "caller", "label": "Caller", "email": "caller@example.com"}


def _opentelemetry(app: Flask, address: str) -> None:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.flask import FlaskInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{address}/v1/traces")))
    trace.set_tracer_provider(provider)
    FlaskInstrumentor().instrument_app(app)


def _sentry(app: Flask, address: str) -> None:
    import sentry_sdk

    sentry_sdk.init(dsn=address.replace("//", "//key@") + "/1", traces_sample_rate=1.0)


def _apitally(app: Flask, address: str, *, bodies: bool) -> None:
    from apitally.flask import init

    token = "apt_" + "a" * 24
    options = {"capture_request_body": True, "capture_response_body": True} if bodies else {}
    init(app, write_token=token, otlp_endpoint=address, **options)


RECORDERS = {
    recorder.name: recorder
    for recorder in (
        Recorder("drhttp", "drhttp", "both", _drhttp),
        Recorder("Moesif", "moesifwsgi", "both", _moesif),
        Recorder("ReadMe", "readme-metrics", "both", _readme),
        Recorder("Apitally with bodies", "apitally", "both", partial(_apitally, bodies=True)),
        Recorder("Apitally", "apitally", "none", partial(_apitally, bodies=False)),
        Recorder("Sentry", "sentry-sdk", "request", _sentry),
        Recorder("OpenTelemetry", "opentelemetry-instrumentation-flask", "none", _opentelemetry),
    )
}
BARE = "bare"
NAMES = (BARE, *RECORDERS)  # in the order in which they are measured


def application() -> Flask:
    """The application with the recorder of the variable BENCH_RECORDER, which sends to BENCH_RECEIVER."""
    atexit.register(_tell, os.environ["BENCH_CPU"])  # before any recorder: what is registered first is called last
    app: Flask = flask_app()
    name = os.environ["BENCH_RECORDER"]
    if name != BARE:
        RECORDERS[name].install(app, os.environ["BENCH_RECEIVER"])
    return app


def settings(name: str, address: str, cpu: Path) -> dict[str, str]:
    """The variables that `application` reads. cpu: the file to which each process adds its processor time."""
    return {"BENCH_RECORDER": name, "BENCH_RECEIVER": address, "BENCH_CPU": str(cpu)}


def _tell(path: str) -> None:
    """Tell the processor time of this process when every recorder has delivered, before Python takes itself apart."""
    with open(path, "a", encoding="ascii") as file:
        file.write(f"{time.process_time()}\n")
