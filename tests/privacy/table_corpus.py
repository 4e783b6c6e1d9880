"""Secrets in tables of all formats and in GraphQL, and similar documents without secrets, for the whole middleware."""

from __future__ import annotations

import json
from urllib.parse import quote

from privacy.corpus import Case, both, sentinel

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def table_cases() -> list[Case]:
    """Return cases, each with unique secrets."""
    return [*_delimited(), *_rows_in_json(), *_html(), *_graphql()]


def _delimited() -> list[Case]:
    s, cases = sentinel, []
    tables = {
        "commas": f"user,password\nada,{s()}\nbob,{s()}\n", "semicolons": f"user;Password;n\r\nada;{s()};1,5\r\nbob;{s()};2,5\r\n",
        "tabs": f"Name\tAPI key\nada\t{s()} {s()}\n", "bars": f"user|token\nada|{s()}\n", "quotes": f'"user","Password"\n"a, ""b""","{s()}, {s()}"\n',
        "line ends": f'user,password\nada,"{s()}\n{s()}"\n', "byte order mark": f'\ufeff"user","pwd"\n"ada","{s()}"\n', "space": f"user, password\nada, {s()}\n",
        "Markdown": f"Users:\n\n| user | password |\n|---|---|\n| ada | {s()} |\n", "psql": f" user | password \n------+---------\n ada | {s()}\n(1 row)\n",
        "mysql": f"+------+------+\n| user | pin  |\n+------+------+\n| ada  | {s()} |\n+------+------+\n",
    }  # fmt: skip
    for name, text in tables.items():
        cases += [
            both(f"table {name} said to be {kind}", text, kind)
            for kind in ("text/csv", "text/tab-separated-values", "application/vnd.ms-excel", "text/plain", "", "application/octet-stream")
        ]  # fmt: skip
        part = f'--XyZ\r\nContent-Disposition: form-data; name="users"\r\n\r\n{text}\r\n--XyZ--\r\n'
        cases += [
            both(f"table {name} in json", json.dumps({"note": text, "n": 1}), JSON),
            both(f"table {name} in a form", f"a=1&users={quote(text)}", FORM),
            both(f"table {name} in a multipart form", part, "multipart/form-data; boundary=XyZ"),
            Case(f"table {name} in a query", query=f"users={quote(text)}"),
            Case(f"table {name} in an exception", error=text),
            both(f"table {name} in utf-16", text.encode("utf-16"), "text/csv; charset=utf-16"),
        ]
    for text in (
        f"sep=;\r\nuser;password\r\nada;{s()}\r\n", f"Users\n\nid,user,pwd\n1,ada,{s()}\n2,bob,{s()}\n", f"# a comment\nid,user,pwd\n1,ada,{s()}\n",
        f"id,user,pwd\n1,ada,Lovelace,{s()}\n", f"user,pwd\n1,ada,{s()}\n2,bob,{s()}\n", f'user,n,pwd\n"ada,1,{s()}\nbob,2,{s()}\n', f"password\n{s()}\n",
        f"name,value\ncolour,red\ndb_password,{s()}\n", f'id,note\n1,"{{""password"": ""{s()}""}}"\n', f"id,user\n1,ada\n\nid,token\n1,{s()}\n",
    ):  # fmt: skip
        cases.append(both(f"table {text!r}", text, "text/csv"))
    return cases


def _rows_in_json() -> list[Case]:
    s, cases = sentinel, []
    names, described = ["user", "password"], [{"name": "user", "type": "text"}, {"name": "password", "type": "text"}]
    documents = [
        {"columns": names, "rows": [["ada", s()], ["bob", [s()]]]}, {"data": [["ada", s()]], "columns": names, "index": [0]}, {"fields": names, "records": [["ada", s()]]},
        {"columns": described, "rows": [["ada", s()]], "cursor": "x"}, {"results": [{"series": [{"columns": ["time", "password"], "values": [["t", s()]]}]}]},
        {"range": "A1", "values": [names, ["ada", s()]]}, {"majorDimension": "COLUMNS", "values": [["user", "ada"], ["password", s()]]},
        {"frames": [{"schema": {"fields": described}, "data": {"values": [["ada"], [s()]]}}]}, {"schema": {"fields": described}, "rows": [{"f": [{"v": "ada"}, {"v": s()}]}]},
        {"resultSetMetaData": {"rowType": described}, "data": [["ada", s()]]}, {"ColumnMetadata": described, "Records": [[{"stringValue": "ada"}, {"stringValue": s()}]]},
        [["id", *names], [1, "ada", s()]], {"keys": names, "values": ["ada", s()]}, {"results": [{"columns": names, "data": [{"row": ["ada", s()]}]}]},
    ]  # fmt: skip
    for document in documents:
        text = json.dumps(document)
        cases += [both(f"rows {text} said to be {kind}", text, kind) for kind in (JSON, "text/plain", "")]
        cases += [
            both(f"rows {text} in json", json.dumps({"body": text}), JSON),
            both(f"rows {text} in lines", f"{text}\n{text}\n", "application/x-ndjson"),
            both(f"rows {text} in a form", f"body={quote(text)}", FORM),
        ]
    lines = "".join(f"{json.dumps(line)}\n" for line in (["id", *names], [1, "ada", s()]))
    return [*cases, both("lines of lists", lines, "application/x-ndjson")]


