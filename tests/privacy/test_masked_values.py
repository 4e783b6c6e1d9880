"""Values that another program has masked already keep their form, and are not counted."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from drhttp._redact import Policy
from drhttp._redact_options import Redact
from privacy.masking import masked, text_of

M = "[redacted]"
FORM = "application/x-www-form-urlencoded"
MASKED = [
    ("card_number", "**** **** **** 4242"), ("cardNumber", "XXXXXX1234"), ("pan", "411111******1111"),
    ("ssn", "XXX-XX-6789"), ("iban", "DE** **** **** **** 1234"), ("password", "********"), ("api_key", "***"),
    ("Authorization", "[Filtered]"), ("password", "[FILTERED]"), ("token", "***REDACTED***"), ("secret", "<redacted>"),
    ("password", "\u2022\u2022\u2022\u2022\u2022\u2022"), ("password", M),
]  # fmt: skip
SECRET = [
    ("password", "****abc1"), ("password", "XXXXXX1234"), ("password", "xxxxxxxx"), ("token", "**** 4242"),
    ("card_number", "**** 424242"), ("password", "[Filtered]abc"), ("password", "[abc]"), ("password", "**"),
]  # fmt: skip


def count_in(content: str, kind: str) -> int:
    """Return how many values were masked, and check that the content stayed if there were none."""
    body = masked(content, kind)
    assert body.redacted or body.content == content.encode()
    return body.redacted


@pytest.mark.parametrize(("name", "value"), MASKED)
def test_masked_values_stay(name, value):
    """They stay in JSON, in forms, and in text, with and without quotes."""
    assert count_in(json.dumps({name: value}), "application/json") == 0
    assert count_in(json.dumps({name: value, "a": "b\n"}, ensure_ascii=False), "application/json") == 0
    assert count_in(urlencode({name: value}), FORM) == 0
    assert count_in(f'x {name}="{value}" b', "text/plain") == 0
    if " " not in value:
        assert count_in(f"x {name}={value}, b=c", "text/plain") == 0
        assert count_in(f"a: b\n{name}: {value}\nc: d", "text/plain") == 0


@pytest.mark.parametrize(("name", "value"), SECRET)
def test_secrets_like_masked_values(name, value):
    """A value that only begins like a mask is a secret, and so are the last digits of anything but a number."""
    assert text_of(json.dumps({name: value}), "application/json") == json.dumps({name: M})
    assert text_of(f'x {name}="{value}" b', "text/plain") == f'x {name}="{M}" b'


def test_under_a_name_of_the_user():
    """Everything under a name that the user added is masked."""
    policy = Policy(Redact(also=["patient"]))
    assert text_of('{"patient": "********"}', "application/json", policy=policy) == f'{{"patient": "{M}"}}'
