"""Harmless data that looks secret: masking must leave it unchanged, byte for byte."""

from __future__ import annotations

import base64
import json
import random
import uuid
from urllib.parse import quote_plus

NAMES = """tokenizer tokenize tokenized monkey author authors authored authority passenger passengers keyboard keynote
secretary secretariat cardinal cardinality cardio discard postcard wildcard passage compass bypass passive
pinned pinterest pineapple spin opinion panel company expand pancake key keys primary_key foreign_key sort_key public_key_url
monkey_id turkey whiskey hockey sidebar side inside president residence aside considered obsession possession
authoritative unauthored cookiecutter cooking bookie rookie encryption description decryption sessile bearing bearers_only
idiot identity user username login email name number order_number tracking_number phone_number account accounts_total
card cards card_type cardboard code status_code error_code zip_code country_code currency_code postal_code codec decode
pinch piñata étoile ключ 鍵 naïve tax taxes tax_rate taxonomy passport route routing social security securities network_security
signature_count sig_figs design signal assigned hmac_algorithm ticket ticket_count otpion robots potential potpourri adopt
crediting accredited creditor debit debited bankers scoped csv cvss escape sin ssl ssh tls jwtf rest state nonce grant_type
response_type redirect_uri scope expires_in client_id user_id user_agent device_id request_id trace_id key_id etag digest
content_type accept encoding language passwordless secretive tokenomics tokenised""".split()

