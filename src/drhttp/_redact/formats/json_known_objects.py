"""Objects that hold no secret, although their name is secret: `{"secretKeyRef": {"name": "db", "key": "password"}}`.

They are known by their members: sessions of OpenAI's Realtime API, of which only the ID is masked; references to
secrets; settings, such as the policy for passwords; packages of npm; the special tokens of tokenizers; and what AWS
tells about keys and sessions. Names within them count as everywhere else.
"""

from __future__ import annotations

import json
import re
from typing import Any

from drhttp._redact.detect.harmless_values import is_identifier, is_marker, is_version
from drhttp._redact.formats.json_name_value_pairs import TOKEN, decode_string

# https://platform.openai.com/docs/api-reference/realtime-sessions
_REALTIME = frozenset((
    "model", "modalities", "output_modalities", "instructions", "voice", "turn_detection", "input_audio_format",
    "output_audio_format", "input_audio_transcription", "tools", "tool_choice", "audio", "max_output_tokens",
    "max_response_output_tokens", "tracing", "temperature",
))  # fmt: skip
_REALTIME_KINDS = frozenset(("realtime", "transcription", "realtime.session", "realtime.transcription_session"))
# https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume/
# https://docs.github.com/en/rest/actions/secrets
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html
_REFERENCE = frozenset((
    "name", "secretName", "path", "namespace", "kind", "apiVersion", "key", "optional", "defaultMode", "mode",
    "items", "expirationSeconds", "created_at", "updated_at", "visibility", "selected_repositories_url", "valueFrom",
))  # fmt: skip
_REFERRING = frozenset(("name", "secretName", "path"))
_KEYS_OF_SECRETS = frozenset((
    "password", "username", "user", "token", "uri", "url", "host", "port", "database", "dsn", "secret", "ca.crt",
    "tls.crt", "tls.key", "api-key", "apikey", "api_key", "secret-key", "secret_key", "client-id", "client-secret",
    ".dockerconfigjson",
))  # fmt: skip
_VARIABLE = re.compile(r"[A-Z]{2,20}(?:_[A-Z]{2,20}){1,5}")
_SECRET_NAME = re.compile(r"[A-Z][A-Z0-9]{0,19}(?:_[A-Z0-9]{1,20}){1,9}")  # on GitHub
_ADDRESSES = {
    "selected_repositories_url": re.compile(r"https://[\w.-]{1,60}/(?:api/v3/)?orgs/[\w./-]{1,200}/repositories"),
    "valueFrom": re.compile(r"arn:aws[a-z-]{0,10}:(?:secretsmanager|ssm):[a-z0-9-]{0,20}:[0-9]{12}:[\w:/.-]{1,200}"),
}
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
# https://huggingface.co/docs/transformers/main_classes/tokenizer
_ADDED_TOKEN = frozenset(("content", "lstrip", "rstrip", "normalized", "single_word", "special", "id", "__type"))
_STRIPPED = frozenset(("lstrip", "rstrip"))
_SPECIAL_TOKENS = frozenset((
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    "additional_special_tokens",
))  # fmt: skip
_TEMPLATE = frozenset(("id", "ids", "tokens"))
_DEEPEST_TOKEN = 3
# Members that must be there, and others that may be.
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyMetadata.html
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
_OF_AWS = tuple(
    (frozenset(required.split()), frozenset(f"{required} {others}".split()))
    for required, others in (
        ("AccessKeyId Status", "UserName CreateDate"),
        ("LastUsedDate Region", "ServiceName"),
        ("sessionIssuer attributes", "webIdFederationData sourceIdentity ec2RoleDelivery"),
        ("principalId accountId", "type arn userName"),
    )
)
_HINTS = (
    '"name"', '"secretName"', '"path"', '"model"', '"type"', '"object"', '"version"', '"status"', "true", "false", "ax",
    "in", "ttl", "imeout", "ength", "ount", "ays", '"Region"', '"content"', "_token", '"tokens"', "Id",
)  # fmt: skip


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
    known = all(map(_is_listed, value)) if isinstance(value, list) and value else _is_known(value)
    return frozenset() if known else None


def _is_listed(value: Any) -> bool:
    return _is_reference(value) or _is_added_token(value) or _is_of_aws(value)


def _is_known(value: Any) -> bool:
    return (
        _is_reference(value)
        or _is_settings(value, 0)
        or _is_package(value)
        or (isinstance(value, dict) and _are_special_tokens(value, 0))
        or _is_of_aws(value)
    )


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
    dated = "created_at" in value
    return all(_refers(key, each, dated=dated) for key, each in value.items())


def _refers(key: str, value: Any, *, dated: bool) -> bool:
    """Whether a member belongs in a reference, and has a suitable value. dated: it says when it was made."""
    if key == "items":
        return isinstance(value, list) and all(map(_is_reference, value))
    if not isinstance(value, str):
        return isinstance(value, (bool, int))
    if key == "key":
        return value in _KEYS_OF_SECRETS or _VARIABLE.fullmatch(value) is not None
    if key in ("created_at", "updated_at"):
        return _TIME.fullmatch(value) is not None
    if key in _ADDRESSES:
        return _ADDRESSES[key].fullmatch(value) is not None
    if key == "name" and (_DNS_NAME.fullmatch(value) or (dated and _SECRET_NAME.fullmatch(value))):
        return True
    return is_identifier(value)


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


def _are_special_tokens(value: Any, level: int) -> bool:
    """Whether a value holds only special tokens of a tokenizer: `{"0": {"content": "<s>"}}`, `{"bos_token": "<s>"}`."""
    if isinstance(value, str):
        return is_marker(value)
    if level == _DEEPEST_TOKEN or not value:
        return False
    if isinstance(value, list):
        return all(_are_special_tokens(each, level + 1) for each in value)
    if not isinstance(value, dict):
        return False
    if _is_added_token(value) or _is_template(value):
        return True
    return all(
        (key in _SPECIAL_TOKENS or key.isdigit() or is_marker(key)) and _are_special_tokens(each, level + 1)
        for key, each in value.items()
    )


def _is_added_token(value: Any) -> bool:
    """Whether a value describes one token: `{"content": "<s>", "lstrip": false, "special": true}`."""
    if not isinstance(value, dict) or not value.keys() <= _ADDED_TOKEN:
        return False
    content = value.get("content")
    if not isinstance(content, str) or value.get("__type", "AddedToken") != "AddedToken":
        return False
    if not all(isinstance(each, (bool, int)) for key, each in value.items() if key not in ("content", "__type")):
        return False
    return value.keys() >= _STRIPPED or (len(value) > 1 and is_marker(content))


def _is_template(value: Any) -> bool:
    """Whether a value is a special token in a template: `{"id": "<s>", "ids": [0], "tokens": ["<s>"]}`."""
    if not isinstance(value, dict) or value.keys() != _TEMPLATE or not isinstance(value["ids"], list):
        return False
    numbers = all(isinstance(each, int) for each in value["ids"])
    return numbers and _are_special_tokens([value["id"], value["tokens"]], 0)


def _is_of_aws(value: Any) -> bool:
    """Whether a value has the members of one of the objects in which AWS describes keys and sessions."""
    if not isinstance(value, dict):
        return False
    return any(required <= value.keys() <= members for required, members in _OF_AWS)
