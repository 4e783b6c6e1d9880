"""Proxies from the environment, with a real one in between."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from support.behaviors import CREATED, ignore, respond_with
from support.forward_proxy import ForwardProxy
from support.receiver import KEY, Receiver
from support.transports import authority, failure_of, transports

from drhttp._delivery.retry import DONE

PASSWORD = "pa@ss/wörd"
CREDENTIALS = "us%65r:pa%40ss%2Fw%C3%B6rd"
SECRETS = (PASSWORD, "pa%40ss", "user:")
NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE")

to = pytest.fixture(transports)


@pytest.fixture
def receiver():
    """At the address that `NO_PROXY` names in these tests."""
    with Receiver() as running:
        yield running


@pytest.fixture
def environ(monkeypatch):
    """Sets variables of an environment that has none of these."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch.setenv


def test_a_plain_request_is_forwarded(receiver, environ, to):
    """`HTTP_PROXY` is used for http, its credentials are percent-decoded, and they do not reach the receiver."""
    with ForwardProxy(f"user:{PASSWORD}") as proxy:
        environ("HTTP_PROXY", f"http://{CREDENTIALS}@{proxy.authority}")
        transport = to(receiver.dsn)
        assert transport.post(b"x") == DONE
        assert transport.post(b"y") == DONE
        assert proxy.request_lines == [f"POST http://127.0.0.1:{receiver.port}/path HTTP/1.1"] * 2
    assert [post.body for post in receiver.posts] == [b"x", b"y"]
    assert "proxy-authorization" not in receiver.posts[0].headers


def test_tls_goes_through_a_tunnel(environ, to, tmp_path):
    """`HTTPS_PROXY` is used for https by CONNECT, so that the proxy sees neither the key nor a record."""
    file, context = authority(tmp_path, "localhost")
    environ("SSL_CERT_FILE", file)
    with ForwardProxy("user:word") as proxy, Receiver(respond_with(CREATED), tls=context) as receiver:
        environ("https_proxy", f"user:word@{proxy.authority}")
        transport = to(receiver.dsn_for("https", "localhost"))
        assert transport.post(b"x") == DONE
        assert transport.post(b"x" * 100_000) == DONE
        assert [line.split()[:2] for line in proxy.request_lines] == [["CONNECT", f"localhost:{receiver.port}"]]
        assert KEY not in str(proxy.header_fields)
        assert receiver.connection_count == 1


@contextmanager
def tls_proxy(environ, to, tmp_path, scheme):
    """A proxy over TLS, and a transport that goes through it to a receiver with this scheme."""
    file, context = authority(tmp_path, "localhost")
    environ("SSL_CERT_FILE", file)
    with (
        ForwardProxy(tls=context) as proxy,
        Receiver(respond_with(CREATED), tls=context if scheme == "https" else None) as receiver,
    ):
        environ(f"{scheme}_proxy", f"https://{proxy.authority.replace('127.0.0.1', 'localhost')}")
        yield proxy, to(receiver.dsn_for(scheme, "localhost"))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_may_speak_tls(environ, to, tmp_path, scheme):
    """A proxy with an https address is reached over TLS, for both kinds of receivers."""
    with tls_proxy(environ, to, tmp_path, scheme) as (proxy, transport):
        assert transport.post(b"x") == DONE
        assert transport.post(b"x" * 100_000) == DONE
        assert len(proxy.request_lines) == (1 if scheme == "https" else 2)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_connection_through_a_proxy_can_be_disowned(environ, to, tmp_path, scheme):
    """What a forked child does with its parent's connection works for every kind of it."""
    with tls_proxy(environ, to, tmp_path, scheme) as (_, transport):
        assert transport.post(b"x") == DONE
        transport.disown()
        assert transport.post(b"x").action in ("done", "retry")
        assert transport.post(b"x") == DONE


@pytest.mark.parametrize("exception", ["127.0.0.1", "127.0.0.1:{port}", "other.example, 127.0.0.1", "*"])
def test_no_proxy_goes_direct(receiver, environ, to, exception):
    """What `NO_PROXY` names, by host or by host and port, is reached without the proxy."""
    with ForwardProxy() as proxy:
        environ("http_proxy", f"http://{proxy.authority}")
        environ("no_proxy", exception.format(port=receiver.port))
        assert to(receiver.dsn).post(b"x") == DONE
        assert proxy.request_lines == []


@pytest.mark.parametrize("exception", ["other.example", "127.0.0.1:1", "0.0.2", ""])
def test_no_proxy_means_what_it_says(receiver, environ, to, exception):
    """What `NO_PROXY` does not name goes through the proxy."""
    with ForwardProxy() as proxy:
        environ("http_proxy", f"http://{proxy.authority}")
        environ("no_proxy", exception)
        assert to(receiver.dsn).post(b"x") == DONE
        assert len(proxy.request_lines) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_wrong_credentials_are_the_proxys_trouble(environ, to, scheme):
    """A 407 is not the receiver's answer: nothing is dropped, and the proxy is named."""
    with ForwardProxy("user:other") as proxy, Receiver() as receiver:
        environ(f"{scheme}_proxy", f"http://user:pa%40ss@{proxy.authority}")
        assert failure_of(to(receiver.dsn.replace("http", scheme)), secrets=SECRETS) == "proxy"
        assert len(proxy.request_lines) == 1
        assert receiver.posts == []


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "address",
    [
        "http://user:pa%40ss@127.0.0.1:1",
        "http://user:pa%40ss@nonexistent.invalid:3128",
        "http://user:pa%40ss@127.0.0.1:x",
        "http://user:pa%40ss@127.0.0.1:99999",
        "http://user:pa%40ss@[::1",
        "http://user:pa%40ss@",
        "http://user:pa%E2%82%AC@127.0.0.1:1",
        "http://",
        "://",
        "socks5://user:pa%40ss@127.0.0.1:1",
        "user:pa%40ss@",
        "http://us er:pa%40ss@127.0.0.1:1",
        f"http://{'a' * 70}.example",
        "\x7f",
    ],
)
def test_a_bad_proxy_is_trouble(environ, to, scheme, address):
    """A proxy that is down or whose address is nonsense is a failed POST like others; its password is not told."""
    environ(f"{scheme}_proxy", address)
    assert failure_of(to(f"{scheme}://{KEY}@receiver.example/"), secrets=SECRETS) in ("proxy", "address", "reset")


def test_a_proxy_that_hangs_has_the_timeout(environ, to):
    """A proxy that never answers takes the option `timeout`."""
    with Receiver(ignore) as receiver:
        environ("https_proxy", f"http://127.0.0.1:{receiver.port}")
        assert failure_of(to(f"https://{KEY}@receiver.example/", 0.3), secrets=SECRETS) in ("proxy", "timeout")
