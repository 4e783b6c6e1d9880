"""Pairs of a name and a value under compound names, such as `ParameterKey` and `ParameterValue`, are masked."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from privacy.masking import text_of

M, S = "[redacted]", "Zq7hunter2xK9"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"

PAIRS = [
    ("ParameterKey", "ParameterValue"), ("parameterName", "parameterValue"), ("config_key", "config_value"), ("fieldName", "fieldValue"),
    ("SETTING_NAME", "SETTING_VALUE"), ("attributeName", "attributeValues"), ("env-key", "env-value"), ("customKey", "customValue"),
    ("OptionName", "Value"), ("setting_key", "value"), ("name", "fieldValue"), ("key", "config_value"),
]  # fmt: skip
FHIR = [("name", f"value{kind}") for kind in ("String", "Code", "Uri", "Base64Binary")]


@pytest.mark.parametrize(("name", "value"), [*PAIRS, *FHIR])
def test_json(name, value):
    """The value is masked in either order, also in a document that is cut off anywhere, with escapes or without."""
    for members in ([(name, "DbPassword"), (value, S)], [(value, S), (name, "DbPassword")]):
        for more in ({}, {"a": 'x\n"é"'}):
            document = {"items": [{**dict(members), **more}], "z": 1}
            text = json.dumps(document)
            shown = json.loads(text_of(text, JSON))
            assert shown == {"items": [{name: "DbPassword", value: M, **more}], "z": 1}
            for size in range(1, len(text)):
                assert S not in text_of(text[:size], JSON, cut=True)


@pytest.mark.parametrize(("name", "value"), PAIRS)
def test_forms(name, value):
    """The value is masked in the query of a URL, in a form, and in a multipart form."""
    if value.lower().endswith("values") or name in ("name", "key"):
        return
    front = "Parameters.member.1."
    assert f"{value}={S}" in urlencode({value: S})
    assert S not in text_of(urlencode({front + name: "DbPassword", front + value: S, "a": "1"}), FORM)
    assert S not in text_of(urlencode({front + value: S, front + name: "DbPassword"}), FORM)
    parts = [f'--B\r\nContent-Disposition: form-data; name="{each}"\r\n\r\n{text}\r\n' for each, text in ((name, "DbPassword"), (value, S))]  # fmt: skip
    for body in ("".join(parts), "".join(reversed(parts))):
        shown = text_of(f"{body}--B--\r\n", "multipart/form-data; boundary=B")
        assert shown == f"{body}--B--\r\n".replace(S, M)


def test_multipart_with_simple_names():
    """The parts `name` and `value` are a pair too."""
    part = '--B\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = part.format("name", "password") + part.format("value", S) + "--B--\r\n"
    assert text_of(body, "multipart/form-data; boundary=B") == body.replace(S, M)
    body = part.format("name", "colour") + part.format("value", "red") + "--B--\r\n"
    assert text_of(body, "multipart/form-data; boundary=B") == body


@pytest.mark.parametrize(("name", "value"), [pair for pair in PAIRS if pair[0] not in ("customKey", "name", "key")])
def test_tables_and_xml(name, value):
    """The value is masked in CSV columns and in XML elements of these names."""
    csv = f"id,{name},{value}\n1,DbPassword,{S}\n2,Colour,red\n"
    if not value.endswith("s"):
        assert text_of(csv, "text/csv") == csv.replace(S, M)
        xml = f"<a><b><{name}>DbPassword</{name}><{value}>{S}</{value}></b><b><{name}>Colour</{name}><{value}>red</{value}></b></a>"
        assert text_of(xml, "application/xml") == xml.replace(S, M)
        turned = f"<a><b><{value}>{S}</{value}><{name}>DbPassword</{name}></b></a>"
        assert text_of(turned, "application/xml") == turned.replace(S, M)


@pytest.mark.parametrize(
    "document",
    [
        {"ParameterKey": "InstanceType", "ParameterValue": "t3.micro"},
        {"productName": "Secret Garden", "listValue": 12, "value": 15},
        {"fileName": "password", "marketValue": "high"},
        {"displayName": "token", "value": "high"},
        {"name": "weight", "valueString": "80 kg", "valueQuantity": {"value": 80}},
        {"monkey": "password", "bestValue": "x"},
        [{"configKey": "password"}, {"configValue": "red"}],
        {"configKey": "password", "a": {"configValue": "red"}},
        {"metricName": "max_tokens", "metricValue": 500},
    ],
)
def test_harmless_pairs(document):
    """Similar harmless documents stay byte for byte."""
    text = json.dumps(document)
    assert text_of(text, JSON) == text
