"""Paths of URLs that are permissions themselves ("capability URLs", W3C TAG): webhooks of chat and automation services,
bots, deploy hooks, and links in mails that reset a password, confirm an address or accept an invitation.

Every expression begins with a slash and is bounded or without overlap, so that a search takes linear time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._redact.lookalikes import is_slug

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_S = r"\\{0,2}/"  # a slash, also as JSON may write it
_UUID = r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"
_END = r"(?![\w@-])"
#: Behind a slash, by service: an expression whose one group is the token, and the page that documents it.
SERVICES: dict[str, tuple[str, str]] = {
    "Slack webhooks": (
        rf"services{_S}T\w{{4,20}}{_S}B\w{{4,20}}{_S}([0-9A-Za-z]{{10,}})",
        "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
    ),
    "Slack workflows": (
        rf"(?:workflows|triggers){_S}[TE][0-9A-Z]{{4,20}}{_S}((?:[0-9A-Za-z]{{6,40}}{_S}){{0,2}}[0-9A-Za-z]{{10,}})",
        "https://slack.com/help/articles/360041352714",
    ),
    "Telegram bots": (r"bot[0-9]{5,12}(?::|%3[Aa])([\w-]{20,})", "https://core.telegram.org/bots/api#making-requests"),
    "Discord": (
        rf"(?:webhooks|interactions){_S}[0-9]{{15,22}}{_S}([\w-]{{20,}})",
        "https://discord.com/developers/docs/resources/webhook",
    ),
    "Microsoft Teams": (
        rf"IncomingWebhook{_S}([\w-]{{20,}}(?:{_S}[\w-]{{20,}}){{0,2}})",
        "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook",
    ),
    "Mattermost": (rf"hooks{_S}([0-9a-z]{{26}}){_END}", "https://developers.mattermost.com/integrate/webhooks/incoming/"),
    "Rocket.Chat": (
        rf"hooks{_S}[0-9A-Za-z]{{17,24}}{_S}([0-9A-Za-z]{{30,}})",
        "https://docs.rocket.chat/docs/integrations",
    ),
    "Zapier": (rf"hooks{_S}(?:catch|standard){_S}[0-9]{{3,12}}{_S}([0-9A-Za-z]{{4,}})", "https://help.zapier.com/hc/en-us/articles/8496288690317"),
    "Flock": (rf"hooks{_S}sendMessage{_S}({_UUID}){_END}", "https://docs.flock.com/display/flockos/Incoming+Webhooks"),
    "IFTTT": (rf"with{_S}key{_S}([\w-]{{10,}})", "https://help.ifttt.com/hc/en-us/articles/115010230347"),
    "Make": (rf"/hook\.(?:[a-z0-9]{{2,6}}\.)?(?:make|integromat)\.com{_S}([0-9a-z]{{20,}})", "https://help.make.com/webhooks"),
    "Lark and Feishu": (
        rf"open-apis{_S}bot{_S}(?:v2{_S})?hook{_S}([0-9A-Za-z-]{{20,}})",
        "https://open.larksuite.com/document/client-docs/bot-v3/add-custom-bot",
    ),
    "Webex": (rf"webhooks{_S}incoming{_S}([\w-]{{40,}})", "https://apphub.webex.com/applications/incoming-webhooks-cisco-systems-38054-23307-75252"),
    "n8n and Home Assistant": (
        rf"webhook(?:-test)?{_S}({_UUID}|[\w-]{{32,}}){_END}",
        "https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.webhook/",
    ),
    "webhook.site": (rf"/webhook\.site{_S}({_UUID}){_END}", "https://docs.webhook.site/"),
    "PagerDuty": (rf"integration{_S}([0-9a-f]{{32}}){_S}enqueue", "https://support.pagerduty.com/main/docs/services-and-integrations"),
    "Splunk On-Call": (
        rf"integrations{_S}generic{_S}[0-9]{{8}}{_S}alert{_S}([0-9a-f-]{{20,}})",
        "https://help.splunk.com/en/splunk-on-call",
    ),
    "Loggly": (rf"(?:inputs|bulk){_S}({_UUID}){_S}tag", "https://documentation.solarwinds.com/en/success_center/loggly/"),
    "Sumo Logic": (rf"receiver{_S}v1{_S}http{_S}([\w=-]{{30,}})", "https://help.sumologic.com/docs/send-data/hosted-collectors/http-source/"),
    "Healthchecks.io": (rf"/hc-ping\.com{_S}({_UUID}|[\w-]{{22}}){_END}", "https://healthchecks.io/docs/http_api/"),
    "Better Stack": (rf"heartbeat{_S}([0-9A-Za-z]{{20,}})", "https://betterstack.com/docs/uptime/cron-and-heartbeat-monitor/"),
    "Netlify": (rf"build_hooks{_S}([0-9a-f]{{20,}})", "https://docs.netlify.com/build/configure-builds/build-hooks/"),
    "Vercel": (rf"integrations{_S}deploy{_S}\w{{5,60}}{_S}([\w-]{{8,}})", "https://vercel.com/docs/deploy-hooks"),
    "Cloudflare Pages": (rf"deploy_hooks{_S}({_UUID}){_END}", "https://developers.cloudflare.com/pages/configuration/deploy-hooks/"),
    "Infura": (rf"/[a-z0-9-]{{2,40}}\.infura\.io{_S}(?:ws{_S})?v3{_S}([0-9a-f]{{32}})", "https://docs.metamask.io/services/"),
    "Alchemy": (rf"/[a-z0-9-]{{2,40}}\.g\.alchemy\.com{_S}v2{_S}([\w-]{{20,}})", "https://www.alchemy.com/docs/"),
    "Google Calendar": (
        rf"ical{_S}[\w.%@-]+{_S}private-([0-9a-f]{{16,}})",
        "https://support.google.com/calendar/answer/37648",
    ),
}  # fmt: skip
_SERVICE = re.compile("/(?:" + "|".join(expression for expression, _ in SERVICES.values()) + ")")
# A segment that says what the link is for, and what follows it.
_ACTION = re.compile(
    r"/((?:[a-z]{2,12}[-_]){0,3}(?:password|email|account|user)?"
    r"(?:reset|recover|recovery|activate|activation|confirm|confirmation|verify|verification"
    r"|invite|invites|invitation|invitations|magic|unlock)"
    rf"(?:password|email|account|user)?(?:[-_][a-z]{{2,12}}){{0,3}})((?:{_S}[\w:.~=%+-]+){{1,5}})",
    re.IGNORECASE,
)
# What must be somewhere in a long text, in lower case, for one of the two to match: looked for one by one, which is
# faster than any expression where slashes are many.
_SERVICE_HINTS = (
    "hook", "services", "/bot", "workflows", "triggers", "interactions", "/key", "integration", "/tag", "receiver",
    "hc-ping", "heartbeat", "infura", "alchemy", "private-",
)  # fmt: skip
_ACTION_HINTS = ("reset", "recover", "activat", "confirm", "verif", "invit", "magic", "unlock")
_LONG, _SPARSE = 1000, 100  # characters; characters to a slash
_SEGMENT = re.compile(r"[^\\/]+")
# django.contrib.auth.tokens: the time and the hash; allauth puts the user's id in front.
_DJANGO = re.compile(r"(?:\w{1,60}-)?[0-9a-z]{1,13}-(?:[0-9a-f]{20}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})")
# django.core.signing: a value, the time, a signature.
_SIGNED = re.compile(r"(?<![\w.=-])[\w.=-]+(?::|%3[Aa])[0-9A-Za-z]{5,8}(?::|%3[Aa])[\w-]{20,}")
_IDENTIFIER = re.compile(rf"{_UUID}|[0-9a-f]{{24}}")  # of orders and devices: a UUID, an id of MongoDB
# In segments that speak of people and not of orders or devices.
_SURE = ("password", "email", "account", "magic", "login", "user", "signup", "register", "invit", "recover", "activat")
_NEAR = 30  # characters in front of the segment that are looked at for such a word
_SHORTEST, _SHORTEST_UNSURE = 12, 20  # characters of a token
_SET_PASSWORD = "set-password"  # where Django redirects to: the token is in the session then


def possible(text: str) -> bool:
    """Whether a text holds such a path."""
    return "/" in text and next(spans(text), None) is not None


def mask(text: str, mask: Callable[[str], str]) -> tuple[str, int]:
    """The text with the tokens of such paths replaced by what `mask` makes of them, and how many those were."""
    if "/" not in text:
        return text, 0
    pieces, copied, count = [], 0, 0
    for begin, end in sorted(spans(text)):
        if begin >= copied:
            pieces += [text[copied:begin], mask(text[begin:end])]
            copied, count = end, count + 1
    return "".join(pieces) + text[copied:], count


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the tokens are, in any order; some may be found twice."""
    lower = text.lower() if text.count("/") * _SPARSE > len(text) >= _LONG else ""
    if not lower or any(hint in lower for hint in _SERVICE_HINTS):
        for match in _SERVICE.finditer(text):
            if match.lastindex:
                yield match.span(match.lastindex)
    if not lower or any(hint in lower for hint in _ACTION_HINTS):
        for match in _ACTION.finditer(text):
            yield from _in_link(match)


def _in_link(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Where the tokens are behind a segment that says what the link is for."""
    rest, start = match[2], match.start(2)
    near = match.string[max(0, match.start() - _NEAR) : match.end()].lower()
    sure = any(word in near for word in _SURE)
    for segment in _SEGMENT.finditer(rest):
        text = segment[0]
        if (
            _DJANGO.fullmatch(text)
            or _SIGNED.fullmatch(text)
            or (_SET_PASSWORD not in rest and _is_made(text, sure=sure))
        ):
            yield start + segment.start(), start + segment.end()


def _is_made(text: str, *, sure: bool) -> bool:
    """Whether a segment is made of random letters and digits, and is no identifier of something else."""
    mixed = any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    if len(text) < (_SHORTEST if sure else _SHORTEST_UNSURE) or not mixed or is_slug(text):
        return False
    return sure or _IDENTIFIER.fullmatch(text) is None
