"""Commands that take a secret as a word without an option: `htpasswd -b file user secret`, `sqlplus user/secret`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Word(NamedTuple):
    """Where a command has a secret among its words that are neither options nor their values.

    place: of the word, from 0, counted behind the word `behind`, such as `add_user`, if there is one. takes: options
    whose value is the next word. needs: a letter that the options must hold, such as `b`. drops: a letter that makes
    the first word be left out. sure: whether any word is a value; otherwise it must hold a digit or another sign, as
    the command is also a word of a language. part: an expression for the word, whose group is the secret.
    """

    place: int
    behind: str = ""
    takes: str = ""
    needs: str = ""
    drops: str = ""
    sure: bool = True
    part: str = r"(.+)"


_LOGON = Word(0, takes="-C -R", part=r"(?:userid=)?[\w$#.-]+/([^\s@/]+)(?:@.*)?")  # user/password@database
#: By command, from the manual of each: htpasswd(1), sqlplus, mosquitto_passwd(1), rabbitmqctl(8), mysqladmin(1) ...
WORDS: dict[str, tuple[Word, ...]] = {
    **dict.fromkeys(("sqlplus", "sqlldr", "expdp", "impdp"), (_LOGON,)),
    "rman": (_LOGON._replace(behind="target"), _LOGON._replace(behind="catalog")),
    "htpasswd": (Word(2, takes="-C -r", needs="b", drops="n"),),
    "mosquitto_passwd": (Word(2, needs="b"),),
    "rabbitmqctl": (Word(1, behind="add_user"), Word(1, behind="change_password"), Word(1, behind="authenticate_user")),
    "mysqladmin": (Word(0, behind="password", takes="-u -h -P -S"),),
    "smbclient": (Word(1, takes="-U -W -c -I -p -m -n -A -D"),),
    "wpa_passphrase": (Word(1),),
    **dict.fromkeys(("requirepass", "masterauth"), (Word(0, sure=False),)),  # of redis.conf
    "nmcli": (Word(0, behind="password"),),
    "rclone": (Word(0, behind="obscure"),),
    "ansible-vault": (Word(0, behind="encrypt_string"),),
    "pdftk": (Word(0, behind="user_pw"), Word(0, behind="owner_pw"), Word(0, behind="input_pw")),
    "vault": (Word(0, behind="login", sure=False),),
    "cf": (Word(1, behind="auth", sure=False),),
    "net": (Word(1, behind="user", sure=False), Word(2, behind="use", sure=False)),
}
_PARTS = {word: re.compile(word.part, re.DOTALL) for words in WORDS.values() for word in words}
# A word of a shell, perhaps in quotes, or in quotes of a list in a program.
_WORD = re.compile(r"""[ \t,]+(?:"([^"\r\n]*)"|'([^'\r\n]*)'|([^\s"',|;&<>)]+))""")
_MOST = 14  # words behind a command that are read
_SIGN = re.compile(r"[^\W\d_]*[\d_!#$%&*+=@^~]")


def secret_words(name: str, text: str, at: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of the secrets among the words of a command. name: of it. at, end: where its words are."""
    rules = WORDS.get(name, ())
    if not rules:
        return
    spans: list[tuple[int, int]] = []
    while len(spans) < _MOST:
        match = _WORD.match(text, at, end)
        if match is None:
            break
        spans.append(match.span(match.lastindex or 0))
        at = match.end()
    words = [text[begin:stop] for begin, stop in spans]
    for rule in rules:
        place = _place(rule, words)
        part = _PARTS[rule].fullmatch(words[place]) if place is not None else None
        if place is not None and part and (rule.sure or _SIGN.match(part[1])) and part[1][0] not in "$%`":
            yield spans[place][0] + part.start(1), spans[place][0] + part.end(1)


def _place(rule: Word, words: list[str]) -> int | None:
    """Return the index of the secret word; `None` if there is none."""
    places, options, takes = [], "", rule.takes.split()
    skip = False
    for place, word in enumerate(words):
        if skip or not word:
            skip = False
        elif word[0] == "-" or (word[0] == "/" and word[1:2].isalpha()):
            options += word if word[1:2] != "-" else ""
            skip = word in takes
        else:
            places.append(place)
    named = [words[place] for place in places]
    first = named.index(rule.behind) + 1 if rule.behind in named else 0
    index = first + rule.place - (bool(rule.drops) and rule.drops in options)
    if (rule.behind and not first) or rule.needs not in options or index >= len(places):
        return None
    return places[index]
