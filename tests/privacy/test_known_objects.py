"""Objects of well-known APIs stay although they stand under a secret name; the secrets in them do not."""

from __future__ import annotations

import json

import pytest

from drhttp._redact.formats.headers import mask_headers
from privacy.masking import POLICY, masked, text_of

M, S = "[redacted]", "Zq7hunter2xK9"
JSON = "application/json"

DOCUMENTS = {
    "Kubernetes, a pod": {"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password", "optional": True}}}],
                          "envFrom": [{"secretRef": {"name": "app-secrets"}}], "imagePullSecrets": [{"name": "regcred"}],
                          "volumes": [{"name": "s", "secret": {"secretName": "tls", "defaultMode": 420}},
                                      {"projected": {"sources": [{"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}]}}]},
    "Kubernetes, others": {"secrets": [{"name": "default-token-x7k2p"}], "sessionAffinity": "ClientIP", "tls": [{"secretName": "tls-cert"}]},
    "GitHub": {"security_and_analysis": {"secret_scanning": {"status": "enabled"}, "secret_scanning_push_protection": {"status": "disabled"}},
               "permissions": {"secrets": "read", "secret_scanning_alerts": "write"}, "two_factor_authentication": True,
               "secrets": [{"name": "GH_TOKEN", "created_at": "2019-08-10T14:59:22Z", "updated_at": "2020-01-10T14:59:22Z", "visibility": "private"}]},
    "Stripe": {"card": {"brand": "visa", "checks": {"cvc_check": "pass"}, "last4": "4242", "network_token": {"used": False}}},
    "AWS": {"PasswordPolicy": {"MinimumPasswordLength": 8, "RequireSymbols": True, "MaxPasswordAge": 90, "PasswordReusePrevention": 5,
                               "AllowUsersToChangePassword": True, "HardExpiry": False}, "PasswordLastUsed": "2024-01-15T10:30:45Z", "AccessTokenValidity": 1},
    "settings": {"auth": {"required": True}, "session": {"enabled": False, "timeout": {"max_age": 3600}}, "cookies": {"necessary": True, "analytics": False},
                 "password_policy": {"min_length": 8, "require_symbols": True}},
    "OpenID Connect Discovery": {"token_endpoint": "https://x.example/token", "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
                                 "token_endpoint_auth_signing_alg_values_supported": ["RS256", "ES256"], "id_token_encryption_alg_values_supported": ["RSA-OAEP"],
                                 "token_endpoint_auth_signing_alg": "RS256", "backchannel_logout_session_required": True},
    "methods": {"authentication_methods": ["password", "otp"], "auth_types": ["basic", "bearer"]},
    "npm": {"packages": {"node_modules/js-tokens": {"version": "4.0.0", "resolved": "https://registry.npmjs.org/js-tokens/-/js-tokens-4.0.0.tgz",
                         "integrity": "sha512-RdJUflcE3cUzKiMqQgsCu06FPu9UdIJO0beYbPhHN4k6apgJtifcoCtT9bcxOpYBtpD2kCM6Sbzg4CausW/PKQ=="},
                         "node_modules/cookie": {"version": "0.5.0", "license": "MIT", "engines": {"node": ">= 0.6"}}},
            "dependencies": {"cookie": "^0.5.0", "jsonwebtoken": "~9.0.0", "csrf": ">=3.1.0 <4", "express-session": "1.17.3-rc.1"}},
}  # fmt: skip
REALTIME = {
    "type": "session.created", "event_id": "event_567",
    "session": {"id": "sess_001", "object": "realtime.session", "model": "gpt-4o-realtime-preview", "modalities": ["audio", "text"], "voice": "sage",
                "instructions": "Be \"nice\".", "turn_detection": {"type": "server_vad", "threshold": 0.5, "id": 5}, "max_response_output_tokens": "inf",
                "tools": [{"type": "function", "name": "f", "parameters": {"type": "object", "properties": {"city": {"type": "string", "enum": ["a"]}}}}]},
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_stay(name, indent):
    """Each document stays byte for byte, also beside a real secret and in a string."""
    text = json.dumps(DOCUMENTS[name], indent=indent)
    assert masked(text, JSON).redacted == 0
    assert text_of(f'{{"a": {text}, "password": "{S}"}}', JSON) == f'{{"a": {text}, "password": "{M}"}}'
    packed = json.dumps({"body": text})
    assert text_of(packed, JSON) == packed


def test_only_the_id_of_a_realtime_session_is_masked():
    """A session of the Realtime API stays except for its ID and its client secret; sessions of other kinds are masked."""
    secret = {"value": S, "expires_at": 1234}
    event = {**REALTIME, "session": {**REALTIME["session"], "client_secret": secret}}
    shown = json.loads(text_of(json.dumps(event), JSON))
    assert shown == {**event, "session": {**event["session"], "id": M, "client_secret": M}}
    update = {"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"voice": "x"}}}}
    assert json.loads(text_of(json.dumps(update), JSON)) == update
    assert json.loads(text_of(f"data: {json.dumps(event)}\n\n", "text/event-stream")[6:]) == shown


@pytest.mark.parametrize(
    "value",
    [
        {"id": S, "user": "ada"}, {"name": "db", "key": S}, {"name": S}, {"name": "db", "value": S}, {"secretName": "tls", "data": {"a": S}}, [{"name": "db"}, S],
        [{"name": "db", "token": S}], {"enabled": True, "id": S}, {"status": S}, {"status": "enabled", "x": S}, {S: True}, {"a8f3e9": True}, {"pin": 1234},
        {"min_length": 123456}, {"version": S}, {"version": "1.2.3", "key": S}, {"model": S}, {"path": S}, {"name": "db", "created_at": S}, [S], {"abc": 1},
    ],
)  # fmt: skip
def test_other_objects_are_masked(value):
    """An object with any other member or value is masked as a whole."""
    assert json.loads(text_of(json.dumps({"session": value}), JSON)) == {"session": M}


@pytest.mark.parametrize(
    "document",
    [{"authentication_methods": ["password", S]}, {"tokens_supported": [f"{S} {S}"]}, {"secrets": S}, {"cookie": "^0.5.0 hunter2"}, {"cookie": "0.5"},
     {"token_alg": S}],
)  # fmt: skip
def test_other_values_are_masked(document):
    """Values beside the known ones are masked."""
    assert json.loads(text_of(json.dumps(document), JSON)) == dict.fromkeys(document, M)


def test_secrets_in_known_objects_are_masked():
    """Names count within them too."""
    session = {"model": "x", "voice": "y", "tools": [{"password": S, "headers": {"authorization": S}}]}
    assert S not in text_of(json.dumps({"session": session}), JSON)
    package = {"version": "1.2.3", "funding": {"token": S}}
    assert S not in text_of(json.dumps({"token": package}), JSON)


@pytest.mark.parametrize(
    "field",
    [("x-oauth-scopes", "repo, user"), ("x-accepted-oauth-scopes", "repo"), ("github-authentication-token-expiration", "2024-01-15 10:30:45 UTC")],
)  # fmt: skip
def test_header_fields_of_github_stay(field):
    """Scopes, and when a token expires, are no secrets."""
    assert mask_headers((field,), POLICY) == ((field,), 0)
