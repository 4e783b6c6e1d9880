"""O1, O5, O6, O7, O15, O17, O18, O21, O22: which request a call belongs to, and which are not recorded."""

from __future__ import annotations

import asyncio
import contextvars
import subprocess
import sys
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import requests
from support.receiver import Receiver
from support.threads import collect_garbage
from support.wsgi_calls import NOWHERE, Recorded, Server, environ

import drhttp
from drhttp import _guard
from drhttp._capture import link

from .conftest import Recording


def calling(url, times=1):
    """An application that makes requests before it answers."""

    def app(given, start_response):
        for _ in range(times):
            requests.get(url, timeout=60)
        start_response("200 OK", [])
        return [b"done"]

    return app


def split(records):
    """The inbound and the outbound records."""
    inbound = [record for record in records if record.direction == "Incoming"]
    return inbound, [record for record in records if record.direction == "Outgoing"]


def assert_nested(records, calls):
    """There is one inbound record, and `calls` calls of its trace under its span."""
    (inbound,), outbound = split(records)
    assert len(outbound) == calls
    for record in outbound:
        assert record.trace.trace_id == inbound.trace.trace_id
        assert record.trace.parent_id == inbound.trace.span_id
    assert len({record.trace.span_id for record in records}) == calls + 1


class TestServing:
    """Calls while a WSGI application serves a request."""

    def test_o5_calls_are_nested(self, server):
        """O5: calls of the view belong to the request, and to its trace if it continues one."""
        recorded = Recorded(calling(f"{server.url}/ok", 2), outbound=True)
        traceparent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"
        recorded.serve(environ(HTTP_TRACEPARENT=traceparent))
        assert_nested(recorded.records, 2)
        (inbound,), _ = split(recorded.records)
        assert inbound.trace.trace_id == traceparent[3:35]
        assert inbound.trace.parent_id == traceparent[36:52]

    def test_calls_are_not_recorded_by_default(self, server):
        """O11: without the option nothing is recorded but what is served."""
        recorded = Recorded(calling(f"{server.url}/ok"))
        recorded.serve(environ())
        assert [record.direction for record in recorded.records] == ["Incoming"]

    def test_o6_a_streamed_body_may_call(self, server):
        """O6: calls while the body is sent, and when it is closed."""

        class Body:
            def __iter__(self):
                for _ in range(2):
                    requests.get(f"{server.url}/ok", timeout=60)
                    yield b"block"

            def close(self):
                requests.get(f"{server.url}/ok", timeout=60)

        def app(given, start_response):
            start_response("200 OK", [])
            return Body()

        recorded = Recorded(app, outbound=True)
        recorded.serve(environ())
        assert_nested(recorded.records, 3)

    @pytest.mark.parametrize("kind", ["list", "stream", "error", "abandoned"])
    def test_what_follows_a_request_is_not_its(self, kind, server):
        """A call in the same thread after the request has a trace of its own."""

        def app(given, start_response):
            if kind == "error":
                raise ValueError("no")
            start_response("200 OK", [])
            return [b""] if kind == "list" else iter([b"a", b"b"])

        recorded, web = Recorded(app, outbound=True), Server()
        if kind == "error":
            with pytest.raises(ValueError, match="no"):
                web.serve(recorded.app, environ())
        elif kind == "abandoned":
            web.send(web.call(recorded.app, environ()), 1)
            web.result = None
            collect_garbage()
        else:
            web.serve(recorded.app, environ())
        assert link.current() is None
        requests.get(f"{server.url}/ok", timeout=60)
        _, (call,) = split(recorded.records)
        assert call.trace.parent_id is None

    @pytest.mark.parametrize("options", [{"exclude": ["/quiet"]}, {"sample_rate": 0.0}])
    @pytest.mark.parametrize("streams", [False, True])
    def test_o22_calls_share_the_fate_of_their_request(self, options, streams, server):
        """O22: an excluded or unsampled request takes its calls with it; a call after it is one of its own."""

        def app(given, start_response):
            start_response("200 OK", [])
            if not streams:
                requests.get(f"{server.url}/ok", timeout=60)
                return [b""]
            return (requests.get(f"{server.url}/ok", timeout=60).content for _ in range(2))

        recorded = Recorded(app, outbound=True, **options)
        recorded.serve(environ(path="/quiet"))
        assert recorded.records == []
        assert link.current() is None

    def test_o22_a_middleware_without_the_option_records_no_calls(self, server):
        """O22: although another one in the process does."""
        other = Recorded(calling(f"{server.url}/ok"), outbound=True, flush_interval=3.0)
        recorded = Recorded(calling(f"{server.url}/ok"))
        recorded.serve(environ())
        assert [record.direction for record in recorded.records] == ["Incoming"]
        assert other.records == []

    def test_o22_addresses_are_excluded(self, server):
        """O22: a pattern with `://` matches addresses of calls, without the query; others match inbound paths alone."""
        exclude = [f"{server.url}/ok*", "/missing"]
        recorded = Recorded(calling(f"{server.url}/ok?q=1"), outbound=True, exclude=exclude)
        recorded.serve(environ())
        assert [record.direction for record in recorded.records] == ["Incoming"]
        with Recording(exclude=exclude) as recording:
            requests.get(f"{server.url}/missing", timeout=60)
            assert recording.record.response.status == 404

    def test_stacked_middlewares_record_once(self, server):
        """O3: with two middlewares around an application, its calls belong to the one record."""
        inner = Recorded(calling(f"{server.url}/ok"), outbound=True, flush_interval=3.0)
        outer = Recorded(inner.app, outbound=True)
        outer.serve(environ())
        assert_nested(outer.records, 1)
        assert inner.records == []

    def test_a_whole_request_to_itself(self, server):
        """An application that is called by its own client: the inner request is a record, its calls are its own."""
        recorded = Recorded(calling(f"{server.url}/ok"), outbound=True)

        def outer(given, start_response):
            recorded.serve(environ())
            requests.get(f"{server.url}/ok", timeout=60)
            start_response("200 OK", [])
            return [b""]

        around = Recorded(outer, outbound=True, flush_interval=3.0)
        around.serve(environ())
        assert_nested(recorded.records, 1)
        assert_nested(around.records, 1)


