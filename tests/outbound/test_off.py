"""O11: what is left of the hooks when they are off: nothing, in no class of any client."""

from __future__ import annotations

import inspect
import sys

import aiohttp  # noqa: F401 - it is looked at, as the others are
import botocore.httpsession  # noqa: F401
import httpx  # noqa: F401
import requests  # noqa: F401

import drhttp

from .conftest import Recording

CLIENTS = ("http", "urllib3", "requests", "botocore", "httpx", "httpcore", "aiohttp")


def attributes():
    """The attributes of all classes in all modules of the clients, by class."""
    found = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in CLIENTS:
            for each in list(vars(module).values()):
                if inspect.isclass(each):
                    found[each] = dict(vars(each))
    return found


def differing(before, after):
    """The names of the attributes that are not the same objects, or there only once."""
    missing = object()
    return {
        f"{each.__module__}.{each.__qualname__}.{name}"
        for each, old in before.items()
        for name in old.keys() | after[each].keys()
        if old.get(name, missing) is not after[each].get(name, missing)
    }


def test_o11_no_class_of_any_client_differs():
    """O11: without a DSN, no attribute of any class of a client is another one; nor when recording has stopped."""
    before = attributes()
    assert len(before) > 200
    with drhttp.record_outbound(None):
        assert differing(before, attributes()) == set()
    with Recording():
        assert differing(before, attributes()) == {
            *(f"http.client.HTTPConnection.{name}" for name in ("putrequest", "send", "getresponse", "close")),
            *(f"urllib3.connectionpool.HTTPSConnectionPool.{name}" for name in ("_validate_conn", "_prepare_proxy")),
            "httpx.HTTPTransport.handle_request",
            "httpx.AsyncHTTPTransport.handle_async_request",
            "aiohttp.client.ClientSession._request",
            "aiohttp.streams.StreamReader.feed_data",
            "aiohttp.streams.StreamReader.set_exception",
        }
    assert differing(before, attributes()) == set()
