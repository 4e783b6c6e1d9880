"""Paths of URLs that are permissions themselves ("capability URLs", W3C TAG): webhooks of chat and automation services,
bots, deploy hooks, and links in mails that reset a password, confirm an address or accept an invitation.
A path is searched for the words that stand in such ones, and what follows a word is matched from there, up to a slash.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from drhttp._redact.detect.false_positives import is_slug

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_S = r"\\{0,2}/"  # a slash, also as JSON may write it
_UUID, _ANY_LONGER = (36, 36), 1 << 20


class Service(NamedTuple):
    """Where the token of a service stands in a path.

    word: what follows a slash, to the letter. rest: an expression for what follows the word; its one group is the
    token. lengths: the shortest and the longest token, in characters. source: the page that documents it. host: what
    has to stand in the text in front of the slash. own_host: what stands there if a token of any length is one.
    """

    word: str
    rest: str
    lengths: tuple[int, int]
    source: str
    host: str = ""
    own_host: str = ""


#: By name. Lengths are looked at apart from the expressions, which keeps those small.
SERVICES: dict[str, Service] = {
    "Slack webhooks": Service(
        "services",
        rf"{_S}T\w+{_S}B\w+{_S}([0-9A-Za-z]+)",
        (10, _ANY_LONGER),
        "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
        own_host="hooks.slack",
    ),
    **{
        f"Slack workflows, {word}": Service(
            word,
            rf"{_S}[TE][0-9A-Z]+{_S}([0-9A-Za-z]+(?:{_S}[0-9A-Za-z]+){{0,2}})",
            (20, _ANY_LONGER),
            "https://slack.com/help/articles/360041352714",
            own_host="hooks.slack",
        )
        for word in ("workflows", "triggers")
    },
    **{
        f"Slack response URLs, {word}": Service(
            word,
            rf"{_S}[TE]\w+{_S}[0-9]+{_S}([0-9A-Za-z]+)",
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
            rf"{_S}[0-9]+{_S}([\w-]+)",
            (20, _ANY_LONGER),
            "https://discord.com/developers/docs/resources/webhook",
            own_host="discord",
        )
        for word in ("webhooks", "interactions")
    },
    "Microsoft Teams": Service(
        "IncomingWebhook",
        rf"{_S}([\w-]+(?:{_S}[\w-]+){{0,2}})",
        (20, _ANY_LONGER),
        "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook",
    ),
    "Mattermost": Service(
        "hooks",
        rf"{_S}([0-9a-z]{{26}})(?![\w-])",
        (26, 26),
        "https://developers.mattermost.com/integrate/webhooks/incoming/",
    ),
    "Rocket.Chat": Service(
        "hooks",
        rf"{_S}[0-9A-Za-z]{{17,24}}{_S}([0-9A-Za-z]+)",
        (30, _ANY_LONGER),
        "https://docs.rocket.chat/docs/integrations",
    ),
    "Zapier": Service(
        "hooks",
        rf"{_S}(?:catch|standard){_S}[0-9]+{_S}([0-9A-Za-z]+)",
        (4, _ANY_LONGER),
        "https://help.zapier.com/hc/en-us/articles/8496288690317",
    ),
    "Flock": Service(
        "hooks",
        rf"{_S}sendMessage{_S}([0-9A-Fa-f-]+)",
        _UUID,
        "https://docs.flock.com/display/flockos/Incoming+Webhooks",
    ),
    "IFTTT": Service(
        "with", rf"{_S}key{_S}([\w-]+)", (10, _ANY_LONGER), "https://help.ifttt.com/hc/en-us/articles/115010230347"
    ),
    "Make": Service(
        "/hook.",
        rf"(?<![a-z0-9])(?:[a-z0-9]+\.)?(?:make|integromat)\.com{_S}([0-9a-z]+)",
        (20, _ANY_LONGER),
        "https://help.make.com/webhooks",
    ),
    "Lark and Feishu": Service(
        "open-apis",
        rf"{_S}bot{_S}(?:v2{_S})?hook{_S}([0-9A-Za-z-]+)",
        (20, _ANY_LONGER),
        "https://open.larksuite.com/document/client-docs/bot-v3/add-custom-bot",
    ),
    "Webex": Service(
        "webhooks",
        rf"{_S}incoming{_S}([\w-]+)",
        (40, _ANY_LONGER),
        "https://apphub.webex.com/applications/incoming-webhooks",
    ),
    "n8n and Home Assistant": Service(
        "webhook",
        rf"(?:-test)?{_S}([\w-]+)(?![\w@-])",
        (32, _ANY_LONGER),
        "https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.webhook/",
    ),
    "webhook.site": Service("/webhook.site", rf"{_S}([0-9A-Fa-f-]+)", _UUID, "https://docs.webhook.site/"),
    "PagerDuty": Service(
        "integration",
        rf"{_S}([0-9a-f]+){_S}enqueue",
        (32, 32),
        "https://support.pagerduty.com/main/docs/services-and-integrations",
    ),
    "Splunk On-Call": Service(
        "integrations",
        rf"{_S}generic{_S}[0-9]+{_S}alert{_S}([0-9a-f-]+)",
        (20, _ANY_LONGER),
        "https://help.splunk.com/en/splunk-on-call",
    ),
    **{
        f"Loggly, {word}": Service(
            word,
            rf"{_S}([0-9A-Fa-f-]+){_S}tag",
            _UUID,
            "https://documentation.solarwinds.com/en/success_center/loggly/",
        )
        for word in ("inputs", "bulk")
    },
    "Sumo Logic": Service(
        "receiver",
        rf"{_S}v1{_S}http{_S}([\w=-]+)",
        (30, _ANY_LONGER),
        "https://help.sumologic.com/docs/send-data/hosted-collectors/http-source/",
    ),
    "Healthchecks.io": Service("/hc-ping.com", rf"{_S}([\w-]+)", (22, 36), "https://healthchecks.io/docs/http_api/"),
    "Better Stack": Service(
        "heartbeat",
        rf"{_S}([0-9A-Za-z]+)",
        (20, _ANY_LONGER),
        "https://betterstack.com/docs/uptime/cron-and-heartbeat-monitor/",
    ),
    "Netlify": Service(
        "build_hooks",
        rf"{_S}([0-9a-f]+)",
        (20, _ANY_LONGER),
        "https://docs.netlify.com/build/configure-builds/build-hooks/",
    ),
    "Vercel": Service(
        "integrations", rf"{_S}deploy{_S}\w+{_S}([\w-]+)", (8, _ANY_LONGER), "https://vercel.com/docs/deploy-hooks"
    ),
    "Cloudflare Pages": Service(
        "deploy_hooks",
        rf"{_S}([0-9A-Fa-f-]+)",
        _UUID,
        "https://developers.cloudflare.com/pages/configuration/deploy-hooks/",
    ),
    "Infura": Service("v3", rf"{_S}([0-9a-f]+)", (32, 32), "https://docs.metamask.io/services/", host=".infura.io"),
    "Alchemy": Service("v2", rf"{_S}([\w-]+)", (20, _ANY_LONGER), "https://www.alchemy.com/docs/", host=".alchemy.com"),
    "Google Calendar": Service(
        "ical",
        rf"{_S}[\w.%@-]+{_S}private-([0-9a-f]+)",
        (16, _ANY_LONGER),
        "https://support.google.com/calendar/answer/37648",
    ),
}
# In reverse order the longer of two words that begin alike comes first.
_WORD = re.compile("/(" + "|".join(sorted({re.escape(each.word) for each in SERVICES.values()}, reverse=True)) + ")")
_BY_WORD: dict[str, list[tuple[re.Pattern[str], Service]]] = {}
for _service in SERVICES.values():
    _BY_WORD.setdefault(_service.word, []).append((re.compile(_service.rest), _service))
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
_DJANGO = re.compile(r"(?:\w+-)?([0-9a-z]+)-([0-9a-f]+)")
_LONGEST_TIME, _HASHES = 13, (20, 32, 40, 64)  # digits
# django.core.signing: a value, the time, a signature.
_SIGNED = re.compile(r"[\w.=-]+(?::|%3[Aa])([0-9A-Za-z]+)(?::|%3[Aa])([\w-]+)")
_TIMES, _SHORTEST_SIGNATURE = range(5, 9), 20  # characters
# Of orders and devices: a UUID, an id of MongoDB.
_IDENTIFIER = re.compile(r"[0-9A-Fa-f]+(?:-[0-9A-Fa-f]+){4}|[0-9a-f]+")
_IDENTIFIERS = (24, 36)  # characters
# In segments that speak of people and not of orders or devices.
_SURE = ("password", "email", "account", "magic", "login", "user", "signup", "register", "invit", "recover", "activat")
_NEAR = 30  # characters in front of the segment that are looked at for such a word
_SHORTEST, _SHORTEST_UNSURE = 12, 20  # characters of a token
_SET_PASSWORD = "set-password"  # where Django redirects to: the token is in the session then


def holds_token(text: str) -> bool:
    """Whether a text holds such a path."""
    return "/" in text and next(find_tokens(text), None) is not None


def mask(text: str, mask: Callable[[str], str]) -> tuple[str, int]:
    """The text with the tokens of such paths replaced by what `mask` makes of them, and how many those were."""
    if "/" not in text:
        return text, 0
    pieces, copied, count = [], 0, 0
    for begin, end in sorted(find_tokens(text)):
        if begin >= copied:
            pieces += [text[copied:begin], mask(text[begin:end])]
            copied, count = end, count + 1
    return "".join(pieces) + text[copied:], count


def find_tokens(text: str) -> Iterator[tuple[int, int]]:
    """Where the tokens are, in any order; some may be found twice."""
    lower = text.lower() if text.count("/") * _SPARSE > len(text) >= _LONG else ""
    if not lower or any(hint in lower for hint in _SERVICE_HINTS):
        for match in _WORD.finditer(text):
            yield from _find_service_tokens(match)
    if not lower or any(hint in lower for hint in _ACTION_HINTS):
        for match in _ACTION.finditer(text):
            yield from _find_link_tokens(match)


def _find_service_tokens(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Where the token is behind a word that services have in their paths."""
    text, front = match.string, match.string[max(0, match.start() - _NEAR) : match.start()].lower()
    for expression, service in _BY_WORD[match[1]]:
        found = expression.match(text, match.end())
        if found and service.host in front:
            begin, end = found.span(1)
            shortest = 1 if service.own_host and service.own_host in front else service.lengths[0]
            if shortest <= end - begin <= service.lengths[1]:
                yield begin, end


