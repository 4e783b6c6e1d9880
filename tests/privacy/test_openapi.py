"""Documents that describe secrets, such as OpenAPI documents and JSON schemas, stay, except for their examples."""

from __future__ import annotations

import json

import pytest

from drhttp._redact import Policy
from drhttp._redact_options import Redact
from privacy.masking import masked, text_of

M, S = "[redacted]", "Zq7hunter2xK9"
JSON = "application/json"

SCHEMAS = {
    "Login": {"type": "object", "required": ["username", "password"],
              "properties": {"password": {"type": "string", "format": "password", "minLength": 8, "pattern": "^[a-z]+$", "title": "Password"},
                             "cookie": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "secret": {"type": ["string", "null"], "x-nullable": True},
                             "credentials": {"type": "array", "items": {"$ref": "other.json#/Cred"}, "maxItems": 2},
                             "auth": {"allOf": [{"$ref": "#/components/schemas/Auth"}], "description": "Who asks."}}},
    "Token": {"type": "object", "title": "Token", "additionalProperties": False, "required": ["access_token"],
              "properties": {"access_token": {"type": "string", "title": "Access Token"}, "session": {"type": "object", "properties": {}}}},
    "Session": {"type": "object", "properties": {"id": {"type": "integer", "format": "int64"}}, "xml": {"name": "Session"}},
}  # fmt: skip
SCHEMES = {
    "password": {"type": "oauth2", "flows": {"password": {"tokenUrl": "https://x.example/oauth/token", "scopes": {"read:pets": "read your pets"}},
                                             "clientCredentials": {"tokenUrl": "/oauth2/v2.0/token", "scopes": {}}}},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A key."},
    "sessionCookie": {"type": "apiKey", "in": "cookie", "name": "JSESSIONID"},
    "bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "token": {"type": "openIdConnect", "openIdConnectUrl": "https://x.example/.well-known/openid-configuration"},
    "OAuth2PasswordBearer": {"type": "oauth2", "flows": {"password": {"scopes": {}, "tokenUrl": "token"}}},
    "auth": {"$ref": "#/components/securitySchemes/other"},
}  # fmt: skip
RESPONSES = {"200": {"description": "OK", "headers": {"Set-Cookie": {"schema": {"type": "string"}},
                                                      "X-Auth-Token": {"description": "A token.", "required": True, "schema": {"type": "string"}}}}}  # fmt: skip
DOCUMENTS = {
    "OpenAPI": {"openapi": "3.1.0", "components": {"schemas": SCHEMAS, "securitySchemes": SCHEMES}, "security": [{"apiKey": []}, {"bearerAuth": []}],
                "paths": {"/auth/token": {"post": {"operationId": "token", "security": [{"password": ["read:pets", "write:pets"]}],
                                                   "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/Login"}}}}, "responses": RESPONSES},
                                          "parameters": [{"name": "password", "in": "query", "required": True, "schema": {"type": "string"}}]}}},
    "Swagger": {"swagger": "2.0", "securityDefinitions": {
        "api_key": {"type": "apiKey", "name": "api_key", "in": "header"}, "basicAuth": {"type": "basic"},
        "petstore_auth": {"type": "oauth2", "authorizationUrl": "https://x.example/oauth/authorize", "flow": "implicit", "scopes": {"read:pets": "read"}}}},
    "flows": {"flows": {"password": {"tokenUrl": "/token", "refreshUrl": "/refresh", "scopes": {"a": "b"}}}},
    "JSON Schema": {"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"password": {"type": "string", "minLength": 8}, "session": {}},
                    "definitions": {"credentials": {"oneOf": [{"$ref": "a.json#/x"}, {"type": "object", "properties": {"user": {"type": "string"}}}]}}},
    "a service account": {"auth_uri": "https://accounts.example.com/o/oauth2/auth", "token_uri": "https://oauth2.example.com/token"},
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_descriptions_stay(name):
    """Each document stays byte for byte, also beside a real secret."""
    text = json.dumps(DOCUMENTS[name])
    assert masked(text, JSON).redacted == 0
    assert text_of(text, JSON) == text
    assert text_of(f'{{"a": {text}, "password": "{S}"}}', JSON) == f'{{"a": {text}, "password": "{M}"}}'


