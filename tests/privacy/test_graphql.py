"""GraphQL: the literals of secret arguments and the variables passed to them are masked; the document still parses."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, quote, quote_plus, urlencode

import graphql
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import effort

from drhttp._redact.formats.urlencoded import mask_query
from drhttp._redact.formats.urls import mask_url
from privacy.corpus import MARK
from privacy.masking import POLICY, masked, text_of

M = "[redacted]"
S = f"{MARK}0001NEL"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
#: A document, and its masked form; in the second group `$p` is passed to a secret argument.
LITERALS = {
    "argument": (f'mutation {{ login(password: "{S}") {{ id }} }}', f'mutation {{ login(password: "{M}") {{ id }} }}'),
    "no space": (f'mutation{{login(password:"{S}"){{id}}}}', f'mutation{{login(password:"{M}"){{id}}}}'),
    "shorthand": (f'{{ login(user: "ada", token: "{S}") {{ id }} }}', f'{{ login(user: "ada", token: "{M}") {{ id }} }}'),
    "alias": (f'{{ password: login(t: 1, pin: 1234, pwd: "{S}") }}', f'{{ password: login(t: 1, pin: "{M}", pwd: "{M}") }}'),
    "object": (
        f'mutation {{ a(input: {{user: "ada", password: "{S}", n: {{apiKey: "{S}"}}}}) {{ id }} }}',
        f'mutation {{ a(input: {{user: "ada", password: "{M}", n: {{apiKey: "{M}"}}}}) {{ id }} }}',
    ),
    "secret object": (f'{{ a(auth: {{x: "{S}", y: [1, "{S}"], z: null}}) }}', f'{{ a(auth: {{x: "{M}", y: ["{M}", "{M}"], z: null}}) }}'),
    "list": (f'{{ a(tokens: ["{S}", "{S}"], ids: ["a"]) }}', f'{{ a(tokens: ["{M}", "{M}"], ids: ["a"]) }}'),
    "block": (f'{{ a(password: """{S} "x" \\""" {S}""", b: """c""") }}', f'{{ a(password: "{M}", b: """c""") }}'),
    "escapes": (f'{{ a(password: "x\\"{S}\\u0041\\\\") }}', f'{{ a(password: "{M}") }}'),
    "default": (f'query($password: String = "{S}") {{ a(b: $password) }}', f'query($password: String = "{M}") {{ a(b: $password) }}'),
    "default of a variable": (
        f'query Q($p: String = "{S}", $n: [Int!]! = [1]) {{ a(password: $p, n: $n) }}',
        f'query Q($p: String = "{M}", $n: [Int!]! = [1]) {{ a(password: $p, n: $n) }}',
    ),
    "default object": (
        f'query($i: In = {{token: "{S}", a: "b"}} @x(y: 1), $j: Int) {{ a(b: $i, j: $j) }}',
        f'query($i: In = {{token: "{M}", a: "b"}} @x(y: 1), $j: Int) {{ a(b: $i, j: $j) }}',
    ),
    "directive": (f'{{ a @auth(token: "{S}") @include(if: true) {{ b }} }}', f'{{ a @auth(token: "{M}") @include(if: true) {{ b }} }}'),
    "directive of an operation": (f'query @live(secret: "{S}") {{ a }}', f'query @live(secret: "{M}") {{ a }}'),
    "fragment": (
        f'query {{ ...F }} fragment F on T {{ a(secret: "{S}") ... on U @x(y: "z") {{ b }} }}',
        f'query {{ ...F }} fragment F on T {{ a(secret: "{M}") ... on U @x(y: "z") {{ b }} }}',
    ),
    "comment": (f"# password: {S}\n{{ a(b: 1) # token={S}\n}}", f"# password: {M}\n{{ a(b: 1) # token={M}\n}}"),
    "text": (f'{{ a(note: "password: {S}", b: "c: d") }}', f'{{ a(note: "password: {M}", b: "c: d") }}'),
    "json in a text": (f'{{ a(data: "{{\\"token\\": \\"{S}\\"}}") }}', f'{{ a(data: "{{\\"token\\": \\"{M}\\"}}") }}'),
    "value beside a name": (f'{{ set(name: "password", value: "{S}") {{ id }} }}', f'{{ set(name: "password", value: "{M}") {{ id }} }}'),
    "enum": ("{ a(credentials: BASIC, sort: TOKEN) }", f'{{ a(credentials: "{M}", sort: TOKEN) }}'),
    "card": ("{ a(n: 4111111111111111) }", f'{{ a(n: "{M}") }}'),
    "password field": (
        f'mutation {{ changePassword(old: "{S}", new: """{S}""", userId: 5, email: "a@b.c") {{ id }} }}',
        f'mutation {{ changePassword(old: "{M}", new: "{M}", userId: 5, email: "a@b.c") {{ id }} }}',
    ),
    "password field, its input": (
        f'mutation {{ password_update(input: {{old: "{S}", n: {{x: "{S}"}}, user: "ada"}}, x: true) {{ id }} }}',
        f'mutation {{ password_update(input: {{old: "{M}", n: {{x: "{M}"}}, user: "ada"}}, x: true) {{ id }} }}',
    ),
    "login": (f'mutation {{ signIn(email: "x", p: "{S}") {{ id }} }}', f'mutation {{ signIn(email: "x", p: "{M}") {{ id }} }}'),
    "login, pw": (f'mutation {{ login(email: "x", pw: "{S}") {{ id }} }}', f'mutation {{ login(email: "x", pw: "{M}") {{ id }} }}'),
    "type": (f'query($p: Password! = "{S}", $t: TokenType = "b") {{ a(b: $p, t: $t) }}', f'query($p: Password! = "{M}", $t: TokenType = "b") {{ a(b: $p, t: $t) }}'),
    "two operations": (f'query A {{ a }} mutation B {{ b(token: "{S}") }}', f'query A {{ a }} mutation B {{ b(token: "{M}") }}'),
    "commas": (f'{{,a(,password:,"{S}",,b:1,),}}', f'{{,a(,password:,"{M}",,b:1,),}}'),
}  # fmt: skip
VARIABLES = [
    "mutation($p: String!) { login(password: $p) { id } }",
    "mutation Login($p:String!,$q:Int){login(password:$p){id}}",
    "mutation($p: String!) { login(input: {user: \"ada\", password: $p}) { id } }",
    "mutation($p: [String!]!) { login(passwords: $p) { id } }",
    "mutation($p: String!) { login(passwords: [\"a\", $p]) { id } }",
    "mutation($p: P!) { login(auth: {a: {b: $p}}) { id } }",
    "query($p: String!) { a @auth(token: $p) { id } }",
    "query($p: String!) @auth(token: $p) { a { id } }",
    "query($p: String!) { ...F } fragment F on T { a(secret: $p) }",
    "query($p: String!) { a { b { c(x: 1, pwd: $p) } } }",
    "mutation($p: String!) { set(name: \"password\", value: $p) { id } }",
    "mutation($p: String!) { set(input: {value: $p, key: \"api_key\"}) { id } }",
    "# a comment\n\nmutation M($p: String!) { a(password: $p) }",
    "mutation A($q: Int) { a(q: $q) } mutation B($p: String) { b(password: $p) }",
    "subscription($p: String!) { on(token: $p) { id } }",
    "mutation($p: String = \"x\") { login(password: $p) { id } }",
    "mutation($p: String!, $q: ID!) { changePassword(old: $p, userId: $q) { id } }",
    "mutation($p: String!, $q: ID!) { changePassword(input: {new: $p, id: $q}) { id } }",
    "mutation($p: String!) { logIn(email: \"x\", p: $p) { id } }",
    "mutation($p: Password!) { a(b: $p) { id } }",
    "mutation($q: Int, $p: [[UserAccessToken!]]!) { a(b: $p, q: $q) { id } }",
    "mutation($p: API_KEY = null, $q: Int) { a(b: $p, q: $q) { id } }",
]  # fmt: skip
HARMLESS = [
    "query{ user(id:$id){ passwordUpdatedAt } }", "{ me { password token { value } } }", "query($id: ID!) { user(id: $id) { token } }",
    "{ password: user(id: 1) { id } }", "mutation($token: String!) { login(token: $token) { id } }", "{ a(has_password: true, max_tokens: 5, token: null) }",
    "query Password($p: Int = 5) { a(first: $p, after: \"b\") @include(if: $q) { ...Token } } fragment Token on Secret { id }",
    "mutation { save(text: \"\"\"a \"b\" c: d\"\"\", n: -1.5e10, e: RED, l: [], o: {}) { ok } }", "{ a(name: \"colour\", value: \"red\") }",
    "query { a(b: \"query { c }\") }", "query($a: TokenType = X, $b: PasswordInput, $c: SessionFilter) { tokens(kind: $a, p: \"b\", first: 10) { id } }",
    "mutation { changePassword(userId: 5, email: \"a@b.c\", force: true, locale: EN) { ok } }", "{ passwordPolicy(old: \"b\", minLength: 8) { id } }",
    "mutation changePassword($o: String = \"abc\") { rename(old: $o) { id } }", "{ key(p: \"a\") { code(with: \"b\") } }",
]  # fmt: skip