def _html() -> list[Case]:
    s, cases = sentinel, []
    for text in (
        f"<table><tr><th>User</th><th>Password</th></tr><tr><td>ada</td><td>{s()}</td></tr></table>",
        f"<table><thead><tr><td>User</td><td>Token</td></tr></thead><tbody><tr><td>ada</td><td><b>{s()}</b></td></tr></tbody></table>",
        f"<table><tr><td>User</td><td>Password</td></tr><tr><td>ada</td><td>{s()}</td></tr></table>",
        f"<table><tr><th>User<th>Password<tr><td>ada<td>{s()}<tr><td>bob<td>{s()}</table>",
        f"<table><tr><th>User</th><th colspan=2>Credentials</th></tr><tr><td>ada</td><td>{s()}</td><td>{s()}</td></tr></table>",
        f'<table><tr><td data-label="User">ada</td><td data-label="Password">{s()}</td></tr></table>',
    ):
        cases += [both(f"html {text} said to be {kind}", f"<html>{text}</html>", kind) for kind in ("text/html", "")]
        cases.append(both(f"html {text} in json", json.dumps({"html": text}), JSON))
    return cases


def _graphql() -> list[Case]:
    s, cases = sentinel, []
    for document in (
        "mutation($p: String!) { login(password: $p) { id } }", "mutation($p:P){login(input:{user:\"ada\",password:$p}){id}}",
        "query($p: [String!]) { a @auth(tokens: $p) { id } }", "query { ...F } fragment F on T { a(secret: [$p]) }",
    ):  # fmt: skip
        for pairs in (
            {"query": document, "variables": {"p": s(), "q": 1}},
            {"variables": {"p": {"a": s()}}, "query": document},
        ):
            request = json.dumps(pairs)
            encoded = {name: value if name == "query" else json.dumps(value) for name, value in pairs.items()}
            query = "&".join(f"{name}={quote(value)}" for name, value in encoded.items())
            part = f'--XyZ\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{request}\r\n--XyZ--\r\n'
            cases += [
                both(f"graphql {request}", request, JSON), both(f"graphql batch {request}", f"[{request}, {request}]", JSON),
                Case(f"graphql query {request}", query=query), both(f"graphql form {request}", query, FORM),
                both(f"graphql upload {request}", part, "multipart/form-data; boundary=XyZ"),
            ]  # fmt: skip
    for document in (f'mutation {{ login(password: "{s()}") {{ id }} }}', f'query($p: String = "{s()}") {{ a(token: $p) }}',
                     f'{{ a(pwd: """{s()} "x" """) }}', f"# password: {s()}\n{{ a(b: 1) }}"):  # fmt: skip
        cases += [both(f"graphql {document}", document, "application/graphql"), Case(f"graphql {document}", query=f"query={quote(document)}"),
                  both(f"graphql json {document}", json.dumps({"query": document}), JSON)]  # fmt: skip
    return cases


def table_documents() -> list[tuple[str, bytes]]:
    """Return similar bodies without secrets."""
    texts = ["id,token_count\n1,5\n2,7\n", "sku,ean,note\n1,2,\"a, b\"\n\n3,4,\"c\nd\"\n", "Name;Größe\nAda;1,5\n", "a\tb\n1\t2\n", "name,value\ncolour,red\n",
             "| a | b |\n|---|---|\n| 1 | 2 |\n", "Dear Ada, your password, please\nSend it, and soon\nBye, Bob\n", "user,\npassword,\nemail,\n"]  # fmt: skip
    bodies = [(kind, text.encode()) for text in texts for kind in ("text/csv", "text/plain", "")
              if kind != "text/csv" or "password" not in text]  # fmt: skip
    documents = [
        {"columns": ["id", "name"], "rows": [[1, "password"], [2, "token"]]}, {"columns": ["id", "token_count"], "rows": [[1, 5]]}, {"coordinates": [[[1.5, 2.5]]]},
        {"fields": ["email", "password"], "message": "Enter both."}, [["a", "b"], ["c", "d"]], {"data": [[1, 2], [3, 4]], "labels": ["a", "b"]},
        {"query": "query{ user(id:$id){ passwordUpdatedAt } }", "variables": {"id": 5}}, {"query": "mutation($token: T) { a(token: $token) { password } }"},
        {"query": "{ password: user(id: 1) { token { value } } }", "variables": {"p": "x"}}, *texts,
    ]  # fmt: skip
    bodies += [(JSON, json.dumps(each).encode()) for each in documents]
    pages = ["<table><tr><th>User</th><th>City</th></tr><tr><td>ada</td><td>password</td></tr></table>",
             "<table><tr><th>Model</th><th>Max tokens</th></tr><tr><td>a</td><td>4096</td></tr></table>"]  # fmt: skip
    return [*bodies, *(("text/html", page.encode()) for page in pages)]