@pytest.mark.parametrize("key", ["default", "example", "examples", "const", "enum", "x-example", "x-sample", "pattern"])
def test_examples_in_descriptions_are_masked(key):
    """Examples and defaults are masked at any depth; a pattern too, unless it is written as a regular expression."""
    for value in (S, [S], {"a": S}) if key != "pattern" else (S,):
        schema = {"type": "string", key: value}
        for document in (
            {"password": schema},
            {"Token": {"type": "object", "properties": {"id": {"type": "string"}, "token": schema}}},
            {"auth": {"anyOf": [schema, {"type": "null"}]}},
            {"/token": {"post": {"parameters": [{"name": "a", "schema": schema}], "responses": {}}}},
        ):
            shown = text_of(json.dumps(document), JSON)
            assert S not in shown
            assert json.loads(shown) == json.loads(json.dumps(document).replace(json.dumps(value), f'"{M}"'))


PARAMETERS = [
    {"name": "password", "in": "query", "example": S},
    {"name": "password", "in": "query", "schema": {"type": "string", "example": S}},
    {"example": S, "name": "X-Api-Key", "in": "header", "required": True, "schema": {"type": "array", "items": {"type": "string", "default": S}}},
    {"name": "token", "in": "formData", "type": "string", "default": S, "x-example": S},
    {"name": "secret", "in": "query", "examples": {"one": {"summary": "x", "value": S}}},
    {"name": "secret", "in": "query", "content": {"application/json": {"schema": {"properties": {"a": {"type": "string", "default": S}}}}}},
    {"name": "db_password", "type": "string", "description": "The password.", "default": S},
    {"default": S, "variable": "db_password"},
]  # fmt: skip


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_examples_of_parameters_are_masked(parameter):
    """The examples and defaults of a parameter with a secret name are masked, also in a cut document."""
    for document in (parameter, {"parameters": [{"name": "page", "in": "query", "example": "5"}, parameter]}):
        text = json.dumps(document)
        shown = text_of(text, JSON)
        assert S not in shown
        assert set(json.loads(shown)) == set(document)
        assert shown.count(M) == text.count(S)
        assert S not in text_of(text[:-1], JSON, cut=True)


@pytest.mark.parametrize(
    "document",
    [
        {"name": "password", "in": "query", "required": True, "schema": {"type": "string"}, "default": None},
        {"name": "password", "schema": "public"},
        {"name": "max_tokens", "in": "query", "schema": {"type": "integer"}, "default": 256, "example": 100},
        {"name": "page", "in": "query", "example": "5", "schema": {"default": "x"}},
        {"name": "has_token", "default": False},
        {"options": {"name": "session", "kind": "x"}, "default": "red"},
    ],
)
def test_parameters_that_stay(document):
    """Parameters without examples stay, and so do examples of other parameters."""
    text = json.dumps(document)
    assert text_of(text, JSON) == text


@pytest.mark.parametrize(
    "value",
    [
        {"type": "string", "value": S}, {"type": "apiKey", "in": "header", "name": "X-API-Key", "value": S}, {"type": "basic", "user": "ada", "pass": S},
        {"type": "oauth2", "flows": {"password": {"tokenUrl": "/token", "client": S}}}, {"tokenUrl": f"https://x.example/?a={S}"}, {"schema": S},
        {"type": S}, {"type": "object", "properties": {"a": S}}, {"post": {"body": S}}, {"type": "http", "scheme": f"a: {S}"}, {"$ref": f"{S}?a=b"},
        {"type": "object", "required": [{"a": S}]}, {"anyOf": [S]}, {"content": {"a": S}}, {"tokenUrl": "/token", "scopes": {"a": {"b": S}}},
        {"type": [S]}, {"type": {"a": S}},
    ],
)  # fmt: skip
def test_other_objects_are_masked(value):
    """An object with any member or value that does not belong in a description is masked."""
    assert json.loads(text_of(json.dumps({"password": value}), JSON))["password"] == M


def test_links_with_tokens_are_no_service_urls():
    """The URL of a service stays under `token_url`; a link with something random does not."""
    for url in (f"https://x.example/reset/{S}", f"/token/{S}", "/token?code=abc", "https://ada:pw@x.example/token"):
        assert json.loads(text_of(json.dumps({"token_url": url}), JSON)) == {"token_url": M}


def test_empty_containers_stay():
    """An empty object or array is no secret, except under a name of the user."""
    text = '{"token": [], "session": { }, "cookies":[ ]}'
    assert text_of(text, JSON) == text
    policy = Policy(Redact(also=["session"]))
    assert text_of(text, JSON, policy=policy) == text.replace("{ }", f'"{M}"')


def test_a_truncated_document_keeps_its_complete_descriptions():
    """Descriptions stay in a document whose end is missing."""
    text = json.dumps({"schemes": SCHEMES, "a": [1, 2, 3]})[:-8]
    assert json.loads(text_of(text, JSON, cut=True))["schemes"] == SCHEMES