def request(document: str, variables: object, **others: object) -> str:
    """Make a request as clients send it."""
    return json.dumps({"query": document, "variables": variables, "operationName": None, **others})


@pytest.mark.parametrize(("document", "expected"), LITERALS.values(), ids=LITERALS)
def test_literals_of_secret_arguments(document, expected):
    """Wherever a document is sent, the mask is a string literal and the rest stays byte for byte."""
    assert text_of(document, "application/graphql") == expected
    assert json.loads(text_of(request(document, None), JSON))["query"] == expected
    assert json.loads(text_of(request(document, None), "text/plain"))["query"] == expected
    query, count = mask_query(f"query={quote(document)}&x=1", POLICY)
    assert (parse_qs(query)["query"], count > 0) == ([expected], True)
    assert graphql.parse(document)
    assert graphql.parse(expected)


@pytest.mark.parametrize("document", VARIABLES)
def test_variables_passed_to_secret_arguments(document):
    """Variables are masked under any name, before or behind their document."""
    graphql.parse(document)
    before = {"p": S, "q": 1, "o": {"a": "b"}}
    after = {**before, "p": M}
    bodies = [request(document, before), json.dumps({"variables": before, "query": document}, indent=1)]
    for body in bodies:
        for kind in (JSON, "application/graphql-response+json", "text/plain", ""):
            assert json.loads(text_of(body, kind))["variables"] == after
            assert graphql.parse(json.loads(text_of(body, kind))["query"])
    for values in ([S, {"a": S}], {"a": {"b": S}}, 314159):
        shown = json.loads(text_of(request(document, {**before, "p": values}), JSON))
        assert shown["variables"] == after
    packed = json.loads(text_of(json.dumps({"query": document, "variables": json.dumps(before)}), JSON))
    assert packed["variables"] == M


