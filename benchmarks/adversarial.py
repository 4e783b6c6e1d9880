"""Bodies made to be slow to mask: what does 64 KiB of each shape cost, and does twice as much cost about twice?

    python benchmarks/adversarial.py

Prints the process time of the best of three, in milliseconds.
"""

from __future__ import annotations

import gzip
import random
import string
import time
import zlib
from typing import TYPE_CHECKING

from drhttp._record import Body
from drhttp._redact import Policy
from drhttp._redact.bodies import mask_body
from drhttp._redact_options import Redact

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 64 * 1024
JSON, FORM, TEXT, XML, HTML, MULTIPART = (
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "application/xml",
    "text/html",
    "multipart/form-data; boundary=B",
)


def filled(unit: str, size: int, front: str = "", end: str = "") -> bytes:
    """A unit as often as it fits, between what makes it a document."""
    room = size - len(front.encode()) - len(end.encode())
    return (front + unit * (room // len(unit.encode())) + end).encode()


def listed(unit: str, size: int) -> bytes:
    """A JSON array of units."""
    return b"[" + b",".join([unit.encode()] * ((size - 2) // (len(unit.encode()) + 1))) + b"]"


def distinct(form: str, size: int) -> list[str]:
    """Units with another name each; `%s` is where it stands."""
    rng, found, length = random.Random(1), [], 0
    while length < size - 100:
        found.append(form % "".join(rng.choices(string.ascii_lowercase, k=4)))
        length += len(found[-1]) + 1
    return found


def object_of(form: str, size: int) -> bytes:
    """A JSON object whose keys are all different."""
    return ("{" + ",".join(distinct(form, size)) + "}").encode()


SHAPES: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "json: strings with backslashes and =": (JSON, lambda size: listed(r'"\\n=a"', size)),
    "json: strings with backslashes and :": (JSON, lambda size: listed(r'"\"a:"', size)),
    "json: long strings with escapes": (JSON, lambda size: filled(r"\n\u00e9", size, '["', '"]')),
    "json: a string of pairs": (JSON, lambda size: filled("a=b&", size, '["', '"]')),
    "json: keys like pass....": (JSON, lambda size: object_of('"pass%s":1', size)),
    "json: keys like token....": (JSON, lambda size: object_of('"token%s":1', size)),
    "json: keys like tokenid....": (JSON, lambda size: object_of('"tokenid%s":1', size)),
    "json: keys of many words": (JSON, lambda size: object_of('"a_b_c_d_e_f_token%s_g_h":1', size)),
    "json: secret keys": (JSON, lambda size: object_of('"token_%s":1', size)),
    "json: secret keys with escapes": (JSON, lambda size: object_of('"to\\u006ben_%s":"\\n"', size)),
    "json: long keys of known words": (JSON, lambda size: listed('{"' + "userid" * 30 + "token" + '":1}', size)),
    "json: escaped quotes alone": (JSON, lambda size: filled(r"\"", size)),
    "json: quotes alone": (JSON, lambda size: filled('"', size)),
    "form: percents alone": (FORM, lambda size: filled("%", size)),
    "json: deep arrays": (JSON, lambda size: b"[" * (size // 2) + b"]" * (size // 2)),
    "json: 900 levels": (JSON, lambda size: listed("[" * 900 + "]" * 900, size)),
    "json: empty objects": (JSON, lambda size: listed("{}", size)),
    "json: numbers": (JSON, lambda size: listed("1", size)),
    "json: long numbers": (JSON, lambda size: listed("4111111111111112", size)),
    "json: one number": (JSON, lambda size: b"4" * size),
    "json: cards": (JSON, lambda size: listed('"4111111111111111"', size)),
    "json: nested text": (JSON, lambda size: listed(r'"{\"a\":\"b\"}"', size)),
    "json: blanks": (JSON, lambda size: b"[" + b" " * (size - 2) + b"]"),
    "json: a string without an end": (JSON, lambda size: b'["' + b"a" * size),
    "json: backslashes without an end": (JSON, lambda size: b'["' + b"\\" * size),
    "json: times": (JSON, lambda size: object_of('"%s":"2024-01-15T10:30:00Z"', size)),
    "json: urls": (JSON, lambda size: object_of('"a":"https://x/%s?a=b&c=%%41"', size)),
    "json: names and values": (JSON, lambda size: listed('{"name":"pwd","value":1}', size)),
    "json: values and names": (JSON, lambda size: listed('{"value":1,"name":"a"}', size)),
    "json: values of values": (JSON, lambda size: listed('{"value":' * 90 + "1" + "}" * 90, size)),
    "json: pairs": (JSON, lambda size: listed('["token","a"]', size)),
    "json: schemas": (JSON, lambda size: listed('{"pwd":{"type":"string","example":1}}', size)),
    "json: markup": (JSON, lambda size: listed('"<a b=c><pwd>d"', size)),
    "json: a string of open tags": (JSON, lambda size: filled("<a ", size, '["', '"]')),
    "json: a string of tags": (JSON, lambda size: filled("<a>", size, '["', '"]')),
    "json: a string of entities": (JSON, lambda size: filled("&lt;a&gt;", size, '["', '"]')),
    "json: entities of entities": (JSON, lambda size: filled("&amp;amp;lt;a", size, '["', '"]')),
    "json: packed": (JSON, lambda size: listed('{"data":"eyJhIjoxfQ=="}', size)),
    "lines": ("application/x-ndjson", lambda size: filled("{}\n", size)),
    "form: pairs": (FORM, lambda size: "&".join(distinct("%s=", size)).encode()),
    "form: pairs with values": (FORM, lambda size: "&".join(distinct("%s=a.b", size)).encode()),
    "form: names like pass....": (FORM, lambda size: "&".join(distinct("pass%s=", size)).encode()),
    "form: encoded names": (FORM, lambda size: "&".join(distinct("%%2570%s=1", size)).encode()),
    "form: encoded values": (FORM, lambda size: "&".join(distinct("a=%%3d%s", size)).encode()),
    "form: secrets": (FORM, lambda size: "&".join(distinct("token_%s=1", size)).encode()),
    "form: ampersands": (FORM, lambda size: b"&" * size),
    "form: percents": (FORM, lambda size: b"a=" + b"%25" * (size // 3)),
    "form: names and values": (FORM, lambda size: filled("name=pwd&value=1&", size)),
    "form: semicolons": (FORM, lambda size: filled("a=b;", size)),
    "form: hashes": (FORM, lambda size: filled("a=b#", size)),
    "form: question marks": (FORM, lambda size: filled("?", size, "a=", "=")),
    "form: JSON values": (FORM, lambda size: filled('a={"b":1}&', size)),
    "xml: open": (XML, lambda size: filled("<", size)),
    "xml: tags": (XML, lambda size: filled("<a>", size)),
    "xml: closed": (XML, lambda size: filled("<a/>", size)),
    "xml: secrets": (XML, lambda size: filled("<pwd>a</pwd>", size)),
    "xml: open secrets": (XML, lambda size: filled("<pwd>", size)),
    "xml: attributes": (XML, lambda size: filled(' a="b"', size, "<a", ">")),
    "xml: quotes": (XML, lambda size: filled('"', size, "<a ", ">")),
    "xml: equals": (XML, lambda size: filled("a=", size, "<a ", ">")),
    "xml: comments": (XML, lambda size: filled("<!---->", size)),
    "xml: an open comment": (XML, lambda size: filled("-", size, "<!--")),
    "xml: open comments": (XML, lambda size: filled("<!--", size)),
    "xml: open data": (XML, lambda size: filled("<![CDATA[]", size)),
    "xml: texts": (XML, lambda size: filled("<a>b:c</a>", size)),
    "html: open tags": (HTML, lambda size: filled("<a ", size)),
    "html: open quotes": (HTML, lambda size: filled('<a b="', size)),
    "html: secrets in open quotes": (HTML, lambda size: filled('<a pwd="', size)),
    "html: labels": (HTML, lambda size: filled("<td>pwd:", size)),
    "xml: values and names": (XML, lambda size: filled("<value>a</value><name>pwd</name>", size)),
    "xml: escaped": (XML, lambda size: filled("&lt;a&gt;", size, "<a>", "</a>")),
    "html: scripts": (HTML, lambda size: filled("<script>", size)),
    "html: script pairs": (HTML, lambda size: filled("<script>a=1</script>", size)),
    "html: inputs": (HTML, lambda size: filled("<input name=pw value=a>", size)),
    "html: angle brackets": (HTML, lambda size: filled("<>", size)),
    "multipart: parts": (MULTIPART, lambda size: filled('--B\r\nA: name="a"\r\n\r\n\r\n', size, end="--B--\r\n")),
    "multipart: secrets": (MULTIPART, lambda size: filled('--B\r\nA: name="pw"\r\n\r\n1\r\n', size, end="--B--\r\n")),
    "multipart: quotes": (MULTIPART, lambda size: filled('name="\\', size, "--B\r\n", "\r\n\r\n\r\n--B--")),
    "multipart: names": (MULTIPART, lambda size: filled(" name=", size, "--B\r\n", "\r\n\r\n\r\n--B--")),
    "events: lines": ("text/event-stream", lambda size: filled("data: {}\n\n", size)),
    "events: ends": ("text/event-stream", lambda size: filled("data:a:\rid\r", size)),
    "events: data": ("text/event-stream", lambda size: filled("data: [\n", size)),
    "events: alternating": ("text/event-stream", lambda size: filled("data:a\n:b\n", size)),
    "text: pairs": (TEXT, lambda size: " ".join(distinct("%s=", size)).encode()),
    "text: labels": (TEXT, lambda size: " ".join(distinct("%s:", size)).encode()),
    "text: secrets": (TEXT, lambda size: filled("pwd=1 ", size)),
    "text: secrets without values": (TEXT, lambda size: filled("pwd:", size)),
    "text: secret lines": (TEXT, lambda size: filled("pwd:\n", size)),
    "text: secret blocks": (TEXT, lambda size: filled("pwd: |\n a\n", size)),
    "text: open quotes": (TEXT, lambda size: filled("pwd:'x\" ", size)),
    "text: escaped quotes": (TEXT, lambda size: filled('\\"pwd\\":\\"', size)),
    "text: more escaped quotes": (TEXT, lambda size: filled('pwd:"\\" \\\\" \\\\\\"', size)),
    "text: quotes with backslashes": (TEXT, lambda size: filled("\\", size, 'pwd:"')),
    "text: open brackets": (TEXT, lambda size: filled("pwd:{", size)),
    "text: brackets": (TEXT, lambda size: filled("[", size, "pwd:")),
    "text: quotes without an end in brackets": (TEXT, lambda size: filled("\\" * 10 + '"', size, "pwd:{")),
    "text: quotes of many levels": (
        TEXT,
        lambda size: filled("".join("pwd=" + "\\" * level + "'a " for level in range(12)), size),
    ),
    "text: quotes in brackets": (TEXT, lambda size: filled("\\\"'", size, "pwd:{")),
    "text: calls": (TEXT, lambda size: filled("pwd=f( ", size)),
    "text: separators": (TEXT, lambda size: filled(";", size, "pwd=a")),
    "text: values and separators": (TEXT, lambda size: filled(";a b", size, "pwd=a")),
    "text: words": (TEXT, lambda size: filled("a", size)),
    "text: words with a key": (TEXT, lambda size: filled("my key:", size)),
    "text: blanks before a sign": (TEXT, lambda size: filled("a    ", size)),
    "text: equals": (TEXT, lambda size: filled("=", size)),
    "text: colons": (TEXT, lambda size: filled(":", size)),
    "text: quotes": (TEXT, lambda size: filled('"', size)),
    "text: dots and brackets": (TEXT, lambda size: filled("a.[", size)),
    "text: percents": (TEXT, lambda size: filled("%41=", size)),
    "text: encoded percents": (TEXT, lambda size: filled("%2525", size)),
    "text: escapes": (TEXT, lambda size: filled("\\u0061:", size)),
    "text: bearers": (TEXT, lambda size: filled("Bearer ", size)),
    "text: bearers with words": (TEXT, lambda size: filled("Bearer abcdefg ", size)),
    "text: basics": (TEXT, lambda size: filled("Basic YTpiYg== ", size)),
    "text: not basics": (TEXT, lambda size: filled("Basic trainings ", size)),
    "text: plus signs": (TEXT, lambda size: filled("+", size, "Bearer ")),
    "text: beginnings of JWTs": (TEXT, lambda size: filled("eyJ", size)),
    "text: JWTs": (TEXT, lambda size: filled("eyJaaaaaa. ", size)),
    "text: dashes": (TEXT, lambda size: filled("-", size)),
    "text: beginnings of keys": (TEXT, lambda size: filled("sk-", size)),
    "text: keys": (TEXT, lambda size: filled("ghp_", size)),
    "text: private keys": (TEXT, lambda size: filled("-----BEGIN PRIVATE KEY-----", size)),
    "text: not private keys": (TEXT, lambda size: filled("-----BEGIN ", size)),
    "text: an open private key": (TEXT, lambda size: filled("-a", size, "-----BEGIN PRIVATE KEY-----")),
    "text: SG.": (TEXT, lambda size: filled("SG.aaaaaaaaaaaaaaaaa-", size)),
    "text: userinfo": (TEXT, lambda size: filled("://a:b", size, "", "@")),
    "text: passwords with slashes": (TEXT, lambda size: filled("a:b/", size, "x://", "@")),
    "text: users without an end": (TEXT, lambda size: filled("x://a:b@c:", size)),
    "text: rows of a database": (TEXT, lambda size: filled("Failing row contains (", size)),
    "text: statements": (TEXT, lambda size: filled("(pwd) VALUES (1) ", size)),
    "text: bound values": (TEXT, lambda size: filled("pwd [parameters: ", size)),
    "text: pairs of quotes": (TEXT, lambda size: filled("('pwd', ", size)),
    "text: options": (TEXT, lambda size: filled("--pwd 'a ", size)),
    "text: calls without blanks": (TEXT, lambda size: filled("=pwd:pwd(", size)),
    "text: three quotes": (TEXT, lambda size: filled('pwd="""a', size)),
    "text: quotes of markup": (TEXT, lambda size: filled("pwd=&quot;{&quot;", size)),
    "text: dotted groups": (TEXT, lambda size: filled("4112.", size)),
    "text: hyphenated accounts": (TEXT, lambda size: filled("DE88-", size)),
    "text: digits": (TEXT, lambda size: filled("4", size)),
    "text: digits and spaces": (TEXT, lambda size: filled("4 ", size)),
    "text: groups of two": (TEXT, lambda size: filled("55 ", size)),
    "text: groups of four": (TEXT, lambda size: filled("4112 ", size)),
    "text: groups of 4-6-5": (TEXT, lambda size: filled("3782 822463 10006 ", size)),
    "text: not cards": (TEXT, lambda size: filled("4111111111111112 ", size)),
    "text: IBANs": (TEXT, lambda size: filled("DE89370400440532013000 ", size)),
    "text: not IBANs": (TEXT, lambda size: filled("DE88 ", size)),
    "text: nearly IBANs": (TEXT, lambda size: filled("GB29 NWBK 6016 1331 9268 18 ", size)),
    "text: e-mail": (TEXT, lambda size: filled("a.", size, "", "@a")),
    "binary": ("image/png", lambda size: random.Random(1).randbytes(size)),
    "binary: zeros": ("application/octet-stream", lambda size: b"\xff" + b"\0" * size),
    "binary: wide": ("application/octet-stream", lambda size: filled("a=b&", size // 2).decode().encode("utf-16-le")),
    "utf-7": ("text/plain; charset=utf-7", lambda size: filled("+AGE-", size)),
    "gzip: members": (TEXT, lambda size: gzip.compress(b"") * (size // 20)),
    "gzip: a bomb": (TEXT, lambda size: gzip.compress(b"a=" * size * 100)[:size]),
    "deflate: a bomb of JSON": (JSON, lambda size: zlib.compress(b"[" + b"{}," * size * 10 + b"1]")[:size]),
}


def cost(kind: str, content: bytes, *, truncated: bool = False, emails: bool = False) -> float:
    """Return the process time in milliseconds, the best of three, each with a new policy and empty caches."""
    best = float("inf")
    for _ in range(3):
        policy = Policy(Redact(emails=emails))
        begin = time.process_time()
        mask_body(Body(content=content, size=len(content), truncated=truncated), (("content-type", kind),), policy)
        best = min(best, time.process_time() - begin)
    return best * 1000


def main() -> None:
    """Print the table, the slowest first."""
    rows = []
    for name, (kind, make) in SHAPES.items():
        for truncated in (False, True):
            for emails in (False, True):
                half, whole = (cost(kind, make(size), truncated=truncated, emails=emails) for size in (SIZE // 2, SIZE))
                how = ("cut " if truncated else "") + ("with e-mail" if emails else "")
                rows.append((whole, whole / max(half, 0.001), f"{name} {how}"))
    print(f"{'ms':>8}{'growth':>8}  shape")
    for whole, growth, name in sorted(rows, reverse=True):
        print(f"{whole:8.2f}{growth:8.2f}  {name}")


if __name__ == "__main__":
    main()
