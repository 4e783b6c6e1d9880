"""Harmless values: not masked although their name is secret, such as `max_tokens: 100` and `token_type: "Bearer"`."""

from __future__ import annotations

import re

from drhttp._redact.detect.false_positives import are_words

#: Kinds of harmless values: numbers (and booleans and nulls in their place), times and durations, booleans that answer
#: a question, results of checks, types of tokens, and special tokens of tokenizers (`<s>`, `[PAD]`).
NUMBERS, TIMES, ANSWERS, RESULTS, TYPES, MARKERS = "numbers", "times", "answers", "results", "types", "markers"
COUNTS, FEW = "counts", "few"  # numbers as strings: "1,234", "40k"; of up to five digits
SUPPORTED = "supported"  # lists of methods and algorithms, as in OpenID Connect Discovery
STATES = "states"  # "read", "enabled"
STRENGTHS = "strengths"  # of passwords: "weak"
IDENTIFIERS = "identifiers"  # made of words, as in `secretName` and `csrf_cookie_name`
SERVICE_URLS = "service urls"  # the same in OpenAPI and in service accounts: `tokenUrl`, `auth_uri`
MASKED, MASKED_NUMBERS = "masked", "masked numbers"  # by someone else: `[Filtered]`, `**** **** **** 4242`
ENDPOINTS = "endpoints"  # URLs of services, as in OpenID Connect Discovery: `token_endpoint`
_COUNTING_FIRST = frozenset(("max", "min", "maximum", "minimum", "total", "num", "count", "remaining"))
_COUNTING_LAST = frozenset((
    "count", "counts", "total", "max", "min", "limit", "limits", "quota", "remaining", "used", "usage", "length",
    "size", "at", "ttl", "age", "expires", "expiry", "expiration", "exp", "lifetime", "timeout", "duration", "time",
    "timestamp", "ms", "seconds", "minutes", "hours", "days", "attempts", "retries", "tokens", "sessions", "cookies",
    "left", "keep", "validity", "prevention", "history",
))  # fmt: skip
# Of these, the ones that name a number beyond doubt, also one that is written as a string: `session.timeout: "30"`.
_SURELY_COUNTING = frozenset((
    "count", "counts", "limit", "limits", "quota", "remaining", "length", "size", "ttl", "age", "expires", "expiry",
    "expiration", "lifetime", "timeout", "duration", "ms", "seconds", "minutes", "hours", "days", "attempts", "retries",
))  # fmt: skip
# Words in names of measures of language models: `tokens_per_second`, `prompt_tokens_details`, `input_cost_per_token`.
_OF_TOKENS = frozenset((
    "detail", "details", "stats", "statistics", "breakdown", "second", "minute", "hour", "day", "request", "cost",
    "costs", "price", "pricing", "rate", "budget", "in", "out", "evaluated", "predicted", "cached", "generated",
    "processed", "consumed", "saved", "estimate", "estimated", "average", "avg", "mean", "sum", "bucket", "logprob",
    "logprobs", "index", "position", "positions", "offset", "offsets", "throughput", "latency", "sample", "batches",
    "model", "models", "month", "week",
))  # fmt: skip
# Behind `tokens` alone: `native_tokens_prompt` (OpenRouter), `ratelimit_tokens_reset`.
_OF_ONE_KIND = ("prompt", "completion", "reasoning", "input", "output", "reset")
# Beside `tokens` these make a number, also if it is written as a string: `prompt_tokens: "12"`.
_COUNTED = frozenset((
    "prompt", "completion", "input", "output", "cached", "reasoning", "generated", "predicted", "evaluated", "consumed",
    "processed", "thoughts", "candidates", "billed", "limit", "remaining", "quota", "usage", "used", "ratelimit",
)) | _COUNTING_FIRST  # fmt: skip
_COUNTING_ONE = frozenset(("count", "counts", "limit", "limits", "quota", "usage", "total"))  # behind `token`
# Words in front of `token` or `token_id` in the settings of tokenizers and models.
_MARKED = frozenset((
    "bos", "eos", "unk", "pad", "padding", "sep", "cls", "mask", "stop", "start", "end", "eot", "eom", "boi", "eoi",
    "image", "video", "audio", "vision", "prefix", "suffix", "middle", "special", "prompt", "output", "input",
    "completion",
))  # fmt: skip
# Behind these stands the time of an event: `password_last_changed`, `session_start`.
_DATED = frozenset((
    "start", "started", "end", "ended", "created", "updated", "changed", "change", "set", "issued", "login", "date",
    "on", "until", "since", "rotated", "modified", "seen", "reset",
))  # fmt: skip
# Behind these may stand whether something is allowed, or how: `secrets: "read"`, `sessionAffinity: "ClientIP"`.
_STATED = frozenset(
    ("secrets", "alerts", "affinity", "scanning", "authentication", "protection", "policy", "status", "state")
)
_STATES = frozenset((
    "read", "write", "none", "enabled", "disabled", "required", "optional", "active", "inactive", "expired",
    "revoked", "valid", "invalid", "clientip", "strict", "lax", "missing", "unknown", "pending", "ok", "success",
    "failed",
))  # fmt: skip
_RATED = frozenset(("strength", "score", "complexity", "quality", "rating"))
_STRENGTH = re.compile(
    r"(?:very|too)?[ _-]?(?:weak|fair|medium|moderate|good|strong|excellent|poor|low|high|short)", re.IGNORECASE
)
# In front of `name`.
_NAMED = frozenset(("secret", "secrets", "token", "cookie", "session", "credential", "credentials", "key", "header",
                    "param", "parameter", "field"))  # fmt: skip
