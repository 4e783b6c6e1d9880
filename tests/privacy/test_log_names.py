"""Names in logs and messages that hold secret words and name no secret: exceptions, loggers and positions in files."""

from __future__ import annotations

import json

import pytest

from drhttp._redact import Policy
from drhttp._redact.formats.text import mask_text
from drhttp._redact_options import Redact
from privacy.masking import POLICY, text_of

M = "[redacted]"

HARMLESS = (
    "InvalidTokenError: Not enough segments", "redis.exceptions.AuthenticationError: invalid username-password pair",
    "openai.AuthenticationError: Error code: 401", "google.auth.exceptions.RefreshError: invalid_grant",
    "botocore.exceptions.NoCredentialsError: Unable to locate credentials", "[TokenExpiredError: jwt expired]",
    "jwt.exceptions.ExpiredSignatureError: Signature has expired", "JsonWebTokenError: jwt malformed\n    at x (a.js:1:2)",
    "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\njwt.exceptions.DecodeError: Not enough segments\n",
    "org.springframework.security.authentication.BadCredentialsException: Bad credentials", "a.TokenWarning: it is old",
    "WARNING django.security.csrf: Forbidden (CSRF token missing.): /login/", "ERROR:app.auth:Invalid password for ada",
    "DEBUG botocore.auth: Calculating signature", "DEBUG botocore.credentials: Found credentials in the environment",
    "INFO google.auth.transport.requests: Making request", "app.auth: Invalid password for ada", "INFO app.auth: started",
    "app.auth: Token expired for ada", "src/token.py:12:5: E501 line too long", "app/auth.py:12: error",
    "/app/src/token.service.ts:45:13", "test_token.py::test_password PASSED", "at a.TokenFilter.doFilter(TokenFilter.java:45)",
    "tests/test_auth.py::TestToken::test_password[a-b] FAILED",
    "Access denied for user 'ada'@'localhost' (using password: YES)",
    "(1045, \"Access denied for user 'ada'@'10.0.0.2' (using password: NO)\")",
)  # fmt: skip


@pytest.mark.parametrize("text", HARMLESS)
def test_names_of_no_secret(text):
    """What stands behind an exception, a logger or a file stays, as text, in JSON, and in a message."""
    assert text_of(text, "text/plain") == text
    assert mask_text(text, POLICY) == (text, 0)
    document = json.dumps({"error": text, "stack": text})
    assert text_of(document, "application/json") == document


@pytest.mark.parametrize(
    "text",
    [
        "db.password: S", "spring.datasource.password=S", "app.auth.token: S", "token.secret: S", "connect.sid: S",
        "app.auth: S", "redis.auth: S", "app.session=S", "tokenError: S", "TokenError=S", "DEBUG app.session: S",
        "DEBUG app.token: S", "INFO app.api_key: S", "AuthenticationError: bad password=S", "secrets.yaml:12:password=S",
        "app.auth: Bearer S", "app.auth: Token S", "token.py:S", "x app.session:S", "(using password: S)", "password: YES S",
        '"TokenError": "S"',
    ],
)  # fmt: skip
def test_names_of_secrets(text):
    """A dotted name of a setting, and whatever is assigned to a name behind these, is a secret as before."""
    assert "abc123def456" not in text_of(text.replace("S", "abc123def456"), "text/plain")


def test_a_name_of_the_user():
    """A name that the user added is secret also if it is that of an exception."""
    policy = Policy(Redact(also=["TokenError"]))
    assert text_of("TokenError: Not enough", "text/plain", policy=policy) == f"TokenError: {M}"