def _find_link_tokens(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Where the tokens are behind a segment that says what the link is for."""
    rest, start = match[2], match.start(2)
    near = match.string[max(0, match.start() - _NEAR) : match.end()].lower()
    sure = any(word in near for word in _SURE)
    for segment in _SEGMENT.finditer(rest):
        if _is_signed(segment[0]) or (_SET_PASSWORD not in rest and _is_random(segment[0], sure=sure)):
            yield start + segment.start(), start + segment.end()


def _is_signed(text: str) -> bool:
    """Whether a segment has the form of what Django makes: a token, or a signed value."""
    token = _DJANGO.fullmatch(text)
    if token is not None:
        return len(token[1]) <= _LONGEST_TIME and len(token[2]) in _HASHES
    signed = _SIGNED.fullmatch(text)
    return signed is not None and len(signed[1]) in _TIMES and len(signed[2]) >= _SHORTEST_SIGNATURE


def _is_random(text: str, *, sure: bool) -> bool:
    """Whether a segment is made of random letters and digits, and is no identifier of something else."""
    mixed = any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    if len(text) < (_SHORTEST if sure else _SHORTEST_UNSURE) or not mixed or is_slug(text):
        return False
    return sure or len(text) not in _IDENTIFIERS or _IDENTIFIER.fullmatch(text) is None