_IDENTIFIER = re.compile(r"[A-Za-z]{1,20}(?:[ _.-](?:[A-Za-z]{1,20}|[0-9]{1,3})){0,6}")
_CHECKED = frozenset(("pass", "passed", "fail", "failed", "unavailable", "unchecked", "not_checked", "not_provided"))
# RFC 6749 (bearer, mac), RFC 9449 (DPoP), RFC 8693 (N_A), RFC 7009 (hints), RFC 7591 (methods of clients).
_TYPES = frozenset((
    "bearer", "mac", "dpop", "pop", "n_a", "jwt", "basic", "digest", "negotiate", "ntlm", "oauth", "oauth2", "saml",
    "access_token", "refresh_token", "id_token", "none", "client_secret_basic", "client_secret_post",
    "client_secret_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth", "jwt-bearer",
    "saml2-bearer", "password", "passkey", "webauthn", "fido2", "otp", "totp", "sms", "email", "magic_link", "sso",
    "oidc", "ldap", "kerberos", "api_key", "apikey", "token", "session", "cookie", "certificate", "mtls", "mfa",
    "public_key", "publickey", "openid", "openid_connect", "anonymous", "google", "github", "gitlab", "facebook",
    "apple", "microsoft", "okta", "auth0", "cognito", "keycloak", "local", "opaque", "service_account", "iam",
    "access", "refresh", "bcrypt", "scrypt", "argon2", "argon2id", "pbkdf2", "pbkdf2_sha256", "sha256", "s256",
    "plain", "rs256", "es256", "hs256", "ps256", "eddsa", "implicit", "authorization_code", "client_credentials",
    "spnego", "sigv4",
))  # fmt: skip
_TYPED = frozenset(("type", "types", "method", "methods", "mode", "scheme", "provider", "strategy", "mechanism", "alg",
                    "algorithm", "algorithms", "hasher"))  # fmt: skip
