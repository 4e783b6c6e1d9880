"""OpenAPI from traffic: what was recorded is described by names and types, validly, and without a recorded value."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from drhttp.inbox import har
from drhttp.inbox.decode import Arrival, decode_batch
from drhttp.inbox.openapi import Document, described
from drhttp.inbox.schema_inference import is_plain_name
from tests.inbox.test_har_producers import FILES, SECRET, imported


def record(event, method, path, status=200, request=None, response=None, **more):
    changes = {
        "request__verb": method, "request__uri": f"http://shop.test{path}", "request__body": request,
        "response__status": status, "response__headers": {"content-type": "application/json"},
        "response__body": response, "response__transfer_encoding": "json", **more,
    }  # fmt: skip
    return decode_batch([event(**changes)], Arrival("local", 0))[0]


def document_of(*exchanges):
    document = Document()
    for exchange in exchanges:
        document.add(exchange)
    found = json.loads(json.dumps(document.json()))
    OpenAPIV31SpecValidator(found).validate()
    return found


def test_endpoints_parameters_and_schemas_are_described(event):
    """Paths with their parameters, query parameters, bodies and responses, with the types that were seen."""
    found = document_of(
        record(event, "GET", "/items/7?page=1&tag=a&tag=b", response={"id": 7, "name": "Mug", "price": 1.5}),
        record(event, "GET", "/items/8?page=2&q=mug", response={"id": 8, "name": None}),
        record(event, "GET", "/items/9", 404, response={"error": "no such item"}),
        record(event, "POST", "/orders", 201, request={"item": 7, "gift": True}, response={"id": 1}),
    )

    assert set(found["paths"]) == {"/items/{id}", "/orders"}
    get = found["paths"]["/items/{id}"]["get"]
    assert get["parameters"] == [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
        {"name": "page", "in": "query", "required": False, "schema": {"type": "integer"}},
        {"name": "q", "in": "query", "required": False, "schema": {"type": "string"}},
        {"name": "tag", "in": "query", "required": False, "schema": {"type": "array", "items": {"type": "string"}}},
    ]
    assert set(get["responses"]) == {"200", "404"}
    schema = get["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema["properties"]["id"] == {"type": "integer"}
    assert schema["properties"]["name"] == {"type": ["null", "string"]}
    assert schema["required"] == ["id", "name"]
    post = found["paths"]["/orders"]["post"]
    assert post["requestBody"]["required"] is True
    assert post["requestBody"]["content"]["application/json"]["schema"]["properties"] == {
        "gift": {"type": "boolean"}, "item": {"type": "integer"},
    }  # fmt: skip
    assert found["servers"] == [{"url": "http://shop.test"}]


@pytest.mark.parametrize(
    ("route", "path", "expected"),
    [
        ("/a/{id:int}", "/a/1", "/a/{id}"),
        ("/a/<int:id>/b/<name>", "/a/1/b/x", "/a/{id}/b/{name}"),
        ("/a/<re('[a-z]+'):slug>", "/a/x", "/a/{slug}"),
        ("a/<uuid:id>", "/a/x", "/a/{id}"),
        (None, "/a/1/b/2", "/a/{id}/b/{id2}"),
        (None, "/a/0189c6e0-1111-7222-8333-444455556666", "/a/{id}"),
    ],
)
def test_routes_of_every_framework_become_paths(event, route, path, expected):
    """With a name of its own for each parameter."""
    found = document_of(record(event, "GET", path, response={}, metadata__route=route))

    assert list(found["paths"]) == [expected]


def test_paths_with_other_names_for_parameters_are_one(event):
    """OpenAPI takes them for the same."""
    one, other = ({"metadata__route": f"/items/{{{name}}}"} for name in ("id", "key"))
    found = document_of(record(event, "GET", "/items/1", **one), record(event, "PUT", "/items/1", **other))

    assert {path: set(item) for path, item in found["paths"].items()} == {"/items/{id}": {"get", "put"}}


def test_forms_and_files_are_described(event):
    """Fields by their types, files as binary."""
    form = record(event, "POST", "/login", request="user=ann&password=hunter2&age=7", request__transfer_encoding="text",
                  request__headers={"content-type": "application/x-www-form-urlencoded"})  # fmt: skip
    parts = ('--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; '
             'name="photo"; filename="a.png"\r\n\r\nx\r\n--b--\r\n')  # fmt: skip
    upload = record(event, "POST", "/photos", request=parts, request__transfer_encoding="text",
                    request__headers={"content-type": "multipart/form-data; boundary=b"})  # fmt: skip
    found = document_of(form, upload)["paths"]

    assert found["/login"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"] == {
        "type": "object",
        "properties": {"user": {"type": "string"}, "password": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["age", "password", "user"],
    }
    assert found["/photos"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"] == {
        "title": {"type": "string"}, "photo": {"type": "string", "format": "binary"},
    }  # fmt: skip


def test_no_recorded_value_is_in_the_document(event):
    """Neither of bodies, queries, headers and forms, nor names that are values: ids, addresses, tokens as keys."""
    token = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ2YWx1ZSJ9.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
    by_key = {"ann@values.test": {"age": 7}, "0189c6e0-1111-7222-8333-444455556666": {"age": 8}, token: {"age": 9}}
    found = document_of(
        record(
            event, "POST", f"/reset/{jwt}/x?token=valueInQuery&{token}=1&plain=valueOfPlain",
            request={"password": "valueOfPassword", "users": by_key, "aB3xZ9qLmN0pR4s": 1, "note": "valueOfNote"},
            response={"2026-11-22": "valueOfDay", "rows": [{"name": "valueInRow"}]},
            request__headers={"content-type": "application/json", "authorization": "Bearer valueInHeader"},
        )
    )  # fmt: skip
    text = json.dumps(found)

    assert not [
        one
        for one in ("valueOf", "valueIn", token, jwt, "values.test", "0189c6e0", "2026-11-22", "aB3xZ9")
        if one in text
    ]
    (path,) = found["paths"]
    assert path == "/reset/{secret}/x"
    schema = found["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"]["users"]["additionalProperties"]["properties"] == {"age": {"type": "integer"}}
    assert schema["properties"]["password"] == {"type": "string"}


@pytest.mark.parametrize(
    "name", ["id", "user_id", "camelCase", "kebab-case", "$ref", "@type", "filter[name]", "a.b", "x1"]
)
def test_names_of_programmers_stay(name):
    """They are what the document is for."""
    assert is_plain_name(name)


def test_what_nobody_serves_is_left_out(event):
    """Scanners ask for anything; outbound requests belong to other services; odd methods cannot be described."""
    found = document_of(
        record(event, "GET", "/wp-login.php", 404, response={}),
        record(event, "GET", "/bank", direction="Outgoing", response={}),
        record(event, "PROPFIND", "/dav", response={}),
        record(event, "GET", "/fine", response={}),
    )

    assert list(found["paths"]) == ["/fine"]
    assert "1 others are left out" in found["info"]["description"]


def test_truncated_and_foreign_bodies_do_no_harm(event):
    """Invalid JSON says nothing about its schema; text is text."""
    found = document_of(
        record(event, "POST", "/a", request='{"a": [1, ', request__transfer_encoding="text",
               metadata__request_body={"truncated": True}),
        record(event, "POST", "/b", request="hello", request__transfer_encoding="text",
               request__headers={"content-type": "text/plain; charset=utf-8"}),
        record(event, "POST", "/c", request="AAEC/w==", request__transfer_encoding="base64",
               request__headers={"content-type": "a strange type"}),
    )["paths"]  # fmt: skip

    contents = [next(iter(item["post"]["requestBody"]["content"].items())) for item in found.values()]
    assert contents == [
        ("application/json", {"schema": {}}), ("text/plain", {"schema": {"type": "string"}}),
        ("application/octet-stream", {"schema": {}}),
    ]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_imports_of_every_producer_are_described(name):
    """A HAR becomes a valid document without secrets."""
    assert SECRET not in json.dumps(document_of(*imported(name)))


def test_an_export_is_read_in_any_pieces(event):
    """However the text is cut on its way from a running inbox."""
    exchanges = [record(event, "GET", f"/items/{n}/x\u2028?a=1", response={"n": n}) for n in range(3)]
    entries = ",\n".join(json.dumps(har.entry(one, reveal=True)) for one in exchanges)
    text = f'{{"log": {{"entries": [\n{entries}\n], "pages": []}}}}\n'

    whole = described([text])
    assert whole == described(text[at : at + 7] for at in range(0, len(text), 7))
    assert list(json.loads("".join(whole))["paths"]) == ["/items/{id}/x\u2028"]


def test_the_command_line_writes_it(inbox, event, tmp_path):
    """`drhttp export --openapi`, of a running inbox and of its file, for the records of a query."""
    inbox.post([event(request__uri="http://shop.test/a/1"), event(request__uri="http://shop.test/b")])

    running = inbox.command("export", "--openapi", "path:/a/*")
    assert (running.returncode, running.stderr) == (0, "")
    found = json.loads(running.stdout)
    OpenAPIV31SpecValidator(found).validate()
    assert list(found["paths"]) == ["/a/{id}"]
    inbox.stop()
    target = tmp_path / "openapi.json"
    assert inbox.command("export", "--openapi", "--output", str(target), "path:/a/*").returncode == 0
    assert json.loads(target.read_text()) == found


def test_without_the_library_it_says_what_to_install(inbox, event, tmp_path):
    """One sentence and exit status 1; no file is begun."""
    inbox.post([event()])
    (tmp_path / "genson.py").write_text('raise ModuleNotFoundError("No module", name="genson")\n')
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    target = tmp_path / "openapi.json"
    command = [
        sys.executable,
        "-m",
        "drhttp",
        "export",
        "--openapi",
        "--file",
        str(inbox.file),
        "--output",
        str(target),
    ]

    ended = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)

    assert (ended.returncode, ended.stderr) == (
        1, 'drhttp: OpenAPI requires genson. Install it with: pip install "drhttp[openapi]"\n',
    )  # fmt: skip
    assert not target.exists()
