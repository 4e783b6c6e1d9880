"""What a request asks for where its path does not say."""

from __future__ import annotations

import json

import pytest

from drhttp.inbox.exchange import Exchange, Message, Summary
from drhttp.inbox.operation import MAX_BODY, operation

JSON = "application/json"


def asked(body, kind=JSON, path="/graphql", query=None):
    raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    summary = Summary(
        id="a", project="p", protocol="events", started=0, received=0, path=path, query=query, request_type=kind
    )
    return operation(Exchange(summary=summary, request=Message(body=raw)))


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"query": "query Cart { cart { id } }"}, "query Cart"),
        ({"query": "mutation CreateOrder($id: ID!) { createOrder(id: $id) { id } }"}, "mutation CreateOrder"),
        ({"query": "query A { a } mutation B { b }", "operationName": "B"}, "mutation B"),
        ({"query": "# a comment\nsubscription  Prices\n{ prices }"}, "subscription Prices"),
        ({"query": "{ cart { id } }"}, "query { cart }"),
        ({"query": "mutation { pay }"}, "mutation { pay }"),
        ({"operationName": "Cart", "extensions": {"persistedQuery": {"sha256Hash": "1f"}}}, "Cart"),
        ([{"query": "query A { a }"}, {"query": "query B { b }"}], "query A, query B"),
        ([{"query": f"query Q{at} {{ a }}"} for at in range(5)], "query Q0, query Q1, query Q2 +2"),
        ({"jsonrpc": "2.0", "method": "eth_call", "params": [], "id": 1}, "eth_call"),
        ([{"jsonrpc": "2.0", "method": "tools/list"}, {"jsonrpc": "2.0", "method": "ping"}], "tools/list, ping"),
        ({"jsonrpc": "2.0", "method": "no name: at all"}, None),
        ({"jsonrpc": "2.0", "result": 1}, None),
        ({"query": "espresso cups"}, None),
        ({"query": {"match": "cups"}}, None),
        ({"operationName": 7, "query": None}, None),
        ({"name": "query Cart { cart }"}, None),
        (b'{"query": "query Cart', None),
        (b"[" * 50_000 + b'"jsonrpc"', None),
        (b'{"query": "query A { a }", "x": "' + b"x" * MAX_BODY + b'"}', None),
        (None, None),
        (b"", None),
    ],
)
def test_bodies_name_their_operation(body, wanted):
    """GraphQL and JSON-RPC are recognized by what is in the body, and anything else stays without an operation."""
    assert asked(body) == wanted


def test_other_forms_of_graphql():
    """The document itself as the body, and a query in the URL."""
    assert asked(b"query Cart { cart }", kind="application/graphql") == "query Cart"
    assert asked(None, kind=None, query="query=query%20Cart%20%7B%20cart%20%7D") == "query Cart"
    assert asked(None, kind=None, query="query=%7Bcart%7D") == "query { cart }"
    assert asked(None, kind=None, path="/search", query="query=mutation%20A") is None


@pytest.mark.parametrize("kind", ["application/grpc", "application/grpc-web+proto", "application/grpc-web-text"])
def test_grpc_says_it_in_the_path(kind):
    """Service and method, without the package."""
    assert asked(b"\0\0", kind=kind, path="/shop.v1.Orders/Create") == "Orders/Create"
    assert asked(b"\0\0", kind=kind, path="/") is None
