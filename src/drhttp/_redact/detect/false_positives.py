"""False positives: slugs that begin like a key or stand where a token can, such as `sk-learn-docs` and `k8s-basics`."""

from __future__ import annotations

import base64
import binascii
import json
import re
from itertools import pairwise

_SEPARATORS = re.compile(r"[_.+/=-]+")
# Words of a slug or of a name in a program: `tokenize`, `Tokenize`, `AutoModelForLanguage`, `python3`; and numbers.
_WORD = re.compile(r"[A-Z]?[a-z]{1,15}(?:[A-Z][a-z]{2,15}){0,8}[0-9]{0,2}")
_LETTERS = re.compile(r"[A-Z]?[a-z]+")
_NUMBER = re.compile(r"[0-9]{1,4}")
_VOWEL = re.compile(r"[aeiouyAEIOUY]")
# Five consonants in a row, which hardly any English word has.
_CONSONANTS = re.compile(r"[^aeiouyAEIOUY\W\d_]{5}")
# The header of a truncated JWT: it begins with a parameter of RFC 7515 or RFC 7516.
_HEADER = re.compile(
    rb'\{\s{0,20}"(?:alg|typ|cty|enc|zip|kid|jku|jwk|x5u|x5c|x5t|crit|epk|apu|apv|p2s|p2c|iv|tag|b64)\b'
)
# A part of a slug with one number in it: `k8s`, `iso27001`, `office365`, `2fa`.
_MIXED = re.compile(r"[A-Z]?[a-z]{0,15}[0-9]{1,5}[a-z]{0,15}")
_LONG_LETTERS = re.compile(r"[A-Z][a-z]{4,15}|[a-z]{5,16}")
# Each letter with those that often follow it in English: half of all pairs, which make up 98 % of the pairs in words.
_FOLLOWING = (
    "abcdfgiklmnprstuvwxy", "babcdegijloprstuy", "cacdehiklmorstuy", "dabcdegilnorstuvy",
    "eabcdefghijklmnopqrstuvwxy", "faefilorstuy", "gaceghilmnorstu", "haeilnorstuy", "iabcdefgklmnoprstvxz",
    "jaeou", "kaeilnstu", "labcdefgiklnoprstuvy", "mabdeiklmopsu", "nabcdefghijklmnoprstuvwy",
    "oabcdefgiklmnoprstuvwxy", "pacdeghiloprstuy", "qu", "rabcdefgiklmnoprstuvwy", "sacdefhiklmnopqstuwy",
    "tabcdefghilmnoprstuwy", "uabcdefgilmnoprst", "vaeio", "waehilnors", "xaceimpst", "ycegilmnoprst", "zaei",
)  # fmt: skip
_PAIRS = frozenset(row[0] + letter for row in _FOLLOWING for letter in row[1:])
# A date, or two: `2024-01-31`, `2024_01_31`, `20240131`, `31-01-2024`, `2024-W05`, `31-Jan-2024`, `jan-2024`.
_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])"
_MONTH_NAME = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_ONE_DATE = (
    rf"(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|[0-9]{{4}}[_.]{_MONTH}[_.]{_DAY}|(?:19|20)[0-9]{{2}}{_MONTH}{_DAY}"
    rf"|[0-3]?[0-9](?:-[01]?[0-9]-|_[01]?[0-9]_|\.[01]?[0-9]\.)(?:19|20)[0-9]{{2}}|(?:19|20)[0-9]{{2}}-?W[0-5][0-9](?:-?[1-7])?"
    rf"|(?:[0-3]?[0-9]-)?{_MONTH_NAME}-(?:[0-3]?[0-9]-)?(?:19|20)[0-9]{{2}}|(?:19|20)[0-9]{{2}}-{_MONTH_NAME}(?:-[0-3]?[0-9])?)"
)
_DATE = re.compile(
    rf"{_ONE_DATE}(?:T[0-9:.]{{4,15}}(?:Z|[+-][0-9:]{{2,5}})?)?(?:(?:\.\.|--|_|-to-){_ONE_DATE})?",
    re.IGNORECASE,
)
_PLACE = re.compile(r"[A-Za-z_]+=")  # what begins a parameter of a challenge: `Bearer realm="..."`
_LONGEST_SLUG = 500  # characters
_LONGEST_HEADER = 8000  # characters; longer ones are read as far as that


def is_slug(text: str) -> bool:
    """Whether a text consists of words, like a slug or a name in a program, and not of random letters and digits.

    text: what follows the prefix of a key. Of keys with 20 random characters of base64, not one in ten million passes.
    """
    if len(text) > _LONGEST_SLUG:
        return False
    parts = [part for part in _SEPARATORS.split(text) if part]
    words = [part for part in parts if _WORD.fullmatch(part)]
    others = [part for part in parts if not _WORD.fullmatch(part)]
    if 2 * len(others) > len(words) or not all(map(_NUMBER.fullmatch, others)):
        return False
    # A single word in lower case may be anything.
    return (len(words) > 1 or sum(map(str.isupper, text)) > 2) and all(map(_is_word, words))


def is_page(text: str) -> bool:
    """Whether a segment of a path names a page and not a token: a slug or a date.

    In a slug, words may stand beside parts with a number: `k8s-community-days`. It must have more than one part, and
    half of its letters and digits, apart from numbers, must be in words of five letters or more that look English.
    """
    if len(text) > _LONGEST_SLUG:
        return False
    if _DATE.fullmatch(text):
        return True
    parts = [part for part in _SEPARATORS.split(text) if part and not _NUMBER.fullmatch(part)]
    if len(parts) < 2 or not all(_WORD.fullmatch(part) or _MIXED.fullmatch(part) for part in parts):
        return False
    words = [word for part in parts for word in _LONG_LETTERS.findall(part) if _is_english(word)]
    return 2 * sum(map(len, words)) >= sum(map(len, parts))


def are_words(text: str) -> bool:
    """Whether the runs of letters in a text can be words of a language."""
    return all(map(_is_word, _LETTERS.findall(text)))


def _is_word(text: str) -> bool:
    """Whether letters can be a word: short, or with vowels and no more than four consonants in a row."""
    return len(text) < 5 or (_VOWEL.search(text) is not None and _CONSONANTS.search(text) is None)


def _is_english(text: str) -> bool:
    """Whether each letter of a word often follows the one before it in English."""
    return all(first + second in _PAIRS for first, second in pairwise(text.lower()))


def is_signed_json(first: str) -> bool:
    """Whether the first part of something like a JWT is JSON.

    The header of a JWT is an object with `alg` or `typ` (RFC 7515, RFC 7516). Frameworks sign other objects in the same
    form (itsdangerous: the session cookies of Flask). A truncated one counts by its beginning.
    """
    text = first[:_LONGEST_HEADER]
    try:
        content = base64.b64decode(
            text[: len(text) - (len(text) % 4 == 1)] + "=" * (-len(text) % 4 % 3), altchars=b"-_"
        )
    except (binascii.Error, ValueError):
        return True
    try:
        return isinstance(json.loads(content), dict)
    except (ValueError, RecursionError):
        return _HEADER.match(content) is not None


def is_token(text: str) -> bool:
    """Whether a text looks generated; in "bearer of bad news", what follows are words."""
    text = text.strip(".-/")
    if _PLACE.fullmatch(text):
        return False
    return len(text) >= 20 or any(letter in "0123456789_~+=" for letter in text)


def is_basic(text: str) -> bool:
    """Whether a text is the base64 of `user:password` (RFC 7617)."""
    try:
        pair = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    return ":" in pair and pair.isprintable()