_TYPED_NAMES = ("token", "auth", "authentication", "assertion", "password", "credential", "credentials", "otp")
_TYPE_URN = re.compile(r"urn:ietf:params:oauth:token-type:[a-z0-9_-]{1,20}")
_NUMBER = re.compile(r"-?[0-9]{1,19}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,3})?")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z| UTC| ?[+-][0-9]{2}:?[0-9]{2})?)?"
)
# Ranges of versions in lists of dependencies, whose names may be secret words: `"cookie": "^0.5.0"`.
_RANGE = (
    r"(?:(?:(?:[~^]|[<>=]=?) ?v?[0-9]{1,3}(?:\.[0-9]{1,5}){0,2}|v?[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,5})"
    r"(?:-[a-z]{1,8}(?:\.[0-9]{1,4})?)?|v?[0-9]{1,3}(?:\.[0-9]{1,4})?\.[xX*])"
)
_VERSION = re.compile(
    rf"(?:workspace:|npm:(?:@[a-z][a-z0-9-]{{0,40}}/)?[a-z][a-z0-9.-]{{0,60}}@)?"
    rf"{_RANGE}(?: (?:(?:\|\| ?|- )?{_RANGE}|[<>]=? ?[0-9.]{{1,12}})){{0,3}}|workspace:[*^~]|\*"
)
#: The first characters of such a range.
VERSION_BEGINNINGS = frozenset("~^<>=*vnw0123456789")
_LIST = re.compile(r'\[\s{0,99}"[^"\\]{0,60}"(?:\s{0,99},\s{0,99}"[^"\\]{0,60}"){0,39}\s{0,99}\]')
_ENTRY = re.compile(r'"([^"]*)"')
_METHOD = re.compile(r"[A-Za-z][A-Za-z0-9_+.:/-]{0,60}")
_COUNT = re.compile(r"(?:[0-9]{1,15}(?:\.[0-9]{1,3})?[kKMB]?|[0-9]{1,3}(?:,[0-9]{3}){1,5})(?:/[0-9]{1,15}[kKMB]?)?")
_FEW = re.compile(r"[0-9]{1,5}")
_DURATION = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|us|ns|µs|[smhd])){1,4}")
_ENDPOINT = re.compile(r"https?://[\w.-]{1,100}(?::[0-9]{1,5})?(?:/[A-Za-z0-9_.~-]{1,40}){0,6}/?")
# The URL of a service in `token_uri`: words and versions, as a link with a token has other segments.
_SERVICE_URL = re.compile(
    r"(?:https?://[\w.-]{1,100}(?::[0-9]{1,5})?)?/?(?:(?:[A-Za-z_.-]{1,20}|v[0-9.]{1,4}|oauth2)(?:/|\Z)){0,8}"
)
# What stands for a secret that another program has masked: `********`, `[Filtered]`, `***REDACTED***`.
_MASK_BEGINNINGS = frozenset("*[<(_\\\u2022\u25cf")
_DOT = r"[*\u2022\u25cf]|\\u(?:2022|25[cC][fF])"
_MASK = re.compile(
    rf"(?:{_DOT}){{3,64}}|[\[<(*_]{{1,3}}(?i:filtered|redacted|masked|hidden|removed|scrubbed|sanitized|obfuscated"
    r"|omitted|protected)[\])>*_]{1,3}"
)
# The last digits of a number, perhaps with the first six or the country: `4111 11** **** 1111`, `XXX-XX-6789`.
_MASKED_NUMBER = re.compile(
    rf"(?:[A-Z]{{2}}[ -]?|[0-9]{{4}}[ -]?(?:[0-9]{{2}}[ -]?)?)?(?:(?:{_DOT}|[xX])[ -]?){{4,30}}[0-9]{{2,4}}"
)
# Last words of names of such numbers.
_NUMBERED = frozenset(("card", "number", "no", "num", "pan", "iban", "ssn", "ccnum", "cardnumber", "cardno",
                       "creditcard", "ccnumber", "accountnumber"))  # fmt: skip
_UNLIMITED = frozenset(("auto", "inf", "unlimited"))  # in the place of a number
_MARKER = re.compile(r"</?[|\uff5c]?[\w .:|/\uff5c\u2581-]{1,40}>|\[[A-Z_]{1,20}\]")


def harmless_kinds(words: list[str]) -> tuple[str, ...]:
    """Return the kinds of values that are harmless under a name. words: of the name, in lower case."""
    if not words or (len(words) == 1 and words[0] not in _COUNTING_LAST | _STATED):
        return (MASKED, MASKED_NUMBERS) if words and words[0] in _NUMBERED else (MASKED,)
    first, last = words[0], words[-1]
    counts = first in _COUNTING_FIRST or last in _COUNTING_LAST or words[-2:] == ["expires", "in"]
    counts = counts or _measures_tokens(words)
    found = (
        (MASKED, True),
        (MASKED_NUMBERS, last in _NUMBERED),
        (NUMBERS, counts),
        (COUNTS, (len(words) > 1 and last in _SURELY_COUNTING) or _counts_tokens(words)),
        (FEW, words == ["tokens"] or last == "sessions"),
        (TIMES, counts or last in _DATED),
        (ANSWERS, len(words) > 1),
        (RESULTS, last == "check"),
        (TYPES, _names_a_type(words)),
        (SUPPORTED, last == "supported"),
        (STATES, last in _STATED),
        (MARKERS, last == "token" and words[-2] in _MARKED),
        (STRENGTHS, last in _RATED),
        (IDENTIFIERS, (last == "name" and words[-2] in _NAMED) or words[-2:] == ["secret", "type"]),
        (ENDPOINTS, last == "endpoint" or words == ["check", "session", "iframe"]),
        (SERVICE_URLS, last in ("url", "uri") and words[-2] in ("token", "auth", "authorization")),
    )
    return tuple(kind for kind, holds in found if holds)


