"""Objects of well-known APIs stay although they stand under a secret name; the secrets in them do not."""

from __future__ import annotations

import json

import pytest

from drhttp._redact import Policy
from drhttp._redact.formats.headers import mask_headers
from drhttp._redact_options import Redact
from privacy.masking import POLICY, masked, text_of

M, S = "[redacted]", "Zq7hunter2xK9"
JSON = "application/json"

DOCUMENTS = {
    "Kubernetes, a pod": {"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password", "optional": True}}}],
                          "envFrom": [{"secretRef": {"name": "app-secrets"}}], "imagePullSecrets": [{"name": "regcred"}],
                          "volumes": [{"name": "s", "secret": {"secretName": "tls", "defaultMode": 420}},
                                      {"projected": {"sources": [{"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}]}}]},
    "Kubernetes, other names": {"valueFrom": {"secretKeyRef": {"name": "db2-creds.v1", "key": "db-password-2"}}, "imagePullSecrets": [{"name": "k8s-reg-2"}],
                                "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}}, "passwordSecretRef": {"name": "acme3", "key": "tls1.pem"}},
    "ECS": {"secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db2-AbCdEf"}]},
    "CloudTrail": {"sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE", "arn": "arn:aws:iam::123456789012:role/a", "accountId": "123456789012",
                   "userName": "a"}, "webIdFederationData": {}, "attributes": {"mfaAuthenticated": "false", "creationDate": "2024-01-15T10:30:45Z"}}},
    "AWS, when a key was used": {"AccessKeyLastUsed": {"Region": "us-east-1", "ServiceName": "iam", "LastUsedDate": "2024-01-15T10:30:45Z"}},
    "tokenizers": {"added_tokens_decoder": {"0": {"content": "<unk>", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True},
                                            "1": {"content": "<s>", "special": True}},
                   "added_tokens": [{"id": 2, "content": "hello", "single_word": False, "lstrip": False, "rstrip": False, "normalized": True, "special": False}],
                   "bos_token": {"__type": "AddedToken", "content": "<s>", "lstrip": False}, "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}},
                   "special_tokens_map": {"bos_token": "<s>", "eos_token": {"content": "</s>", "lstrip": False}, "additional_special_tokens": ["<a>"]}},
    "Kubernetes, others": {"secrets": [{"name": "default-token-x7k2p"}], "sessionAffinity": "ClientIP", "tls": [{"secretName": "tls-cert"}]},
    "GitHub": {"security_and_analysis": {"secret_scanning": {"status": "enabled"}, "secret_scanning_push_protection": {"status": "disabled"}},
               "permissions": {"secrets": "read", "secret_scanning_alerts": "write"}, "two_factor_authentication": True,
               "secrets": [{"name": "GH_TOKEN", "created_at": "2019-08-10T14:59:22Z", "updated_at": "2020-01-10T14:59:22Z", "visibility": "private"},
                           {"name": "AWS_S3_KEY2", "created_at": "2019-08-10T14:59:22Z", "updated_at": "2020-01-10T14:59:22Z", "visibility": "selected",
                            "selected_repositories_url": "https://api.github.com/orgs/octo-org/actions/secrets/AWS_KEY/repositories"}],
               "secret_type": "adafruit_io_key"},
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
            "dependencies": {"cookie": "^0.5.0", "jsonwebtoken": "~9.0.0", "csrf": ">=3.1.0 <4", "express-session": "1.17.3-rc.1",
                             "jwt": "*", "session": "1.x", "passport-jwt": "workspace:*", "cookie-parser": "^1.4", "auth": ">=1.2", "csrf-sync": "npm:csrf@^3.0.0",
                             "tokens": "^1.0 || ^2.0.0-beta.1", "secret-stack": "~6", "oauth-token": "workspace:^1.2.3"}},
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
        {"content": S}, {"content": "<s>"}, {"content": S, "lstrip": False}, {"0": {"content": S, "special": True}}, {"bos_token": S}, {"a": "<s>"}, {"0": S},
        {"id": S, "ids": [0], "tokens": ["<s>"]}, {"id": "<s>", "ids": [0], "tokens": [S]}, {"content": S, "lstrip": S, "rstrip": False},
        {"AccessKeyId": S}, {"attributes": {"a": S}}, {"name": "db", "valueFrom": S}, {"name": "AB1_CD2"},
    ],
)  # fmt: skip
def test_other_objects_are_masked(value):
    """An object with any other member or value is masked as a whole."""
    assert json.loads(text_of(json.dumps({"session": value}), JSON)) == {"session": M}


