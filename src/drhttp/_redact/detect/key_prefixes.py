"""Formats of API keys: the prefixes that providers give to keys so that scanners can find them, such as `ghp_`.

Sources: the documentation of the providers, and the public rules of the scanners Gitleaks and Kingfisher. Keys that are
meant to be public, such as Stripe's `pk_live_`, are not among them.
"""

from __future__ import annotations

import base64
from typing import NamedTuple


class KeyFormat(NamedTuple):
    """How keys begin, and an expression for what follows. A key has 15 characters or more."""

    prefixes: tuple[str, ...]
    rest: str


_HEX, _WORD = "[0-9a-f]", "[0-9A-Za-z_-]"
_UUID = f"{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}(?!{_WORD})"
_BREAK = r"(?:\r?\n|\\r\\n|\\n)[ \t]{0,20}"  # between lines of base64

#: Keys of Mailchimp have no prefix, but the name of a data center behind so many hexadecimal digits.
MAILCHIMP_DIGITS = 32
MAILCHIMP_END, MAILCHIMP_REST = "-us", f"[0-9]{{1,2}}(?!{_WORD})"


def _base64_beginning(text: str) -> str:
    """Return the base64 of all texts with this beginning, as far as the beginning determines it."""
    return base64.b64encode(text.encode()).decode()[: len(text) * 8 // 6]


KEY_PREFIXES = (
    # The base64 of a private key in PEM, also in lines, of which only the last one is short.
    KeyFormat(
        tuple(
            _base64_beginning(f"-----BEGIN {kind}PRIVATE KEY")
            for kind in ("", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ", "PGP ")
        ),
        rf"[0-9A-Za-z+/_-]{{2,}}={{0,2}}(?:(?:{_BREAK}(?!LS0tLS1C)[0-9A-Za-z+/]{{40,}}={{0,2}})+"
        rf"(?:(?<!=){_BREAK}[0-9A-Za-z+/]{{1,39}}={{0,2}}(?=[\r\n\"'\\<]|\Z))?)?",
    ),
    # Stripe, also its webhooks.
    KeyFormat(("sk_live_", "sk_test_", "rk_live_", "rk_test_", "sk_org_live_", "sk_org_test_"), "[0-9A-Za-z]{10,}"),
    KeyFormat(("ek_live_", "ek_test_"), "[0-9A-Za-z_]{20,}"),
    # What the client of a payment, a setup or a checkout holds; without the second part it is a public ID.
    KeyFormat(("pi_", "seti_", "cs_live_", "cs_test_"), "[0-9A-Za-z]{14,100}_secret_[0-9A-Za-z%]{16,}"),
    KeyFormat(("whsec_",), "[0-9A-Za-z+/=]{16,}"),
    # OpenAI and others.
    KeyFormat(("sk-",), f"{_WORD}{{20,}}"),
    # Other services of language models: Groq, Replicate, Perplexity, xAI, NVIDIA, LangSmith, Pinecone, Hugging Face,
    # Cerebras, Jina, Tavily, Firecrawl, ElevenLabs.
    KeyFormat(("gsk_",), "[0-9A-Za-z]{48,}"),
    KeyFormat(("r8_",), f"{_WORD}{{37,}}"),
    KeyFormat(("pplx-",), "[0-9A-Za-z]{40,}"),
    KeyFormat(("xai-", "nvapi-", "pcsk_"), f"{_WORD}{{40,}}"),
    KeyFormat(("lsv2_pt_", "lsv2_sk_"), "[0-9a-f_]{32,}"),
    KeyFormat(("hf_", "api_org_"), "[0-9A-Za-z]{20,}"),
    KeyFormat(("csk-",), "[0-9A-Za-z]{40,}"),
    KeyFormat(("jina_",), f"{_WORD}{{50,}}"),
    KeyFormat(("tvly-",), f"{_WORD}{{24,}}"),
    KeyFormat(("fc-",), f"{_HEX}{{32}}(?!{_WORD})"),
    KeyFormat(("sk_",), f"{_HEX}{{48}}(?!{_WORD})"),
    # GitHub and GitLab.
    KeyFormat(("ghp_", "gho_", "ghs_", "ghu_", "ghr_"), "[0-9A-Za-z]{20,}"),
    KeyFormat(("github_pat_",), "[0-9A-Za-z_]{20,}"),
    KeyFormat(("glpat-",), f"{_WORD}{{16,}}"),
    KeyFormat(
        ("glrt-", "gldt-", "glft-", "glptt-", "glimt-", "gloas-", "glsoat-", "glffct-", "glagent-", "glcbt-"),
        f"{_WORD}{{20,}}",
    ),
    KeyFormat(("GR1348941",), f"{_WORD}{{20,}}"),
    # Slack.
    KeyFormat(tuple(f"xox{kind}-" for kind in "abcdeoprs"), "[0-9A-Za-z-]{10,}"),
    KeyFormat(("xapp-",), "[0-9A-Za-z-]{10,}"),
    # A bot of Discord: its number in base64, a time and a signature.
    KeyFormat(
        tuple(
            first + second + third
            for first, seconds in (("M", "DTjz"), ("N", "DTjz"), ("O", "DT"))
            for second in seconds
            for third in "AEIMQUYcgk"
        ),
        rf"[w-z0-5](?:[MNO][DTjz][AEIMQUYcgk][w-z0-5]){{5,6}}[0-9A-Za-z]{{0,3}}"
        rf"\.{_WORD}{{6}}\.{_WORD}{{27,38}}(?!{_WORD})",
    ),
    # A bot of Telegram; its number, in front of the colon, is public.
    KeyFormat(("AA",), f"(?<=[0-9]:AA){_WORD}{{33}}(?!{_WORD})"),
    # Amazon Web Services, and Bedrock; Alibaba; Yandex.
    KeyFormat(("AKIA", "ASIA", "ABIA", "ACCA"), "[0-9A-Z]{16}"),
    KeyFormat(("ABSK",), "[0-9A-Za-z+/=]{100,}"),
    KeyFormat(("LTAI",), "[0-9A-Za-z]{20}(?![0-9A-Za-z])"),
    KeyFormat(("AQVN",), f"{_WORD}{{35,38}}(?!{_WORD})"),
    # Google, also refresh tokens.
    KeyFormat(("AIza",), f"{_WORD}{{30,}}"),
    KeyFormat(("ya29.",), f"{_WORD}{{10,}}"),
    KeyFormat(("GOCSPX-",), f"{_WORD}{{20,}}"),
    KeyFormat(("1//0",), f"{_WORD}{{30,}}"),
    # E-mail: SendGrid, Brevo, Mailgun, Mandrill, Resend.
    KeyFormat(("SG.",), rf"{_WORD}{{16,}}\.{_WORD}{{16,}}"),
    KeyFormat(("xkeysib-", "xsmtpsib-"), f"{_HEX}{{64}}-[0-9A-Za-z]{{16}}"),
    KeyFormat(("key-",), f"{_HEX}{{32}}(?!{_WORD})"),
    KeyFormat(("md-",), f"(?=[A-Za-z_-]{{0,21}}[0-9])(?=[0-9a-z_-]{{0,21}}[A-Z]){_WORD}{{22}}(?!{_WORD})"),
    KeyFormat(("re_",), f"(?=[A-Za-z_]{{0,32}}[0-9])[0-9A-Za-z]{{8}}_[0-9A-Za-z]{{24}}(?!{_WORD})"),
    # Registries of packages and images.
    KeyFormat(("npm_",), "[0-9A-Za-z]{30,}"),
    KeyFormat(("pypi-",), f"{_WORD}{{30,}}"),
    KeyFormat(("rubygems_",), f"{_HEX}{{40,}}"),
    KeyFormat(("dckr_pat_", "dckr_oat_"), f"{_WORD}{{20,}}"),
    KeyFormat(("CLOJARS_",), "[0-9a-z]{60}"),
    KeyFormat(("AKCp",), "[0-9A-Za-z]{69}"),
    # Clouds and databases: DigitalOcean, Cloudflare, Fly.io, Heroku, Databricks, PlanetScale, Supabase, Dynatrace,
    # Netlify, Aiven, Neon, dbt.
    KeyFormat(("doo_v1_", "dop_v1_", "dor_v1_"), f"{_HEX}{{40,}}"),
    KeyFormat(("cfk_", "cfut_", "cfat_"), f"{_WORD}{{40,}}"),
    KeyFormat(("fo1_",), f"{_WORD}{{43}}"),
    KeyFormat(("fm1a_", "fm1r_", "fm2_"), "[0-9A-Za-z+/=]{100,}"),
    KeyFormat(("HRKU-AA",), f"{_WORD}{{58}}"),
    KeyFormat(("dapi",), f"{_HEX}{{32}}(?![0-9A-Za-z])"),
    KeyFormat(("pscale_tkn_", "pscale_oauth_", "pscale_pw_"), "[0-9A-Za-z_=.-]{32,}"),
    KeyFormat(("sbp_",), f"{_HEX}{{40}}"),
    KeyFormat(("sb_secret_",), f"{_WORD}{{20,}}"),
    KeyFormat(("dt0c01.", "dt0s01."), r"[0-9A-Z]{24}\.[0-9A-Z]{64}"),
    KeyFormat(("nfp_",), "[0-9A-Za-z]{36,}"),
    KeyFormat(("AVNS_",), f"(?=[A-Z_-]{{0,40}}[0-9a-z]){_WORD}{{16,}}"),
    KeyFormat(("npg_",), f"(?=[A-Za-z]{{0,11}}[0-9])[0-9A-Za-z]{{12}}(?!{_WORD})"),
    KeyFormat(("napi_",), "[0-9a-z]{60,}"),
    KeyFormat(("dbtc_", "dbtu_"), f"{_WORD}{{30,}}"),
    # Continuous integration and feature flags: CircleCI, Buildkite, LaunchDarkly.
    KeyFormat(("CCIPAT_", "CCIPRJ_"), f"[0-9A-Za-z]{{20,30}}_{_HEX}{{40}}"),
    KeyFormat(("bkua_",), f"{_HEX}{{40}}"),
    KeyFormat(("sdk-", "api-"), _UUID),
    # Infrastructure: Vault, Doppler, Tailscale, Pulumi, Prefect, OpenShift, 1Password, age.
    KeyFormat(("hvs.", "hvb.", "hvr."), f"{_WORD}{{24,}}"),
    KeyFormat(
        tuple(f"dp.{kind}." for kind in ("pt", "st", "ct", "sa", "scim", "audit")),
        r"(?:[0-9a-z_-]{2,35}\.)?[0-9A-Za-z]{40,}",
    ),
    KeyFormat(tuple(f"tskey-{kind}-" for kind in ("api", "auth", "client", "scim", "webhook")), f"{_WORD}{{16,}}"),
    KeyFormat(("pul-",), f"{_HEX}{{40}}"),
    KeyFormat(("pnu_",), "[0-9A-Za-z]{36}"),
    KeyFormat(("sha256~",), f"{_WORD}{{43}}(?!{_WORD})"),
    KeyFormat(("ops_eyJ",), "[0-9A-Za-z+/=]{200,}"),
    KeyFormat(("AGE-SECRET-KEY-1",), "[0-9A-Z]{50,}"),
    # Monitoring: Grafana, Sentry, New Relic, PostHog.
    KeyFormat(("glsa_",), f"[0-9A-Za-z]{{32}}_{_HEX}{{8}}"),
    KeyFormat(("glc_",), "[0-9A-Za-z+/=]{32,}"),
    KeyFormat(("sntrys_",), "[0-9A-Za-z+/=_]{40,}"),
    KeyFormat(("sntryu_",), f"{_HEX}{{64}}"),
    KeyFormat(("NRAK-",), "[0-9A-Z]{27}"),
    KeyFormat(("NRII-",), "[0-9A-Za-z-]{32}"),
    KeyFormat(("phs_", "phx_"), "[0-9A-Za-z_]{40,}"),
    # Shops and payments: Shopify, Square, PayPal, Flutterwave, Duffel, EasyPost, Shippo, Plaid.
    KeyFormat(("shpat_", "shpca_", "shppa_", "shpss_", "shpua_"), "[0-9a-fA-F]{24,}"),
    KeyFormat(("sq0atp-", "sq0csp-"), f"{_WORD}{{16,}}"),
    KeyFormat(("EAAA",), "[0-9A-Za-z_+=-]{60,}"),
    KeyFormat(("access_token$production$",), r"[0-9a-z]{16}\$[0-9a-f]{32}"),
    KeyFormat(("FLWSECK-", "FLWSECK_TEST-"), "[0-9a-z]{12,}(?:-X)?"),
    KeyFormat(("duffel_live_", "duffel_test_"), "[0-9A-Za-z_=-]{43}"),
    KeyFormat(("EZAK", "EZTK"), "[0-9A-Za-z]{54}"),
    KeyFormat(("shippo_live_", "shippo_test_"), "[0-9a-fA-F]{40}"),
    KeyFormat(tuple(f"access-{kind}-" for kind in ("production", "sandbox", "development")), _UUID),
    # Tools for teams: Atlassian, Notion, Linear, Figma, Airtable, Postman, ReadMe, Typeform, Frame.io, SonarQube,
    # HubSpot, Contentful, Bitbucket, Dropbox, Salesforce.
    KeyFormat(("ATATT3", "ATCTT3"), "[0-9A-Za-z_=-]{30,}"),
    KeyFormat(("ntn_",), "[0-9A-Za-z]{40,}"),
    KeyFormat(("secret_",), "[0-9A-Za-z]{43}(?![0-9A-Za-z_])"),
    KeyFormat(("lin_api_", "lin_oauth_"), "[0-9A-Za-z]{32,}"),
    KeyFormat(("figd_",), f"{_WORD}{{36,}}"),
    KeyFormat(("pat",), rf"[0-9A-Za-z]{{14}}\.{_HEX}{{64}}"),
    KeyFormat(("PMAK-",), "[0-9A-Za-z]{24}-[0-9A-Za-z]{34}"),
    KeyFormat(("rdme_",), "[0-9a-z]{60,}"),
    KeyFormat(("tfp_",), "[0-9A-Za-z_.=-]{40,}"),
    KeyFormat(("fio-u-",), "[0-9A-Za-z_=-]{64}"),
    KeyFormat(("squ_", "sqp_", "sqa_"), f"{_HEX}{{40}}"),
    KeyFormat(("pat-na1-", "pat-na2-", "pat-eu1-", "pat-ap1-"), _UUID),
    KeyFormat(("CFPAT-",), f"{_WORD}{{40,}}"),
    KeyFormat(("ATBB",), f"[0-9A-Za-z]{{32,40}}(?!{_WORD})"),
    KeyFormat(("sl.",), rf"(?:u\.)?{_WORD}{{100,}}"),
    KeyFormat(("00D",), "[0-9A-Za-z]{12,15}![0-9A-Za-z._]{60,}"),
    KeyFormat(("sgp_",), f"(?:(?:{_HEX}{{16}}|local)_)?{_HEX}{{40}}"),
)
