"""A corpus of secrets in every place and form in which they travel. Each is unique, so that a leak names its case."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import quote, quote_plus

MARK = "S3NT"
_numbers = count(1)


def sentinel() -> str:
    """Make a unique secret."""
    return f"{MARK}{next(_numbers):04d}NEL"


@dataclass
class Case:
    """One exchange with secrets in it.

    needles: what must not leave, besides everything that begins like a sentinel.
    """

    name: str
    needles: tuple[str, ...] = ()
    path: str = "/"
    query: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    kind: str = ""
    coding: str = ""
    answer_headers: list[tuple[str, str]] = field(default_factory=list)
    answer: bytes = b""
    answer_kind: str = ""
    error: str = ""


def both(name: str, body: bytes | str, kind: str, coding: str = "", needles: tuple[str, ...] = ()) -> Case:
    """Make a case with the same body in the request and in the response."""
    content = body.encode() if isinstance(body, str) else body
    headers = [("Content-Encoding", coding)] if coding else []
    return Case(
        name, needles, body=content, kind=kind, coding=coding, answer=content, answer_kind=kind, answer_headers=headers
    )


NAMES = """password Password PASSWORD passwd passWord user_password userPassword user-password new_password1 confirmPassword
currentpassword passphrase passcode pwd pass pw secret client_secret clientSecret CLIENT-SECRET secret_key token accessToken
access-token ACCESS_TOKEN accesstoken refresh_token refreshToken id_token csrf_token csrfmiddlewaretoken authenticity_token
apiKey api-key API_KEY x_api_key apikey APIKey xApiKey access_key secretAccessKey private_key privateKey signing_key
subscription-key auth oauth authorization credentials creds session session_id sessionid PHPSESSID JSESSIONID connect.sid
cookie csrf xsrf-token jwt bearer otp totp mfa_code pin pinCode card_number cardNumber cardnumber creditCard credit_card_number
cc_number ccnum pan cvv cvv2 cvc cvc2 security_code iban account_number routingNumber ssn social_security_number tax_id
passwords access_keys PGPASSWORD passwordagain fcmtoken smtp_pass new_pin verification_code recovery_codes backup_codes
sms_code SAMLResponse code_verifier device_code seed_phrase mnemonic security_answer connection_string license_key ssh_key
passport_number passwort ｐａｓｓｗｏｒｄ contraseña senha user_pass пароль 密码""".split()

HEADERS = """Authorization Proxy-Authorization Cookie X-Api-Key X-API-KEY Api-Key ApiKey X-Auth-Token X-Access-Token
X-CSRF-Token X-CSRFToken X-XSRF-TOKEN X-Amz-Security-Token X-Goog-Api-Key Private-Token X-Vault-Token DD-API-KEY X-Session-Id
X-Client-Secret X-Auth X-Password Authentication X-Jwt-Assertion X-Shopify-Access-Token Ocp-Apim-Subscription-Key Cookie2
Authentication-Info X-Otp Session Token X-User-Credentials X-Refresh-Token X-Secret
X-Functions-Key X-Appwrite-Key X-Pin X-SSO-Ticket Ticket X-Amz-Signature""".split()

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ%s.c2lnbmF0dXJl"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow{0}\nIBAAKC{0}\n-----END RSA PRIVATE KEY-----"
KEYS = """sk_live_{}4eC39HqL rk_test_{}4eC39HqL whsec_{}abcdefgh sk-ant-{}abcdefghijkl ghp_{}abcdefghijkl gho_{}abcdefghijkl
github_pat_{}abcdefghijkl glpat-{}abcdefgh xoxb-{}-abcdefgh xapp-1-{}abc AIza{}abcdefghijklmnopqrstuvwx ya29.{}abcdef
GOCSPX-{}abcdefghijk SG.{}abcdefgh.{}abcdefgh npm_{}abcdefghijklmnopqrstuvwxyz pypi-{}abcdefghijklmnopqrstuvwxyz
hf_{}abcdefghijkl sq0atp-{}abcdefgh AKIAS3NTABCDEFGHIJKL""".split()
CARDS = "4111111111111111 5555555555554444 378282246310005 6011111111111117 3530111333300000 30569309025904 4222222222222".split()
IBANS = """DE89370400440532013000 GB29NWBK60161331926819 FR1420041010050500013M02606 NO9386011117947 MT84MALT011000012345MTLCAST001S
BE68539007547034 CH9300762011623852957 NL91ABNA0417164300""".split()


def grouped(text: str, mark: str = " ") -> str:
    """Split a number into groups of four."""
    return mark.join(text[at : at + 4] for at in range(0, len(text), 4))


def _headers() -> list[Case]:
    cases = []
    for name in HEADERS:
        first, second = sentinel(), sentinel()
        cases.append(Case(f"header {name}", headers=[(name, first)], answer_headers=[(name.lower(), second)]))
    for scheme in ("Basic", "Bearer", "bearer", "Digest", "Token", "AWS4-HMAC-SHA256", "Unknown", "Basic\t"):
        text = f"{scheme} {sentinel()}, x={sentinel()}"
        cases.append(
            Case(f"authorization {scheme!r}", headers=[("Authorization", text), ("Proxy-Authorization", text)])
        )
    s = sentinel
    cookies = [
        f"sid={s()}; theme={s()}",
        f"a={s()}={s()};b={s()}",
        s(),
        f'a="{s()};{s()}"',
        f"={s()}",
        f"a={s()}, b={s()}",
    ]
    cases += [Case(f"cookie {text}", headers=[("Cookie", text)]) for text in cookies]
    answers = [
        [f"sid={s()}; Path=/; HttpOnly", f"csrf={s()}; Secure"],
        [f"a=1; Path=/, b={s()}; Secure"],
        [f"a={s()}; expires=Wed, 21 Oct 2026 07:28:00 GMT, b={s()}"],
        [f"a={s()}; token={s()}"],
        [s()],
        [f"x={s()}; Max-Age=5"] * 3,
    ]
    cases += [Case(f"set-cookie {each}", answer_headers=[("Set-Cookie", text) for text in each]) for each in answers]
    for name in (
        "Referer",
        "Location",
        "Content-Location",
        "X-Original-URL",
        "Refresh",
        "X-Forwarded-Uri",
        "X-Note",
        "Origin",
    ):
        front = "5; url=" if name == "Refresh" else ""
        for url in (
            f"https://shop.example/?access_token={s()}&b=1",
            f"https://ada:{s()}@shop.example/",
            f"https://shop.example/cb#access_token={s()}&state=1",
            f"/back?code={s()}" if name not in ("X-Forwarded-Uri", "X-Note", "Origin") else f"/back?a=1&code={s()}",
            f"https://shop.example/?next=%2Fin%3Ftoken%3D{s()}",
            f"https://shop.example/?next=%252Fin%253Ftoken%253D{s()}",
            f"/a;jsessionid={s()}?x=1",
        ):
            headers = [(name, front + url)]
            cases.append(Case(f"{name}: {url}", headers=headers, answer_headers=headers))
    links = f'<https://x/?token={s()}>; rel="next", <https://u:{s()}@x/>; rel="prev"; title="password={s()}"'
    cases.append(Case("link", headers=[("Link", links)], answer_headers=[("Link", links)]))
    cases.append(Case("json in a header", headers=[("X-Context", json.dumps({"a": {"password": [s()]}}))]))
    cases.append(Case("bearer in a header", headers=[("X-Forwarded-Auth-By", f"Bearer {s()}1234567890")]))
    cases.append(Case("key in a header", answer_headers=[("X-Debug", f"using sk_live_{s()}abcdef")]))
    return cases


def _queries() -> list[Case]:
    cases = [Case(f"query {name}", query=f"a=1&{quote_plus(name)}={sentinel()}&b=2") for name in NAMES]
    s = sentinel
    for name in ("code", "sig", "signature", "X-Amz-Signature", "X-Goog-Signature", "key", "hmac", "ticket"):
        cases.append(Case(f"query {name}", query=f"{name}={s()}"))
    odd = (
        f"user%5Bpassword%5D={s()}", f"user[password]={s()}", f"pass%77ord={s()}", f"pass%2577ord={s()}", f"a=1;token={s()}",
        f"token={s()}&token={s()}&TOKEN={s()}", f"token[]={s()}&token[]={s()}", f"q=Bearer+{s()}1234567890",
        f"q={quote(json.dumps({'password': s()}))}", f"q=password%3D{s()}", f"q=%7B%22token%22%3A%5B%22{s()}%22%5D%7D",
        f"url=https%3A%2F%2Fa%3A{s()}%40x%2F", f"&&token={s()}", f"token={s()}={s()}", f"a=1;code={s()}", f"a=1&amp;code={s()}", f"x=/cb%23code%3D{s()}",
        f"f[0][name]=password&f[0][value]={s()}", f"contrase%F1a={s()}", f"?token={s()}", f"access_token:{s()}",
        f"Bearer%20{s()}1234567890=1", f"sk_live_{s()}abcdef", "q=4111+1111+1111+1111", "n=4111111111111111",
    )  # fmt: skip
    for query in odd:
        needles = ("4111 1111 1111 1111", "4111111111111111") if "4111" in query else ()
        cases.append(Case(f"query {query}", needles, query=query))
    for path in (f"/x;token={s()}/y", f"/Bearer {s()}1234567890/", f"/k/sk_live_{s()}abcdef", f"/p/token={s()}"):
        cases.append(Case(f"path {path}", path=path))
    return cases


def _forms() -> list[Case]:
    cases, form = [], "application/x-www-form-urlencoded"
    for name in NAMES:
        cases.append(both(f"form {name}", f"user=ada&{quote_plus(name)}={sentinel()}&x=y", form))
    for name in NAMES[::4]:
        cases.append(both(f"form said to be text {name}", f"user=ada&{quote(name)}={sentinel()}&x=y", "text/plain"))
        cases.append(both(f"form without a type {name}", f"{quote(name)}={sentinel()}&x=y", ""))
        cases.append(both(f"form said to be json {name}", f"a=b&{quote(name)}={sentinel()}", "application/json"))
        cases.append(both(f"form said to be an image {name}", f"a=b&{quote(name)}={sentinel()}", "image/png"))
    s = sentinel
    for text in (
        f"user%5Bpassword%5D={s()}", f"password={s()}&password={s()}", f"pass%77ord={s()}", f"data={quote(json.dumps({'secret': {'a': s()}}))}",
        f"password={s()}%00{s()}", f"password={s()}\r\n", f"PASSWORD={s()}+{s()}%20{s()}", f"a[b][secret][]={s()}", f"note=token%3D{s()}",
        f"password=it's{s()}", f"password=a;b{s()}", f"note={quote_plus(PEM.format(s()))}",
    ):  # fmt: skip
        cases.append(both(f"form {text}", text, form))
        if "PEM" not in text:
            cases.append(both(f"form said to be text {text}", text, "text/plain"))
    cases.append(both("form in bad utf-8", b"a=\xff&password=" + s().encode(), form))
    cases.append(
        both("form of latin-1", "näme=é&password=".encode("latin-1") + s().encode(), f"{form}; charset=iso-8859-1")
    )
    return cases


def _json() -> list[Case]:
    kind, cases = "application/json", []
    for name in NAMES:
        cases.append(
            both(f"json {name}", json.dumps({"user": "ada", name: sentinel(), "x": 1}, ensure_ascii=False), kind)
        )
    for name in NAMES[::6]:
        text = json.dumps({"list": [{name: [sentinel(), {"deep": sentinel()}]}]}, indent=2)
        for other in ("", "text/plain", "text/html", "image/png", "application/octet-stream", "application/x-www-form-urlencoded",
                      "application/xml", "application/vnd.api+json; charset=utf-8", "text/json", "application/graphql-response+json"):  # fmt: skip
            cases.append(both(f"json {name} said to be {other}", text, other))
    s = sentinel

    def value(text: str) -> str:
        return json.dumps({"a": 1, "password": None, "b": "c"}).replace("null", text)

    values = {
        "number": "314159265358979", "negative": "-2718281828459", "float": "3.14159265358979e10", "string": f'"{s()}"',
        "array": f'["{s()}", 1, "{s()}"]', "object": f'{{"x": "{s()}", "y": {{"z": "{s()}"}}}}', "empty": f'["", {{}}, "{s()}"]',
        "escapes": f'"\\"{s()}\\\\\\u00e9\\n{s()}"', "unicode": f'"é{s()}\U0001f600"', "brackets": f'"}}]{s()}[{{"',
    }  # fmt: skip
    for what, text in values.items():
        needles = (text,) if text[0].isdigit() or text[0] == "-" else ()
        cases.append(both(f"json value {what}", value(text), kind, needles=needles))
        cases.append(both(f"json value {what}, spaced", value(text).replace(":", " \n:\t "), kind, needles=needles))
    deep = json.dumps({"token": s()})
    for _ in range(30):
        deep = f'{{"a": [{deep}]}}'
    odd = {
        "30 levels": deep,
        "top array": json.dumps([{"Password": s()}, [[{"token": s()}]]]),
        "duplicates": f'{{"password": "{s()}", "password": "{s()}", "a": 1}}',
        "escaped key": f'{{"pass\\u0077ord": "{s()}", "\\u0074oken": "{s()}"}}',
        "text": json.dumps(f"password={s()}"),
        "bearer": json.dumps({"note": f"Bearer {s()}1234567890"}),
        "key is a secret": json.dumps({f"sk_live_{s()}abcdef": 1, "a": {f"Bearer {s()}1234567890": 2}}),
        "jwt": json.dumps({"note": "see " + JWT % s()}),
        "pem": json.dumps({"note": PEM.format(s())}),
        "userinfo": json.dumps({"db": f"postgres://ada:{s()}@db/x"}),
        "url": json.dumps({"next": f"https://x/?a=1&access_token={s()}#token={s()}"}),
        "graphql": json.dumps({"query": f'mutation {{ login(password: "{s()}") }}', "variables": {"input": {"password": s()}}}),
        "label": json.dumps({"message": f"password: {s()}"}),
        "xml in json": json.dumps({"doc": f'<a token="{s()}" password=\'{s()}\'/>'}),
        "log in json": json.dumps({"log": f"10:30:00 Authorization: Bearer {s()} ok\nCookie: a=b; c={s()}"}),
        "percent in json": json.dumps({"q": f"token%3D{s()}%26a"}),
        "python in json": json.dumps({"m": f"{{'password': '{s()}', 'a': ['{s()}']}}".replace("'a'", "'auth'")}),
    }  # fmt: skip
    odd |= {f"beside {json.dumps(each)[:60]}": json.dumps(each) for each in (
        [{"name": "password", "value": s()}], {"value": s(), "name": "token"}, {"Key": "DB_PASSWORD", "Value": s()}, {"type": "password", "value": s()},
        {"op": "add", "path": "/password", "value": [s()]}, {"headers": [["Authorization", s()]]}, {"detail": [{"loc": ["body", "pin"], "input": s()}]},
        {"grant_type": "authorization_code", "code": s()}, ["run", "--password", s()], {"html": f"<p><token>{s()}</token></p>"},
        {"html": f'<input name="csrf" value="{s()}">'}, {"doc": f"&lt;password&gt;{s()}&lt;/password&gt;"}, {"passwords": [s()], "PGPASSWORD": s(), "passwordagain": s()},
    )}  # fmt: skip
    cases += [both(f"json {what}", text, kind) for what, text in odd.items()]
    inner = json.dumps({"password": {"a": [s(), 5]}, "é": 1})
    for level in range(1, 6):
        inner = json.dumps(inner) if level == 5 else json.dumps({"body": inner})
        cases.append(both(f"json in json, {level} levels", inner, kind))
    lines = "\n".join(json.dumps({"a": 1, "token": [s()]}) for _ in range(3))
    for each in (
        "application/x-ndjson",
        "application/jsonl",
        "application/json-seq",
        "application/json",
        "text/plain",
        "",
    ):
        cases.append(both(f"lines said to be {each}", lines, each))
    cases.append(
        both("lines with marks", "".join(f"\x1e{line}\n" for line in lines.split("\n")), "application/json-seq")
    )
    secret = json.dumps({"é": "ü", "password": s(), "auth": {"a": [s()]}}, ensure_ascii=False)
    for charset in (
        "utf-8",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-32-le",
        "latin-1",
        "utf-7",
        "utf-8-sig",
        "cp037",
    ):
        content = secret.encode(charset)
        said = (f"application/json; charset={charset.removesuffix('-sig')}", kind, "text/plain; charset=zlib",
                "application/json; charset=nonsense")  # fmt: skip
        if charset != "cp037":  # EBCDIC cannot be recognized without a declaration
            said += ("text/plain", "image/png", "", "text/plain; charset=utf-16")
        for each in said:
            cases.append(both(f"json in {charset} said to be {each}", content, each))
    broken = json.dumps({"a": "X", "password": s(), "auth": {"b": [s()]}}).encode()
    for what, content in {
        "bad utf-8": broken.replace(b"X", b"\xff\xfe"), "half a letter": broken.replace(b"X", b"\xc3"), "no end": broken[:-1],
        "two": broken + broken, "comma": broken[:-1] + b",}", "comment": b"/* x */" + broken, "prefix": b")]}',\n" + broken,
        "jsonp": b"callback(" + broken + b")", "nan": broken.replace(b'"X"', b"NaN"), "single quotes": broken.replace(b'"', b"'"),
        "control": broken.replace(b"X", b"\x01"), "no quotes": broken.replace(b'"', b""), "nul": broken.replace(b"X", b"\0"),
    }.items():  # fmt: skip
        for each in (kind, "text/plain", "image/png", "text/javascript", ""):
            cases.append(both(f"json with {what} said to be {each}", content, each))
    return cases


def _markup() -> list[Case]:
    s, cases = sentinel, []
    for name in (
        "password",
        "Password",
        "accessToken",
        "api-key",
        "card_number",
        "sessionId",
        "wsse:Password",
        "ns:token",
    ):
        for text in (
            f"<a><{name}>{s()}</{name}><b>1</b></a>",
            f'<a><b {name}="{s()}" c="1"/></a>',
            f"<a><{name} type='x'><b>{s()}</b><{name}>{s()}</{name}>{s()}</{name}></a>",
            f"<a><{name}><![CDATA[{s()}]]></{name}></a>",
        ):
            for kind in ("application/xml", "text/xml; charset=utf-8", "application/soap+xml", "text/plain", ""):
                cases.append(both(f"xml {text} said to be {kind}", text, kind))
    for text in (
        f"<a><![CDATA[password={s()}]]></a>", f"<a><!-- token: {s()} --></a>", f"<a>Bearer {s()}1234567890</a>", f"<a><?x token={s()}?></a>",
        f"<plist><dict><key>password</key><string>{s()}</string></dict></plist>", f'<p><entry key="password">{s()}</entry></p>',
        f"<member><name>token</name><value><string>{s()}</string></value></member>", f'<a>{{"password": "{s()}"}}</a>',
        f"<a>&quot;password&quot;: &quot;{s()}&quot;</a>", f'<a b="https://x/?token={s()}&amp;a=1"/>', f"<a>https://u:{s()}@x/</a>",
        f"<a>&lt;password&gt;{s()}&lt;/password&gt;</a>", f"<a><![CDATA[<b><token>{s()}</token></b>]]></a>",
        f"<p><value>{s()}</value><name>password</name></p>", f"<p><name>token</name><note/><value>{s()}</value></p>",
        f"<password>{s()}", f"<a><password>{s()}</a>", f'<!DOCTYPE a [<!ENTITY token "{s()}">]><a>&token;</a>',
    ):  # fmt: skip
        cases.append(both(f"xml {text}", text, "application/xml"))
    for text in (
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{s()}">', f"<input name=password value={s()}>",
        f"<input value='{s()}' name='user[password]'>", f'<meta name="csrf-token" content="{s()}">', f'<meta content="{s()}" name="api-key">',
        f'<input type="password" name="p" value="{s()}">', f'<textarea name="secret">{s()}</textarea>', f'<script>var token = "{s()}";</script>',
        f'<script>window.x = {{"auth": {{"a": ["{s()}"]}}, b: 1 < 2}};</script>', f'<a href="/x?token={s()}">x</a>',
        f'<input name="cc" autocomplete="cc-number" value="{s()}">', f'<div data-token="{s()}">x</div>', f"<p>Password: {s()}</p>",
        f'<select name="token"><option value="{s()}">{s()}</option></select>', f'<script type="application/json">{{"token": {{"a": "{s()}"}}}}</script>',
        f"<p>Password: <b>{s()}</b></p>", f"<tr><td>API key</td><td>{s()}</td></tr>", f'<code id="api-key">{s()}</code>',
        f'<input name="token" value="a<{s()}">', f"<input name=password value=\"{s()}'>", f"<!-- password={s()} -->", f"<meta http-equiv='Set-Cookie' content='a={s()}'>",
    ):  # fmt: skip
        cases += [
            both(f"html {text}", f"<!doctype html><html><body>{text}</body></html>", kind)
            for kind in ("text/html", "", "application/xhtml")
        ]
    return cases


def _multipart() -> list[Case]:
    s, cases, kind = sentinel, [], "multipart/form-data; boundary=XyZ"

    def part(head: str, body: str | bytes) -> bytes:
        content = body.encode() if isinstance(body, str) else body
        return b"--XyZ\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content + b"\r\n"

    for name in NAMES[::3]:
        cases.append(
            both(f"multipart {name}", part('name="user"', "ada") + part(f'name="{name}"', s()) + b"--XyZ--\r\n", kind)
        )
    parts = {
        "file": part('name="f"; filename="a.txt"', s()), "file name": part(f'name="f"; filename="sk_live_{s()}abcdef.txt"', "x"),
        "secret file name": part(f'name="token"; filename="{s()}.txt"', "x"), "filename*": part(f"name=secret; filename*=utf-8''{s()}", s()),
        "pair in file name": part(f'name="f"; filename="token={s()}.txt"', "x"), "unquoted": part("name=password", s()),
        "escaped": part('name="pass\\word"', s()), "typed": part('name="token"\r\nContent-Type: text/plain; charset=utf-8', s()),
        "json": part('name="data"\r\nContent-Type: application/json', json.dumps({"password": {"a": s()}})),
        "broken json": part('name="data"', '{"auth": {"a": "' + s() + '"}, }'), "text": part('name="note"', f"Bearer {s()}1234567890"),
        "no name": part("x=1", f"password={s()}"), "wide": part('name="note"', f"password={s()}".encode("utf-16-le")),
        "bytes": part('name="note"', b"\xff\xfe token=" + s().encode()),
        "nested": part('name="x"\r\nContent-Type: multipart/mixed; boundary=in', '--in\r\nContent-Disposition: form-data; name="password"\r\n\r\n' + s() + "\r\n--in--\r\n"),
        "repeated": part('name="password"', s()) + part('name="password"', s()), "newlines": part('name="password"', f"{s()}\r\n\r\n{s()}"),
    }  # fmt: skip
    for what, content in parts.items():
        whole = part('name="user"', "ada") + content + b"--XyZ--\r\n"
        for each in (
            kind,
            'multipart/mixed; boundary="XyZ"',
            "multipart/form-data",
            "text/plain",
            "application/octet-stream",
            "",
        ):
            cases.append(both(f"multipart {what} said to be {each}", whole, each))
    cases.append(
        both(
            "multipart with bare line feeds", (part('name="password"', s()) + b"--XyZ--").replace(b"\r\n", b"\n"), kind
        )
    )
    mixed = part('name="a"', 'v\n--XyZ\nContent-Disposition: form-data; name="password"\n\n' + s())
    cases.append(both("multipart with mixed line feeds", mixed + b"--XyZ--\r\n", kind))
    cases.append(both("multipart without an end", part('name="password"', s())[:-2], kind))
    return cases


def _texts() -> list[Case]:
    s, cases = sentinel, []
    texts = [
        f"password={s()}", f"password: {s()}", f"Password : {s()} {s()}", f'password = "{s()} {s()}"', f"  token: '{s()}'", f"api key: {s()}",
        f"the card number: {s()}", f"export API_KEY={s()}", f"API_KEY={s()}; echo", f'config["password"] = "{s()}"', f"$x['token'] => '{s()}'",
        f"curl -H 'Authorization: Bearer {s()}' https://x/", f'curl -H "X-Api-Key: {s()}" https://x/', f"GET / Authorization: Basic {s()}",
        f"Cookie: a=b; c={s()}", f"x Set-Cookie: theme={s()}; Path=/", f'payload={{"auth": {{"user": "{s()}", "x": [1, "{s()}"]}}}} done',
        f'{{\\"password\\": \\"{s()}\\"}}', f'x {{\\"auth\\": {{\\"a\\": \\"{s()}\\"}}}}', f'"password":"{s()}"', f"{{'password': '{s()}'}}",
        f"password=b'{s()}'", f"Token(password=SecretStr('{s()} {s()}'))", f"credentials:\n  user: ada\n  key: {s()}\nother: 1",
        f"private_key: |\n  {s()}\n  {s()}\nother: 1", f"secrets:\n- {s()}\n- {s()}\nx: 1", f"private_key: {PEM.format(s())}", PEM.format(s()),
        f"Bearer {s()}1234567890", f"see {JWT % s()} there", f"postgres://u:{s()}@db/x and redis://:{s()}@r", f"https://{s()}@github.com/x",
        f"Password=a{s()};Server=db", f"https://x/?a=1&code={s()}", f"https://x/?a=1&amp;code={s()}", f"password%3D{s()}", f"a%3D1%26token%3D{s()}",
        f"password: \"{s()}\n{s()}\"", f"token={s()},x", f"token={s()}'{s()}", f"pass\\u0077ord: {s()}", f"password:\n  {s()}", f'"token":\n"{s()}"',
        f"login(user: \"ada\", password: \"{s()}\") {{ token }}", f"[token={s()}]", f"(secret: {s()})", f"-p token={s()} --password={s()}",
        f'password: "a\\"{s()}"', f"auth: ({s()}, {s()})", f"auth=[{s()}, {s()}]", f"Digest: x\nAuthorization: Digest username=\"x\", response=\"{s()}\"",
    ]  # fmt: skip
    kinds = (
        "text/plain",
        "",
        "application/yaml",
        "application/graphql",
        "text/html",
        "text/csv; charset=latin-1",
        "application/octet-stream",
    )
    for text in texts:
        cases += [both(f"text {text} said to be {kind}", text, kind) for kind in kinds]
        cases += [
            both(f"text {text} with a bad byte", text.encode() + b" \xff", kind)
            for kind in ("text/plain", "", "image/png")
        ]
        cases.append(Case(f"exception {text}", error=text))
        cases.append(both(f"text {text} in utf-16", text.encode("utf-16"), "text/plain; charset=utf-16"))
        cases.append(
            both(f"text {text} in utf-16 without a mark", text.encode("utf-16-le"), "application/octet-stream")
        )
    for text in (
        f'data: {{"password": {{"a": "{s()}"}}}}\n\ndata: x\n\n', f'event: x\ndata: {{\ndata: "token": "{s()}"\ndata: }}\n\n',
        f'id: 1\ndata: {{"pass\\u0077ord": "{s()}"}}\n\n', f"data: token={s()}\n\n", f": password={s()}\n\n", f'data:{{"auth":["{s()}"]}}\r\n\r\n',
    ):  # fmt: skip
        cases.append(both(f"events {text!r}", text, "text/event-stream"))
    return cases


def _values() -> list[Case]:
    cases, s = [], sentinel
    found = [(text.format(mark, mark), ()) for text in KEYS for mark in [s()]]
    for card in CARDS:
        for text in (card, grouped(card), grouped(card, "-"), f"{grouped(card)} 123", f"2024 {grouped(card)} 12/27"):
            found.append((text, (card,)))
    for iban in IBANS:
        found += [(text, (iban,)) for text in (iban, grouped(iban), iban.lower(), f"ID42 {grouped(iban)} paid now")]
    found += [
        (f"Basic {quote_plus('YWRhOlMzTlQwMDAxTkVM')}", ("YWRhOlMz",)),
        (f"BEARER {s()}1234567890", ()),
        (f"bearer+{s()}1234567890", ()),
    ]
    for text, needles in found:
        note = json.dumps({"a": f"see {text}, please", "b": [1, "x"]})
        cases += [
            both(f"value {text} in json", note, "application/json", needles=needles),
            both(
                f"value {text} in json with escapes",
                note.replace("see", "s\\u0065e\\n"),
                "application/json",
                needles=needles,
            ),
            both(f"value {text} in text", f"line\n{text}\nline", "text/plain", needles=needles),
            both(
                f"value {text} in a form",
                f"note={quote_plus(text)}&x=1",
                "application/x-www-form-urlencoded",
                needles=needles,
            ),
            both(f"value {text} in html", f"<p>{text}</p><b title='{text}'></b>", "text/html", needles=needles),
            both(f"value {text} in xml", f"<p><b title='{text}'>{text}</b></p>", "application/xml", needles=needles),
            both(
                f"value {text} in bytes", b"\x00\x01\x89PNG\xff " + text.encode() + b"\n", "image/png", needles=needles
            ),
            Case(f"value {text} in a header", needles, headers=[("X-Note", text)], answer_headers=[("X-Note", text)]),
            Case(f"value {text} in a query", needles, query=f"q={quote(text)}"),
            Case(f"value {text} in an exception", needles, error=f"failed for {text}"),
        ]
        if text.isdigit():
            cases.append(
                both(
                    f"value {text} as a number", f'{{"a": {text}, "b": [{text}]}}', "application/json", needles=needles
                )
            )
    return cases


def _coded() -> list[Case]:
    cases = []
    for what in ("json", "form", "text"):
        for coding, encode in CODINGS.items():
            mark = sentinel()
            text, kind = {
                "json": (json.dumps({"password": mark, "pad": "x" * 100}), "application/json"),
                "form": (f"password={mark}&pad={'x' * 100}", "application/x-www-form-urlencoded"),
                "text": (f"password: {mark}\n{'x ' * 100}", "text/plain"),
            }[what]
            content = encode(text.encode())
            for said in (coding, coding.upper(), f" {coding} ", ""):
                cases.append(both(f"{what} in {coding} that says {said!r}", content, kind, said))
            cases += [
                both(f"{what} in {coding} that says {said!r}", content, kind, said)
                for said in ("gzip", "br", "compress", "x")
            ]
            cases.append(both(f"{what} plain that says {coding}", text, kind, coding))
            cases.append(both(f"broken {what} in {coding}", content[:-9], kind, coding))
            cases.append(both(f"{what} in {coding} said to be an image", content, "image/png", coding))
    return cases


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODINGS = {
    "gzip": gzip.compress,
    "x-gzip": lambda data: gzip.compress(data[:20]) + gzip.compress(data[20:]),
    "deflate": zlib.compress,
    "deflate, identity": _raw_deflate,
    "gzip, gzip": lambda data: gzip.compress(gzip.compress(data)),
    "deflate, gzip": lambda data: gzip.compress(zlib.compress(data)),
    "identity": bytes,
}
try:
    import brotli

    CODINGS["br"] = brotli.compress
except ImportError:
    pass
try:
    from backports import zstd

    CODINGS["zstd"] = zstd.compress
except ImportError:
    pass


def all_cases() -> list[Case]:
    """Return all cases."""
    makers = (_headers, _queries, _forms, _json, _markup, _multipart, _texts, _values, _coded)
    return [case for maker in makers for case in maker()]