def _measures_tokens(words: list[str]) -> bool:
    """Whether a name is one from language models for one or more numbers about tokens."""
    *before, last = words
    if last in ("id", "ids", "index") and "token" in before[-2:]:
        return last == "ids" or before[-2:-1] in ([word] for word in _MARKED)
    if last == "token":
        return "per" in before or before[-2:] == ["to", "first"]
    if "tokens" in before and (last in _OF_ONE_KIND or "ratelimit" in before):
        return True
    return last in _OF_TOKENS and ("tokens" in before or "token" in before)


def _counts_tokens(words: list[str]) -> bool:
    """Whether a name is one for a number of tokens, beyond doubt, so that the number may be a string."""
    if "tokens" in words:
        return not _COUNTED.isdisjoint(words) or words[-1] in _COUNTING_ONE
    return "token" in words[:-1] and words[-1] in _COUNTING_ONE


def _names_a_type(words: list[str]) -> bool:
    """Whether a name is one for the type of a token, or for a method of authentication."""
    *before, last = words[:-1] if words[-1] == "hint" else words
    if words == ["bearer", "format"]:  # OpenAPI
        return True
    if last in ("alg", "algorithm"):
        return True
    return last in _TYPED and before[-1:] in ([word] for word in _TYPED_NAMES)


def is_harmless(value: str, kinds: tuple[str, ...]) -> bool:
    """Whether a value is of one of the kinds. A string may stand in double quotes; a number must not."""
    if not kinds:
        return False
    if kinds[0] == MASKED == kinds[-1]:  # as for most names
        return is_masked(value.strip('"'), number=False)
    if NUMBERS in kinds and (value in ("true", "false", "null") or _NUMBER.fullmatch(value)):
        return True
    if ANSWERS in kinds and value in ("true", "false"):
        return True
    text = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    return (
        (MASKED in kinds and is_masked(text, number=MASKED_NUMBERS in kinds))
        or (RESULTS in kinds and text in _CHECKED)
        or (TIMES in kinds and bool(_TIME.fullmatch(text) or _DURATION.fullmatch(text)))
        or (TYPES in kinds and (text.lower() in _TYPES or _TYPE_URN.fullmatch(text) is not None))
        or (MARKERS in kinds and is_marker(text))
        or (ENDPOINTS in kinds and _ENDPOINT.fullmatch(text) is not None)
        or (SERVICE_URLS in kinds and _SERVICE_URL.fullmatch(text) is not None)
        or (COUNTS in kinds and _COUNT.fullmatch(text) is not None)
        or (STATES in kinds and text.lower() in _STATES)
        or (FEW in kinds and _FEW.fullmatch(text) is not None)
        or (STRENGTHS in kinds and (value.isdigit() or _STRENGTH.fullmatch(text) is not None))
        or (IDENTIFIERS in kinds and is_identifier(text))
        or (NUMBERS in kinds and text in _UNLIMITED)
    )


def is_masked(text: str, *, number: bool) -> bool:
    """Whether a text is the mask of another program. number: whether it may show the last digits of a number."""
    if text[:1] in _MASK_BEGINNINGS and _MASK.fullmatch(text):
        return True
    return number and _MASKED_NUMBER.fullmatch(text) is not None


def is_version(text: str) -> bool:
    """Whether a text is the version of a package, or a range of them: `^0.5.0`."""
    return _VERSION.fullmatch(text) is not None


def end_of_list(text: str, at: int, kinds: tuple[str, ...]) -> int | None:
    """Return where the array of strings ends that begins at `at`, if all are harmless; `None` if they are not."""
    found = _LIST.match(text, at) if TYPES in kinds or SUPPORTED in kinds else None
    if found is None:
        return None
    entries = _ENTRY.findall(found[0])
    if SUPPORTED in kinds and all(map(_METHOD.fullmatch, entries)):
        return found.end()
    return found.end() if TYPES in kinds and all(entry.lower() in _TYPES for entry in entries) else None


def is_identifier(text: str) -> bool:
    """Whether a text is an identifier made of words: `letsencrypt-prod`, `csrftoken`."""
    return _IDENTIFIER.fullmatch(text) is not None and are_words(text.lower().replace("csrf", "").replace("xsrf", ""))


def is_marker(text: str) -> bool:
    """Whether a text is the name of a tokenizer's special token: `<s>`, `<|endoftext|>`, `[PAD]`."""
    return _MARKER.fullmatch(text) is not None
