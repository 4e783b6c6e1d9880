"""Header fields that are keys by their vendor's documentation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from drhttp._redact import Policy
from drhttp._redact.detect.vendor_headers import ONLY_IN_HEADERS, VENDOR_HEADERS
from drhttp._redact.formats.headers import mask_headers
from drhttp._redact.formats.text import mask_text
from drhttp._redact_options import Redact
from privacy.masking import POLICY, text_of

M = "[redacted]"
PAGE = (Path(__file__).parents[2] / "docs" / "vendor-headers.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", VENDOR_HEADERS)
def test_the_value_is_masked(name):
    """The value is masked in the header field, in any case, and under its name in JSON and in text."""
    for spelling in (name, name.title(), name.upper()):
        assert mask_headers(((spelling, "abc-def"),), POLICY) == (((spelling, M),), 1)
    if name not in ONLY_IN_HEADERS:
        assert json.loads(text_of(json.dumps({name: "abc"}), "application/json")) == {name: M}
        assert mask_text(f"sent '{name.title()}': 'abc', x", POLICY)[0] == f"sent '{name.title()}': '{M}', x"


@pytest.mark.parametrize("name", sorted(ONLY_IN_HEADERS))
def test_common_names_are_none_elsewhere(name):
    """Common names such as `key` are secret only as header fields."""
    assert name in VENDOR_HEADERS
    assert not POLICY.is_secret(name)


@pytest.mark.parametrize(
    "field",
    [
        ("x-atlassian-token", "no-check"), ("x-auth-email", "ada@example.com"), ("x-rapidapi-host", "weather.p.rapidapi.com"),
        ("x-shopify-shop-domain", "a.myshopify.com"), ("x-line-retry-key", "123e4567-e89b-12d3-a456-426614174000"),
        ("x-honeycomb-dataset", "shop"), ("x-algolia-application-id", "YourApp"), ("x-parse-application-id", "shop"),
        ("cb-access-timestamp", "1700000000"), ("x-clickhouse-user", "ada"), ("x-amz-server-side-encryption-customer-key-md5", "abc"),
        ("x-hasura-role", "editor"), ("x-appwrite-project", "shop"), ("x-kite-version", "3"), ("idempotency-key", "a1b2"),
        ("stripe-signature", "t=1,v1=abc"), ("x-hub-signature-256", "sha256=abc"), ("x-slack-signature", "v0=abc"),
    ],
    ids=str,
)  # fmt: skip
def test_fields_beside_them_stay(field):
    """Names of accounts and applications, times, versions, and signatures of webhooks stay, as they grant nothing."""
    assert mask_headers((field,), POLICY) == ((field,), 0)


@pytest.mark.parametrize("name", ["X-Honeycomb-Team", "Key"])
def test_a_field_can_be_allowed(name):
    """A field in `allow` stays."""
    assert mask_headers(((name, "abc"),), Policy(Redact(allow=[name]))) == (((name, "abc"),), 0)


def test_each_entry_names_its_vendor_and_a_page():
    """The table is sorted, in lower case, and each source is an https URL."""
    assert list(VENDOR_HEADERS) == sorted(VENDOR_HEADERS)
    assert len(VENDOR_HEADERS) >= 200
    for name, (vendor, source) in VENDOR_HEADERS.items():
        assert re.fullmatch(r"[a-z0-9._-]+", name)
        assert vendor
        assert urlsplit(source).scheme == "https"
        assert "." in urlsplit(source).netloc


def test_the_page_prints_the_table():
    """The documentation has exactly the entries of the table, in the same order."""
    rows = PAGE.partition("<!-- vendor headers -->\n\n")[2].splitlines()
    assert rows[:2] == ["| header field | read by | source |", "|---|---|---|"]
    assert rows[2:] == [f"| `{name}` | {vendor} | <{source}> |" for name, (vendor, source) in VENDOR_HEADERS.items()]
    assert all(f"`{name}`".lower() in PAGE.lower() for name in ONLY_IN_HEADERS)
    assert "vendor-headers.md" in (Path(__file__).parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")
