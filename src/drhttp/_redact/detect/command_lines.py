"""Command lines: masks credentials in short options, such as `curl -u user:password` and `mysql -psecret`.

Long options with a secret name (`--password abc`) are found by that name, whatever the command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._redact.detect.command_words import WORDS, secret_words
from drhttp._redact.detect.commands import COMMANDS, Command
from drhttp._redact.detect.tries import trie

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drhttp._redact.formats.value_locator import ValueLocator
    from drhttp._redact.policy import Policy


# Windows ignores case; three spellings are far faster to search for than any case. The lookbehind comes after the first
# character, as `re` searches for a set of characters faster.
_SPELLINGS = {spelling for name in COMMANDS for spelling in (name, name.upper(), name.capitalize())}
_NAMES = re.compile(
    rf"[{''.join(sorted({name[0] for name in _SPELLINGS}))}](?<![0-9A-Za-z_.$-].)"
    + trie({name[1:] for name in _SPELLINGS})
    + r"""(?:\.exe|\.EXE)?(?=["'`\\]{0,4}[\s,])"""
)
# The names as words of a text in which everything else is a space.
_WORDS = frozenset(f"{name}{end}".encode() for name in _SPELLINGS for end in ("", ".exe", ".EXE"))
_BETWEEN = bytes(byte if chr(byte) in "_.-$" or (byte < 128 and chr(byte).isalnum()) else 32 for byte in range(256))
_WORK_FOR_WORDS = 12  # to read the words of a command
# What separates an option and its value: a quote of a list in a program; a space, a comma, a continued line.
_GAP = r"""["'`\\]{0,4}(?:[\s,]|[\\^`]\r?\n){1,20}"""
_DASH = re.compile(r"-(?<=[\s\"'`,]-)[A-Za-z0-9#-]")  # begins with a literal, which `re` searches for fast
_OUTSIDE_WORDS = re.compile(r"-(?<!\w.)")
#: Commands that take a secret without an option.
WITHOUT_OPTIONS = (
    "sqlplus", "rabbitmqctl", "sqlldr", "expdp", "impdp", "rman target", "wpa_passphrase", "nmcli", "rclone obscure",
    "encrypt_string", "pdftk", "requirepass", "masterauth", "vault login", "cf auth", "net user", "net use",
)  # fmt: skip
_WITH_Q = tuple(word for word in WITHOUT_OPTIONS if "q" in word)
_WITH_LOW_LINE = tuple(word for word in WITHOUT_OPTIONS if "_" in word)
# Two of them, by the letter that is rare in other text.
_RARE_WORDS = re.compile(r"q(?:(?<=sq)lplus|(?<=rabbitmq)ctl)")
_IN_WORDS = frozenset("_.-$")
_LEADING = ("-", "$(", "`")
_VARIABLE = re.compile(r"\$\{?\w{1,60}\}?(?:[:%,]\$\{?\w{1,60}\}?)?|%\w{1,60}%")
# Commands that set a value by its name: `aws configure set aws_secret_access_key abc`, `config set --secret a abc`.
_SETTING = re.compile(
    r"""\bconfig(?:ure)?["'`,]{0,3}[ \t]set["'`,]{0,3}[ \t]((?:--?[\w-]{1,30}[ \t]){0,4})["'`]?"""
    r"""(?!-)([\w.:/@-]{2,80})["'`,]{0,3}[ \t](?=[^\s-])"""
)
_SECRET_FLAG = "--secret"  # of `pulumi config set`


def _option(command: Command) -> re.Pattern[str]:
    """Compile an expression for the options of a command, up to where the value begins."""

    def either(options: str) -> str:
        return "|".join(option[1:] for option in sorted(options.split(), key=len, reverse=True))

    flags = f"[{command.flags}]{{0,8}}" if command.flags else ""
    branches = []
    if command.separate:
        branches.append(rf"-(?<![\w-]-)(?:{flags}(?:{either(command.separate)}))(?:={{1}}|{_GAP})")
    if command.attached:
        branches.append(rf"-(?<![\w-]-)(?:{flags}(?:{either(command.attached)}))=?(?=[^\s\"'`,=-]|[\"'][^\s,\"'])")
    return re.compile("|".join(branches))


_OPTIONS = {command: _option(command) for commands in COMMANDS.values() for command in commands}


def holds_command(text: str, *, options_only: bool = False, hyphen: int = 0) -> bool:
    """Whether a text holds a command that takes a secret.

    options_only: of those without an option, few are read. hyphen: the result of `first_hyphen`, if it is known.
    """
    words = ("q" in text and _RARE_WORDS.search(text) is not None) if options_only else may_hold_words(text)
    return (words or may_hold_options(text, hyphen)) and _first_command(text) is not None


def holds_config_set(text: str) -> bool:
    """Whether a text holds a command that sets a value by its name: `aws configure set name value`."""
    return "config" in text and _SETTING.search(text) is not None


def first_hyphen(text: str) -> int:
    """Return where the first hyphen stands that is not within a word, as in front of an option; -1 without one."""
    hyphen = _OUTSIDE_WORDS.search(text) if "-" in text else None
    return hyphen.start() if hyphen else -1


def may_hold_options(text: str, hyphen: int = 0) -> bool:
    """Whether a text holds something like an option. hyphen: the result of `first_hyphen`, if it is known."""
    return hyphen >= 0 and "-" in text and _DASH.search(text, hyphen) is not None


def may_hold_words(text: str) -> bool:
    """Whether a text may hold one of `WITHOUT_OPTIONS`; `False` is certain."""
    # Searching for one character is many times faster than for a word, and a loop would double the time.
    return " " in text and (
        ("q" in text and any(word in text for word in _WITH_Q))
        or ("_" in text and any(word in text for word in _WITH_LOW_LINE))
        or ("pd" in text and ("pdftk" in text or "expdp" in text or "impdp" in text))
        or ("auth" in text and ("cf auth" in text or "masterauth" in text))
        or "nmcli" in text
        or "net use" in text
        or "vault login" in text
        or "rman target" in text
        or "rclone obscure" in text
    )


def _first_command(text: str, at: int = 0) -> re.Match[str] | None:
    """Find the first command at or behind a position."""
    if not at and _WORDS.isdisjoint(text.encode("utf-8", "replace").translate(_BETWEEN).split()):
        return None
    match = _NAMES.search(text, at)
    while match is not None and not _is_command(match):
        match = _NAMES.search(text, match.start() + 1)
    return match


def _is_command(match: re.Match[str]) -> bool:
    """Whether a match is the name of a command, and not the end of another word."""
    before = match.string[match.start() - 1 : match.start()]
    return _name_of(match[0]) in COMMANDS and not (before.isalnum() or before in _IN_WORDS)


def _name_of(word: str) -> str:
    """Return the name of the command that a word calls."""
    return word.lower().removesuffix(".exe")


def find_secret_arguments(text: str, policy: Policy, locator: ValueLocator) -> Iterator[tuple[int, int]]:
    """Yield the spans of the credentials in the command lines of a text."""
    covered = 0  # up to where values have been found, so that a bracket without an end is looked for once
    match = _first_command(text) if may_hold_options(text) or may_hold_words(text) else None
    while match is not None:
        if match.start() < covered:
            match = _first_command(text, covered)
            continue
        end = _end_of_line(text, match.end())
        found: dict[Command, int] = {}
        while match is not None and match.start() < end:
            policy.budget.spend(3)
            name = _name_of(match[0])
            found = dict.fromkeys(COMMANDS[name], match.end()) | found
            yield from _words(name, text, match.end(), end, policy)
            match = _first_command(text, match.end())
        for command, start in found.items():
            policy.budget.spend((end - start) // 64)
            if not command.only_with or text.find(command.only_with, start, end) >= 0:
                for begin, stop in _arguments(text, command, max(start, covered), end, policy, locator):
                    yield begin, stop
                    covered = max(covered, stop)
    yield from _settings(text, policy, locator)


def _words(name: str, text: str, at: int, end: int, policy: Policy) -> Iterator[tuple[int, int]]:
    """Yield the spans of the secrets among the words of a command."""
    if name in WORDS:
        policy.budget.spend(_WORK_FOR_WORDS)
        yield from secret_words(name, text, at, end)


def _settings(text: str, policy: Policy, locator: ValueLocator) -> Iterator[tuple[int, int]]:
    """Yield the spans of the values that commands set under a secret name."""
    covered = 0
    for setting in _SETTING.finditer(text) if "config" in text else ():
        policy.budget.spend(3)
        if setting.start() < covered:
            continue
        begin, end = locator.value_at(setting.end())
        if policy.is_secret(setting[2]) or _SECRET_FLAG in setting[1] or text.startswith(f" {_SECRET_FLAG}", end):
            yield begin, end
            covered = end


def sets_value(text: str, option: re.Match[str]) -> bool:
    """Whether an option is the flag of a command that sets a value, which is behind its name: `config set --secret`."""
    return (
        option[0].startswith(f"{_SECRET_FLAG} ") and "config set " in text[max(0, option.start() - 60) : option.start()]
    )


def _arguments(
    text: str, command: Command, start: int, end: int, policy: Policy, locator: ValueLocator
) -> Iterator[tuple[int, int]]:
    """Yield the spans of the secret values of one command. start, end: where its options may stand."""
    option = _OPTIONS[command].search(text, start, end)
    while option is not None:
        policy.budget.spend(3)
        after = option.end()
        begin, stop = locator.value_at(after)
        stop = _end_of_quoted(text, begin, stop, end)
        value = text[begin:stop]
        if value and command.holds in value and not value.startswith(_LEADING) and not _VARIABLE.fullmatch(value):
            yield begin, stop
            after = max(after, stop)  # all of it is masked
        else:
            policy.budget.spend((stop - begin) // 20)  # it may hold the next option
        option = _OPTIONS[command].search(text, after, end)


def _end_of_quoted(text: str, begin: int, stop: int, end: int) -> int:
    """Return where a word ends that goes on in quotes: `user:'my password'`. end: of the command line."""
    at = text.find(":", begin, stop) + 1
    quote = text[at : at + 1]
    if not at or quote not in ("'", '"') or text.find(quote, at + 1, stop) >= 0:
        return stop
    closing = text.find(quote, stop, end)
    return closing + 1 if closing >= 0 else stop


def _end_of_line(text: str, at: int) -> int:
    """Return where a line ends. It goes on behind a backslash, and in Windows' shells behind a caret or a backtick."""
    end = text.find("\n", at)
    while end > 0 and text[end - 2 if text[end - 1] == "\r" else end - 1] in "\\^`":
        end = text.find("\n", end + 1)
    return end if end >= 0 else len(text)


def is_secret_argument(words: list[str], option: str, value: str) -> bool:
    """Whether a word of a list is the secret value of the option in front of it: `["curl", "-u", "user:password"]`.

    words: the first words of the list, beginning with the command.
    """
    return any(
        command.holds in value and _OPTIONS[command].fullmatch(f"{option} ") is not None
        for command in _commands_of(words)
    )


def holds_secret_value(words: list[str], word: str) -> bool:
    """Whether a word of a list is an option with its secret value: `["mysql", "-psecret"]`.

    words: the first words of the list, beginning with the command.
    """
    for command in _commands_of(words):
        option = _OPTIONS[command].match(word)
        if option is not None and option.end() < len(word) and command.holds in word[option.end() :]:
            return True
    return False


def _commands_of(words: list[str]) -> Iterator[Command]:
    name = _name_of(words[0].rpartition("/")[2]) if words else ""
    for command in COMMANDS.get(name, ()):
        if not command.only_with or command.only_with in words:
            yield command
