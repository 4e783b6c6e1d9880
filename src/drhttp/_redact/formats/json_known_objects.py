"""Objects that hold no secret, although their name is secret: `{"secretKeyRef": {"name": "db", "key": "password"}}`.

They are known by their members: sessions of OpenAI's Realtime API, of which only the ID is masked; references of
Kubernetes; settings, such as the policy for passwords; and packages of npm. Names within them count as everywhere else.
"""

from __future__ import annotations

import json
import re
from typing import Any

from drhttp._redact.detect.harmless_values import is_identifier, is_version
from drhttp._redact.formats.json_name_value_pairs import TOKEN, decode_string

# https://platform.openai.com/docs/api-reference/realtime-sessions
_REALTIME = frozenset((
    "model", "modalities", "output_modalities", "instructions", "voice", "turn_detection", "input_audio_format",
    "output_audio_format", "input_audio_transcription", "tools", "tool_choice", "audio", "max_output_tokens",
    "max_response_output_tokens", "tracing", "temperature",
))  # fmt: skip
_REALTIME_KINDS = frozenset(("realtime", "transcription", "realtime.session", "realtime.transcription_session"))
# https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume/
_REFERENCE = frozenset((
    "name", "secretName", "path", "namespace", "kind", "apiVersion", "key", "optional", "defaultMode", "mode",
    "items", "expirationSeconds", "created_at", "updated_at", "visibility",
))  # fmt: skip
_REFERRING = frozenset(("name", "secretName", "path"))
_KEYS_OF_SECRETS = frozenset((
    "password", "username", "user", "token", "uri", "url", "host", "port", "database", "dsn", "secret", "ca.crt",
    "tls.crt", "tls.key", "api-key", "apikey", "api_key", "secret-key", "secret_key", "client-id", "client-secret",
    ".dockerconfigjson",
))  # fmt: skip
_VARIABLE = re.compile(r"[A-Z]{2,20}(?:_[A-Z]{2,20}){1,5}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,20}(?:Z|[+-][0-9:]{2,5})?")
_DNS_NAME = re.compile(r"[a-z][a-z.-]{1,60}(?:-[a-z0-9]{5})?")
# A word in the name of a setting, and the values of a status.
_SETTING = re.compile(
    r"requir|allow|enabl|disabl|expir|used|active|valid|verified|authenticated|secure|http_?only|necessary|analytics"
    r"|marketing|functional|preferences|status|state|min|max|length|age|history|reuse|days|attempts|timeout|count|ttl",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]{1,40}")
_STATES = frozenset(
    ("enabled", "disabled", "active", "inactive", "required", "optional", "expired", "revoked", "valid")
)
_DEEPEST_SETTING = 4
_PACKAGE = frozenset((
    "version", "resolved", "integrity", "license", "engines", "dependencies", "dev", "optional", "peer", "bin",
    "funding", "requires", "bundled", "devOptional", "peerDependencies", "peerDependenciesMeta", "hasInstallScript",
    "deprecated", "os", "cpu", "inBundle", "optionalDependencies",
))  # fmt: skip
_HINTS = ('"name"', '"secretName"', '"path"', '"model"', '"type"', '"object"', '"version"', '"status"', "true", "false",
          "ax", "in")  # fmt: skip


def ids_at(text: str) -> frozenset[int] | None:
    """Return where the IDs begin in an object that holds nothing else that is secret, or in an array of such objects.

    `None` if it is something else.
    """
    if not any(word in text for word in _HINTS):
        return None
    try:
        value = json.loads(text, parse_int=len, parse_float=len)
    except (ValueError, RecursionError):  # in a truncated document
        return None
    if _is_realtime(value):
        return _ids(text)
    known = all(map(_is_reference, value)) if isinstance(value, list) and value else _is_known(value)
    return frozenset() if known else None


def _is_known(value: Any) -> bool:
    return _is_reference(value) or _is_settings(value, 0) or _is_package(value)


def _ids(text: str) -> frozenset[int]:
    """Return where the values of the outermost members begin that are called `id`."""
    found, depth = set(), 0
    for match in TOKEN.finditer(text):
        depth += (match[0] in "{[") - (match[0] in "}]")
        if depth == 1 and match[1] is not None and decode_string(match[0][: -len(match[1])]) == "id":
            found.add(match.end())
    return frozenset(found)


def _is_realtime(value: Any) -> bool:
    """Whether a value is a session of the Realtime API."""
    if not isinstance(value, dict):
        return False
    known = len(_REALTIME & value.keys())
    kinds = [each for each in (value.get("type"), value.get("object")) if isinstance(each, str)]
    return known > 1 or (known > 0 and not _REALTIME_KINDS.isdisjoint(kinds))


def _is_reference(value: Any) -> bool:
    """Whether a value names a secret that is stored elsewhere."""
    if not isinstance(value, dict) or _REFERRING.isdisjoint(value) or not value.keys() <= _REFERENCE:
        return False
    return all(_refers(key, each) for key, each in value.items())


def _refers(key: str, value: Any) -> bool:
    """Whether a member belongs in a reference, and has a suitable value."""
    if key == "items":
        return isinstance(value, list) and all(map(_is_reference, value))
    if not isinstance(value, str):
        return isinstance(value, (bool, int))
    if key == "key":
        return value in _KEYS_OF_SECRETS or _VARIABLE.fullmatch(value) is not None
    if key in ("created_at", "updated_at"):
        return _TIME.fullmatch(value) is not None
    return is_identifier(value) or (key == "name" and _DNS_NAME.fullmatch(value) is not None)


def _is_settings(value: Any, level: int) -> bool:
    """Whether a value holds only switches, limits and states: `{"MinimumLength": 8, "RequireSymbols": true}`."""
    if not isinstance(value, dict) or not value or level == _DEEPEST_SETTING:
        return False
    return all(_sets(key, each, level) for key, each in value.items())


def _sets(key: str, value: Any, level: int) -> bool:
    """Whether a member is a setting."""
    if _NAME.fullmatch(key) is None:
        return False
    if isinstance(value, dict):
        return _is_settings(value, level + 1)
    if isinstance(value, str):
        return key in ("status", "state") and value in _STATES
    # Numbers were read as how many digits they have.
    return _SETTING.search(key) is not None and (isinstance(value, bool) or (isinstance(value, int) and value <= 5))


def _is_package(value: Any) -> bool:
    """Whether a value is a package in `package-lock.json`."""
    version = value.get("version") if isinstance(value, dict) else None
    return isinstance(version, str) and is_version(version) and value.keys() <= _PACKAGE
