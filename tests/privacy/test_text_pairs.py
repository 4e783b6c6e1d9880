"""Pairs of a name and a value in text without a sign between them: YAML, `.netrc`, PHP's `serialize`."""

from __future__ import annotations

import json

import pytest

from tests.privacy.masking import text_of

TEXTS = [
    "env:\n  - name: DB_TOKEN\n    value: S\n  - name: MODE\n    value: fast\n",
    "- name: \"db_password\"\n  value: 'S'\n",
    "- key: API_KEY\r\n  value: S\r\n",
    "- name: API_KEY\n  value: |\n    S\n    S\n- name: MODE\n  value: fast\n",
    "- value: S\n  name: DB_TOKEN\n",
    "? password\n: S\n",
    "a:\n  ? 'api key'\n  : \"S\"\n",
    "machine h login ada password S",
    "machine h\n  login ada\n  password S\nmachine i login b password S\n",
    "default login anonymous password S",
    'a:1:{s:8:"password";s:8:"S";s:4:"mode";s:4:"fast";}',
    'a:1:{s:8:"password";s:1:"S',
]


@pytest.mark.parametrize("text", TEXTS)
def test_values_next_to_their_names(text):
    text = text.replace("S", "hunter2x")
    shown = text_of(text, "application/yaml")
    assert "hunter2x" not in shown
    assert "[redacted]" in shown
    assert shown.count("fast") == text.count("fast")
    assert "hunter2x" not in text_of(json.dumps({"note": text}), "application/json")


@pytest.mark.parametrize(
    "text",
    [
        "- name: MODE\n  value: fast\n",
        "- name: PASSWORD\n  valueFrom: x\n",
        "- name: max_tokens\n  value: 12\n",
        "Which password? Or\n: none",
        "the default login page has a password field",
        'a:1:{s:4:"mode";s:4:"fast";}',
    ],
)
def test_other_pairs_stay(text):
    assert text_of(text, "text/plain") == text
