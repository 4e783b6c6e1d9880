"""Tokens in paths are masked: in webhooks, bots, and links in mails."""

from __future__ import annotations

import json
import random
import string
import uuid
from functools import partial

import pytest
from support.specimen import a_record, redacted, with_request

from drhttp._redact import Policy
from drhttp._redact.detect.capability_services import SERVICES
from drhttp._redact.detect.false_positives import is_page
from drhttp._redact.formats.headers import mask_headers
from drhttp._redact.formats.text import mask_text
from drhttp._redact.formats.urls import mask_url
from drhttp._redact_options import Redact
from privacy.masking import POLICY, shortest, text_of

M = "[redacted]"
HEX, LONG = "0123456789abcdef0123456789abcdef", "aB3dE6gH9jK2mN5pQ8sT1vW4"
ID = "550e8400-e29b-41d4-a716-446655440000"

# The text before the token, the token, and the text behind it.
LINKS = [
    ("Slack webhooks", "https://hooks.slack.com/services/T00AB12CD/B00EF34GH/", LONG, ""),
    ("Slack webhooks", "https://hooks.slack-gov.com/services/T00AB12CD/B00EF34GH/", LONG, ""),
    ("Slack workflows", "https://hooks.slack.com/workflows/T00AB12CD/", f"A01BCDEFG/123456789012345/{LONG}", ""),
    ("Slack workflows", "https://hooks.slack.com/triggers/E00AB12CD/", f"1234567890123/{HEX}", ""),
    ("Slack response URLs", "https://hooks.slack.com/commands/T00AB12CD/123456789012/", LONG, ""),
    ("Slack response URLs", "https://hooks.slack.com/actions/T00AB12CD/123456789012/", LONG, ""),
    ("Slack response URLs", "https://hooks.slack.com/app/T00AB12CD/123456789012/", LONG, ""),
    # Tokens of any length, on the service's own host.
    ("Slack webhooks", "https://hooks.slack.com/services/T00/B00/", "qzx", ""),
    ("Slack webhooks", "https://hooks.slack-gov.com/services/T0/B0/", "qzx", ""),
    ("Slack webhooks", "https://HOOKS.slack.com/services/T00/B00/", "qzx", ""),
    ("Slack workflows", "https://hooks.slack.com/workflows/T00/", "A00/12/qzx", ""),
    ("Slack workflows", "https://hooks.slack.com/triggers/T00/", "12/qzx", ""),
    ("Slack response URLs", "https://hooks.slack.com/commands/T0/1/", "qzx", ""),
    ("Slack response URLs", "https://hooks.slack.com/app/T0/1/", "qzx", ""),
    ("Telegram bots", "https://api.telegram.org/bot1:", "qzx", "/getMe"),
    ("Telegram bots", "https://api.telegram.org/file/bot1:", "qzx", "/a.jpg"),
    ("Discord", "https://discord.com/api/webhooks/1/", "qzx", ""),
    ("Telegram bots", "https://api.telegram.org/bot123456789:", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_x", "/sendMessage"),
    ("Telegram bots", "https://api.telegram.org/file/bot123456789:", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-x", "/photos/a.jpg"),
    ("Telegram bots", "https://api.telegram.org/bot123456789%3A", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_x", "/getMe"),
    ("Discord", "https://discord.com/api/webhooks/123456789012345678/", f"{LONG}_{LONG}-{LONG}", ""),
    ("Discord", "https://discord.com/api/v10/webhooks/123456789012345678/", LONG * 3, "/messages/@original"),
    ("Discord", "https://discord.com/api/v10/interactions/123456789012345678/", LONG * 3, "/callback"),
    ("Loggly", "https://logs-01.loggly.com/bulk/", ID, "/tag/bulk/"),
    ("Microsoft Teams", f"https://a.webhook.office.com/webhookb2/{ID}@{ID}/IncomingWebhook/", f"{HEX}/{ID.replace('5', '6')}", ""),
    ("Microsoft Teams", f"https://outlook.office.com/webhook/{ID}@{ID}/IncomingWebhook/", f"{HEX}/{ID.replace('5', '6')}", ""),
    ("Mattermost", "https://chat.example.com/hooks/", "a1b2c3d4e5f6g7h8i9j0k1l2m3", ""),
    ("Rocket.Chat", "https://chat.example.com/hooks/5f3a18c2b4d05f3a1/", LONG + LONG, ""),
    ("Zapier", "https://hooks.zapier.com/hooks/catch/1234567/", "b1c2d3e", "/"),
    ("Flock", "https://api.flock.com/hooks/sendMessage/", ID, ""),
    ("IFTTT", "https://maker.ifttt.com/trigger/lights/with/key/", "dF3kL9-aB_x2Q", ""),
    ("IFTTT", "https://maker.ifttt.com/trigger/lights/json/with/key/", "dF3kL9-aB_x2Q", ""),
    ("Make", "https://hook.eu1.make.com/", "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6", ""),
    ("Lark and Feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/", ID, ""),
    ("Webex", "https://webexapis.com/v1/webhooks/incoming/", "Y2lzY29zcGFyazovL3VzL1dFQkhPT0svMTIzNDU2Nzg5MA", ""),
    ("n8n and Home Assistant", "https://n8n.example.com/webhook/", ID, ""),
    ("n8n and Home Assistant", "http://home.example:8123/api/webhook/", HEX + HEX, ""),
    ("webhook.site", "https://webhook.site/", ID, ""),
    ("PagerDuty", "https://events.pagerduty.com/integration/", HEX, "/enqueue"),
    ("Splunk On-Call", "https://alert.victorops.com/integrations/generic/20131114/alert/", ID, "/team"),
    ("Loggly", "https://logs-01.loggly.com/inputs/", ID, "/tag/http/"),
    ("Sumo Logic", "https://endpoint4.collection.us2.sumologic.com/receiver/v1/http/", f"{LONG}{LONG}==", ""),
    ("Healthchecks.io", "https://hc-ping.com/", ID, "/fail"),
    ("Better Stack", "https://uptime.betterstack.com/api/v1/heartbeat/", LONG, ""),
    ("Netlify", "https://api.netlify.com/build_hooks/", "5f3a18c2b4d05f3a18c2b4d0", ""),
    ("Vercel", "https://api.vercel.com/v1/integrations/deploy/prj_a1B2c3D4e5F6/", "z9Y8x7W6v5", ""),
    ("Cloudflare Pages", "https://api.cloudflare.com/client/v4/pages/webhooks/deploy_hooks/", ID, ""),
    ("Infura", "https://mainnet.infura.io/v3/", HEX, ""),
    ("Infura", "wss://mainnet.infura.io/ws/v3/", HEX, ""),
    ("Alchemy", "https://eth-mainnet.g.alchemy.com/v2/", LONG, ""),
    ("Google Calendar", "https://calendar.google.com/calendar/ical/ada%40example.com/private-", HEX, "/basic.ics"),
    ("Tines", "https://quiet-fog-1234.tines.com/webhook/orders/", HEX, ""),
    ("Grafana OnCall", "https://oncall-prod.grafana.net/oncall/integrations/v1/alertmanager/", "aB3dE6gH9jK2mN5pQ8sT1vW4x", "/"),
    ("Buildkite", "https://webhook.buildkite.com/deliver/", HEX + HEX, ""),
    ("Airtable", "https://hooks.airtable.com/workflows/v1/genericWebhook/", "appA1b2C3d4E5f6G7/wflA1b2C3d4E5f6G7/wtrA1b2C3d4E5f6G7", ""),
    ("Workato", "https://webhooks.workato.com/webhooks/rest/", ID, "/order"),
    ("Docker Hub", f"https://hub.docker.com/api/build/v1/source/{ID}/trigger/", ID.replace("5", "6"), "/call/"),
    ("Datadog", "https://http-intake.logs.datadoghq.com/v1/input/", HEX, ""),
    ("Cronitor", "https://cronitor.link/p/", HEX, "/backup"),
    ("Dead Man's Snitch", "https://nosnch.in/", "c2354d53d2", ""),
    ("Uptime Kuma", "https://status.example/api/push/", "aB3dE6gH9j", ""),
    ("ntfy", "https://ntfy.sh/", "phil_alerts_Xk29", ""),
    ("Firebase Cloud Messaging", "https://fcm.googleapis.com/fcm/send/", f"dQw4w9WgXcQ:APA91b{LONG}_{LONG}-x", ""),
    ("Mozilla push service", "https://updates.push.services.mozilla.com/wpush/v2/", f"gAAAAAB{LONG}_{LONG}-x", ""),
    ("Apple push service", "https://web.push.apple.com/", f"Q{LONG}_{LONG}-x", ""),
    ("Outlook calendar", f"https://outlook.office365.com/owa/calendar/{HEX}@example.com/", HEX + "12345678", "/calendar.ics"),
    ("iCloud calendar", "https://p01-caldav.icloud.com/published/2/", f"MTIz{LONG}", ""),
    # Behind a segment that is a secret name.
    ("names", "https://shop.example/set-password/MQ/", "8d1f40b7c2", "/"),
    ("names", "https://shop.example/set-password/MQ/", f"c3x1a2-{HEX}", "/"),
    ("names", "https://shop.example/accounts/new_password/7/", "8d1f40b7c2", ""),
    ("names", "https://shop.example/password/edit/", "8d1f40b7c2", ""),
    ("names", "https://shop.example/api/token/", "8d1f40b7c2", "/refresh"),
    ("names", "https://shop.example/sessions/", ID, ""),
    ("names", "https://shop.example/auth/email/", LONG, ""),
    ("others", "https://shop.example/unsubscribe/", LONG, ""),
    ("others", "https://shop.example/login/", "aB3dE6gH9jK2", ""),
    ("others", "https://shop.example/sign-in/", "aB3dE6gH9jK2", ""),
    ("others", "https://shop.example/one-time-login/", LONG, ""),
    ("others", "https://shop.example/passwordless/", LONG, ""),
    ("Django", "https://shop.example/reset/MQ/", f"c3x1a2-{HEX}", "/"),
    ("Django", "https://shop.example/accounts/reset/MQ/", f"c3x1a2-{HEX}", "/"),
    ("Django before 3.1", "https://shop.example/reset/MQ/", "5f3-0123456789abcdef0123", "/"),
    ("Django, its own hash", "https://shop.example/password-reset-confirm/MQ/", f"c3x1a2-{HEX}{HEX}", "/"),
    ("allauth", "https://shop.example/accounts/password/reset/key/", f"1-c3x1a2-{HEX}", "/"),
    ("allauth", "https://shop.example/accounts/confirm-email/", "MQ:1sXyZ9:AbCdEfGhIjKlMnOpQrStUvWxYz012345678_-abcd", "/"),
    ("allauth before 0.50", "https://shop.example/accounts/confirm-email/", HEX + HEX, "/"),
    ("dj-rest-auth", "https://shop.example/password/reset/confirm/MQ/", f"c3x1a2-{HEX}", "/"),
    ("dj-rest-auth", "https://shop.example/account-confirm-email/", "MQ:1sXyZ9:AbCdEfGhIjKlMnOpQrStUvWxYz012345678", "/"),
    ("djoser", "https://shop.example/activate/MQ/", f"c3x1a2-{HEX}", ""),
    ("djoser", "https://shop.example/users/activation/MQ/", f"c3x1a2-{HEX}", ""),
    ("Laravel", "https://shop.example/reset-password/", HEX + HEX, ""),
    ("Laravel", "https://shop.example/password/reset/", HEX + HEX, ""),
    ("Laravel", "https://shop.example/email/verify/1/", "da39a3ee5e6b4b0d3255bfef95601890afd80709", ""),
    ("others", "https://shop.example/verify-email/", LONG, ""),
    ("others", "https://shop.example/verifyEmail/", LONG, ""),
    ("others", "https://shop.example/reset/", LONG, ""),
    ("others", "https://shop.example/magic-link/", LONG, ""),
    ("others", "https://shop.example/invitations/", ID, "/accept"),
    ("others", "https://shop.example/invite/", "aB3dE6gH9jK2", ""),
    ("others", "https://shop.example/auth/confirm/", LONG, ""),
    ("others", "https://shop.example/account/unlock/", LONG, ""),
]  # fmt: skip


def test_each_service_is_tried():
    """There is an example for each service in the table, and each has a page as its source."""
    assert {name.partition(",")[0] for name in SERVICES} <= {name for name, *_ in LINKS}
    assert all(service.source.startswith("https://") for service in SERVICES.values())


@pytest.mark.parametrize(("name", "front", "token", "behind"), LINKS)
def test_the_token_is_masked_in_every_place(name, front, token, behind):
    """The token is masked in the URL of a record, in header fields, queries, text, JSON, forms, HTML and logs."""
    url, shown = front + token + behind, front + M + behind
    assert mask_url(url, POLICY)[0] == shown
    assert mask_url(f"{url}?a=1#b", POLICY)[0] == f"{shown}?a=1#b"
    assert redacted(with_request(a_record(), uri=url), POLICY).request.uri == shown
    for field in ("Referer", "Location", "X-Note", "Origin", "X-Forwarded-Uri"):
        assert mask_headers(((field, url),), POLICY)[0] == ((field, shown),)
    for text in ("{}", "see {}, please", '"{}"', "POST {} HTTP/1.1", "({})", "a\n{}\nb"):
        plain = mask_text(text.format(url), POLICY)[0]
        assert token not in plain
        assert "%" in url or plain == text.format(shown)
    body = {"next": url, "list": ["a", url], "note": f"see {url} there"}
    for text in (json.dumps(body), json.dumps(body, indent=1), json.dumps(body).replace("/", "\\/")):
        assert token.split("/")[-1] not in text_of(text, "application/json")
    assert json.loads(text_of(json.dumps(body), "application/json"))["next"].startswith(front.partition("%")[0])
    assert token.split("/")[-1] not in text_of(f"<p><a href='{url}'>{url}</a></p>", "text/html")
    assert token.split("/")[-1] not in text_of(f"<a><b>{url}</b></a>", "application/xml")
    for form in (f"a=1&next={url}", "a=1&next=" + url.replace(":", "%3A").replace("/", "%2F")):
        assert token.split("/")[-1] not in text_of(form, "application/x-www-form-urlencoded")
    assert token.split("/")[-1] not in mask_url(f"https://h/?next={url}", POLICY)[0]


def test_a_token_in_the_path_alone():
    """An application that serves such a URL records its own path, without the host; the token is masked there too."""
    for front, token, behind in (
        ("/bot123456789:", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_x", "/getMe"),
        ("/services/T00AB12CD/B00EF34GH/", LONG, ""),
        ("/reset/MQ/", f"c3x1a2-{HEX}", "/"),
        ("/#/password/reset/confirm/MQ/", f"c3x1a2-{HEX}", ""),
    ):
        assert mask_url(front + token + behind, POLICY)[0] == front + M + behind
        assert mask_url(f"https://u:p@shop.example:8443{front}{token}{behind}", POLICY)[0] == (
            f"https://{M}@shop.example:8443{front}{M}{behind}"
        )


def test_two_secrets_in_one_url():
    """Masking the path does not hide the secrets behind it."""
    url = f"https://u:p@h/reset/MQ/c3x1a2-{HEX}/;token=abc?token=x#access_token=y"
    assert mask_url(url, POLICY) == (f"https://{M}@h/reset/MQ/{M}/;token={M}?token={M}#access_token={M}", 5)


SHA = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
STAY = [
    "/reset/MQ/set-password/", "/reset/NTUwZTg0MDAtZTI5Yi00MWQ0LWE3MTYtNDQ2NjU1NDQwMDAw/set-password/", "/reset/done/", "/accounts/reset/",
    "/services/transport/business/appointments2024", "/services/T/B/x", "/webhooks/github", "/api/webhooks/42", "/hooks/42", "/hooks/useReducerWithCallbacks",
    f"/orders/confirm/{ID}", "/orders/5/confirm/5f3a18c2b4d05f3a18c2b4d0", "/devices/reset/AB12CD34EF56", "/verify/your-phone-number-2024", "/bot/123456",
    "/robots.txt", "/bots123456789:abc", "/invite/friends", "/invitations/accept", "/confirm/", "/activate", "/docs/reset/how-to-reset-a-device-in-3-steps",
    "/static/app-d41d8cd98f00b204e9800998ecf8427e.js", "/commit/fix-da39a3ee5e6b4b0d3255bfef95601890afd80709", f"/users/{ID}", "/integration/slack/enqueue",
    "/inputs/5/tag/http", "/receiver/v1/http/x", "/heartbeat", "/heartbeat/live", "/v3/projects", "/confirm-email/sent", "/magic/cards/black-lotus-1993",
    "/with/key/value", "/open-apis/bot/v2/info", "/integrations/deploy/now", "/ical/public/basic.ics", "/workflows/build/runs/1234567890", "/triggers/on/push",
    "/set-password/MQ/", "/auth/oauth2callback", "/auth/2024-01-15/log", "/auth/v1.2.3-beta.4/docs", "/auth/migrations/0001_initial.py", "/session/static/app-d41d8cd9.js",
    "/tokens/how-to-rotate-tokens-in-2024", "/password/reset", "/login/next/2", "/login/two-factor-setup-2", "/api/push/x", "/trigger/on/call", "/input/5", "/calendar/2024-01-15",
    "/published/2/posts", "/monkey/12345678ab", "/unsubscribe/newsletter", f"/acme/auth/commit/{SHA}", f"/acme/session/-/commit/{SHA}",
    f"/repos/acme/auth-service/commits/{SHA}", f"/acme/auth/compare/{SHA}...{SHA[::-1]}", f"/acme/token/blob/{SHA}/token.py", f"/acme/auth/commit/{SHA}.patch",
]  # fmt: skip


@pytest.mark.parametrize("path", STAY)
def test_other_paths_stay(path):
    """IDs, slugs, file names, pages, and Django's redirects stay in URLs and in text."""
    for url in (path, f"https://shop.example{path}", f"https://shop.example:8443{path}?page=2"):
        assert mask_url(url, POLICY) == (url, 0)
        assert mask_text(f"GET {url} 200", POLICY) == (f"GET {url} 200", 0)
        assert text_of(json.dumps({"url": url, "b": "c"}), "application/json") == json.dumps({"url": url, "b": "c"})


def test_a_host_is_no_segment():
    """A secret word in the name of a host does not make the segments of its paths secret."""
    for url in ("https://auth.example.com/v1/550e8400e29b", "https:\\/\\/token.example\\/v1\\/550e8400e29b"):
        assert mask_text(f"see {url} there", POLICY) == (f"see {url} there", 0)


def test_names_of_the_user_in_paths():
    """A name that the user added makes the segments behind it secret, in the URL and in text; allowed names do not."""
    policy = Policy(Redact(also=["patient_id"], allow=["session"]))
    for path, shown in (("/patient-id/8d1f40b7c2", f"/patient-id/{M}"), ("/session/8d1f40b7c2", "/session/8d1f40b7c2")):
        assert mask_url(path, policy)[0] == shown
        assert mask_text(f"GET https://h{path} 200", policy)[0] == f"GET https://h{shown} 200"


def test_signed_links():
    """The signatures of links to cloud storage and to web hooks are masked, in the URL and in text."""
    for url in (
        f"https://b.s3.amazonaws.com/a.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature={HEX}",
        f"https://storage.googleapis.com/b/a.png?X-Goog-Date=20240115T103045Z&X-Goog-Signature={HEX}",
        f"https://a.blob.core.windows.net/b/a.png?sv=2022-11-02&sr=b&sig={LONG}%3D",
        f"https://chat.googleapis.com/v1/spaces/AAAA/messages?key={LONG}",
        f"https://chat.googleapis.com/v1/spaces/AAAA/messages?token={LONG}",
        f"https://gotify.example/message?token={LONG}",
        f"https://prod-1.westeurope.logic.azure.com/workflows/{HEX[::-1]}/triggers/manual/paths/invoke?sig={LONG}",
        f"https://firebasestorage.googleapis.com/v0/b/x/o/a.png?alt=media&token={ID}",
    ):
        for text in (url, f"see {url} there", json.dumps({"a": url}), f'<a href="{url}">a</a>'):
            assert HEX not in mask_text(text, POLICY)[0]
            assert LONG not in mask_text(text, POLICY)[0]
            assert ID not in mask_text(text, POLICY)[0]
        assert mask_url(url, POLICY)[1] == 1


def test_random_identifiers_stay():
    """Hardly any path with random IDs of other things is taken for one with a token."""
    paths = [f"/orders/{uuid.UUID(int=number * 7919 << 64)}/items/{number}" for number in range(2000)]
    assert sum(mask_url(path, POLICY)[1] for path in paths) == 0


@pytest.mark.wide
@pytest.mark.parametrize(
    "unit",
    ["/reset", "/reset/", "/reset/a", "/a-a-a-reset/a", "/services/T", "/bot1", "/bot123456789:", "/hooks/", "/webhooks/", "//a.", "/confirm/1a:1a",
     "/a_", "/a-b-c-", "/password", "\\/", "/ical/a", "/workflows/TAAAAA/aaaaaa", "/with/key/", "//hook.", "/reset/c3x1a2-0123456789",
     "/token/1234567a", "/a1/token1/", "/a/a/a/1234567a", "/token.", "/1a-", "/auth\\/1.1.1", "/aaaa1aaaa", "/a@"],
)  # fmt: skip
def test_the_time_is_linear(unit):
    """Four times as much text takes no more than six times as long."""
    policy = Policy(Redact())

    seconds = partial(shortest, policy.mask_values)

    size = 16_000 // len(unit)
    assert min(seconds(unit * size * 4) / max(seconds(unit * size), 1e-3) for _ in range(3)) < 6


# Pages, documents and handlers behind words of links, and behind secret names.
PAGES = """/docs/activation/how-to-activate-your-account /webhooks/stripe /webhooks/github-app-v2 /verify/email /verify/iso27001-certificate
/blog/recover-deleted-files-2024 /account/recovery/windows-10-data-recovery /user/activate/office365-family-plan /reset/factory-settings-iphone-15
/invite/k8s-community-days /invite/h2o-ai-users /verify/web3wallet-signature /confirm/order-2024-000123 /registration/confirm/2024-01-15T10:30:45Z
/webhook/order-created-notification-handler-v2 /api/webhook/woocommerce-order-updated-handler /confirm-email/step-2-of-3
/webhooks/incoming/github-enterprise-server-push-events-to-our-slack-v2 /docs/reset-password/oauth2-provider-setup /password/policy-v2
/docs/tokens/jwt-explained-2024 /sessions/pycon-2024-keynote /auth/google-oauth2/login /docs/authentication/oauth2-client-credentials
/secrets/k8s-secrets-in-2024 /token/erc20-standard /otp/2fa-setup /recovery/data-recovery-guide-2023 /activate/windows-11-without-a-key""".split()


@pytest.mark.parametrize("path", PAGES)
def test_pages_behind_words_of_links_stay(path):
    """What follows such a word stays if it is a slug or a date, also with numbers in its words."""
    test_other_paths_stay(path)


@pytest.mark.parametrize("groups", [(22,), (12,), (4, 4, 4), (5, 5, 5), (8, 8), (6, 6, 6, 6), (8, 4, 4, 4, 12)])
def test_random_groups_are_hardly_ever_pages(groups):
    """Hardly any random token is taken for a slug because of parts that look like a word and a number."""
    rng = random.Random(3)
    letters = string.ascii_lowercase + string.digits
    codes = ["-".join("".join(rng.choices(letters, k=size)) for size in groups) for _ in range(5000)]
    assert sum(map(is_page, codes)) < 20


DATES = ("2024-01-01", "20240101", "2024_01_01", "2024.01.31", "31-01-2024", "1.2.2024", "2024-W03", "2024W031", "Jan-2024", "31-jan-2024", "2024-january-31",
         "20240101T100000Z", "2024-01-01T10:00:00Z", "2024-01-01..2024-02-01", "2024-01-01_2024-02-01", "20240101-to-20240201")  # fmt: skip


@pytest.mark.parametrize("date", DATES)
def test_dates_stay(date):
    """Dates behind a secret name stay in paths."""
    test_other_paths_stay(f"/sessions/{date}/keynote")


@pytest.mark.parametrize(
    "segment",
    ["20241301", "20240132", "720240101", "202401019", "31-21-20245", "2024-W93x", "Jam-20245", "2024_01_019", "72024-W03", "20240101-to-202402019"],
)  # fmt: skip
def test_what_is_no_date_is_masked(segment):
    """A segment that is longer than a date, or names no month or day, is masked as before."""
    assert mask_url(f"https://shop.example/tokens/{segment}/x", POLICY) == (
        "https://shop.example/tokens/[redacted]/x",
        1,
    )
