"""Values that are no secret stay although their name holds a secret word, such as `{"password_strength": "weak"}`."""

from __future__ import annotations

import json

import pytest

from drhttp._redact import Policy
from drhttp._redact_options import Redact
from privacy.masking import POLICY, text_of

M = "[redacted]"
JSON = "application/json"

HARMLESS = {
    "answers": {"csrf_exempt": True, "passwordless": True, "has_password": True, "must_change_password": False, "two_factor_authentication": False,
                "password_login": True, "automountServiceAccountToken": False, "session_cookie_secure": True},
    "times": {"password_changed_at": "2024-01-15T10:30:45Z", "password_last_changed": "2024-01-15", "last_password_change": "2024-01-15T10:30:45Z",
              "passwordLastSet": "2024-01-15T10:30:45.000Z", "session_start": "2024-01-15T10:30:45Z", "secret_rotated": "2024-01-15"},
    "strengths": {"password_strength": "weak", "passwordStrength": "very strong", "password_score": 3, "password_complexity": "high"},
    "types": {"auth_method": "password", "auth_provider": "google", "token_type": "bearer", "password_hasher": "argon2", "auth_mode": "ldap",
              "authType": "oauth2", "token_endpoint_auth_method": "private_key_jwt"},
    "identifiers": {"secretName": "letsencrypt-prod", "secret_name": "db-pass", "csrf_cookie_name": "csrftoken", "session_cookie_name": "sessionid",
                    "csrf_header_name": "X-CSRF-Token", "xsrfCookieName": "XSRF-TOKEN", "apiKeyName": "production key"},
    "other words": {"secret_santa": "Ada", "secretSanta": {"gift": "socks"}, "keyboard": "de", "author": "Ada", "authorship": "x", "tokenizer": "bpe"},
    "nothing": {"password": True, "token": False, "otp": None, "next_page_token": None, "features": {"password": True, "pin": None}, "secrets": [None, False]},
    "measures": {"session.timeout": "30", "token_ttl": "3600", "auth_attempts": "7", "sessions": "51", "active_sessions": "51", "password_length": "12"},
    "pairs": [{"name": "password", "value": None}, {"name": "auth", "value": True}, {"key": "session.timeout", "value": "30"}, {"name": "sessions", "value": "51"},
              ["token", False], {"key": "gen_ai.usage.output_tokens", "value": {"intValue": 12}}, {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "12"}},
              {"key": "session.secure", "value": {"boolValue": True}}, {"name": "token_type", "value": {"stringValue": "Bearer"}}, {"key": "cookies", "value": []}],
    "services": {"check_session_iframe": "https://x.example/session", "token_endpoint": "https://x.example/oauth/token", "token_uri": "https://oauth2.example.com/token"},
}  # fmt: skip


@pytest.mark.parametrize("kind", HARMLESS)
def test_harmless_values_stay(kind):
    """They stay byte for byte: alone, and beside a real secret."""
    text = json.dumps(HARMLESS[kind])
    assert text_of(text, JSON) == text
    assert (
        text_of(f'{{"a": {text}, "b": "a: b", "password": "x"}}', JSON)
        == f'{{"a": {text}, "b": "a: b", "password": "{M}"}}'
    )


SECRET = {
    "csrf_exempt": "true story", "password": "true", "session_start": "Zq7hunter2", "password_strength": "Zq7hunter2", "password_score": "correct horse",
    "auth_method": "Zq7hunter2", "auth_provider": "c2VjcmV0", "secret_name": "Zq7hunter2", "cookie_name": "a8f3e9", "credit_card_name": "Ada Lovelace",
    "secret_santa_token": "Ada", "secret_santa_password": "Ada", "santa_secret": "x", "token_name": "sk_qwrtplkjhg", "token_uri": "/t/Zq7hunter2",
    "pin": "1234", "my_token_strings": ["Ada"], "session_id": "b2d5", "new_password": "false1",
}  # fmt: skip


@pytest.mark.parametrize("name", SECRET)
def test_other_values_under_these_names_are_masked(name):
    """Under the same names and similar ones, anything else is masked."""
    for beside in ({}, {"note": "a: b", "line": "\n"}):
        assert json.loads(text_of(json.dumps({name: SECRET[name], **beside}), JSON))[name] == M


def test_names_of_the_user():
    """A name that the user added is secret, also if the built-in rules know it for something else."""
    policy = Policy(Redact(also=["secret santa", "token strings", "strength", "patient"]))
    document = {
        "secret_santa": "Ada",
        "token_strings": ["a"],
        "password_strength": "weak",
        "patient": None,
        "patient_id": True,
        "patient_ids": [None],
    }
    assert json.loads(text_of(json.dumps(document), JSON, policy=policy)) == dict.fromkeys(document, M)
    assert not POLICY.is_secret("secret-santa")


ADDRESS = {"line1": "MG Road 5", "city": "Bengaluru", "pin_code": "560001", "country": "IN"}


@pytest.mark.parametrize(
    "beside", [{}, {"password": "x"}, {"note": "a: b"}, {"note": "a: b\n"}, {"card": {"x": 1}, "token": [5]}]
)
def test_postal_codes_stay(beside):
    """A PIN code of India stays in an address; anything else under that name is masked, and so is a PIN elsewhere."""
    for code in ("560001", 560001, "560 001"):
        address = {**ADDRESS, "pin_code": code}
        assert json.loads(text_of(json.dumps({"a": address, **beside}), JSON))["a"] == address
        assert json.loads(text_of(json.dumps({"a": [{"pinCode": code}, {"city": "x"}], **beside}), JSON))["a"][0] == {
            "pinCode": M
        }
    for code in ("1234", "012345", "5600011", 1234, "56000a"):
        shown = json.loads(text_of(json.dumps({"a": {**ADDRESS, "pin_code": code}, **beside}), JSON))
        assert shown["a"] == {**ADDRESS, "pin_code": M}
    assert json.loads(text_of(json.dumps({"a": {"city": "x", "pin": "560001"}, **beside}), JSON))["a"] == {
        "city": "x",
        "pin": M,
    }
    policy = Policy(Redact(also=["pin code"]))
    assert json.loads(text_of(json.dumps({"a": ADDRESS, **beside}), JSON, policy=policy))["a"]["pin_code"] == M