class TestThreads:
    """Calls in threads and tasks."""

    def test_o5_a_copied_context_nests(self, server):
        """O5: `copy_context().run` in a pool, as documented; the same pool without it makes roots."""
        url = f"{server.url}/ok"
        with ThreadPoolExecutor(1) as pool:
            pool.submit(int).result()

            def app(given, start_response):
                pool.submit(contextvars.copy_context().run, requests.get, url).result()
                start_response("200 OK", [])
                return [b""]

            recorded = Recorded(app, outbound=True)
            recorded.serve(environ())
            assert_nested(recorded.records, 1)
            recorded.forget()
            pool.submit(requests.get, url).result()
            assert recorded.record.trace.parent_id is None

    def test_o5_a_pool_that_outlives_requests(self, server):
        """O5: a pool thread that a request started is never under another request."""
        url = f"{server.url}/ok"
        with ThreadPoolExecutor(1) as pool:

            def app(given, start_response):
                pool.submit(requests.get, url).result()
                start_response("200 OK", [])
                return [b""]

            recorded = Recorded(app, outbound=True)
            for _ in range(3):
                recorded.serve(environ())
            inbound, outbound = split(recorded.records)
            assert len(inbound) == len(outbound) == 3
            assert {record.trace.parent_id for record in outbound} == {None}
            assert len({record.trace.trace_id for record in [*inbound, *outbound]}) == 6

    def test_o5_tasks_and_threads_of_a_loop(self, server):
        """O5: `gather`, `create_task`, `to_thread` and later callbacks of a context that entered a request."""
        url = f"{server.url}/ok"

        async def call():
            async with httpx.AsyncClient(trust_env=False) as client:
                await client.get(url)

        async def serve(recorder):
            entered = link.enter(recorder, None)
            task = asyncio.create_task(call())
            await asyncio.gather(call(), asyncio.to_thread(requests.get, url))
            entered.leave()
            await task
            return entered.link.trace()

        async def main(recorder):
            return await asyncio.gather(*(serve(recorder) for _ in range(5)))

        with Recording() as recording:
            recorder = recording.recorder
            traces = asyncio.run(main(recorder))
            records = recording.records
        assert len({trace.trace_id for trace in traces}) == 5
        for trace in traces:
            mine = [record for record in records if record.trace.parent_id == trace.span_id]
            assert len(mine) == 3
            assert {record.trace.trace_id for record in mine} == {trace.trace_id}

    def test_o15_a_context_keeps_a_few_ids_alive(self, server):
        """O15: 30 requests of 1 MB that each leave a task behind hold less than 10 MB."""
        contexts = []

        def app(given, start_response):
            body = given["wsgi.input"].read()
            requests.post(f"{server.url}/ok", data=body, timeout=60)
            contexts.append(contextvars.copy_context())
            start_response("200 OK", [])
            return [bytes(len(body))]

        recorded = Recorded(app, outbound=True, max_body_size=2_000_000)
        recorded.serve(environ("POST", body=bytes(1_000_000)))
        recorded.forget()
        server.take()
        collect_garbage()
        tracemalloc.start()
        try:
            for _ in range(30):
                recorded.serve(environ("POST", body=bytes(1_000_000)))
                server.take()
                recorded.forget()
            collect_garbage()
            held = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        assert len(contexts) == 31
        assert held < 10 * 1024 * 1024

    def test_o21_no_token_outlives_its_context(self, server):
        """O21: a response that is closed in another thread, or another context, restores nothing there."""

        def app(given, start_response):
            start_response("200 OK", [])
            return (requests.get(f"{server.url}/ok", timeout=60).content for _ in range(2))

        recorded, web = Recorded(app, outbound=True), Server()

        def begin():
            web.send(web.call(recorded.app, environ()), 1)

        contextvars.copy_context().run(begin)
        thread = threading.Thread(target=web.close)
        thread.start()
        thread.join()
        assert link.current() is None
        assert_nested(recorded.records, 1)
        assert _guard.failures() == 0

    def test_a_stale_link_is_not_restored(self, server):
        """A request that ended in another context leaves its link behind; the next one here takes it away."""
        recorded = Recorded(calling(f"{server.url}/ok"), outbound=True)
        stale = link.enter(recorded.app._recorder, None)
        contextvars.Context().run(stale.leave)
        assert link.current() is stale.link
        recorded.serve(environ())
        assert link.current() is None

    def test_o17_a_greenlet_has_a_context(self):
        """O17: under gevent, calls of greenlets that interleave belong to their own requests."""
        subprocess.run([sys.executable, "-c", GREENLETS], check=True, timeout=60)

    def test_o18_a_forked_child_records_its_own(self, server):
        """O18: hooks survive a fork; what the child calls is recorded once, by the child."""
        with Receiver() as receiver:
            program = FORK.format(dsn=receiver.dsn, url=f"{server.url}/ok")
            subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
            paths = [record["request"]["uri"].partition("?")[2] for record in receiver.wait(3)]
        assert sorted(paths) == ["child", "parent", "parent"]


