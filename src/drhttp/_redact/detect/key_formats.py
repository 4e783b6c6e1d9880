"""Formats of API keys: the prefixes that providers give to keys so that scanners can find them, such as `ghp_`."""

from __future__ import annotations

from typing import NamedTuple


class KeyFormat(NamedTuple):
    """How keys begin, and an expression for what follows.

    hints: texts of which every key holds one; by default the prefixes. One hint for many prefixes is faster.
    """

    prefixes: tuple[str, ...]
    rest: str
    hints: tuple[str, ...] = ()


KEY_FORMATS = (
    # Stripe, also its webhooks.
    KeyFormat(("sk_live_", "sk_test_", "rk_live_", "rk_test_"), "[0-9A-Za-z]{10,}", ("_live_", "_test_")),
    KeyFormat(("whsec_",), "[0-9A-Za-z+/=]{16,}"),
    # OpenAI and others.
    KeyFormat(("sk-",), "[0-9A-Za-z_-]{20,}"),
    # GitHub and GitLab.
    KeyFormat(("ghp_", "gho_", "ghs_", "ghu_", "ghr_"), "[0-9A-Za-z]{20,}"),
    KeyFormat(("github_pat_",), "[0-9A-Za-z_]{20,}"),
    KeyFormat(("glpat-",), "[0-9A-Za-z_-]{16,}"),
    # Slack.
    KeyFormat(tuple(f"xox{kind}-" for kind in "abeoprs"), "[0-9A-Za-z-]{10,}", ("xox",)),
    KeyFormat(("xapp-",), "[0-9A-Za-z-]{10,}"),
    # Amazon Web Services.
    KeyFormat(("AKIA", "ASIA", "ABIA", "ACCA"), "[0-9A-Z]{16}"),
    # Google.
    KeyFormat(("AIza",), "[0-9A-Za-z_-]{30,}"),
    KeyFormat(("ya29.",), "[0-9A-Za-z_-]{10,}"),
    KeyFormat(("GOCSPX-",), "[0-9A-Za-z_-]{20,}", ("GOCSPX",)),
    # SendGrid.
    KeyFormat(("SG.",), r"[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}"),
    # Registries of packages.
    KeyFormat(("npm_",), "[0-9A-Za-z]{30,}"),
    KeyFormat(("pypi-",), "[0-9A-Za-z_-]{30,}", ("pypi",)),
    # Shopify, DigitalOcean, Hugging Face, Square, PayPal.
    KeyFormat(("shpat_", "shpca_", "shppa_", "shpss_"), "[0-9a-fA-F]{24,}", ("shp",)),
    KeyFormat(("doo_v1_", "dop_v1_", "dor_v1_"), "[0-9a-f]{40,}", ("_v1_",)),
    KeyFormat(("hf_",), "[0-9A-Za-z]{20,}"),
    KeyFormat(("sq0atp-", "sq0csp-"), "[0-9A-Za-z_-]{16,}", ("sq0",)),
    KeyFormat(("access_token$production$",), r"[0-9a-z]+\$[0-9a-f]+", ("access_token$",)),
)
