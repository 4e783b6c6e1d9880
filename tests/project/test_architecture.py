"""The layout of the package: who may import whom, what is named where, and how large a module may be."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import drhttp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(drhttp.__file__).parent

# A module and what of the package it may import. A new module has to be entered here.
ALLOWED = {
    "__init__": "_capture.identity_headers _outbound.outbound _redact_options _process.recorder _record _stats "
    "_version asgi django exceptions wsgi",
    "__main__": "_check _version inbox.arguments inbox.commands",
    "testing": "inbox.embedded inbox.recorded",
    "_application": "",
    "_capture": "",
    "_capture.body_tap": "",
    "_capture.client_address": "",
    "_capture.environ_flags": "",
    "_capture.asgi_exchange": "_capture.exchange",
    "_capture.asgi_head": "_capture.asgi_uri _capture.body_tap _capture.client_address _capture.exchange "
    "_capture.request_head",
    "_capture.asgi_identity_headers": "_capture.identity_headers _guard",
    "_capture.asgi_recording": "_capture.asgi_identity_headers _capture.asgi_route _capture.environ_flags "
    "_capture.nesting _guard",
    "_capture.asgi_route": "_capture.asgi_uri",
    "_capture.asgi_uri": "_capture.uri _percent",
    "_capture.exchange": "",
    "_capture.wsgi_hijack": "",
    "_capture.identity_headers": "_guard",
    "_capture.link": "_capture.trace",
    "_capture.sampling": "",
    "_capture.wsgi_input_tap": "_capture.body_tap _guard",
    "_capture.wsgi_output_tap": "_guard",
    "_capture.random_ids": "",
    "_capture.nesting": "_capture.environ_flags",
    "_capture.record_builder": "_capture.asgi_exchange _capture.asgi_head _capture.exchange _capture.random_ids "
    "_capture.route _capture.trace _capture.wsgi_exchange _capture.wsgi_head _guard _mutable_record _record",
    "_capture.request_head": "",
    "_capture.route": "_capture.route_pattern",
    "_capture.route_pattern": "",
    "_capture.wsgi_recording": "_capture.environ_flags _capture.identity_headers _capture.wsgi_hijack "
    "_capture.wsgi_headers_sent _capture.wsgi_output_tap _guard _process.uwsgi",
    "_capture.wsgi_headers_sent": "_process.uwsgi",
    "_capture.wsgi_exchange": "_capture.exchange",
    "_capture.wsgi_head": "_capture.client_address _capture.request_head _capture.wsgi_uri",
    "_capture.example_exchange": "_capture.body_tap _capture.wsgi_exchange",
    "_capture.trace": "_record",
    "_capture.excluded_paths": "_capture.uri",
    "_capture.uri": "",
    "_capture.wsgi_uri": "_capture.uri _percent",
    "_check": "_capture.body_tap _capture.example_exchange _capture.wsgi_exchange _config _delivery.record_exporter "
    "_delivery.proxy _delivery.retry _process.recorder _version _wire exceptions",
    "_capture_bodies": "",
    "_config": "_capture_bodies _dsn _redact_options exceptions",
    "_delivery": "",
    "_delivery.background_loop": "_delivery.late_patching",
    "_delivery.batch": "_delivery.bisection _delivery.retry",
    "_delivery.bisection": "",
    "_delivery.clock": "_delivery.late_patching",
    "_delivery.connection": "_delivery.deadline _delivery.idle_connections _delivery.late_patching "
    "_delivery.response_reader",
    "_delivery.lazy_exporter": "_delivery.record_exporter _redact_options _process.background_import",
    "_delivery.idle_connections": "",
    "_delivery.deadline": "",
    "_delivery.flush_schedule": "",
    "_delivery.late_patching": "_delivery.deadline",
    "_delivery.monitor": "_guard _rate_limiter",
    "_delivery.preparation": "",
    "_delivery.proxy": "",
    "_delivery.queue": "_delivery.batch",
    "_delivery.own_requests": "_capture.link",
    "_delivery.record_exporter": "_capture.record_builder _delivery.own_requests _delivery.preparation "
    "_delivery.retry _delivery.transport _guard _outbound.call _outbound.record_builder "
    "_mutable_record _rate_limiter _record _redact _wire",
    "_delivery.response_reader": "",
    "_delivery.retry": "",
    "_delivery.transport": "_delivery.connection _delivery.deadline _delivery.idle_connections _delivery.late_patching "
    "_delivery.proxy _delivery.retry _version",
    "_delivery.worker": "_delivery.batch _delivery.clock _delivery.flush_schedule _delivery.monitor "
    "_delivery.retry _delivery.background_loop",
    "_dsn": "",
    "_guard": "_logger _rate_limiter",
    "_http": "",
    "_http.content_coding": "",
    "_http.multipart": "",
    "_json_document": "",
    "_logger": "",
    "_outbound": "",
    "_outbound.address": "_capture.uri",
    "_outbound.aiohttp": "_guard _outbound.address _outbound.call _outbound.selection _outbound.hook",
    "_outbound.selection": "_capture.link _capture.sampling _outbound.address",
    "_outbound.http_client_response_body": "_guard _outbound.chunked_decoder",
    "_outbound.call": "_capture.exchange _outbound.address _outbound.captured_body",
    "_outbound.captured_body": "",
    "_outbound.chunked_decoder": "",
    "_outbound.deduplication": "",
    "_outbound.hook": "_logger",
    "_outbound.http_client": "_guard _outbound.deduplication _outbound.selection _outbound.http_client_response_body "
    "_outbound.hook _outbound.transmission",
    "_outbound.httpx": "_guard _outbound.address _outbound.call _outbound.selection _outbound.hook",
    "_outbound.import_finder": "_guard",
    "_outbound.installation": "_capture.link _guard _outbound.aiohttp _outbound.selection _outbound.http_client "
    "_outbound.httpx _outbound.import_finder _outbound.recorder_options _outbound.urllib3 _process.exit "
    "_process.registry",
    "_outbound.outbound": "_config _logger _outbound.installation _process.recorder",
    "_outbound.record_builder": "_capture.exchange _capture.random_ids _mutable_record _record",
    "_outbound.recorder_options": "_capture.excluded_paths",
    "_outbound.transmission": "_guard _outbound.call _outbound.chunked_decoder",
    "_outbound.urllib3": "_guard _outbound.call _outbound.deduplication _outbound.http_client _outbound.selection "
    "_outbound.hook _outbound.transmission",
    "_percent": "",
    "_mask": "",
    "_redact_options": "_mask exceptions",
    "_process": "",
    "_process.background_import": "_delivery.late_patching _guard",
    "_process.exit": "_process.registry",
    "_process.fork": "_delivery.late_patching _delivery.record_exporter _guard _process.background_import "
    "_process.registry",
    "_process.framework_signals": "_capture.environ_flags _capture.nesting _guard",
    "_process.lifespan": "_guard _logger _process.recorder",
    "_process.recorder": "_delivery.preparation _guard _logger _process.exit _process.fork "
    "_process.framework_signals _process.registry "
    "_process.process_state _process.uwsgi _redos.backtracking _stats",
    "_process.registry": "_stats",
    "_process.process_state": "_delivery.lazy_exporter _delivery.queue _delivery.worker _logger _process.uwsgi "
    "_rate_limiter _stats",
    "_process.uwsgi": "",
    "_rate_limiter": "",
    "_mutable_record": "_record",
    "_record": "",
    "_redact": "_redact.policy _redact.record",
    "_redact.record": "_guard _mask _redact.bodies _redact.errors _redact.formats.headers "
    "_redact.formats.json _redact.formats.urls _redact.policy",
    "_redact.bodies": "_record _redact.decoding.charset _redact.decoding.content_coding _redact.errors "
    "_redact.formats.csv "
    "_redact.formats.json _redact.formats.multipart _redact.formats.named_binary "
    "_redact.formats.ndjson_and_sse _redact.formats.text "
    "_redact.formats.text_tables _redact.formats.urlencoded _redact.formats.xml",
    "_redact.decoding": "",
    "_redact.decoding.content_coding": "_http.content_coding _redact.errors",
    "_redact.decoding.charset": "_redact.errors",
    "_redact.decoding.entities": "",
    "_redact.decoding.surroundings": "",
    "_redact.detect": "",
    "_redact.detect.capability_services": "",
    "_redact.detect.capability_urls": "_redact.detect.capability_services _redact.detect.false_positives",
    "_redact.detect.check_digits": "",
    "_redact.detect.code_sentences": "_redact.detect.tries",
    "_redact.detect.command_lines": "_redact.detect.command_words _redact.detect.commands _redact.detect.tries",
    "_redact.detect.command_words": "",
    "_redact.detect.commands": "_redact.detect.command_words",
    "_redact.detect.secret_words": "_redact.detect.tries",
    "_redact.detect.tries": "",
    "_redact.detect.compound_names": "",
    "_redact.detect.credentials": "_redact.detect.capability_urls _redact.detect.check_digits "
    "_redact.detect.false_positives _redact.detect.key_prefixes _redact.detect.tries "
    "_redact.work_budget",
    "_redact.detect.key_prefixes": "",
    "_redact.detect.false_positives": "",
    "_redact.detect.harmless_values": "_redact.detect.false_positives",
    "_redact.detect.log_names": "",
    "_redact.detect.name_tables": "",
    "_redact.detect.name_words": "_percent",
    "_redact.detect.postal_codes": "",
    "_redact.detect.secret_names": "_redact.detect.compound_names _redact.detect.harmless_values "
    "_redact.detect.name_words _redact.detect.postal_codes _redact.detect.short_passwords "
    "_redact.detect.token_usage _redact.detect.validation_messages _redact.detect.vocabulary _redact.work_budget",
    "_redact.detect.short_passwords": "",
    "_redact.detect.source_code": "_redact.detect.log_names",
    "_redact.detect.token_usage": "_redact.detect.false_positives _redact.detect.harmless_values",
    "_redact.detect.validation_messages": "",
    "_redact.detect.vendor_headers": "",
    "_redact.detect.vocabulary": "_redact.detect.name_tables _redact.detect.name_words _redact.detect.short_passwords "
    "_redact.detect.tries _redact.detect.vendor_headers",
    "_redact.errors": "",
    "_redact.formats": "",
    "_redact.formats.base64_json": "_redact.detect.tries",
    "_redact.formats.compound_pairs": "",
    "_redact.formats.csv": "_redact.formats.secret_columns",
    "_redact.formats.error_messages": "",
    "_redact.formats.expressions": "",
    "_redact.detect.graphql_names": "",
    "_redact.formats.graphql": "_redact.detect.graphql_names _redact.formats.json_name_value_pairs "
    "_redact.formats.secret_columns",
    "_redact.formats.graphql_variables": "_redact.detect.graphql_names _redact.formats.graphql "
    "_redact.formats.secret_columns",
    "_redact.formats.headers": "_mask _redact.detect.vendor_headers _redact.errors "
    "_redact.formats.base64_json _redact.formats.json _redact.formats.urlencoded _redact.formats.urls",
    "_redact.formats.html_elements": "_redact.decoding.entities _redact.formats.compound_pairs",
    "_redact.formats.aria_tables": "_redact.decoding.entities",
    "_redact.formats.html_labels": "_redact.detect.code_sentences _redact.formats.html_elements",
    "_redact.formats.html_tables": "_redact.decoding.entities _redact.formats.aria_tables "
    "_redact.formats.markup_attributes _redact.formats.secret_columns",
    "_redact.formats.clean_json": "_json_document _redact.detect.command_lines _redact.formats.base64_json "
    "_redact.formats.json_codes _redact.formats.json_name_value_pairs "
    "_redact.formats.json_structures _redact.formats.text_hints",
    "_redact.formats.json": "_json_document _redact.decoding.entities _redact.decoding.surroundings _redact.errors "
    "_redact.formats.base64_json _redact.formats.clean_json _redact.formats.graphql "
    "_redact.formats.json_codes _redact.formats.json_fast_path _redact.formats.json_name_value_pairs "
    "_redact.formats.json_rewriter _redact.formats.json_structures _redact.formats.json_tree _redact.formats.markup "
    "_redact.formats.text _redact.formats.text_tables _redact.formats.truncated_json",
    "_redact.formats.json_fast_path": "_redact.detect.command_lines _redact.detect.token_usage "
    "_redact.formats.base64_json _redact.formats.json_rewriter _redact.formats.text_hints "
    "_redact.formats.text_tables",
    "_redact.formats.json_known_objects": "_redact.detect.harmless_values _redact.formats.json_name_value_pairs",
    "_redact.formats.json_name_value_pairs": "_redact.detect.command_lines _redact.formats.compound_pairs",
    "_redact.formats.json_rewriter": "_redact.detect.code_sentences _redact.detect.token_usage _redact.errors "
    "_redact.formats.base64_json _redact.formats.json_known_objects _redact.formats.json_name_value_pairs "
    "_redact.formats.json_schemas _redact.formats.text_hints",
    "_redact.formats.json_schemas": "_redact.formats.json_name_value_pairs",
    "_redact.formats.json_parameters": "_redact.formats.json_name_value_pairs _redact.formats.json_schemas",
    "_redact.formats.json_codes": "_redact.formats.json_name_value_pairs",
    "_redact.formats.json_structures": "_redact.formats.graphql_variables _redact.formats.json_codes "
    "_redact.formats.json_parameters "
    "_redact.formats.json_tables _redact.formats.json_tree _redact.formats.json_web_keys",
    "_redact.formats.json_web_keys": "",
    "_redact.formats.json_tables": "_redact.formats.json_name_value_pairs _redact.formats.secret_columns",
    "_redact.formats.json_tree": "_redact.formats.json_name_value_pairs",
    "_redact.formats.markup": "_redact.decoding.entities _redact.errors _redact.formats.html_elements "
    "_redact.formats.html_labels _redact.formats.html_tables _redact.formats.markup_attributes",
    "_redact.formats.markup_attributes": "_redact.decoding.entities",
    "_redact.formats.multipart": "_http.multipart _redact.errors _redact.formats.compound_pairs _redact.formats.json",
    "_redact.formats.named_binary": "_redact.detect.secret_words",
    "_redact.formats.ndjson_and_sse": "_redact.errors _redact.formats.json",
    "_redact.formats.secret_columns": "_redact.formats.compound_pairs",
    "_redact.formats.text_pairs": "_redact.detect.code_sentences",
    "_redact.formats.text": "_percent _redact.decoding.surroundings _redact.detect.command_lines "
    "_redact.detect.source_code "
    "_redact.formats.error_messages _redact.formats.expressions _redact.formats.json_web_keys "
    "_redact.formats.text_hints _redact.formats.text_pairs _redact.formats.value_locator",
    "_redact.formats.text_hints": "_redact.detect.code_sentences _redact.detect.command_lines "
    "_redact.formats.text_pairs",
    "_redact.formats.text_tables": "_redact.formats.csv _redact.formats.json_name_value_pairs "
    "_redact.formats.secret_columns",
    "_redact.formats.truncated_json": "_json_document",
    "_redact.formats.urlencoded": "_percent _redact.errors _redact.formats.base64_json "
    "_redact.formats.compound_pairs _redact.formats.graphql _redact.formats.graphql_variables _redact.formats.json "
    "_redact.formats.json_rewriter _redact.formats.text_hints",
    "_redact.formats.urls": "_percent _redact.detect.capability_urls _redact.formats.base64_json "
    "_redact.formats.json _redact.formats.text _redact.formats.urlencoded",
    "_redact.formats.lines": "",
    "_redact.formats.value_locator": "_redact.formats.expressions _redact.formats.lines",
    "_redact.formats.xml": "_redact.formats.json _redact.formats.markup",
    "_redact.harmless_cache": "",
    "_redact.policy": "_guard _redact.detect.credentials _redact.detect.name_words _redact.detect.secret_names "
    "_redact.errors _redact.harmless_cache _redact.work_budget",
    "_redact.work_budget": "_redact.errors",
    "_redos": "",
    "_redos.ambiguity": "_redos.automaton",
    "_redos.automaton": "_redos.character_sets",
    "_redos.backtracking": "_redos.ambiguity _redos.automaton _redos.bounded_repeats",
    "_redos.bounded_repeats": "_redos.ambiguity _redos.automaton",
    "_redos.character_sets": "",
    "_middleware": "_capture.excluded_paths _capture.link _config _logger _outbound.installation _process.recorder",
    "_stats": "",
    "_version": "",
    "_wire": "_wire.events_protocol _wire.record_protocol",
    "_wire._bodies": "_wire._json",
    "_wire._header_fields": "_wire._json",
    "_wire._gzip": "",
    "_wire._json": "_json_document",
    "_wire.events_protocol": "_version _wire._bodies _wire._header_fields _wire._gzip _wire._json",
    "_wire.record_protocol": "_wire._bodies _wire._json",
    "asgi": "_application _capture.asgi_exchange _capture.asgi_identity_headers _capture.asgi_recording "
    "_capture.asgi_uri _capture.body_tap _capture.environ_flags _capture.link _capture.nesting _capture.sampling "
    "_guard _logger _middleware _process.lifespan _process.registry exceptions",
    "_django_user": "_capture.environ_flags _capture.identity_headers _guard",
    "django": "_django_user _capture.environ_flags _capture.nesting _guard",
    "exceptions": "",
    "wsgi": "_application _capture.body_tap _capture.environ_flags _capture.identity_headers _capture.wsgi_input_tap "
    "_capture.link _capture.nesting _capture.sampling _capture.wsgi_uri _capture.wsgi_exchange _capture.wsgi_recording "
    "_guard _middleware exceptions",
}
# The second program: its modules import each other and nothing of the core, which never imports them.
INBOX = "inbox"
# But for what both programs read of HTTP. It imports nothing else of the package (see above), so that it takes no side.
SHARED = {
    "inbox.bounded_json": "_http.content_coding",
    "inbox.har.messages": "_http.content_coding",
    "inbox.store.clickhouse.rows": "_http.content_coding",
    "inbox.store.search": "_http.content_coding",
    "inbox.view.bodies": "_http.multipart",
    "inbox.view.content": "_http.content_coding",
    "inbox.view.grpc": "_http.content_coding",
    "inbox.view.masking": "_http.multipart",
    "inbox.view.multipart": "_http.multipart",
}
# But also for what it masks on display, and the charsets that it reads: they are the recorder's. Two sets of rules
# would drift apart, and a name or a token that only one of them knows would be safe or not by who had sent it.
RULES = {
    "inbox.har.messages": "_redact.decoding.charset",
    "inbox.view.bodies": "_redact.formats.multipart",
    "inbox.view.content": "_redact.decoding.charset _redact.formats.multipart",
    "inbox.view.masking": "_redact_options _redact.bodies _redact.errors _redact.formats.headers _redact.formats.json "
    "_redact.formats.urlencoded _redact.policy _redact.formats.urls "
    "_redact.formats.xml",
}
FRAMEWORKS = {"django": {"django", "asgiref"}, "_django_user": {"django", "asgiref"}, INBOX: {"starlette", "uvicorn"}}
LIGHT = {"django", "asgiref", "flask", "starlette", "uvicorn", "werkzeug", "httpx", "requests", "moesifapi"}


@cache
def modules() -> dict[str, Path]:
    """All modules by their name inside the package."""
    names = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return names


@cache
def tree(name: str) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(modules()[name].read_text(encoding="utf-8"))


def imported(name: str, *, typing: bool = False) -> set[str]:
    """The dotted names that a module imports, at its top and in functions; those for type checkers only if asked."""
    found = set()
    for node in at_run_time(tree(name)) if not typing else ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} has a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those under `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            for other in child.orelse:
                yield other
                yield from at_run_time(other)
        else:
            yield child
            yield from at_run_time(child)


def ours(names: Iterable[str]) -> set[str]:
    """Those of the dotted names that are the package's, as its modules."""
    found = set()
    for name in names:
        top, _, rest = name.partition(".")
        if top == "drhttp":
            while rest and rest not in modules():
                rest = rest.rpartition(".")[0]
            found.add(rest or "__init__")
    return found