@pytest.mark.parametrize("document", VARIABLES[:3])
def test_batches_and_requests_within_others(document):
    """Each document has its own variables; `$p` stays in a document that passes it to a harmless argument."""
    batch = [
        {"variables": {"p": S}, "query": document},
        {"query": "query($p: Int) { a(b: $p) }", "variables": {"p": 7}},
    ]
    shown = json.loads(text_of(json.dumps(batch), JSON))
    assert [each["variables"]["p"] for each in shown] == [M, 7]
    nested = json.loads(text_of(json.dumps({"type": "start", "payload": batch[0], "p": 5}), JSON))
    assert (nested["payload"]["variables"]["p"], nested["p"]) == (M, 5)
    lines = "\n".join(map(json.dumps, batch))
    assert [json.loads(line)["variables"]["p"] for line in text_of(lines, "application/x-ndjson").split("\n")] == [M, 7]
    inner = json.loads(text_of(json.dumps({"body": json.dumps(batch[0])}), JSON))
    assert json.loads(inner["body"])["variables"]["p"] == M


@pytest.mark.parametrize("document", VARIABLES)
def test_requests_in_urls_and_forms(document):
    """Requests in URLs and forms are masked: `?query=...&variables=...`, in either order, percent-encoded."""
    variables = json.dumps({"p": S, "q": 1})
    for pairs in ([("query", document), ("variables", variables)], [("variables", variables), ("query", document)]):
        for encode in (quote, quote_plus):
            url, count = mask_url(f"https://x.example/graphql?{urlencode(pairs, quote_via=encode)}", POLICY)
            shown = parse_qs(url.partition("?")[2])
            assert (json.loads(shown["variables"][0]), shown["query"]) == ({"p": M, "q": 1}, [text_of(document)])
            assert count > 0
        assert MARK not in text_of(urlencode(pairs), FORM)
    assert MARK not in text_of(urlencode([("query", document), ("variables", f"{{p: {S}}}")]), FORM)
    assert MARK not in text_of(urlencode([("query", document), ("variables[p]", S)]), FORM)