@pytest.mark.parametrize("name", ["password", "db_password", "userPassword", "passwd", "passphrase", "client_secret"])
def test_passwords_that_look_like_versions(name):
    """Under the name of a password, a version may be the password; under a name that packages have, it stays."""
    for value in ("^1.2", "1.2.3", "~1.2.3", "*"):
        for document in ({name: value}, {"a": [{"user": "ada", name: value}]}):
            assert M in text_of(json.dumps(document), JSON), document
        packages = {"dependencies": {f"{name}-validator": value, "cookie": value}}
        assert json.loads(text_of(json.dumps(packages), JSON)) == packages


@pytest.mark.parametrize(
    "document",
    [{"authentication_methods": ["password", S]}, {"tokens_supported": [f"{S} {S}"]}, {"secrets": S}, {"cookie": "^0.5.0 hunter2"}, {"cookie": "0.5"}, {"cookie": f"npm:{S}"},
     {"cookie": f"^1.0 || {S}"}, {"cookie": f"workspace:{S}"}, {"cookie": "^123456"}, {"cookie": "1234"}, {"cookie": "123456.x"}, {"cookie": "**"},
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


def test_keys_of_aws_are_masked_within_their_description():
    """The ID of an access key is masked; its user, status and date stay."""
    key = {"UserName": "ada", "AccessKeyId": S, "Status": "Active", "CreateDate": "2024-01-15T10:30:45Z"}
    shown = json.loads(text_of(json.dumps({"AccessKeyMetadata": [key]}), JSON))
    assert shown == {"AccessKeyMetadata": [{**key, "AccessKeyId": M}]}
    assert json.loads(text_of(json.dumps({"AccessKey": {**key, "SecretAccessKey": S}}), JSON)) == {"AccessKey": M}


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db2-AbCdEf\n", "ARN: arn:aws:secretsmanager:us-east-1:123456789012:secret:a:password::\n",
        "secretKeyRef:\n  name: db2\n  key: password\n", "imagePullSecrets:\n- name: k8s-reg\n", "envFrom:\n- secretRef:\n    name: app2\n",
        "passwordSecretRef:\n  name: acme3\n  key: pw\n",
    ],
)  # fmt: skip
def test_references_in_text_stay(text):
    """References of Kubernetes and AWS stay in YAML and in other text; a secret beside them does not."""
    for kind in ("application/yaml", "text/plain"):
        assert text_of(text, kind) == text
        assert text_of(f"{text}password: {S}\n", kind) == f"{text}password: {M}\n"


def test_known_objects_under_names_of_the_user_are_masked():
    """A name of the user is secret in longer names, too."""
    policy = Policy(Redact(also=["secret ref", "session"]))
    document = {"secretRef": {"name": "db"}, "session": {"enabled": True}, "db_session": {"model": "x", "voice": "y"}}
    assert json.loads(text_of(json.dumps(document), JSON, policy=policy)) == dict.fromkeys(document, M)


@pytest.mark.parametrize(
    "field",
    [("x-oauth-scopes", "repo, user"), ("x-accepted-oauth-scopes", "repo"), ("github-authentication-token-expiration", "2024-01-15 10:30:45 UTC")],
)  # fmt: skip
def test_header_fields_of_github_stay(field):
    """Scopes, and when a token expires, are no secrets."""
    assert mask_headers((field,), POLICY) == ((field,), 0)