def core() -> list[str]:
    """The modules without the inbox."""
    return [name for name in modules() if not name.startswith(INBOX)]


def calls(name: str) -> set[str]:
    """What a module calls, as it is written."""
    return {ast.unparse(node.func) for node in ast.walk(tree(name)) if isinstance(node, ast.Call)}


def test_every_module_is_registered():
    """A new module is entered in the table, and a module that is gone is taken out."""
    assert set(core()) == set(ALLOWED)


@pytest.mark.parametrize("name", core())
def test_imports_follow_the_table(name):
    """A module imports of the package what the table allows it, inside functions too, and nothing else."""
    assert ours(imported(name)) <= set(ALLOWED.get(name, "").split())


def test_the_table_allows_nothing_that_nobody_needs():
    """Permissions that are no longer used are taken back."""
    unused = {
        name: set(allowed.split()) - ours(imported(name)) for name, allowed in ALLOWED.items() if name in modules()
    }
    assert {name: rest for name, rest in unused.items() if rest} == {}


def test_imports_have_no_cycle():
    """Imports point one way, lazy ones included."""
    graph = {name: ours(imported(name)) - {name} for name in modules()}
    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("name", [name for name in modules() if name.startswith(INBOX)])
def test_the_inbox_is_a_program_of_its_own(name):
    """The inbox imports of the core the version, what both read of HTTP and, in few places, what is a secret."""
    allowed = {"_version", "__init__", *SHARED.get(name, "").split(), *RULES.get(name, "").split()}
    assert {each for each in ours(imported(name)) if not each.startswith(INBOX)} <= allowed