@pytest.mark.parametrize("document", VARIABLES[:4])
def test_uploads(document):
    """The request in the field `operations` of a multipart form is masked."""
    operations = json.dumps({"query": document, "variables": {"p": S, "file": None}})
    part = 'Content-Disposition: form-data; name="operations"\r\n\r\n'
    end = '\r\n--B\r\nContent-Disposition: form-data; name="map"\r\n\r\n{"0": ["variables.file"]}\r\n--B--\r\n'
    shown = text_of(f"--B\r\n{part}{operations}{end}", "multipart/form-data; boundary=B")
    found = json.loads(shown.partition("\r\n\r\n")[2].partition("\r\n--B")[0])
    assert (found["variables"], graphql.parse(found["query"]) is not None) == ({"p": M, "file": None}, True)


@pytest.mark.parametrize("document", [*VARIABLES[:4], VARIABLES[-3]])
def test_a_request_that_is_cut(document):
    """If a truncated request may lack its document, every variable is masked; the rest is valid JSON."""
    for body in (json.dumps({"variables": {"p": S, "q": 1}, "query": document}), request(document, {"p": S, "q": [1]})):
        for size in range(1, len(body)):
            assert MARK not in text_of(body[:size], JSON, cut=True), body[:size]
    form = urlencode([("variables", json.dumps({"p": S})), ("query", document)])
    for size in range(1, len(form)):
        assert MARK not in text_of(form[:size], FORM, cut=True)
    for size in range(1, len(document)):
        assert MARK not in text_of(document[:size], "application/graphql", cut=True)


@pytest.mark.parametrize("document", HARMLESS)
def test_a_document_without_secrets_stays(document):
    """A document without secrets stays byte for byte: a selection names fields and holds no values."""
    graphql.parse(document)
    for content, kind in (
        (document, "application/graphql"),
        (document, "text/plain"),
        (request(document, {"p": 1, "id": "x"}), JSON),
    ):
        body = masked(content, kind)
        assert (body.content, body.redacted) == (content.encode(), 0)
    query = urlencode([("query", document), ("variables", json.dumps({"id": 1}))])
    assert mask_query(query, POLICY) == (query, 0)


def test_variables_without_a_document():
    """The variables of a persisted query, which has no document, are masked by their names."""
    body = {
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "ab" * 32}},
        "variables": {"password": S, "p": 1},
    }
    assert json.loads(text_of(json.dumps(body), JSON))["variables"] == {"password": M, "p": 1}