class TestDelivery:
    """O1: our own delivery is never recorded."""

    def test_o1_deliveries_are_not_recorded(self):
        """O1: not by the worker, and not by a flush in the application's own thread; the application's request is."""
        with Receiver() as receiver, drhttp.record_outbound(receiver.dsn):
            for _ in range(3):
                requests.post(f"http://{receiver.host}:{receiver.port}/own", json=[], timeout=60)
                assert drhttp.flush(10.0)
            uris = [
                record["request"]["uri"] for post in receiver.posts if post.path != "/own" for record in post.records
            ]
        assert uris == [f"http://{receiver.host}:{receiver.port}/own"] * 3

    def test_o1_a_callback_may_call(self, server):
        """A request that `before_send` makes is not recorded: its record would call it again."""
        seen = []

        def before_send(record):
            seen.append(record)
            requests.get(f"{server.url}/ok", timeout=60)

        with drhttp.record_outbound(NOWHERE, before_send=before_send):
            requests.get(f"{server.url}/ok", timeout=60)
            assert drhttp.flush(10.0)
        assert len(seen) == 1
        assert len(server.take()) == 2


class TestScripts:
    """O7: without an inbound request."""

    def test_o7_a_block(self, server):
        """O7: recorded inside the block, each with a trace of its own, and not after it; `stop` may be repeated."""
        with Recording() as recording:
            requests.get(f"{server.url}/ok", timeout=60)
            requests.get(f"{server.url}/ok", timeout=60)
        requests.get(f"{server.url}/ok", timeout=60)
        recording.stop()
        one, other = recording.records
        assert one.trace.parent_id is None
        assert one.trace.trace_id != other.trace.trace_id
        assert (one.user, one.device, one.request.ip) == (None, None, None)

    def test_o7_from_now_on(self, server):
        """O7: nobody has to keep the result."""
        seen = []
        drhttp.record_outbound(NOWHERE, before_send=seen.append)
        collect_garbage()
        requests.get(f"{server.url}/ok", timeout=60)
        assert drhttp.flush(10.0)
        assert len(seen) == 1

    @pytest.mark.parametrize("options", [{"dsn": ""}, {"dsn": NOWHERE, "enabled": False}])
    def test_o7_without_a_dsn_it_is_inert(self, options):
        """O7: nothing is hooked."""
        outbound = drhttp.record_outbound(**options)
        assert not link.watching
        outbound.stop()
        with outbound:
            pass

    def test_the_old_protocol_is_refused(self):
        """The protocol "record" cannot say who sent a request."""
        with pytest.raises(drhttp.ConfigError, match="outbound"):
            drhttp.record_outbound(NOWHERE, protocol="record")

    def test_the_latest_records_roots(self, server):
        """A call of no request is recorded by the latest `record_outbound`, else by the first middleware."""
        middleware = Recorded(calling(f"{server.url}/ok"), outbound=True)
        Recorded(calling(f"{server.url}/ok"), outbound=True, flush_interval=3.0)
        requests.get(f"{server.url}/ok", timeout=60)
        assert len(middleware.records) == 1
        with Recording(flush_interval=4.0) as one, Recording(flush_interval=5.0) as other:
            requests.get(f"{server.url}/ok", timeout=60)
            assert (len(one.records), len(other.records)) == (0, 1)
            other.stop()
            requests.get(f"{server.url}/ok", timeout=60)
            assert len(one.records) == 1
        assert len(middleware.records) == 1

    def test_roots_are_drawn_for_the_sample(self, server):
        """`sample_rate` counts for calls that belong to no request."""
        with Recording(sample_rate=0.0) as recording:
            requests.get(f"{server.url}/ok", timeout=60)
            assert recording.records == []


