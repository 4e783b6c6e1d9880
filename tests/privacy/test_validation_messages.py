"""Messages about a secret field stay, such as `{"password": ["This field is required."]}`; passwords do not."""

from __future__ import annotations

import json

import pytest

from drhttp._redact import Policy
from drhttp._redact.detect.validation_messages import is_message
from drhttp._redact.formats.text import mask_text
from drhttp._redact_options import Redact
from privacy.masking import POLICY, masked, text_of

M = "[redacted]"
JSON = "application/json"

DOCUMENTS = {
    "Django REST framework": {"password": ["This field is required."], "new_password": ["This field may not be blank."], "token": ["Invalid value."]},
    "Django": {"password2": [{"message": "The two password fields didn\u2019t match.", "code": "password_mismatch"}],
               "password": ["This password is too short. It must contain at least 8 characters.", "This password is too common.",
                            "This password is entirely numeric.", "The password is too similar to the username.", "This field cannot be null."]},
    "Rails": {"errors": {"password": ["can't be blank", "is too short (minimum is 8 characters)"],
                         "password_confirmation": ["doesn't match Password"], "reset_password_token": ["is invalid"]}},
    "Rails, one": {"errors": {"password": "must be at least 8 characters"}},
    "Rails, details": {"details": {"password": [{"error": "blank"}, {"error": "too_short", "count": 8}]}},
    "Laravel": {"message": "The given data was invalid.", "errors": {"password": ["The password field is required.", "The password field confirmation does not match.",
                "The password must contain at least one uppercase and one lowercase letter.",
                "The given password has appeared in a data leak. Please choose a different password."]}},
    "pydantic": {"detail": [{"loc": ["body", "password"], "msg": "field required", "type": "value_error.missing"},
                            {"loc": ["body", "password"], "msg": "String should have at least 8 characters", "type": "string_too_short", "ctx": {"min_length": 8}}]},
    "marshmallow": {"json": {"password": ["Missing data for required field.", "Length must be between 8 and 64.", "Shorter than minimum length 8.", "Not a valid string."]}},
    "WTForms": {"errors": {"csrf_token": ["The CSRF token is missing.", "The CSRF tokens do not match."], "password": ["Field must be at least 8 characters long."]}},
    "ASP.NET": {"type": "https://tools.ietf.org/html/rfc9110#section-15.5.1", "title": "One or more validation errors occurred.", "status": 400,
                "errors": {"Password": ["The Password field is required.", "The field Password must be a string with a minimum length of 8 and a maximum length of 64."]}},
    "Identity": {"errors": {"PasswordTooShort": ["Passwords must be at least 6 characters."], "PasswordRequiresDigit": ["Passwords must have at least one digit ('0'-'9')."]}},
    "Zod": {"fieldErrors": {"password": ["Required", "String must contain at least 8 character(s)"]}},
    "Mongoose": {"errors": {"password": {"name": "ValidatorError", "message": "Path `password` is required.", "kind": "required", "path": "password"}}},
    "Symfony": {"violations": [{"propertyPath": "password", "message": "This value should not be blank."}]},
    "Spring": {"errors": [{"field": "password", "code": "Size", "defaultMessage": "size must be between 8 and 64"}], "password": "must not be blank"},
    "express-validator": {"errors": {"password": {"msg": "Invalid value", "path": "password", "type": "field"}}},
    "scopes": {"security": [{"petstore_auth": ["write:pets", "read:pets"]}, {"token": ["repo:status", "user/email:read"]}]},
}  # fmt: skip


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_messages_stay(name, escaped):
    """Messages of frameworks stay byte for byte: alone, beside a real secret, and in a string."""
    text = json.dumps(DOCUMENTS[name], ensure_ascii=escaped)
    assert masked(text, JSON).redacted == 0
    beside = f'{{"a": {text}, "token": ["x"], "note": "a: b"}}'
    assert text_of(beside, JSON) == f'{{"a": {text}, "token": "{M}", "note": "a: b"}}'
    packed = json.dumps({"body": text})
    assert text_of(packed, JSON) == packed


PASSPHRASES = [
    "correct horse battery staple", "my dog is the best", "this is my password", "must love dogs", "I am required to smile", "too many secrets",
    "invalid crayon lamp", "short purple staircase", "password is hunter2", "The password must be Zq7hunter2xK9", "is too short (minimum is 8 characters) hunter",
    "8 characters at least hunter2", "Password123 is required", "the token is 987654321", "strength letters symbol entropy", "hunter2", "required", "12345678",
]  # fmt: skip


@pytest.mark.parametrize("text", PASSPHRASES)
def test_passphrases_are_masked(text):
    """A passphrase is masked alone, in a list, beside messages, and in an object."""
    for value in (
        text,
        [f"{text}!"],
        ["This field is required.", f"{text}!"],
        {"message": text, "value": text},
        {"message": f"{text}!"},
    ):
        assert json.loads(text_of(json.dumps({"password": value, "note": "\n"}), JSON))["password"] == M
        assert json.loads(text_of(json.dumps({"password": value}), JSON))["password"] == M


@pytest.mark.parametrize("value", ["Zq7hunter2xK9", "a b", 5, {"x": "y"}])
def test_rejected_values_beside_messages_are_masked(value):
    """The value that was rejected is masked, whatever its neighbors say."""
    for document in (
        {"errors": [{"path": "password", "value": value, "msg": "Invalid value", "location": "body"}]},
        {"errors": {"password": {"message": "Path `password` is invalid.", "kind": "user defined", "value": value}}},
        {"detail": [{"loc": ["body", "password"], "msg": "field required", "type": "missing", "input": value}]},
    ):
        assert json.dumps(value)[1:-1] not in text_of(json.dumps(document), JSON)[40:] or value == 5
        assert M in text_of(json.dumps(document), JSON)


def test_under_names_of_the_user_messages_are_masked():
    """Messages are masked under the user's own names."""
    policy = Policy(Redact(also=["password"]))
    for value in ("must be at least 8 characters", ["This field is required."]):
        assert json.loads(text_of(json.dumps({"password": value}), JSON, policy=policy)) == {"password": M}


def test_long_values_in_text_are_masked():
    """A long value in text that only begins like a message is masked."""
    text = f'{{"password": "{"must be at least 8 characters " * 4} hunter"}} x'
    assert "hunter" not in mask_text(text, POLICY)[0]


def test_long_lists_are_masked():
    """Only short lists of messages are read to their end."""
    assert text_of(json.dumps({"password": ["This field is required."] * 500}), JSON) == f'{{"password": "{M}"}}'


def test_a_message_needs_a_fault_and_grammar():
    """The words of messages alone do not make one."""
    assert is_message("Field required")
    assert not is_message("field value number")
    assert not is_message("short common password")