@pytest.mark.parametrize(
    "text",
    [f'query {{ a(password: "{S}" }}', f'{{ a(password: "{S}") ', f'mutation {{ a(password "{S}") }}', f'query: {{ password: "{S}" }}',
     f'{{ login(user, password="{S}") }}', f'query \\ {{ a(password: "{S}") }}', f'{{ a(x: "{S}, token: "{S}") }} }}', f"select (token: '{S}') {{"],
)  # fmt: skip
def test_what_is_no_document_is_masked_as_text(text):
    """A document with broken syntax leaks nothing."""
    for kind in ("application/graphql", "text/plain"):
        shown = text_of(text, kind)
        assert "password" not in text or f'password: "{S}"' not in shown
        assert f'token: "{S}' not in shown


def test_the_object_for_a_field_that_sets_a_password():
    """The members of a variable are masked that is passed to such a field as its input, unless they say whose it is."""
    document = "mutation($i: ChangeInput!, $j: J) { changePassword(input: $i) { ok } rename(input: $j) { id } }"
    values = {"i": {"old": S, "next": [S], "email": "a@b.c", "force": True}, "j": {"old": "a", "next": "b"}}
    shown = json.loads(text_of(request(document, values), JSON))["variables"]
    assert shown == {"i": {"old": M, "next": M, "email": "a@b.c", "force": True}, "j": values["j"]}
    assert json.loads(text_of(request(document, {"i": S}), JSON))["variables"] == {"i": M}


names = st.sampled_from(["id", "name", "input", "password", "apiKey"])
literals = st.text(alphabet='ab "\\{}$#:é\n', max_size=6).map(lambda text: json.dumps(f"{MARK}{text}"))
values = st.recursive(
    literals | st.sampled_from(["$v", "$w", "1", "true", "null", "RED"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]")
    | st.dictionaries(names, inner, max_size=3).map(lambda each: f"{{{', '.join(f'{k}: {v}' for k, v in each.items())}}}"),
    max_leaves=5,
)  # fmt: skip


def argument_values(document: str) -> list[tuple[bool, str, str]]:
    """Return for each scalar, in the order of the document, whether it is secret, its kind and its value."""
    found = []

    def visit(node: graphql.Node, secret: bool) -> None:
        if isinstance(node, (graphql.ArgumentNode, graphql.ObjectFieldNode)):
            visit(node.value, secret or POLICY.is_secret(node.name.value))
        elif isinstance(node, graphql.ListValueNode):
            for each in node.values:
                visit(each, secret)
        elif isinstance(node, graphql.ObjectValueNode):
            for each in node.fields:
                visit(each, secret)
        elif isinstance(node, graphql.VariableNode):
            found.append((secret, "variable", node.name.value))
        else:
            found.append((secret, node.kind, str(getattr(node, "value", "null"))))

    for argument in graphql.parse(document).definitions[0].selection_set.selections[0].arguments:
        visit(argument, False)
    return found


@effort(150)
@given(st.lists(st.tuples(names, values), min_size=1, max_size=4))
def test_any_arguments_equal_those_before_but_for_the_secrets(arguments):
    """The masked document parses, with the same arguments and variables; literals of secret ones are the mask."""
    document = f"query($v: A, $w: B) {{ field({', '.join(f'{name}: {value}' for name, value in arguments)}) {{ id }} }}"
    body = json.loads(text_of(request(document, {"v": [S], "w": "kept"}), JSON))
    before, after = argument_values(document), argument_values(body["query"])
    secret_variables = {value for secret, kind, value in before if secret and kind == "variable"}
    assert len(before) == len(after)
    for (secret, kind, value), (_, _, shown) in zip(before, after, strict=True):
        hidden = secret and kind not in ("variable", "null_value", "boolean_value")
        assert shown == (M if hidden else value)
    assert body["variables"]["v"] == (M if "v" in secret_variables else [S])
    assert body["variables"]["w"] == (M if "w" in secret_variables else "kept")
