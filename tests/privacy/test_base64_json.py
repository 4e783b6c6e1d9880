"""Base64 of JSON is masked, however the JSON is written, alone and within a text."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from drhttp._redact.formats.urls import mask_url
from privacy.masking import POLICY, text_of

S = "Zq7hunter2xK9"
DOCUMENTS = [
    f'{{"password":"{S}"}}',
    f'{{ "password": "{S}" }}',
    f'[{{"password":"{S}"}}]',
    f'[["password", "{S}"]]',
    f'["--password", "{S}"]',
    *(json.dumps({"user": "ada", "password": S}, indent=indent) for indent in (1, 4, "\t")),
    json.dumps([{"password": S}], indent=2),
    json.dumps({"user": "ada", "password": S}, indent=2).replace("\n", "\r\n"),
]


def reveals(text):
    """Whether a text, or base64 in it, holds the secret."""
    words = text.replace("%3D", "=").replace('"', " ").replace("=", " ").replace("/", " ").replace(",", " ").split()
    plain = [base64.b64decode(word + "=" * (-len(word) % 4) if len(word) % 4 != 1 else "") for word in words if word.isalnum()]  # fmt: skip
    return S in text or any(S.encode() in each for each in plain)


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("padding", [True, False])
def test_base64_of_json(document, padding):
    """The secret is masked in every carrier, with padding or without."""
    packed = base64.b64encode(document.encode()).decode()
    packed = packed if padding else packed.rstrip("=")
    for key in ("data", "message"):
        assert packed not in text_of(json.dumps({key: packed}), "application/json")
        assert not reveals(text_of(json.dumps({key: packed}), "application/json"))
    for text in (packed, f"state {packed} received", f"data:application/json;base64,{packed}", f"a\n{packed}\nb"):
        assert packed not in text_of(text, "text/plain")
        assert packed not in text_of(json.dumps({"message": text}), "application/json")
    assert packed not in text_of(f"a={packed}&b=1", "application/x-www-form-urlencoded")
    for url in (f"/in/{packed}", f"/in/{packed}/now", f"/?state={packed}", f"/?state={quote(packed, safe='')}"):
        assert packed.rstrip("=")[8:] not in mask_url(url, POLICY)[0]


@pytest.mark.parametrize("content", ['{"a":1,"colour":"red"}', '[{"colour": "red"}]', '{\n  "colour": "red"\n}', "[1, 2, 3]"])  # fmt: skip
def test_harmless_base64_stays(content):
    """Base64 of JSON without secrets stays, letter for letter."""
    packed = base64.b64encode(content.encode()).decode()
    for text in (packed, f"see {packed} there", f"data:application/json;base64,{packed}"):
        assert text_of(text, "text/plain") == text
        assert text_of(json.dumps({"a": text}), "application/json") == json.dumps({"a": text})
    assert mask_url(f"/in/{packed}/x?a={packed}", POLICY) == (f"/in/{packed}/x?a={packed}", 0)


@pytest.mark.parametrize("text", ["Wyoming", "eyJournalEntries", "keyAndValueOfTheShop", "WwwExampleOrg/aVeryLongPath", "ewok/in/the/forest/of/endor"])  # fmt: skip
def test_words_stay(text):
    """Words that begin like base64 of JSON stay."""
    assert text_of(text, "text/plain") == text
    assert mask_url(f"/a/{text}/b", POLICY) == (f"/a/{text}/b", 0)