TEXTS = [
    "Basic information about our company", "basic training for everyone", "the bearer of news came", "Bearer of bad tidings, he said",
    "the bearer shall present this letter.", "bearer shares/bonds", "a basic course: introduction", "Note: this is prose. Really: it is!",
    "It is 10:30:45, or 22:15", "2024-01-15T10:30:45.123456Z", "2024-01-15 10:30:45 +0200", "1700000000", "1700000000123", "1700000000123456",
    "1700000000123456789", "Mon, 15 Jan 2024 10:30:45 GMT", "+49 170 1234567", "+1 (555) 123-4567", "tel:+442079460958", "0049 89 123456",
    "EAN 4006381333931", "5901234123457", "ISBN 978-3-16-148410-0", "ISBN 9783161484100", "UPC 036000291452", "order 4111111111111112",
    "order 5555 5555 5555 4445", "order 4000-0000-0000-0003", "4111111111111", "ref 6011000000000005", "1234567890123456", "0000000000000000",
    "1111 1111 1111 1111", "4444444444444444", "9" * 40, "3.14159265358979323846264338327950288", "1e400", "-42", "0x4111111111111111",
    "550e8400-e29b-41d4-a716-446655440000", "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 'W/"5f3a-18c2b4d0"', '"33a64df551425fcc55e4d42a148795d9f25f89d4"',
    "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "SELECT id, name FROM users WHERE id = 5 AND age > 21;",
    "INSERT INTO orders (id, total) VALUES (1, 9.99);", "def main():\n    x = {'a': 1}\n    return x['a'] == 2", "const a = (b) => b * 2; // note",
    "for (int i = 0; i < 10; ++i) { sum += i; }", "if a < b and c > d: print(f'{a:>10}')", "[INFO] started: port=8080", "[ERROR] 5 failed: see above",
    "[2024-01-15 10:30:45] INFO worker: done in 5ms", "[1] Smith, J. et al: A study", "{not json} at all", "[x] done\n[ ] open",
    "2024-01-15 10:30:45,123 DEBUG app.views: GET /a?b=c -> 200", '127.0.0.1 - - [15/Jan/2024:10:30:45 +0000] "GET / HTTP/1.1" 200 512',
    "id,name,total\n1,Ada,9.99\n2,Grace,10.50\n", "a\tb\tc\n1\t2\t3", "name: Ada\nage: 36\nlist:\n  - a\n  - b\n", "[section]\nname = value\nother=thing\n",
    "GB of memory, DE is Germany", "GB29NWBK60161331926818", "DE89 3704 0044 0532 0130 01", "XX82 1234 5678 9012 3456", "AB12CDEF34567890XYZ",
    "FR is France; NL91 is a road", "MT is Malta", "Room GB12 ABCD EFGH IJKL", "AKIA", "sk-", "ghp_short", "xoxo, your friend", "xox-lovers club",
    "eyJ", "eyJust.a.word", "sk-learn is a library", "scikit-learn, sk-image", "SG. is short for Sing.", "hf_dataset", "npm_config_registry",
    "ask_live_show", "desk-lamp-with-a-long-name-indeed", "risk-assessment-of-large-projects", "https://example.com/path?q=1&page=2#top",
    "https://example.com:8080/a/b/c;v=1?x=y", "mailto:ada@example.com", "ssh://git@github.com/a/b.git", "git@github.com:a/b.git",
    "see https://example.com/@ada for more", "ada@example.com, grace@example.org", "C:\\Users\\ada\\file.txt", "/usr/bin/env python",
    "100% of 50%25 is 50%", "a%20b%2Fc", "50 % off: today only", "&amp; &lt; &gt; &quot;", "<3 you & me", "1 < 2 > 0", "Größe: 5 µm – très bien 😀",
    "日本語: テキスト", "Ωμέγα = τέλος", "\u202bעברית\u202c", "\ufeffmark", "zero\u200bwidth", "é vs é", "tokenizer: bpe", "tokenizer=bpe&monkey=1",
    "author: Ada; passenger=Grace", "secretary = 'Joan'", "cardinal: true", "keyboard => qwerty", "exit code=1", "error code: 500", "status code = 404",
    "key=value", "the key: be brief", "primary key: id", "zip code: 12345", "page number: 5", "signature=valid", "ticket: #123", "state=xyz",
    "public key: see website", "WWW-Authenticate: Basic realm=\"x\"", "Bearer realm=\"example\"", "Bearer error=\"invalid\"", "grant_type=code_flow",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", "---\ntitle: x\n---\n",
    "-- a comment: x\nSELECT 1", "--flag value --other=5", "M 10 10 L 200.5 300.25 C 4000 3000 2000 5000 6000 1000", "3000 2500 4100 2000 3900",
    "rgb(255, 255, 255)", "#ff00ff", "#!/bin/sh\necho hello", "10.0.0.1:8080", "fe80::1ff:fe23:4567:890a", "AA:BB:CC:DD:EE:FF", "v1.2.3-rc.4+build.5",
    "\t\n  \r\n", "null", "true", "5", '"text"', "''", "a" * 300, "=" * 50, ":" * 50, "%" * 50, "\\" * 50, "a=b=c=d", "::=", "=>", "&&&", "{}", "[]",
    "\\n\\t\\u00e9", "\\\\server\\share", "ⓐⓑⓒ", "pass the salt", "the pass was closed", "a token of love", "in session now", "secret garden, a novel",
    "Do androids keep secrets?", "authorized personnel only", "She is the author: Ada", "password", "Password reset mail sent", "cookies and cream",
    "lorem ipsum dolor sit amet, consectetur adipiscing elit: sed do eiusmod", "http://[::1]:8000/x", "x-api-version: 5", "Content-Type: text/html",
]  # fmt: skip

