"""The configuration: every option with its default, its unit and its allowed values, checked once at startup."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypedDict

from drhttp._capture_bodies import CaptureBodies
from drhttp._dsn import Dsn
from drhttp._redact_options import Redact
from drhttp.exceptions import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Literal

    from drhttp._record import Record

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_DAY = 86_400  # seconds; sockets and locks reject very long timeouts
_LOCAL_FLUSH_INTERVAL = 0.2  # seconds; on the same machine a POST costs little, and somebody may be watching
_SHOWN = 80  # characters of an invalid value that an error message repeats


class Options(TypedDict, total=False):
    """The keyword arguments of `WSGIMiddleware`; see `Config` for their meaning."""

    enabled: bool
    protocol: Literal["events", "record"]
    batch_size: int
    flush_interval: float
    queue_size: int
    queue_bytes: int
    max_body_size: int
    capture_bodies: bool | Literal["request", "response"] | Iterable[str] | Mapping[str, bool | Iterable[str]]
    sample_rate: float
    exclude: Iterable[str]
    redact: bool | Redact
    before_send: Callable[[Record], Record | None] | None
    trusted_proxies: int
    timeout: float
    exit_timeout: float
    expose_identity: bool
    outbound: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """The configuration of a recorder. Equal configurations share one recorder in a process."""

    dsn: Dsn
    protocol: str = "events"
    batch_size: int = 100  # maximum number of records in one POST
    flush_interval: float = 2.0  # maximum seconds between POSTs; `_LOCAL_FLUSH_INTERVAL` if the DSN is loopback
    queue_size: int = 10_000  # maximum number of waiting records
    queue_bytes: int = 32 * 1024 * 1024  # maximum bytes of waiting and in-flight records
    max_body_size: int = 64 * 1024  # maximum bytes captured of each body
    capture_bodies: CaptureBodies = field(default_factory=CaptureBodies)
    sample_rate: float = 1.0  # share of the requests to record, from 0 to 1
    exclude: tuple[str, ...] = ()  # shell-style patterns of paths, and of outgoing addresses, not to record
    redact: Redact | None = field(default_factory=Redact)
    before_send: Callable[[Record], Record | None] | None = None
    trusted_proxies: int = 0  # number of proxies in front whose `X-Forwarded-For` is trusted
    timeout: float = 10.0  # seconds for one POST, including the connection
    exit_timeout: float = 2.0  # seconds that the exit of the interpreter may take for delivery
    expose_identity: bool = False
    outbound: bool = False  # whether the requests that the process makes are recorded too
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)  # the source of each value

    @classmethod
    def load(
        cls, dsn: str | None, options: Mapping[str, Any], environ: Mapping[str, str] = os.environ
    ) -> Config | None:
        """Read the arguments, then the environment, then the defaults.

        Returns `None` if recording is disabled or there is no DSN. Raises `ConfigError` for an unknown option or an
        invalid value.
        """
        _check_names(options)
        if not _enabled(options, environ):
            return None
        values: dict[str, Any] = {}
        sources = {}
        for name, rule in _RULES.items():
            found = _look_up(name, rule, options, environ)
            if found is not None:
                values[name], sources[name] = found
        # An empty DSN as an argument disables recording, whatever the environment says.
        text, source = (dsn, "argument") if dsn is not None else (environ.get("DRHTTP_DSN"), "DRHTTP_DSN")
        if text is None or text == "":
            return None
        try:
            parsed = Dsn.parse(text)
        except ValueError as error:
            raise ConfigError(f"{'dsn' if dsn is not None else source}: {error}") from None
        if values.get("outbound") and values.get("protocol") == "record":
            raise ConfigError(
                'outbound: True is invalid with the protocol "record", which cannot say who sent a request'
            )
        if parsed.is_loopback:
            values.setdefault("flush_interval", _LOCAL_FLUSH_INTERVAL)
        return cls(dsn=parsed, sources={**sources, "dsn": source}, **values)

    @staticmethod
    def exposes_identity(options: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> bool:
        """Read only the option `expose_identity`, after `load` has returned `None`. An invalid value means `False`."""
        try:
            found = _look_up("expose_identity", _RULES["expose_identity"], options, environ)
        except ConfigError:
            return False
        return found is not None and bool(found[0])

    @property
    def captures_requests(self) -> bool:
        """Whether request bodies are captured, at least of some content types."""
        return self.capture_bodies.request is not False

    @property
    def captures_responses(self) -> bool:
        """Whether response bodies are captured, at least of some content types."""
        return self.capture_bodies.response is not False

    def explain(self) -> list[tuple[str, str, str]]:
        """List each option with its value and the source of that: "argument", a variable, or "default"."""
        names = (each.name for each in fields(self) if each.name != "sources")
        return [(name, _shown(getattr(self, name)), self.sources.get(name, "default")) for name in names]


@dataclass(frozen=True, slots=True)
class _Rule:
    """How to read one option.

    allowed: a description for the error message. accept: checks an argument. read: converts the text of a variable.
    Both raise `ValueError` or `TypeError` for an invalid value.
    """

    allowed: str
    accept: Callable[[Any], Any]
    read: Callable[[str], Any]


def _whole(low: int, unit: str) -> _Rule:
    def accept(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise ValueError
        return value

    return _Rule(f"a whole number of {unit}, {low} or more", accept, int)


def _real(meaning: str, high: float, *, zero: bool = False) -> _Rule:
    def accept(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError
        if not 0 <= value <= high or (value == 0 and not zero):  # this order of the comparison rejects NaN
            raise ValueError
        return float(value)

    return _Rule(f"{meaning}, {'from 0' if zero else 'more than 0 and up'} to {high:g}", accept, float)


def _flag() -> _Rule:
    def accept(value: Any) -> bool:
        if not isinstance(value, bool):
            raise TypeError
        return value

    return _Rule("true or false", accept, _read_flag)


def _choice(*allowed: bool | str) -> _Rule:
    def accept(value: Any) -> bool | str:
        if not isinstance(value, bool | str) or value not in allowed:
            raise ValueError
        return value

    def read(text: str) -> bool | str:
        return text if text in allowed else _read_flag(text)

    return _Rule(f"one of {', '.join(map(repr, allowed))}", accept, read)


def _patterns() -> _Rule:
    def accept(value: Any) -> tuple[str, ...]:
        # A single string would count as a list of its letters, and "*" or "/" among them would exclude everything.
        if isinstance(value, str | bytes):
            raise TypeError
        patterns = tuple(value)
        if not all(isinstance(pattern, str) and pattern for pattern in patterns):
            raise TypeError
        return patterns

    def read(text: str) -> list[str]:
        return [pattern for part in text.split(",") if (pattern := part.strip())]

    return _Rule('a list of patterns like ["/health*", "/static/*"]', accept, read)


def _capture() -> _Rule:
    def read(text: str) -> Any:
        if "/" in text:
            return [kind for part in text.split(",") if (kind := part.strip())]
        return text if text in ("request", "response") else _read_flag(text)

    return _Rule(
        'true, false, "request", "response", a list of content types like ["application/json", "text/*"], '
        'or a mapping of "request" and "response" to true, false or such a list',
        CaptureBodies.of,
        read,
    )


def _redaction() -> _Rule:
    def accept(value: Any) -> Redact | None:
        if isinstance(value, Redact):
            return value
        if not isinstance(value, bool):
            raise TypeError
        return Redact() if value else None

    return _Rule("true, false or drhttp.Redact(...)", accept, _read_flag)


def _callback() -> _Rule:
    def accept(value: Any) -> Any:
        if value is not None and not callable(value):
            raise TypeError
        return value

    def read(text: str) -> Any:
        import pkgutil  # not at the top, because it is slow to load and rarely needed

        try:
            return pkgutil.resolve_name(text)
        except (ImportError, AttributeError) as error:
            raise ValueError from error

    return _Rule('a function, or None (in the environment: "package.module:function")', accept, read)


def _read_flag(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered not in _TRUE + _FALSE:
        raise ValueError
    return lowered in _TRUE


_RULES = {
    "protocol": _choice("events", "record"),
    "batch_size": _whole(1, "records"),
    "flush_interval": _real("a number of seconds", _DAY),
    "queue_size": _whole(1, "records"),
    "queue_bytes": _whole(1, "bytes"),
    "max_body_size": _whole(0, "bytes"),
    "capture_bodies": _capture(),
    "sample_rate": _real("a share of the requests", 1.0, zero=True),
    "exclude": _patterns(),
    "redact": _redaction(),
    "before_send": _callback(),
    "trusted_proxies": _whole(0, "proxies"),
    "timeout": _real("a number of seconds", _DAY),
    "exit_timeout": _real("a number of seconds", _DAY, zero=True),
    "expose_identity": _flag(),
    "outbound": _flag(),
}


def _check_names(options: Mapping[str, Any]) -> None:
    for name in options:
        if name != "enabled" and name not in _RULES:
            raise ConfigError(f"{name}: unknown option; the options are dsn, enabled, {', '.join(_RULES)}")


def _enabled(options: Mapping[str, Any], environ: Mapping[str, str]) -> bool:
    found = _look_up("enabled", _flag(), options, environ)
    if found is not None:
        return bool(found[0])
    disabled = _look_up("disabled", _flag(), {}, environ)
    return disabled is None or not disabled[0]


def _look_up(name: str, rule: _Rule, options: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[Any, str] | None:
    """Look up an option. Returns its value and the source of that; `None` if it is not set."""
    variable = f"DRHTTP_{name.upper()}"
    text = environ.get(variable)
    try:
        if name in options:
            return rule.accept(options[name]), "argument"
        if text:
            return rule.accept(rule.read(text)), variable
    except (ValueError, TypeError):
        where, value = (name, options[name]) if name in options else (variable, text)
        raise ConfigError(f"{where}: {_shown(value)} is invalid; must be {rule.allowed}") from None
    return None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
