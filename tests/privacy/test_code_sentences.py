"""One-time codes and passwords in sentences, as in the text of an SMS or an e-mail: only the value is masked."""

from __future__ import annotations

import json
from urllib.parse import quote_plus

import pytest

from drhttp._redact import Policy
from drhttp._redact.formats.text import mask_text
from drhttp._redact_options import Redact
from privacy.masking import POLICY, text_of

M = "[redacted]"
FORM = "application/x-www-form-urlencoded"
# Sentences, each with its value.
SENTENCES = [
    ("Your OTP is {}", "123456"), ("{} is your verification code", "123456"), ("Your PIN is {}", "1234"),
    ("G-{} is your Google verification code.", "123456"), ("Your temporary password is {}", "Xy7#kk2"),
    ("Your verification code is: {}", "123456"), ("Your password is: {}", "hunter2x"), ("Use this code: {}", "123456"),
    ("Use {} as your login code. Don't share it.", "123456"), ("Your Uber code is {}. Never share it.", "1234"),
    ("Enter code {} to log in", "123456"), ("Use {} to verify your account", "123456"), ("OTP IS {}", "654321"),
    ("{} is your OTP for the login. Do not share it", "123456"), ("Your code is {}.", "123 456"),
    ("Your OTP for the payment of Rs 500.00 at Shop is {}. It is valid for 10 minutes.", "123456"),
    ("Your password has been reset to {}.", "abc123"), ("{} is your temporary password.", "hunter2x"),
    ("Your code is:\n\n{}\n\nBye", "123456"), ("The verification code is {}", "123456"), ("Use PIN {} now", "4321"),
    ("Your password is {}", "P@ssword"), ("Facebook: {} is your confirmation code", "123456"),
]  # fmt: skip
HARMLESS = (
    "Your order code is 123456", "Your zip code is 12345", "postal code is 123456", "The error code is 10045",
    "Use discount code 202020 at the checkout", "status code is 404", "exit code is 1370", "The country code is 0049",
    "The password is wrong", "Your password is too short", "Your password is required", "Your password is required!",
    "The password is stored hashed", "The password is case-sensitive.", "Your PIN is invalid", "The token is expired",
    "Your password is 8-16 characters", "password is SHA256-hashed", "the password is 2FA-protected", "Your OTP is expired",
    "Your password is 1234 characters long", "The code is 12345 lines long", "Your PIN is 4 digits", "Code is poetry",
    "404404 is your order number", "12345678 is the order code", "Your code is 12345.50", "12345 is your password length",
    "PTP is 1588 postcode", "Your CIN is 123456. Never tell your PIN.", "Please enter your CIN 123456 and PIN",
    "Use this cin: 123456 (no password)", "ptp is 1588 shopping",
    "Your password is %s", "password is $PASSWORD", "This is your password policy", "Your code is 2024-01-31",
)  # fmt: skip


@pytest.mark.parametrize(("sentence", "value"), SENTENCES)
def test_values_in_sentences(sentence, value):
    """The value is masked in a text, in JSON under any name, in a form, and in a message."""
    text, shown = sentence.format(value), sentence.format(M)
    assert text_of(text, "text/plain") == shown
    assert mask_text(text, POLICY) == (shown, 1)
    for document in ({"text": text}, {"a": text}, {"a": text, "b": "two\nlines"}, [text]):
        found = text_of(json.dumps(document), "application/json")
        assert found == json.dumps(document).replace(json.dumps(text), json.dumps(shown))
    form = f"To=%2B49&Body={quote_plus(text)}&b=c"
    assert text_of(form, FORM) == form.replace(quote_plus(text), quote_plus(shown, safe="[]"))


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_sentences(text):
    """Other codes, and sentences about a password, stay."""
    assert mask_text(text, POLICY) == (text, 0)
    document = json.dumps({"text": text})
    assert text_of(document, "application/json") == document
    assert text_of(f"<p>{text}</p>", "text/html") == f"<p>{text}</p>"


@pytest.mark.parametrize(
    ("page", "value"),
    [
        ("<p>Use this code: <strong>S</strong></p>", "123456"),
        ("<p>Your verification code is:</p>\n<h2>S</h2>", "123456"),
        ("<table><tr><td>Your code is</td></tr><tr><td>S</td></tr></table>", "123456"),
        ("<p>Your OTP is <b>S</b>.</p>", "123456"),
        ("<p>Your temporary password is <code>S</code></p>", "Xy7#kk2"),
        ("<p>Your PIN is S</p>", "1234"),
    ],
)
def test_values_in_other_elements(page, value):
    """In HTML, the value may stand in another element than the rest of the sentence."""
    assert text_of(page.replace("S", value), "text/html") == page.replace("S", M)


@pytest.mark.parametrize(
    "page",
    [
        "<p>Your code: <b>SAVE</b></p>", "<p>Your order code is <b>123456</b></p>", "<h2>Zip code: <b>12345</b></h2>",
        "<p>Your password is <b>required</b></p>", "<p>Your code is <input name=a></p><p>12345</p>",
        "<p>Enter your PIN</p><p>Step 1</p>",
    ],
)  # fmt: skip
def test_other_elements_without_a_value(page):
    """Other texts behind the beginning of a sentence stay."""
    assert text_of(page, "text/html") == page


def test_an_allowed_noun():
    """What the user allows stays in sentences too."""
    assert text_of("Your OTP is 123456", "text/plain", policy=Policy(Redact(allow=["otp"]))) == "Your OTP is 123456"


@pytest.mark.parametrize("unit", ["code ", "Your otp for otp to ", "1234 is your code 1 ", "pin is ", "code for is "])
def test_many_nouns(unit):
    """A text that is made of the words of such sentences stays, and the value at its end is masked."""
    text = unit * (8192 // len(unit))
    assert text_of(text, "text/plain") == text
    assert text_of(f"{text}\nYour OTP is 123456", "text/plain") == f"{text}\nYour OTP is {M}"
    document = json.dumps({"a": text, "b": "Your OTP is 123456"})
    assert text_of(document, "application/json") == document.replace("123456", M)
