"""Services whose URLs are permissions themselves: the place of the token in each, such as `/services/T0/B0/XXXX`."""

from __future__ import annotations

from typing import NamedTuple

SLASH = r"\\{0,2}/"  # a slash, also as `\/` in JSON
_UUID, _ANY_LONGER = (36, 36), 1 << 20


class Service(NamedTuple):
    """Where a service has the token in a path.

    word: what follows a slash. rest: an expression for what follows the word; its group is the token. lengths: shortest
    and longest token, in characters. source: the documentation. host: text that must precede the slash. own_host: text
    before the slash that makes a token of any length one.
    """

    word: str
    rest: str
    lengths: tuple[int, int]
    source: str
    host: str = ""
    own_host: str = ""


#: By name. Lengths are checked apart from the expressions, which keeps those small.
SERVICES: dict[str, Service] = {
    "Slack webhooks": Service(
        "services",
        rf"{SLASH}T\w+{SLASH}B\w+{SLASH}([0-9A-Za-z]+)",
        (10, _ANY_LONGER),
        "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
        own_host="hooks.slack",
    ),
    **{
        f"Slack workflows, {word}": Service(
            word,
            rf"{SLASH}[TE][0-9A-Z]+{SLASH}([0-9A-Za-z]+(?:{SLASH}[0-9A-Za-z]+){{0,2}})",
            (20, _ANY_LONGER),
            "https://slack.com/help/articles/360041352714",
            own_host="hooks.slack",
        )
        for word in ("workflows", "triggers")
    },
    **{
        f"Slack response URLs, {word}": Service(
            word,
            rf"{SLASH}[TE]\w+{SLASH}[0-9]+{SLASH}([0-9A-Za-z]+)",
            (1, _ANY_LONGER),
            "https://docs.slack.dev/interactivity/handling-user-interaction",
            host="hooks.slack",
        )
        for word in ("commands", "actions", "app")
    },
    "Telegram bots": Service(
        "bot",
        r"(?<![0-9])[0-9]+(?::|%3[Aa])([\w-]+)",
        (20, _ANY_LONGER),
        "https://core.telegram.org/bots/api#making-requests",
        own_host="api.telegram.org",
    ),
    **{
        f"Discord, {word}": Service(
            word,
            rf"{SLASH}[0-9]+{SLASH}([\w-]+)",
            (20, _ANY_LONGER),
            "https://discord.com/developers/docs/resources/webhook",
            own_host="discord",
        )
        for word in ("webhooks", "interactions")
    },
    "Microsoft Teams": Service(
        "IncomingWebhook",
        rf"{SLASH}([\w-]+(?:{SLASH}[\w-]+){{0,2}})",
        (20, _ANY_LONGER),
        "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook",
    ),
    "Mattermost": Service(
        "hooks",
        rf"{SLASH}([0-9a-z]{{26}})(?![\w-])",
        (26, 26),
        "https://developers.mattermost.com/integrate/webhooks/incoming/",
    ),
    "Rocket.Chat": Service(
        "hooks",
        rf"{SLASH}[0-9A-Za-z]{{17,24}}{SLASH}([0-9A-Za-z]+)",
        (30, _ANY_LONGER),
        "https://docs.rocket.chat/docs/integrations",
    ),
    "Zapier": Service(
        "hooks",
        rf"{SLASH}(?:catch|standard){SLASH}[0-9]+{SLASH}([0-9A-Za-z]+)",
        (4, _ANY_LONGER),
        "https://help.zapier.com/hc/en-us/articles/8496288690317",
    ),
    "Flock": Service(
        "hooks",
        rf"{SLASH}sendMessage{SLASH}([0-9A-Fa-f-]+)",
        _UUID,
        "https://docs.flock.com/display/flockos/Incoming+Webhooks",
    ),
    "IFTTT": Service(
        "with",
        rf"{SLASH}key{SLASH}([\w-]+)",
        (10, _ANY_LONGER),
        "https://help.ifttt.com/hc/en-us/articles/115010230347",
    ),
    "Make": Service(
        "/hook.",
        rf"(?<![a-z0-9])(?:[a-z0-9]+\.)?(?:make|integromat)\.com{SLASH}([0-9a-z]+)",
        (20, _ANY_LONGER),
        "https://help.make.com/webhooks",
    ),
    "Lark and Feishu": Service(
        "open-apis",
        rf"{SLASH}bot{SLASH}(?:v2{SLASH})?hook{SLASH}([0-9A-Za-z-]+)",
        (20, _ANY_LONGER),
        "https://open.larksuite.com/document/client-docs/bot-v3/add-custom-bot",
    ),
    "Webex": Service(
        "webhooks",
        rf"{SLASH}incoming{SLASH}([\w-]+)",
        (40, _ANY_LONGER),
        "https://apphub.webex.com/applications/incoming-webhooks",
    ),
    "n8n and Home Assistant": Service(
        "webhook",
        rf"(?:-test)?{SLASH}([\w-]+)(?![\w@-])",
        (32, _ANY_LONGER),
        "https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.webhook/",
    ),
    "webhook.site": Service("/webhook.site", rf"{SLASH}([0-9A-Fa-f-]+)", _UUID, "https://docs.webhook.site/"),
    "PagerDuty": Service(
        "integration",
        rf"{SLASH}([0-9a-f]+){SLASH}enqueue",
        (32, 32),
        "https://support.pagerduty.com/main/docs/services-and-integrations",
    ),
    "Splunk On-Call": Service(
        "integrations",
        rf"{SLASH}generic{SLASH}[0-9]+{SLASH}alert{SLASH}([0-9a-f-]+)",
        (20, _ANY_LONGER),
        "https://help.splunk.com/en/splunk-on-call",
    ),
    **{
        f"Loggly, {word}": Service(
            word,
            rf"{SLASH}([0-9A-Fa-f-]+){SLASH}tag",
            _UUID,
            "https://documentation.solarwinds.com/en/success_center/loggly/",
        )
        for word in ("inputs", "bulk")
    },
    "Sumo Logic": Service(
        "receiver",
        rf"{SLASH}v1{SLASH}http{SLASH}([\w=-]+)",
        (30, _ANY_LONGER),
        "https://help.sumologic.com/docs/send-data/hosted-collectors/http-source/",
    ),
    "Healthchecks.io": Service("/hc-ping.com", rf"{SLASH}([\w-]+)", (22, 36), "https://healthchecks.io/docs/http_api/"),
    "Better Stack": Service(
        "heartbeat",
        rf"{SLASH}([0-9A-Za-z]+)",
        (20, _ANY_LONGER),
        "https://betterstack.com/docs/uptime/cron-and-heartbeat-monitor/",
    ),
    "Netlify": Service(
        "build_hooks",
        rf"{SLASH}([0-9a-f]+)",
        (20, _ANY_LONGER),
        "https://docs.netlify.com/build/configure-builds/build-hooks/",
    ),
    "Vercel": Service(
        "integrations",
        rf"{SLASH}deploy{SLASH}\w+{SLASH}([\w-]+)",
        (8, _ANY_LONGER),
        "https://vercel.com/docs/deploy-hooks",
    ),
    "Cloudflare Pages": Service(
        "deploy_hooks",
        rf"{SLASH}([0-9A-Fa-f-]+)",
        _UUID,
        "https://developers.cloudflare.com/pages/configuration/deploy-hooks/",
    ),
    "Infura": Service("v3", rf"{SLASH}([0-9a-f]+)", (32, 32), "https://docs.metamask.io/services/", host=".infura.io"),
    "Alchemy": Service(
        "v2", rf"{SLASH}([\w-]+)", (20, _ANY_LONGER), "https://www.alchemy.com/docs/", host=".alchemy.com"
    ),
    "Google Calendar": Service(
        "ical",
        rf"{SLASH}[\w.%@-]+{SLASH}private-([0-9a-f]+)",
        (16, _ANY_LONGER),
        "https://support.google.com/calendar/answer/37648",
    ),
    "Tines": Service(
        "webhook",
        rf"{SLASH}[\w-]+{SLASH}([0-9a-f]{{32,64}})(?![\w-])",
        (32, 64),
        "https://www.tines.com/docs/actions/types/webhook/",
    ),
    "Grafana OnCall": Service(
        "integrations",
        rf"{SLASH}v1{SLASH}\w+{SLASH}([0-9A-Za-z]+)",
        (20, _ANY_LONGER),
        "https://grafana.com/docs/oncall/latest/configure/integrations/references/webhook/",
    ),
    "Buildkite": Service(
        "/webhook.buildkite.com",
        rf"{SLASH}deliver{SLASH}(\w+)",
        (20, _ANY_LONGER),
        "https://buildkite.com/docs/pipelines/source-control/github",
    ),
    "Airtable": Service(
        "/hooks.airtable.com",
        rf"{SLASH}workflows{SLASH}v1{SLASH}genericWebhook{SLASH}(app\w+{SLASH}wfl\w+{SLASH}wtr\w+)",
        (20, _ANY_LONGER),
        "https://support.airtable.com/docs/when-webhook-received-trigger",
    ),
    "Workato": Service(
        "/webhooks.workato.com",
        rf"{SLASH}webhooks{SLASH}rest{SLASH}([0-9A-Fa-f-]+)",
        _UUID,
        "https://docs.workato.com/connectors/workato-webhooks.html",
    ),
    "Docker Hub": Service(
        "trigger",
        rf"{SLASH}([0-9A-Fa-f-]+){SLASH}call",
        _UUID,
        "https://docs.docker.com/docker-hub/repos/manage/builds/",
    ),
    "Datadog": Service(
        "input",
        rf"{SLASH}([0-9a-f]+)",
        (32, 32),
        "https://docs.datadoghq.com/api/latest/logs/",
        host=".datadoghq.",
    ),
    "Cronitor": Service(
        "/cronitor.link",
        rf"{SLASH}p{SLASH}([0-9A-Za-z]+)",
        (20, _ANY_LONGER),
        "https://cronitor.io/docs/telemetry-api",
    ),
    "Dead Man's Snitch": Service(
        "/nosnch.in", rf"{SLASH}([0-9A-Za-z]+)", (8, _ANY_LONGER), "https://deadmanssnitch.com/docs"
    ),
    "Uptime Kuma": Service(
        "push",
        rf"{SLASH}([0-9A-Za-z]+)(?![\w-])",
        (10, 64),
        "https://github.com/louislam/uptime-kuma/wiki",
        host="/api",
    ),
    "ntfy": Service("/ntfy.sh", rf"{SLASH}([\w-]+)(?![\w./-])", (10, 64), "https://docs.ntfy.sh/publish/"),
    "Firebase Cloud Messaging": Service(
        "/fcm.googleapis.com",
        rf"{SLASH}(?:fcm{SLASH}send|wp){SLASH}([\w:-]+)",
        (20, _ANY_LONGER),
        "https://www.rfc-editor.org/rfc/rfc8030#section-8.3",
    ),
    "Mozilla push service": Service(
        "wpush",
        rf"{SLASH}v[0-9]{SLASH}([\w=-]+)",
        (20, _ANY_LONGER),
        "https://mozilla-services.github.io/autopush-rs/http.html",
    ),
    "Apple push service": Service(
        "/web.push.apple.com",
        rf"{SLASH}([\w-]+)",
        (20, _ANY_LONGER),
        "https://www.rfc-editor.org/rfc/rfc8030#section-8.3",
    ),
    "Outlook calendar": Service(
        "calendar",
        rf"{SLASH}[0-9A-Fa-f]{{32}}@[\w.-]+{SLASH}([0-9A-Fa-f]+){SLASH}calendar",
        (32, _ANY_LONGER),
        "https://support.microsoft.com/office/share-your-calendar-in-outlook-on-the-web-7ecef8ae-139c-40d9-bae2-a23977ee58d5",
    ),
    "iCloud calendar": Service(
        "published",
        rf"{SLASH}[0-9]{SLASH}([\w-]+)",
        (20, _ANY_LONGER),
        "https://support.apple.com/guide/icloud/share-a-calendar-mm6b1a9479/icloud",
        host=".icloud.com",
    ),
}
