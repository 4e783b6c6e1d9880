"""Command lines: masks credentials in short options, such as `curl -u user:password` and `mysql -psecret`.

Long options with a secret name (`--password abc`) are found by that name, whatever the command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drhttp._redact.formats.value_locator import ValueLocator
    from drhttp._redact.policy import Policy


class Command(NamedTuple):
    """The options of a command whose values are secret.

    separate: options whose value is the next word. attached: options whose value follows in the same word; it is in the
    next word if the option is in both. holds: text that the value must contain, such as the colon between user and
    password. only_with: a word that must also occur in the line, such as `login`.
    """

    separate: str
    attached: str = ""
    holds: str = ""
    only_with: str = ""


_LDAP = Command("-w", attached="-w")
_MYSQL = Command("", attached="-p")
_MONGO = Command("-p", attached="-p")
_REGISTRY = Command("-p", attached="-p", only_with="login")
_CREDENTIALS = Command("--creds --src-creds --dest-creds --credential", holds=":")
_JAVA = Command("-storepass -keypass -srcstorepass -deststorepass -srckeypass -destkeypass")
_OPENSSL = Command("-pass -passin -passout", holds="pass:")
_SQL = Command("-P", attached="-P")
_SAMBA = Command("-U --user", attached="-U", holds="%")
_SNMP = Command("-A -X -c")
_ARCHIVE = Command("", attached="-p -hp")
#: By command, from the manual of each: curl(1), httpie, mysql(1), sshpass(1), redis-cli, mongosh, docker-login ...
COMMANDS: dict[str, tuple[Command, ...]] = {
    "curl": (
        Command("-u --user -U --proxy-user", attached="-u -U", holds=":"),
        Command("-b", attached="-b", holds="="),
        Command("-E --cert --proxy-cert", attached="-E", holds=":"),
        Command("--proxy-pass"),
    ),
    "wget": (Command("--http-passwd --ftp-passwd"),),
    **dict.fromkeys(("http", "https", "httpie", "xh", "xhs"), (Command("-a --auth", attached="-a"),)),
    **dict.fromkeys(
        ("mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlshow", "mysqlcheck", "mysqlbinlog", "mysqlpump",
         "mariadb", "mariadb-dump", "mariadb-admin"), (_MYSQL,),
    ),
    "sshpass": (Command("-p", attached="-p"),),
    "redis-cli": (Command("-a"),),
    "redis-server": (Command("--requirepass --masterauth"),),
    **dict.fromkeys(
        ("mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport", "mongostat"), (_MONGO,)
    ),
    **dict.fromkeys(("docker", "podman", "nerdctl", "buildah", "oras", "crane"), (_REGISTRY, _CREDENTIALS)),
    "helm": (Command("-p", only_with="registry"),),
    "skopeo": (_CREDENTIALS, _REGISTRY),
    "az": (_REGISTRY,),
    **dict.fromkeys(
        ("ldapsearch", "ldapmodify", "ldapadd", "ldapdelete", "ldapwhoami", "ldapcompare"), (_LDAP,)
    ),
    "ldappasswd": (Command("-w -s -a"),),
    **dict.fromkeys(("smbclient", "rpcclient", "smbget"), (_SAMBA,)),
    **dict.fromkeys(("sqlcmd", "bcp", "osql"), (_SQL,)),
    **dict.fromkeys(("zip", "unzip"), (_SQL,)),
    **dict.fromkeys(("7z", "7za", "rar", "unrar"), (_ARCHIVE,)),
    **dict.fromkeys(("keytool", "jarsigner"), (_JAVA,)),
    "openssl": (_OPENSSL, Command("-k")),
    "lftp": (Command("-u", holds=","),),
    "twine": (Command("-p"),),
    "etcdctl": (Command("--user", holds=":"),),
    **dict.fromkeys(("mosquitto_pub", "mosquitto_sub", "ipmitool"), (Command("-P"),)),
    **dict.fromkeys(("snmpwalk", "snmpget", "snmpset"), (_SNMP,)),
    "ssh-keygen": (Command("-N -P"),),
    **dict.fromkeys(("rabbitmqadmin", "cqlsh", "cypher-shell"), (Command("-p"),)),
}  # fmt: skip
_NAMES = re.compile(
    "(?:" + "|".join(map(re.escape, sorted(COMMANDS, key=len, reverse=True))) + r""")(?:\.exe)?(?=["'`\\]{0,4}[\s,])"""
)
# What separates an option and its value: a quote of a list in a program; a space, a comma, a continued line.
_GAP = r"""["'`\\]{0,4}(?:[\s,]|[\\^`]\r?\n){1,20}"""
_DASH = re.compile(r"-(?<=[\s\"'`,]-)[A-Za-z0-9#-]")  # begins with a literal, which `re` searches for fast
_LEADING = ("-", "$(", "`")
_VARIABLE = re.compile(r"\$\{?\w{1,60}\}?(?:[:%,]\$\{?\w{1,60}\}?)?|%\w{1,60}%")
# Commands that set a value by its name: `aws configure set aws_secret_access_key abc`.
_SETTING = re.compile(
    r"""\bconfig(?:ure)?["'`,]{0,3}[ \t]set["'`,]{0,3}[ \t]["'`]?([\w.:/@-]{2,80})["'`,]{0,3}[ \t](?=[^\s-])"""
)


# Options of curl(1) without a value, which may stand in the same word in front of one that has a value.
_FLAGS = "[sSfLkivgN#IGOJRjaBnpqlZ0-9]"


def _option(command: Command) -> re.Pattern[str]:
    """Compile an expression for the options of a command, up to where the value begins."""

    def either(options: str) -> str:
        return "|".join(option[1:] for option in sorted(options.split(), key=len, reverse=True))

    branches = []
    if command.separate:
        # Flags without a value may stand in the same word: `curl -sSu user:password`.
        branches.append(rf"-(?<![\w-]-)(?:{_FLAGS}{{0,8}}(?:{either(command.separate)}))(?:={{1}}|{_GAP})")
    if command.attached:
        branches.append(
            rf"-(?<![\w-]-)(?:{_FLAGS}{{0,8}}(?:{either(command.attached)}))=?(?=[^\s\"'`,=-]|[\"'][^\s,\"'])"
        )
    return re.compile("|".join(branches))


_OPTIONS = {command: _option(command) for commands in COMMANDS.values() for command in commands}


def holds_command(text: str) -> bool:
    """Whether a text holds a command with options that may be secret."""
    return may_hold_options(text) and _first_command(text) is not None


def holds_config_set(text: str) -> bool:
    """Whether a text holds a command that sets a value by its name: `aws configure set name value`."""
    return "config" in text and _SETTING.search(text) is not None


def may_hold_options(text: str) -> bool:
    """Whether a text holds something like an option."""
    return "-" in text and _DASH.search(text) is not None


def _first_command(text: str, at: int = 0) -> re.Match[str] | None:
    """Find the first command at or behind a position."""
    match = _NAMES.search(text, at)
    while (
        match is not None and match.start() and (text[match.start() - 1].isalnum() or text[match.start() - 1] in "_.-$")
    ):
        match = _NAMES.search(text, match.start() + 1)
    return match


def find_secret_arguments(text: str, policy: Policy, locator: ValueLocator) -> Iterator[tuple[int, int]]:
    """Yield the spans of the credentials in the command lines of a text."""
    covered = 0  # up to where values have been found, so that a bracket without an end is looked for once
    match = _first_command(text) if may_hold_options(text) else None
    while match is not None:
        if match.start() < covered:
            match = _first_command(text, covered)
            continue
        end = _end_of_line(text, match.end())
        found: dict[Command, int] = {}
        while match is not None and match.start() < end:
            policy.budget.spend(3)
            for command in COMMANDS[match[0].removesuffix(".exe")]:
                found.setdefault(command, match.end())
            match = _first_command(text, match.end())
        for command, start in found.items():
            if not command.only_with or text.find(command.only_with, start, end) >= 0:
                for begin, stop in _arguments(text, command, max(start, covered), end, policy, locator):
                    yield begin, stop
                    covered = max(covered, stop)
    yield from _settings(text, policy, locator)


def _settings(text: str, policy: Policy, locator: ValueLocator) -> Iterator[tuple[int, int]]:
    """Yield the spans of the values that commands set under a secret name."""
    covered = 0
    for setting in _SETTING.finditer(text) if "config" in text else ():
        policy.budget.spend(3)
        if setting.start() >= covered and policy.is_secret(setting[1]):
            begin, covered = locator.value_at(setting.end())
            yield begin, covered


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
    name = words[0].rpartition("/")[2].removesuffix(".exe") if words else ""
    for command in COMMANDS.get(name, ()):
        if not command.only_with or command.only_with in words:
            yield command