GREENLETS = """
from gevent import monkey; monkey.patch_all()
import sys; sys.path[:0] = ["tests"]
import gevent, requests, drhttp
from outbound.wire_server import WireServer
from support.wsgi_calls import NOWHERE, Server, environ
seen = []
def app(given, start_response):
    for _ in range(2):
        requests.get(url + "/ok?" + given["QUERY_STRING"])
        gevent.sleep(0.01)
    start_response("200 OK", [])
    return [b""]
with WireServer() as server:
    url = server.url
    app = drhttp.WSGIMiddleware(app, NOWHERE, outbound=True, before_send=seen.append)
    serving = [gevent.spawn(Server().serve, app, environ(QUERY_STRING=f"q={n}")) for n in range(5)]
    gevent.joinall(serving, raise_error=True)
    assert drhttp.flush(10.0)
spans = {one.request.uri.partition("?")[2]: one.trace for one in seen if one.direction == "Incoming"}
calls = [one for one in seen if one.direction == "Outgoing"]
assert len(spans) == 5 and len(calls) == 10, seen
for one in calls:
    assert one.trace.parent_id == spans[one.request.uri.partition("?")[2]].span_id
"""
FORK = """
import os, requests, drhttp
drhttp.record_outbound("{dsn}")
requests.get("{url}?parent")
assert drhttp.flush(10)
child = os.fork()
if not child:
    requests.get("{url}?child")
    assert drhttp.flush(10)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
requests.get("{url}?parent")
assert drhttp.flush(10)
"""
