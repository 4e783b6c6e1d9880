"""The configuration: every option, from an argument, a variable or the default."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, fields

import pytest

import drhttp
from drhttp._capture_bodies import CaptureBodies
from drhttp._config import Config, Options
from drhttp._redact_options import Redact
from drhttp.exceptions import ConfigError

DSN = "https://s3ntinel@api.drhttp.com/"


def keep(record):
    """A `before_send` that the environment can name."""
    return record


# An option, its default, and pairs of a good value as an argument and as a variable, with what is made of them.
GOOD = {
    "protocol": ("events", [("events", "events", "events"), ("record", "record", "record")]),
    "batch_size": (100, [(1, "1", 1), (10**6, "1000000", 10**6)]),
    "flush_interval": (2.0, [(1, "1", 1.0), (0.01, "0.01", 0.01), (86_400, "86400", 86_400.0)]),
    "queue_size": (10_000, [(1, " 1 ", 1)]),
    "queue_bytes": (33_554_432, [(1, "1", 1)]),
    "max_body_size": (65_536, [(0, "0", 0), (5, "5", 5)]),
    "capture_bodies": (
        CaptureBodies(),
        [
            (False, "no", CaptureBodies(False, False)),
            (True, "TRUE", CaptureBodies()),
            ("request", "request", CaptureBodies(True, False)),
            ("response", "response", CaptureBodies(False, True)),
            (["text/*", "A/B"], " text/* , A/B,", CaptureBodies(("text/*", "a/b"), ("text/*", "a/b"))),
        ],
    ),
    "sample_rate": (1.0, [(0, "0", 0.0), (1, "1", 1.0), (0.25, "2.5e-1", 0.25)]),
    "exclude": (
        (),
        [((), ",", ()), (["/health*"], "/health*", ("/health*",)), (("/a", "/b c"), " /a , /b c,", ("/a", "/b c"))],
    ),
    "redact": (Redact(), [(True, "on", Redact())]),
    "before_send": (None, [(keep, "test_config:keep", keep)]),
    "trusted_proxies": (0, [(2, "2", 2)]),
    "timeout": (10.0, [(0.5, "0.5", 0.5)]),
    "exit_timeout": (2.0, [(0, "0", 0.0), (3.5, "3.5", 3.5)]),
    "expose_identity": (False, [(True, "yes", True), (False, "0", False)]),
    "outbound": (False, [(True, "yes", True), (False, "0", False)]),
}
# An option, a part of the sentence about what is allowed, and bad values as an argument and as a variable.
BAD = {
    "protocol": ("'events', 'record'", ["", "otlp", None, 1, b"events"], ["Events", "otlp"]),
    "batch_size": (
        "a whole number of records, 1 or more",
        [0, -1, 1.0, "1", True, None],
        ["0", "1.5", "x", "9" * 5000],
    ),
    "flush_interval": (
        "a number of seconds, more than 0",
        [0, -1, math.nan, math.inf, 86_401, 10**400, "1", True, None],
        ["0", "nan", "inf", "1e400", "x"],
    ),
    "queue_size": ("a whole number of records, 1 or more", [0, "1", False], ["0"]),
    "queue_bytes": ("a whole number of bytes, 1 or more", [0, 1e3], ["32M"]),
    "max_body_size": ("a whole number of bytes, 0 or more", [-1, None], ["-1", "64K"]),
    "capture_bodies": (
        'true, false, "request", "response", a list of content types',
        [None, 1, 0, "both", "true", (), [5], ["text"], b"a/b", {"both": True}, {"request": None}, {"request": "a/b"}],
        ["both", "2"],
    ),
    "sample_rate": ("a share of the requests, from 0 to 1", [-0.1, 1.1, 10, math.nan, "0.5", True], ["10", "50%"]),
    "exclude": ('like ["/health*", "/static/*"]', ["/health", b"/x", 5, None, [""], [5]], []),
    "redact": ("true, false or drhttp.Redact(...)", [None, 0, 1, "false", [], {"also": []}], ["maybe", "2"]),
    "before_send": ("a function", ["print", 5, {}], ["no.such.module:f", "math:none", "math:pi", "not a name"]),
    "trusted_proxies": ("a whole number of proxies, 0 or more", [-1, True, "1"], ["all"]),
    "timeout": ("a number of seconds, more than 0", [0, None, "10", 1e10], ["10s"]),
    "exit_timeout": ("a number of seconds, from 0", [-1, None, math.inf], ["-1"]),
    "expose_identity": ("true or false", ["yes", None], ["x"]),
    "outbound": ("true or false", ["yes", 1], ["x"]),
}


def load(**options):
    """Load with these arguments and an empty environment."""
    return Config.load(DSN, options, {})


def bad(place):
    """All bad values: 1 for arguments, 2 for variables."""
    return [(name, row[0], value) for name, row in BAD.items() for value in row[place]]


def test_the_tables_know_every_option():
    """No option goes untested, and the types that users see name the same ones."""
    names = {each.name for each in fields(Config)} - {"dsn", "sources"}
    assert set(GOOD) == set(BAD) == names
    assert set(Options.__annotations__) == names | {"enabled"}


@pytest.mark.parametrize("name", GOOD)
def test_defaults(name):
    """Without an argument and a variable an option has its documented default."""
    assert getattr(load(), name) == GOOD[name][0]


@pytest.mark.parametrize(
    ("host", "seconds"),
    [
        ("localhost:8399", 0.2),
        ("LOCALHOST", 0.2),
        ("127.0.0.1:8399", 0.2),
        ("127.12.0.3", 0.2),
        ("[::1]:8399", 0.2),
        ("127.0.0.1.example.com", 2.0),
        ("localhost.example.com", 2.0),
        ("10.0.0.1", 2.0),
        ("[::2]", 2.0),
        ("1270.0.0.1", 2.0),
    ],
)
def test_an_inbox_on_this_machine_is_told_at_once(host, seconds):
    """The default of `flush_interval` is 0.2 seconds if the DSN is loopback; an explicit value stays."""
    dsn = f"http://local@{host}/"
    assert Config.load(dsn, {}, {}).flush_interval == seconds
    assert Config.load(dsn, {"flush_interval": 5}, {}).flush_interval == 5.0
    assert Config.load(dsn, {}, {"DRHTTP_FLUSH_INTERVAL": "2"}).flush_interval == 2.0
    assert ("flush_interval", str(seconds), "default") in Config.load(dsn, {}, {}).explain()


@pytest.mark.parametrize(
    ("name", "given", "text", "made"), [(name, *row) for name, rows in GOOD.items() for row in rows[1]]
)
def test_good_values(name, given, text, made):
    """What is allowed is taken, equally as an argument and from the environment."""
    for config in (load(**{name: given}), Config.load(DSN, {}, {f"DRHTTP_{name.upper()}": text})):
        value = getattr(config, name)
        assert value == made
        assert type(value) is type(made)


@pytest.mark.parametrize(("name", "allowed", "value"), bad(1))
def test_bad_arguments(name, allowed, value):
    """A bad argument is refused: the error names the option, the value and what is allowed, and not the key."""
    with pytest.raises(ConfigError) as caught:
        load(**{name: value})
    message = str(caught.value)
    assert message.startswith(f"{name}: {repr(value)[:70]}")
    assert allowed in message
    assert "s3ntinel" not in message
    assert len(message) < 400


@pytest.mark.parametrize(("name", "allowed", "text"), bad(2))
def test_bad_variables(name, allowed, text):
    """A bad variable is refused: the error names the variable, the value and what is allowed."""
    variable = f"DRHTTP_{name.upper()}"
    with pytest.raises(ConfigError) as caught:
        Config.load(DSN, {}, {variable: text})
    message = str(caught.value)
    assert message.startswith(f"{variable}: {repr(text)[:70]}")
    assert allowed in message


def test_an_argument_wins_over_a_variable():
    """Argument over environment over default; a bad variable that an argument overrides is not even read."""
    config = Config.load(
        DSN, {"batch_size": 5}, {"DRHTTP_BATCH_SIZE": "x", "DRHTTP_QUEUE_SIZE": "7", "DRHTTP_DSN": "x"}
    )
    assert (config.batch_size, config.queue_size, config.timeout) == (5, 7, 10.0)
    assert config.dsn.host == "api.drhttp.com"


def test_an_empty_variable_says_nothing():
    """A variable that is set to nothing leaves the default."""
    assert Config.load(DSN, {}, {"DRHTTP_BATCH_SIZE": "", "DRHTTP_ENABLED": "", "DRHTTP_DISABLED": ""}) == load()


def test_the_dsn_may_come_from_the_environment():
    """`DRHTTP_DSN` is used when no argument says otherwise, and named when it is bad."""
    assert Config.load(None, {}, {"DRHTTP_DSN": DSN}).dsn.key == "s3ntinel"
    with pytest.raises(ConfigError, match=r"^DRHTTP_DSN: 'ftp://\*\*\*@h' has a scheme") as caught:
        Config.load(None, {}, {"DRHTTP_DSN": "ftp://s3ntinel@h"})
    assert "s3ntinel" not in str(caught.value)
    with pytest.raises(ConfigError, match=r"^dsn: 'ftp://"):
        Config.load("ftp://s3ntinel@h", {}, {"DRHTTP_DSN": DSN})


@pytest.mark.parametrize(
    ("dsn", "options", "environ"),
    [
        (None, {}, {}),
        (None, {}, {"DRHTTP_DSN": ""}),
        ("", {}, {"DRHTTP_DSN": DSN}),
        (DSN, {"enabled": False}, {"DRHTTP_ENABLED": "1"}),
        (DSN, {}, {"DRHTTP_ENABLED": "0"}),
        (DSN, {}, {"DRHTTP_DISABLED": "1"}),
        (DSN, {}, {"DRHTTP_DISABLED": "true", "DRHTTP_BATCH_SIZE": "x"}),
        ("nonsense", {"enabled": False, "batch_size": "nonsense"}, {}),
    ],
)
def test_disabled(dsn, options, environ):
    """No DSN, `enabled=False`, `DRHTTP_ENABLED=0` and `DRHTTP_DISABLED=1` disable, whatever else is wrong."""
    assert Config.load(dsn, options, environ) is None


@pytest.mark.parametrize(
    ("options", "environ"),
    [
        ({"enabled": True}, {"DRHTTP_ENABLED": "0"}),
        ({"enabled": True}, {"DRHTTP_DISABLED": "1"}),
        ({}, {"DRHTTP_ENABLED": "1", "DRHTTP_DISABLED": "1"}),
        ({}, {"DRHTTP_DISABLED": "0"}),
    ],
)
def test_enabled(options, environ):
    """What says more wins: the argument over both variables, `DRHTTP_ENABLED` over `DRHTTP_DISABLED`."""
    assert Config.load(DSN, options, environ) is not None


@pytest.mark.parametrize(
    ("options", "environ", "name"),
    [
        ({"enabled": "no"}, {}, "enabled"),
        ({"enabled": None}, {}, "enabled"),
        ({}, {"DRHTTP_ENABLED": "nope"}, "DRHTTP_ENABLED"),
        ({}, {"DRHTTP_DISABLED": "nope"}, "DRHTTP_DISABLED"),
    ],
)
def test_a_bad_switch(options, environ, name):
    """A switch that is neither on nor off is refused."""
    with pytest.raises(ConfigError, match=rf"^{name}: .* must be true or false"):
        Config.load(DSN, options, environ)


@pytest.mark.parametrize("name", ["batchsize", "api_key", "DSN", "Redact", "sources", ""])
def test_an_unknown_option(name):
    """An option that does not exist is refused, with those that do, even when recording is disabled."""
    with pytest.raises(ConfigError, match=rf"^{name}: unknown option; the options are dsn, enabled, protocol,"):
        Config.load(None, {name: 1}, {})


def test_explain():
    """Each option is told with its value and its source; the key is not told."""
    config = Config.load(DSN, {"batch_size": 5}, {"DRHTTP_TIMEOUT": "3", "DRHTTP_BATCH_SIZE": "9"})
    explained = {name: (value, source) for name, value, source in config.explain()}
    assert explained["batch_size"] == ("5", "argument")
    assert explained["timeout"] == ("3.0", "DRHTTP_TIMEOUT")
    assert explained["queue_size"] == ("10000", "default")
    assert explained["dsn"][1] == "argument"
    assert set(explained) == set(GOOD) | {"dsn"}
    assert "s3ntinel" not in repr(config.explain()) + repr(config)


@pytest.mark.parametrize("environ", [{}, {"DRHTTP_OUTBOUND": "1", "DRHTTP_PROTOCOL": "record"}])
def test_the_old_protocol_cannot_say_who_sent_a_request(environ):
    """`outbound` with the protocol "record" is refused, wherever the two come from."""
    options = {} if environ else {"outbound": True, "protocol": "record"}
    with pytest.raises(ConfigError, match=r"outbound: True is invalid with the protocol \"record\""):
        Config.load(DSN, options, environ)


def test_equal_configurations_are_equal():
    """Where a value came from makes no difference: recorders are shared by what they are told."""
    assert load(batch_size=5) == Config.load(None, {}, {"DRHTTP_DSN": DSN, "DRHTTP_BATCH_SIZE": "5"})
    assert load(batch_size=5) != load(batch_size=6)
    assert load() != Config.load("https://other@api.drhttp.com/", {}, {})


def test_nobody_changes_a_configuration():
    """It is checked once, and frozen."""
    with pytest.raises(FrozenInstanceError):
        load().batch_size = 0


def test_redaction_can_be_switched_off():
    """`redact=False`, as an argument or in the environment, leaves no rules at all."""
    assert load(redact=False).redact is None
    assert Config.load(DSN, {}, {"DRHTTP_REDACT": "off"}).redact is None
    rules = Redact(also={"a"}, value="*")
    assert load(redact=rules).redact is rules


@pytest.mark.parametrize(
    ("choice", "requests", "responses"),
    [
        (True, True, True),
        (False, False, False),
        ("request", True, False),
        ("response", False, True),
        (["text/*"], True, True),
        ({"request": True}, True, False),
        ({"response": ["text/html"]}, False, True),
        ({"request": False, "response": True}, False, True),
    ],
)
def test_capture_bodies(choice, requests, responses):
    """Each choice of `capture_bodies` says of both bodies whether they are kept."""
    config = load(capture_bodies=choice)
    assert (config.captures_requests, config.captures_responses) == (requests, responses)


def test_the_middleware_refuses_a_bad_configuration(monkeypatch):
    """The error comes when the middleware is built, from arguments and from the process's environment."""
    with pytest.raises(drhttp.ConfigError, match=r"^dsn: .* has no key"):
        drhttp.WSGIMiddleware(print, dsn="https://api.drhttp.com/")
    with pytest.raises(ValueError, match=r"^timeot: unknown option"):
        drhttp.WSGIMiddleware(print, timeot=1)
    monkeypatch.setenv("DRHTTP_BATCH_SIZE", "many")
    with pytest.raises(drhttp.ConfigError, match=r"^DRHTTP_BATCH_SIZE: 'many' is invalid"):
        drhttp.WSGIMiddleware(print, dsn=DSN)