@pytest.mark.parametrize("name", core())
def test_the_core_knows_no_framework(name):
    """Frameworks are imported in the file that is named after them, and nowhere else."""
    tops = {each.partition(".")[0] for each in imported(name, typing=True)}
    assert tops & LIGHT <= FRAMEWORKS.get(name, set())


def test_urllib3_is_named_in_one_place():
    """The HTTP library is the transport's business alone."""
    assert [
        name for name in modules() if "urllib3" in {each.partition(".")[0] for each in imported(name, typing=True)}
    ] == ["_delivery.connection", "_delivery.transport"]


def test_sql_is_spoken_in_one_place():
    """The database is the store's business alone."""
    speakers = {name for name in modules() if "sqlite3" in imported(name, typing=True)}
    assert {name for name in speakers if not name.startswith("inbox.store.")} == set()


def test_an_inbox_on_a_file_loads_nothing_of_the_other_store():
    """The client of ClickHouse and that of Prometheus are imported where `--store` is given, and nowhere else."""
    tops = {"clickhouse_connect", "prometheus_client", "chdb"}
    users = {name for name in modules() if tops & {each.partition(".")[0] for each in imported(name, typing=True)}}
    assert users == {"inbox.metrics", "inbox.store.clickhouse.engine"}
    starters = {name for name in modules() if any("store.clickhouse" in each for each in imported(name))}
    assert {name for name in starters if not name.startswith("inbox.store.clickhouse")} == {
        "inbox.shared",
        "inbox.store_options",
    }