HTML = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Tokenizer & monkey < all</title><link rel="stylesheet" href="/a.css?v=1&x=2">
<script>if (a < b && c > d) { var x = {key: "value", "n": [1, 2, 3]}; } // <b>no tag</b>
function f(i) { return i<10 ? "a" : 'b'; }</script><style>a > b { color: red; content: "<x>" }</style></head>
<body onload="go(1, 'x')" class='a b'><!-- a comment: nothing here --><form action="/search"><input name="q" value="monkey">
<input type=checkbox checked><input type="hidden" name="page" value="5"><textarea name="note">Hello: world</textarea>
<select name="colour"><option value="r">Red</select></form><p>The bearer of news &amp; the author: Ada<br/>5 < 6</p></body></html>"""

XML = """<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment -->
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><order id='5'><author>Ada</author>
<key>colour</key><value>red</value><![CDATA[ 1 < 2 & 3 ]]><empty/><passenger seat="5A">Grace</passenger></order></soap:Body></soap:Envelope>"""

FORM = "application/x-www-form-urlencoded"


def documents() -> list[tuple[str, bytes]]:
    """Return bodies with their content types."""
    rng = random.Random(5)
    picture = b"\x89PNG\r\n\x1a\n" + rng.randbytes(3000)
    numbers = '{"big": 123456789012345678901234567890, "e": 1.50E+10, "z": -0.0, "a": [1,2 , 3], "a": [], "\\u00e9": "\\ud83d\\ude00\\/"}'
    bodies = [
        ("text/html; charset=utf-8", HTML.encode()), ("", HTML.encode()), ("application/xml", XML.encode()), ("text/plain", XML.encode()),
        ("image/png", picture), ("application/octet-stream", rng.randbytes(5000)), ("", rng.randbytes(500)), ("application/pdf", b"%PDF-1.7\n" + rng.randbytes(900)),
        ("application/json", numbers.encode()), ("application/json", numbers.replace(" ", "\n\t ").encode()), ("text/plain", numbers.encode()),
        ("application/json", json.dumps({"picture": "data:image/png;base64," + base64.b64encode(picture).decode()}).encode()),
        ("application/json", json.dumps({"ids": [str(uuid.UUID(int=rng.getrandbits(128))) for _ in range(20)]}).encode()),
        ("application/json", json.dumps({"nested": json.dumps({"a": json.dumps({"b": [1, "c: d"]})})}).encode()),
        ("application/json", "\ufeff{}".encode()), ("application/json", b" [] "), ("application/json", b'"x"'), ("application/json", b"5"),
        ("application/json; charset=utf-16", json.dumps({"a": "é"}, ensure_ascii=False).encode("utf-16")),
        ("application/json; charset=iso-8859-1", json.dumps({"a": "é"}, ensure_ascii=False).encode("latin-1")),
        ("text/plain; charset=shift_jis", "日本語: テスト".encode("shift_jis")), ("text/plain; charset=utf-16", "Größe: 5".encode("utf-16")),
        ("application/x-ndjson", b'{"a": 1}\n{"a": 2}\n\n'), ("application/json-seq", b'\x1e{"a": 1}\n\x1e{"b": 2}\n'),
        ("text/event-stream", b'id: 1\nevent: x\ndata: {"a": [1, 2]}\n\n: ping\n\ndata: hello: world\ndata: more\n\n'),
        ("multipart/form-data; boundary=B", b'--B\r\nContent-Disposition: form-data; name="author"\r\n\r\nAda: x=1\r\n--B--\r\n'),
        ("multipart/mixed; boundary=B", b'--B\r\nContent-Type: application/json\r\n\r\n{"a": "b"}\r\n--B\r\nContent-Type: text/plain\r\n\r\nx\r\n--B--\r\n'),
        ("application/javascript", b'const o = {key: 1, "author": f(x), n: a ? b : c};\nlet t = `x: ${y}`;'), ("text/css", b"a{color:red;width:calc(1px + 2px)}"),
        ("text/csv", b"sku,ean\n1,4006381333931\n"), ("application/yaml", b"a: 1\nb:\n  - c: d\n  - e: |\n      text\n"), ("application/sql", b"SELECT a = 1"),
        ("application/grpc", b"\0\0\0\0\x05\x08\x96\x01\x12\x03abc"), ("font/woff2", b"wOF2" + rng.randbytes(300)),
        (FORM, b"a=1&b=2&a=3&c=&d&=e&&f=%C3%A9+x&g=%7B%22a%22%3A1%7D"), (FORM, b"next=%2Fa%3Fb%3Dc%26d%3De&q=monkey+author"),
        ("application/json", b'{"max_tokens": 100, "usage": {"prompt_tokens": 5, "total_tokens": 12}, "token_expires_in": 3600, "session_count": 2}'),
        ("application/json", b'{"has_password": true, "mfa_code_required": false, "checks": {"cvc_check": "pass"}, "password_changed_at": 1700000000}'),
        ("application/json", b'{"properties": {"password": {"type": "string", "format": "password", "title": "Password"}, "token": {"$ref": "#/a"}}}'),
        ("application/json", b'[{"name": "colour", "value": "red"}, {"type": "text", "content": "the key: be brief"}, ["a", "b"], ["author", "Ada"]]'),
        ("application/json", json.dumps({"html": HTML, "data": base64.b64encode(b'{"a": 1}').decode()}).encode()), (FORM, b"max_tokens=5&name=colour&value=red"),
        ("application/json", json.dumps({name: name for name in NAMES}).encode()), ("image/svg+xml", b'<svg><path d="M 10 10 L 4000 3000"/><key>colour</key></svg>'),
    ]  # fmt: skip
    bodies += [("application/json", json.dumps({name: [1, {"x": "y"}]}).encode()) for name in NAMES]
    bodies += [(FORM, f"{quote_plus(name)}=1&x=y".encode()) for name in NAMES if name not in QUERY_NAMES]
    for text in TEXTS:
        bodies += [
            ("text/plain", text.encode()),
            ("", text.encode()),
            ("application/json", json.dumps({"a": text, "b": [text]}).encode()),
            ("application/json", json.dumps({"a": text, "\u00e9": [text, 5]}, ensure_ascii=False).encode()),
            (FORM, f"x={quote_plus(text)}".encode()),
        ]
    return bodies


QUERY_NAMES = frozenset(("key", "code", "ticket"))  # harmless anywhere else

HEADERS = [
    ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"), ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
    ("accept-language", "de-DE,de;q=0.9"), ("content-length", "1700000000123"), ("etag", 'W/"5f3a-18c2b4d0"'), ("if-none-match", '"33a64df551425fcc"'),
    ("date", "Mon, 15 Jan 2024 10:30:45 GMT"), ("cache-control", "max-age=3600, public"), ("www-authenticate", 'Basic realm="x"'),
    ("www-authenticate", 'Bearer realm="example", error="invalid_request"'), ("access-control-allow-credentials", "true"),
    ("access-control-allow-headers", "Authorization, X-Api-Version, Content-Type"), ("vary", "Cookie, Authorization, Accept"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="), ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), ("x-request-id", "550e8400-e29b-41d4-a716-446655440000"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("referer", "https://example.com/a?b=c#d"), ("location", "/a/b?next=%2Fc"),
    ("permissions-policy", "geolocation=(), publickey-credentials-get=(self)"), ("authentication-results", "mx.example; spf=pass; auth=pass"),
    ("anthropic-ratelimit-tokens-remaining", "5"), ("x-ratelimit-limit-tokens", "40000"), ("idempotency-key", "8e03978e"), ("sec-websocket-protocol", "graphql-ws, chat"),
    ("host", "shop.example:8080"), ("location", "/#/a?b=c"),
    ("link", '<https://x/?page=2>; rel="next", </a>; rel=prev'), ("origin", "https://example.com"), ("origin", "null"), ("x-forwarded-for", "10.0.0.1, 10.0.0.2"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"), ("content-security-policy", "default-src 'self'; script-src 'sha256-abc='"),
    ("content-disposition", 'attachment; filename="report.pdf"'), ("x-monkey", "tokenizer=1"), ("x-author", "Ada"), ("range", "bytes=0-499"),
    ("server-timing", "db;dur=53, app;dur=47.2"), ("x-ratelimit-remaining", "42"), ("if-modified-since", "Mon, 15 Jan 2024 10:30:45 GMT"), ("refresh", "5; url=/next?a=b"),
]  # fmt: skip

QUERIES = """a=1&b=2 q=monkey+author q=tokenizer&page=5 next=%2Fa%3Fb%3Dc utm_source=x&utm_medium=y state=xyz&nonce=5 a[]=1&a[]=2
q=10:30:45 q=100%25 x=%C3%A9 filter=%7B%22a%22%3A1%7D sort=-date ids=1,2,3 t=1700000000123 author=Ada&passenger=5 q=Basic+information
keyboard=de codec=x zip_code=5 status_code=404 empty= novalue &&& a=b=c q=%F0%9F%98%80 lat=52.5&lon=13.4 v=1.2.3""".split()