@pytest.mark.parametrize("name", modules())
def test_modules_are_short(name):
    """No module has more than 300 lines."""
    assert len(modules()[name].read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("name", modules())
def test_modules_are_named_after_what_they_are(name):
    """There is no drawer for odds and ends."""
    assert not {"utils", "util", "helpers", "helper", "common", "misc"} & set(name.replace("_", "").split("."))


def test_records_are_frozen_values():
    """Every class of the record is a frozen dataclass with slots: stages hand on new values."""
    classes = [node for node in ast.walk(tree("_record")) if isinstance(node, ast.ClassDef)]
    decorators = [ast.unparse(each.decorator_list[0]) for each in classes]
    assert classes
    assert all("frozen=True" in text and "slots=True" in text for text in decorators)


def test_two_places_catch_everything():
    """The guard at the edge and the loop of the worker are the only ones that keep an exception of any kind."""
    places = {name for name in core() for node in ast.walk(tree(name)) if keeps_everything(node)}
    assert places == {"_guard", "_delivery.worker"}


def keeps_everything(node: ast.AST) -> bool:
    """Whether a handler takes any exception and does not raise it again at its end."""
    everything = ("Exception", "BaseException")
    if isinstance(node, ast.ExceptHandler):
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        broad = any(kind is None or ast.unparse(kind) in everything for kind in kinds)
        return broad and not isinstance(node.body[-1], ast.Raise)
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "suppress":
        return any(ast.unparse(kind) in everything for kind in node.args)
    return False


@pytest.mark.parametrize("name", [name for name in core() if name not in ("__main__", "_check")])
def test_the_core_is_a_quiet_guest(name):
    """It prints nothing, sets up no logging and no signal handler, and never ends the process."""
    forbidden = {"print", "logging.basicConfig", "signal.signal", "sys.exit", "os._exit", "exit", "faulthandler.enable"}
    assert not calls(name) & forbidden
    assert "signal" not in imported(name)


def test_hooks_of_the_process_are_set_in_their_own_modules():
    """Everything about the exit is in one module, and everything about forks in another."""
    hooks = {"atexit.register", "os.register_at_fork", "threading._register_atexit"}
    assert {name: calls(name) & hooks for name in core() if calls(name) & hooks} == {
        "_process.exit": {"atexit.register"},
        "_process.fork": {"os.register_at_fork"},
    }
