"""The invariant: the recorder cannot change the application, and records each request once."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import itertools
import pickle
import random
import sys
import threading
import tracemalloc
import types
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from wsgiref.util import FileWrapper

import pytest
from support.threads import collect_garbage
from support.wsgi_calls import Recorded, Server, environ

import drhttp
from drhttp._guard import MARK
from drhttp.wsgi import WSGIMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from support.receiver import Receiver

OK = ("200 OK", [("Content-Type", "text/plain")])


def answering(result: Any) -> Callable[..., Any]:
    """An application that answers with that."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response(*OK)
        return result

    return app


class Closable:
    """An answer whose iterator is another object, which has no `close`."""

    def __init__(self, *blocks: bytes, error: BaseException | None = None) -> None:
        self.blocks = blocks
        self.closed = 0
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.blocks)

    def close(self) -> None:
        self.closed += 1
        if self._error is not None:
            raise self._error


class Empty(Closable):
    """The same, and false."""

    def __len__(self) -> int:
        return 0


class Failing(Closable):
    """An answer that breaks after its blocks."""

    def __iter__(self) -> Iterator[bytes]:
        yield from self.blocks
        raise LookupError("broken")


class TestClose:
    """W1: what the application returned is closed once, on every path."""

    @pytest.mark.parametrize("kind", [Closable, Empty])
    @pytest.mark.parametrize("taken", [None, 1, 0], ids=["exhausted", "midway", "before the first"])
    @pytest.mark.parametrize("times", [1, 2])
    def test_once(self, kind: type[Closable], taken: int | None, times: int) -> None:
        """W1: after exhaustion, mid-way, before the first block, and when the server closes twice."""
        answer = kind(b"a", b"b")
        recorded, server = Recorded(answering(answer)), Server()
        server.send(server.call(recorded.app, environ()), taken)
        for _ in range(times):
            server.close()
        assert answer.closed == 1
        assert recorded.record.aborted is (taken is not None)

    @pytest.mark.parametrize("taken", [None, 1, 0], ids=["exhausted", "midway", "before the first"])
    @pytest.mark.parametrize("kind", [Closable, Empty])
    @pytest.mark.parametrize("error", [OSError("disk"), SystemExit("disk")])
    def test_what_close_raises(self, taken: int | None, kind: type[Closable], error: BaseException) -> None:
        """W1: an exception of `close` reaches the server, once, and is recorded with the status that was sent."""
        answer = kind(b"a", b"b", error=error)
        recorded, server = Recorded(answering(answer)), Server()
        server.send(server.call(recorded.app, environ()), taken)
        with pytest.raises(type(error)) as caught:
            server.close()
        server.close()
        assert caught.value is error
        assert answer.closed == 1
        assert recorded.record.exception == drhttp._record.Failure(type=type(error).__name__, message="disk")
        assert recorded.record.response.status == (500 if taken == 0 else 200)
        assert recorded.record.aborted is False

    @pytest.mark.parametrize(
        ("software", "status"), [("gunicorn/23.0.0", 200), ("gevent/25.5", 200), ("waitress", 500)]
    )
    @pytest.mark.parametrize("blocks", [(), (b"",)])
    def test_what_close_raises_after_an_empty_body(self, blocks: tuple[bytes, ...], software: str, status: int) -> None:
        """The status was sent before `close`, also without a body, except by waitress."""
        recorded = Recorded(answering(Closable(*blocks, error=OSError("disk"))))
        with pytest.raises(OSError, match="disk"):
            recorded.serve(environ(SERVER_SOFTWARE=software))
        assert recorded.record.response.status == status
        assert recorded.record.exception == drhttp._record.Failure(type="OSError", message="disk")

    def test_what_close_raises_after_an_error(self) -> None:
        """If the blocks end with an exception, that one is recorded and not that of `close`."""
        recorded, server = Recorded(answering(Failing(b"a", error=OSError("disk")))), Server()
        with pytest.raises(LookupError, match="broken"):
            server.send(server.call(recorded.app, environ()))
        with pytest.raises(OSError, match="disk"):
            server.close()
        assert recorded.record.exception == drhttp._record.Failure(type="LookupError", message="broken")

    def test_the_record_waits_for_close(self) -> None:
        """However soon the worker takes a record, what `close` raises after a long time is in it."""
        recorded, server = Recorded(answering(Closable(b"a", error=OSError("disk"))), batch_size=1), Server()
        server.send(server.call(recorded.app, environ()))
        assert recorded.app._recorder.held == 1
        with pytest.raises(OSError, match="disk"):
            server.close()
        assert recorded.record.exception == drhttp._record.Failure(type="OSError", message="disk")

    def test_close_that_comes_after_the_delivery(self) -> None:
        """A flush does not wait for `close`, and an exception that comes after the delivery adds no second one."""
        recorded, server = Recorded(answering(Closable(b"a", error=OSError("disk")))), Server()
        server.send(server.call(recorded.app, environ()))
        assert recorded.record.exception is None
        with pytest.raises(OSError, match="disk"):
            server.close()
        assert recorded.record.exception is None

    def test_after_an_error(self) -> None:
        """W1: an answer that breaks in the middle is closed as well."""
        answer = Failing(b"a")
        recorded = Recorded(answering(answer))
        with pytest.raises(LookupError):
            recorded.serve(environ())
        assert answer.closed == 1
        assert recorded.record.exception is not None

    def test_iterators_that_the_server_asks_for_twice(self) -> None:
        """Each `iter` of the server is one of the answer's, at the same moment."""
        asked = []

        class Answer:
            def __iter__(self) -> Iterator[bytes]:
                asked.append(len(asked))
                return iter([b"a"])

        result = Server().call(Recorded(answering(Answer())).app, environ())
        assert asked == []
        assert list(result) == [b"a"]
        assert asked == [0]
        assert list(result) == [b"a"]
        assert asked == [0, 1]

    def test_iter_that_raises(self) -> None:
        """What `iter` of the answer raises, the server gets from `iter`, and it is recorded."""

        class Answer:
            def __iter__(self) -> Iterator[bytes]:
                raise LookupError("no blocks")

        recorded = Recorded(answering(Answer()))
        result = Server().call(recorded.app, environ())
        with pytest.raises(LookupError, match="no blocks"):
            iter(result)
        assert recorded.record.exception == drhttp._record.Failure(type="LookupError", message="no blocks")

    def test_server_that_does_not_ask_for_an_iterator(self) -> None:
        """A server may take an iterator for what it is, and call `next` at once."""
        recorded = Recorded(answering(iter([b"a", b"b"])))
        result = Server().call(recorded.app, environ())
        assert [next(result), next(result), next(result, None)] == [b"a", b"b", None]
        assert recorded.record.response.body.content == b"ab"


class TestLength:
    """W2: there is a length if and only if the answer has one."""

    @pytest.mark.parametrize("answer", [[b"a"], (b"a", b"b"), [], ()])
    def test_lists_and_tuples_are_untouched(self, answer: Any) -> None:
        """W2: the server gets the very list, so that it can set Content-Length."""
        recorded, server = Recorded(answering(answer)), Server()
        assert server.call(recorded.app, environ()) is answer
        assert recorded.record.response.body.size == sum(map(len, answer))

    @pytest.mark.parametrize("answer", [Closable(b"a"), iter([b"a"]), (b for b in [b"a"]), map(bytes, [b"a"])])
    def test_none_where_there_is_none(self, answer: Any) -> None:
        """W2: no length appears."""
        assert not hasattr(Server().call(Recorded(answering(answer)).app, environ()), "__len__")

    def test_of_an_answer_that_raises_for_unknown_names(self) -> None:
        """W2: the length is looked for at the type, as `len` does it; other names are the business of the answer."""

        class Hostile(Closable):
            def __getattr__(self, name: str) -> Any:
                raise RuntimeError(name)

        recorded = Recorded(answering(Hostile(b"a", b"b")))
        assert recorded.serve(environ()).body == b"ab"
        assert (recorded.record.response.body.content, drhttp.stats().failures) == (b"ab", 0)

    @pytest.mark.parametrize("answer", [Empty(), {b"a": 1}.keys(), type("Blocks", (list,), {})([b"a"])])
    def test_the_same_where_there_is_one(self, answer: Any) -> None:
        """W2: a length stays, and is asked of the answer."""
        result = Server().call(Recorded(answering(answer)).app, environ())
        assert len(result) == len(answer)
        assert bool(result) is bool(answer)


class TestFiles:
    """W3: what the server's file wrapper made goes through untouched."""

    class Method:
        """A wrapper that is a bound method and returns an object of its own (mod_wsgi)."""

        def wrap(self, file: Any, size: int = 8192) -> Any:
            return type("Stream", (), {"filelike": file, "__iter__": lambda self: iter([])})()

    @pytest.mark.parametrize(
        "wrapper", [FileWrapper, lambda file, size=0: file, Method().wrap], ids=["class", "function", "method"]
    )
    def test_identity(self, wrapper: Any) -> None:
        """W3: the very object comes out, the file is not read, and the record says so, with the size declared."""
        file = io.BytesIO(b"content")
        made = []

        def app(environ: dict[str, Any], start_response: Any) -> Any:
            start_response("200 OK", [("Content-Length", "7")])
            made.append(environ["wsgi.file_wrapper"](file))
            return made[0]

        recorded, server = Recorded(app), Server()
        assert server.call(recorded.app, {**environ(), "wsgi.file_wrapper": wrapper}) is made[0]
        assert file.tell() == 0
        body = recorded.record.response.body
        assert (body.omitted, body.size, body.content) == ("file", 7, None)

    def test_outside_the_sample(self) -> None:
        """W3: a file of a request that is not recorded goes through as well."""
        file = FileWrapper(io.BytesIO(b"content"))
        recorded = Recorded(answering(file), sample_rate=0.0)
        given = {**environ(), "wsgi.file_wrapper": FileWrapper}
        assert Server().call(recorded.app, given) is file
        assert recorded.records == []

    def test_file_that_the_server_does_not_wrap(self) -> None:
        """W3: where the server has no wrapper, a file is an iterable like any other."""
        given = environ()
        given.pop("wsgi.file_wrapper", None)
        recorded = Recorded(answering(io.BytesIO(b"a\nb\n")))
        assert recorded.serve(given).body == b"a\nb\n"
        assert recorded.record.response.body.content == b"a\nb\n"


class TestStartResponse:
    """W4: eager stays eager, lazy stays lazy, and `exc_info` keeps its meaning."""

    def test_eager(self) -> None:
        """W4: the call is no generator: what the application starts at once has started when it returns."""
        assert not inspect.isgeneratorfunction(WSGIMiddleware.__call__)
        server = Server()
        server.call(Recorded(answering(iter([b"a"]))).app, environ())
        assert server.steps == [("start", *OK, None)]

    def test_lazy(self) -> None:
        """W4: what the application starts with its first block starts then."""

        def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
            start_response(*OK)
            yield b"a"

        recorded, server = Recorded(app), Server()
        server.call(recorded.app, environ())
        assert server.steps == []
        server.send(server.result)
        assert server.steps == [("start", *OK, None), ("block", b"a")]
        assert recorded.record.response.status == 200

    def test_correction_before_anything_was_sent(self) -> None:
        """W4: the last status that the server accepted is the one recorded."""

        def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            start_response(*OK)
            try:
                raise ValueError
            except ValueError:
                start_response("503 Sorry", [("X-Sorry", "1")], exc_info=sys.exc_info())
            return []

        recorded = Recorded(app)
        steps = recorded.serve(environ()).steps
        assert steps == [("start", *OK, None), ("start", "503 Sorry", [("X-Sorry", "1")], ValueError)]
        assert recorded.record.response.status == 503
        assert recorded.record.response.headers == (("x-sorry", "1"),)

    def test_correction_that_comes_too_late(self) -> None:
        """W4: the server's refusal reaches the application as it is, and what it refused is not recorded."""
        caught = []

        def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
            start_response(*OK)
            yield b"a"
            try:
                raise ValueError("late")
            except ValueError:
                try:
                    start_response("503 Sorry", [], sys.exc_info())
                except ValueError as error:
                    caught.append(str(error))

        recorded = Recorded(app)
        assert recorded.serve(environ()).body == b"a"
        assert caught == ["late"]
        assert recorded.record.response.status == 200

    def test_the_servers_own_attributes(self) -> None:
        """W8: code that looks for the server behind `start_response` finds it."""
        seen = []

        def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            seen.append((start_response.__self__, start_response.__name__, hasattr(start_response, "nonsense")))
            start_response(*OK)
            return []

        server = Recorded(app).serve(environ())
        assert seen == [(server, "start_response", False)]

    @pytest.mark.parametrize("options", [{}, {"dsn": None}], ids=["on", "off"])
    def test_attributes_that_the_application_sets(self, options: dict[str, Any]) -> None:
        """W8: what the application sets on `start_response` or the input, or deletes, is set or deleted there."""

        def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            for thing in (start_response, environ["wsgi.input"]):
                thing.anything, thing.other = 1, 2
                del thing.other
                assert weakref.ref(thing)() is thing
                assert (thing.anything, hasattr(thing, "other")) == (1, False)
            start_response(*OK)
            environ["wsgi.input"].read()
            return []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return None

        class Stream(io.BytesIO):
            """A stream that takes attributes, as those of most servers do."""

        stream = Stream(b"body")
        recorded = Recorded(app, **options)
        assert recorded.app(environ("POST", body=b"body", **{"wsgi.input": stream}), start_response) == []
        assert vars(stream) == vars(start_response) == {"anything": 1}
        if not options:
            assert recorded.record.request.body.content == b"body"

    def test_headers_that_can_be_read_once(self) -> None:
        """Header fields from an iterator, which some servers accept, reach the server and the record."""

        def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            start_response("200 OK", iter([("X-Once", "1")]))
            return []

        recorded = Recorded(app)
        assert recorded.serve(environ()).headers == [("X-Once", "1")]
        assert recorded.record.response.status == 200
        assert recorded.record.response.headers == (("x-once", "1"),)
        assert drhttp.stats().failures == 0

    def test_the_applications_list_is_not_changed(self) -> None:
        """Identification is taken out of a copy: the application may use its list again."""
        headers = [("x-drhttp-user", "ada"), ("X-Other", "1")]

        def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            start_response("200 OK", headers)
            return []

        recorded = Recorded(app)
        assert [recorded.serve(environ()).headers for _ in range(2)] == [[("X-Other", "1")]] * 2
        assert headers == [("x-drhttp-user", "ada"), ("X-Other", "1")]
        assert [record.user for record in recorded.records] == ["ada", "ada"]

    def test_call_with_too_few_arguments(self) -> None:
        """An application's own mistake is answered by the server, not by us."""

        def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            start_response("200 OK")
            return []

        with pytest.raises(TypeError, match="headers"):
            Recorded(app).serve(environ())


class TestCopies:
    """W6: what is ours on a request and on its answer does not keep anybody from copying them."""

    @pytest.mark.parametrize("body", [None, b"abc"])
    @pytest.mark.parametrize("options", [{}, {"enabled": False}], ids=["recorded", "off"])
    def test_of_the_environ(self, options: Any, body: bytes | None) -> None:
        """W6: an environ is copied and pickled as without the recorder, with each request; the record is one."""

        def app(environ: dict[str, Any], start_response: Any) -> Any:
            del environ["wsgi.errors"]  # the standard error, which cannot be copied
            copies = [copy.copy(environ), copy.deepcopy(environ), pickle.loads(pickle.dumps(environ))]
            assert all(each.keys() == environ.keys() for each in copies)
            assert copies[1].get(MARK) is environ.get(MARK)
            assert copies[2].get(MARK) is None
            read = [each["wsgi.input"].read() for each in copies[1:]]
            assert read == [environ["wsgi.input"].read()] * 2 == [body or b""] * 2
            start_response(*OK)
            return [b"a"]

        recorded = Recorded(app, **options)
        for number in range(3):
            assert recorded.serve(environ("POST", f"/{number}", body)).body == b"a"
        contents = [record.request.body.content for record in recorded.records]
        assert contents == ([] if options else [body] * 3)

    @pytest.mark.parametrize("options", [{}, {"enabled": False}], ids=["recorded", "off"])
    def test_of_start_response(self, options: Any) -> None:
        """W6: `start_response` copies as itself, as a function does, and is pickled as that of the server."""

        def app(environ: dict[str, Any], start_response: Any) -> Any:
            assert copy.copy(start_response) is copy.deepcopy(start_response) is start_response
            assert pickle.loads(pickle.dumps(start_response)) is started
            assert not hasattr(object.__new__(type(start_response)), "__setstate__")
            return [b"a"]

        assert Recorded(app, **options).app(environ(), started) == [b"a"]

    @pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda result: pickle.loads(pickle.dumps(result))])
    def test_of_the_result(self, how: Any) -> None:
        """W6: a copy of the answer is one of what the application has returned, and ends no recording."""
        recorded, server = Recorded(answering(Empty(b"a", b"b"))), Server()
        copied = how(server.call(recorded.app, environ()))
        assert (type(copied), list(copied)) == (Empty, [b"a", b"b"])
        copied.close()
        del copied
        server.send(server.result)
        server.close()
        assert recorded.record.response.body.content == b"ab"
        assert recorded.record.aborted is False

    def test_of_the_middleware(self) -> None:
        """W6: a copy of a middleware, as in one of its application, records by the same recorder."""
        recorded = Recorded(answering([b"a"]))
        recorded.serve(environ())
        for app in (copy.copy(recorded.app), copy.deepcopy(recorded.app)):
            Server().serve(app, environ())
        assert len(recorded.records) == 3


def started(*_: Any) -> None:
    """A `start_response` that can be pickled."""


class TestBlocks:
    """W5: `write`, block boundaries, and answers without a body."""

    def test_write_and_empty_blocks(self) -> None:
        """W5: the server sees the same calls and the same four blocks in order; the body recorded is the whole."""

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            start_response(*OK)(b"a")
            return iter([b"", b"b", b"", b"c"])

        recorded = Recorded(app)
        blocks = [("block", block) for block in (b"", b"b", b"", b"c")]
        assert recorded.serve(environ()).steps == [("start", *OK, None), ("write", b"a"), *blocks]
        assert recorded.record.response.body.content == b"abc"

    def test_one_next_for_one_next(self) -> None:
        """W5, S2: nothing is read ahead: a block is made when the server asks for it."""
        made = []

        def blocks() -> Iterator[bytes]:
            for number in range(4):
                made.append(number)
                yield b"%d" % number

        result = Server().call(Recorded(answering(blocks())).app, environ())
        assert made == []
        for number, _ in enumerate(result):
            assert made == list(range(number + 1))

    @pytest.mark.parametrize(
        ("method", "status", "answer"),
        [
            ("HEAD", "200 OK", iter([])),
            ("HEAD", "200 OK", iter([b"a"])),
            ("GET", "204 No Content", iter([b""])),
            ("GET", "304 Not Modified", []),
        ],
    )
    def test_without_a_body(self, method: str, status: str, answer: Any) -> None:
        """W5: headers and blocks of HEAD, 204 and 304 are untouched; to stop reading them is no abort."""
        headers = [("Content-Length", "5"), ("ETag", '"x"')]

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            start_response(status, headers)
            return answer  # type: ignore[no-any-return]

        recorded, server = Recorded(app), Server()
        server.call(recorded.app, environ(method))
        assert server.steps == [("start", status, headers, None)]
        server.close()
        assert recorded.record.aborted is False

    def test_write_that_fails(self) -> None:
        """What the server's `write` raises reaches the application; a client that left is no exception of its own."""

        def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            write = start_response(*OK)
            write(b"first")
            server.write = refuse  # type: ignore[method-assign]
            start_response(*OK)(b"second")
            return []

        def refuse(data: bytes) -> None:
            raise error

        for error, aborted in ((BrokenPipeError(), True), (AssertionError("not bytes"), False)):
            recorded, server = Recorded(app), Server()
            with pytest.raises(type(error)):
                server.serve(recorded.app, environ())
            assert recorded.record.aborted is aborted
            assert (recorded.record.exception is None) is aborted
            assert recorded.record.response.body.content == b"first"

    def test_write_that_fails_and_is_forgiven(self) -> None:
        """S4: an application that ends in good order when the client has left has not served all of its answer."""

        class Gone(Server):
            def write(self, data: bytes) -> None:
                raise BrokenPipeError

        def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            write = start_response(*OK)
            with contextlib.suppress(OSError):
                write(b"a")
            return []

        recorded = Recorded(app)
        Gone().serve(recorded.app, environ())
        assert (recorded.record.aborted, recorded.record.exception) == (True, None)


class TestHostileRequests:
    """W7: whatever a request lacks or holds, it is answered as without us, and recorded."""

    @pytest.mark.parametrize("length", [None, "", "abc", "-1", "9" * 30])
    @pytest.mark.parametrize("stream", [io.BytesIO(b"body"), None])
    def test_length(self, length: str | None, stream: Any) -> None:
        """W7: CONTENT_LENGTH missing, empty, garbage or negative, with an input and without."""
        given = environ("POST", CONTENT_LENGTH=length)
        if length is None:
            del given["CONTENT_LENGTH"]
        given["wsgi.input"] = stream
        recorded = Recorded(answering([b"fine"]))
        assert recorded.serve(given).body == b"fine"
        assert recorded.record.response.status == 200
        assert drhttp.stats().failures == 0

    def test_bytes(self) -> None:
        """W7: bytes that are no UTF-8 in path, query and header come back byte for byte, percent-encoded."""
        given = environ(path="/\x83/a b", QUERY_STRING="q=\xff&r=%zz", HTTP_HOST="h", HTTP_X_BYTE="\xb6")
        recorded = Recorded(answering([b"fine"]))
        assert recorded.serve(given).body == b"fine"
        assert recorded.record.request.uri == "http://h/%83/a%20b?q=%FF&r=%zz"
        assert ("x-byte", "\xb6") in recorded.record.request.headers
        assert drhttp.stats().failures == 0

    def test_next_to_nothing(self) -> None:
        """W7: an environ that lacks what PEP 3333 demands is the application's to complain about."""
        recorded = Recorded(answering([b"fine"]))
        assert recorded.serve({}).body == b"fine"
        assert recorded.record.response.status == 200


class TestExceptions:
    """W8, S4: what the application raises passes unchanged, whatever it is."""

    @pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit])
    def test_from_the_call(self, kind: type[BaseException]) -> None:
        """W8: the very exception leaves us."""
        error = kind("hijacked")

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            raise error

        recorded = Recorded(app)
        with pytest.raises(kind) as caught:
            Server().call(recorded.app, environ())
        assert caught.value is error
        assert recorded.record.response.status == 500
        assert recorded.record.exception == drhttp._record.Failure(type=kind.__name__, message="hijacked")

    @pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt])
    def test_from_a_block(self, kind: type[BaseException]) -> None:
        """W8: the very exception leaves us between two blocks."""
        error = kind("halfway")

        def blocks() -> Iterator[bytes]:
            yield b"a"
            raise error

        recorded, server = Recorded(answering(blocks())), Server()
        server.call(recorded.app, environ())
        with pytest.raises(kind) as caught:
            server.send(server.result)
        server.close()
        assert caught.value is error
        assert recorded.record.exception == drhttp._record.Failure(type=kind.__name__, message="halfway")
        assert recorded.record.response.body.content == b"a"
        assert recorded.record.aborted is False


class TestStatusOfServers:
    """Servers differ in the status that a client sees if the application fails before the first byte."""

    @staticmethod
    def failing_call(environ: dict[str, Any], start_response: Any) -> Any:
        raise LookupError

    @staticmethod
    def failing_call_after_start(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("203 Fine", [])
        raise LookupError

    @staticmethod
    def failing_first_block(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        raise LookupError
        yield

    @staticmethod
    def failing_first_block_after_start(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("203 Fine", [])
        raise LookupError
        yield

    @staticmethod
    def failing_response(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("203 Fine", [])
        return Failing(b"")

    @staticmethod
    def no_iterable(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("203 Fine", [])

    @pytest.mark.parametrize(
        ("software", "shown"),
        [
            ("waitress", ()),
            ("gevent/25.5 Python/3.11", ()),
            ("", ()),
            ("Cheroot/11.1.2 Server", ("failing_first_block_after_start", "failing_response", "no_iterable")),
            ("CherryPy/18.10.0 Cheroot/11.1.2", ("failing_first_block_after_start", "failing_response", "no_iterable")),
            (
                "uWSGI",
                ("failing_call_after_start", "failing_first_block_after_start", "failing_response", "no_iterable"),
            ),
        ],
    )
    @pytest.mark.parametrize(
        "name",
        [
            *("failing_call", "failing_call_after_start", "failing_first_block", "failing_first_block_after_start"),
            *("failing_response", "no_iterable"),
        ],
    )
    def test_failure(self, software: str, shown: tuple[str, ...], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """uWSGI sends what `start_response` was called with, and Cheroot does if the application returned."""
        if software == "uWSGI":  # it puts nothing into the environ
            with_uwsgi(monkeypatch, None)
        more = {} if software == "uWSGI" else {"SERVER_SOFTWARE": software}
        recorded = Recorded(getattr(self, name))
        with pytest.raises((LookupError, TypeError)):
            Server().serve(recorded.app, environ(**more))
        assert recorded.record.response.status == (203 if name in shown else 500)
        assert recorded.record.exception is not None


class TestBlocksThatAreNoBytes:
    """An application that returns text: the record says what the server makes of it, and nothing of ours fails."""

    @pytest.mark.parametrize(
        ("software", "block", "status"),
        [
            *(("gunicorn/26.0.0", block, 203) for block in ("text", 1, None)),
            *(("Werkzeug/3.1.8", block, 203) for block in ("text", 1, None)),
            *(("WSGIServer/0.2 CPython/3.11.7", block, 500) for block in ("text", 1, None)),
            *(("waitress", block, status) for block, status in (("text", 203), (1, 500), (None, 500))),
            ("gevent/26.9 Python/3.11", "text", 203),
        ],
    )
    @pytest.mark.parametrize("lazily", [False, True])
    def test_first_block(self, software: str, block: Any, status: int, lazily: bool) -> None:
        """Servers check the type before or after they send the headers."""
        record = self.record([block, b"later"], lazily, SERVER_SOFTWARE=software)
        assert (record.response.status, record.response.body.content) == (status, None)

    @pytest.mark.parametrize("lazily", [False, True])
    def test_later_block(self, lazily: bool) -> None:
        """What was sent before is recorded, with the status that was sent."""
        record = self.record([b"sent", "text", b"later"], lazily)
        assert (record.response.status, record.response.body.content) == (203, b"sent")

    @pytest.mark.parametrize("lazily", [False, True])
    def test_uwsgi(self, lazily: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        """uWSGI leaves such a block out, and goes on."""
        with_uwsgi(monkeypatch, None)
        blocks: Any = [b"sent", "text", b"later"]
        recorded = Recorded(answering(iter(blocks) if lazily else blocks))
        server = Server()
        server.send(server.call(recorded.app, environ()))
        server.close()
        record = recorded.record
        assert (record.exception, record.response.body.content) == (None, b"sentlater")
        assert drhttp.stats().failures == 0

    def record(self, blocks: list[Any], lazily: bool, **more: str) -> Any:
        """The record of a request under a server that fails at the first block that is not bytes."""

        def app(environ: dict[str, Any], start_response: Any) -> Any:
            start_response("203 Fine", [])
            return iter(blocks) if lazily else blocks

        recorded = Recorded(app)
        server = Server()
        try:
            for block in server.call(recorded.app, environ(**more)):
                assert isinstance(block, bytes)
        except AssertionError:
            server.close()
        record = recorded.record
        assert record.exception is not None
        assert record.exception.type == "TypeError"
        assert not record.aborted
        assert drhttp.stats().failures == 0
        return record


class TestBlocksOfUwsgi:
    """What uWSGI sends as one block reaches it as it is, and is recorded as one block."""

    @pytest.mark.parametrize("rate", [1.0, 0.0], ids=["recorded", "outside the sample"])
    @pytest.mark.parametrize(
        ("option", "result"),
        [
            (None, b"abc"),
            (None, type("Bytes", (bytes,), {})(b"abc")),
            ("wsgi-accept-buffer", bytearray(b"abc")),
            ("wsgi-accept-buffers", memoryview(b"abc")),
        ],
    )
    def test_block(self, option: str | None, result: Any, rate: float, monkeypatch: pytest.MonkeyPatch) -> None:
        """The server gets the application's own object."""
        with_uwsgi(monkeypatch, option)
        recorded = Recorded(answering(result), sample_rate=rate)
        assert Server().call(recorded.app, environ()) is result
        assert [record.response.body.content for record in recorded.records] == [b"abc"] * int(rate)

    @pytest.mark.parametrize("result", ["abc", bytearray(b"abc")])
    def test_other_data(self, result: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """What uWSGI iterates is wrapped; so are `bytes` under other servers, which iterate them and fail."""
        assert Server().call(Recorded(answering(b"abc")).app, environ()) is not result
        with_uwsgi(monkeypatch, None)
        assert Server().call(Recorded(answering(result)).app, environ()) is not result


def with_uwsgi(monkeypatch: pytest.MonkeyPatch, option: str | None) -> None:
    """Pretend that uWSGI runs this interpreter, with an option."""
    module: Any = types.ModuleType("uwsgi")
    module.opt, module.version_info, module.worker_id = {option: True} if option else {}, (2, 0, 31), int
    monkeypatch.setitem(sys.modules, "uwsgi", module)


class TestOneRecord:
    """W9, S3: one record a request, however often we are installed and however it ends."""

    @pytest.mark.parametrize("rate", [1.0, 0.0])
    @pytest.mark.parametrize("lazily", [False, True])
    def test_stacked(self, rate: float, lazily: bool) -> None:
        """W9: the outermost decides, also when what lies between calls the inner one with the first block only."""

        def between(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            yield from inner.app(environ, start_response)

        inner = Recorded(answering(iter([b"a"])))
        outer = Recorded(between if lazily else inner.app, sample_rate=rate)
        assert outer.serve(environ()).body == b"a"
        assert len(outer.records) == (1 if rate else 0)
        assert inner.records == []

    def test_environ_that_is_used_again(self) -> None:
        """W9: the next request that comes in the same environ is another request, however many there are."""

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            body = environ["wsgi.input"].read()
            start_response(*OK)
            return iter([body])

        stream = io.BytesIO(b"body")
        given = environ("POST", CONTENT_LENGTH="4", **{"wsgi.input": stream})
        recorded = Recorded(app)
        for _ in range(sys.getrecursionlimit()):
            stream.seek(0)
            assert recorded.serve(given).body == b"body"
        records = recorded.records
        assert len(records) == sys.getrecursionlimit()
        assert {record.request.body.content for record in records} == {b"body"}
        assert {record.request.body.read for record in records} == {"full"}

    @pytest.mark.parametrize("rate", [1.0, 0.0])
    def test_environ_that_is_used_again_by_a_stack(self, rate: float) -> None:
        """W9: that holds for a stack too, within the sample and outside of it."""
        inner = Recorded(answering(iter([b"a"])))
        outer = Recorded(inner.app, sample_rate=rate)
        given = environ()
        outer.serve(given)
        outer.serve(given)
        assert len(outer.records) == (2 if rate else 0)
        assert inner.records == []

    @pytest.mark.parametrize("end", ["exhausted", "closed", "closed twice", "both", "abandoned", "abandoned midway"])
    def test_however_it_ends(self, end: str) -> None:
        """S3: exhausted but not closed, closed but not exhausted, closed twice, abandoned: one record each."""
        recorded, server = Recorded(answering(iter([b"a", b"b"]))), Server()
        server.call(recorded.app, environ())
        if end in ("exhausted", "both"):
            server.send(server.result)
        if end == "abandoned midway":
            server.send(server.result, 1)
        if end.startswith("closed") or end == "both":
            server.close()
        if end == "closed twice":
            server.close()
        server.result = None
        collect_garbage()
        assert recorded.record.aborted is (end not in ("exhausted", "both"))
        assert recorded.record.response.body.size == {"exhausted": 2, "both": 2, "abandoned midway": 1}.get(end, 0)

    def test_counts_of_a_response_that_nobody_closes(self, receiver: Receiver) -> None:
        """Test clients keep responses open: such a record counts as waiting, and a flush sends it."""
        app = drhttp.WSGIMiddleware(answering(iter([b"a"])), receiver.dsn)
        server = Server()
        server.call(app, environ())
        server.send(server.result)
        assert (drhttp.stats().recorded, drhttp.stats().queued, drhttp.stats().sent) == (1, 1, 0)
        assert drhttp.flush()
        server.close()
        assert (drhttp.stats().recorded, drhttp.stats().queued, drhttp.stats().sent) == (1, 0, 1)


class TestStreams:
    """S1, S2, S4: streams are recorded when they end, and cost next to nothing while they last."""

    def test_times(self) -> None:
        """S1: the record ends with the body: duration, time to the first byte and every chunk are its own."""

        def blocks() -> Iterator[bytes]:
            for _ in range(5):
                yield b"x" * 1000

        recorded, server = Recorded(answering(blocks()), max_body_size=1500), Server()
        server.call(recorded.app, environ())
        assert recorded.records == []
        server.send(server.result)
        record = recorded.record
        assert record.ttfb is not None
        assert 0 < record.ttfb < record.duration
        assert (record.response.body.size, record.response.body.truncated) == (5000, True)
        assert record.response.body.content == b"x" * 1500

    def test_memory_of_an_endless_stream(self) -> None:
        """S2: once the cap is reached, a stream takes no more memory, however long it lasts."""
        recorded, server = Recorded(answering(b"data: %d\n\n" % number for number in itertools.count())), Server()
        result = iter(server.call(recorded.app, environ()))

        def take(count: int) -> int:
            for _ in itertools.islice(result, count):
                pass
            collect_garbage()
            return tracemalloc.get_traced_memory()[0]

        tracemalloc.start()
        try:
            before, after = take(10_000), take(20_000)
        finally:
            tracemalloc.stop()
        assert after - before < 10_000
        server.close()
        assert recorded.record.aborted is True

    def test_client_that_leaves(self) -> None:
        """S4: the server closes after chunk 2 of 10: `finally` runs, the record says aborted and counts the bytes."""
        ran = []

        def blocks() -> Iterator[bytes]:
            try:
                for _ in range(10):
                    yield b"chunk"
            finally:
                ran.append("finally")

        recorded, server = Recorded(answering(blocks())), Server()
        server.send(server.call(recorded.app, environ()), 2)
        server.close()
        assert ran == ["finally"]
        record = recorded.record
        assert (record.aborted, record.exception, record.response.status) == (True, None, 200)
        assert record.response.body.size == 10

    def test_answer_that_is_longer_than_the_server_reads(self) -> None:
        """A server that stops at the declared length has sent everything: that is no abort."""

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            start_response("200 OK", [("Content-Length", "2")])
            return iter([b"ab", b"too much"])

        recorded, server = Recorded(app), Server()
        server.send(server.call(recorded.app, environ()), 1)
        server.close()
        assert recorded.record.aborted is False


class TestThreads:
    """S5, design rule: the state of a request is its own, in whatever threads it is served."""

    def test_call_iteration_and_close_in_different_threads(self, caplog: pytest.LogCaptureFixture) -> None:
        """S5: 200 interleaved requests, each called, read and closed by other threads: each record is its own."""

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            name = environ["PATH_INFO"][1:]
            body = environ["wsgi.input"].read()
            start_response("200 OK", [("X-Name", name)])
            return (part.encode() for part in (name, " ", body.decode()))

        recorded = Recorded(app)
        servers = [Server() for _ in range(200)]
        with ThreadPoolExecutor(4) as callers, ThreadPoolExecutor(4) as readers, ThreadPoolExecutor(4) as closers:
            given = [environ("POST", f"/{number}", b"body %d" % number) for number in range(200)]
            results = list(callers.map(lambda server, each: server.call(recorded.app, each), servers, given))
            blocks = [iter(result) for result in results]
            for _ in range(3):
                for server, block in zip(servers, readers.map(next, blocks), strict=True):
                    server.steps.append(("block", block))
            list(closers.map(Server.close, servers))
        records = recorded.records
        assert len(records) == 200
        for record in records:
            name = record.request.uri.rpartition("/")[2]
            assert record.request.body.content == f"body {name}".encode()
            assert record.response.headers == (("x-name", name),)
            assert record.response.body.content == f"{name} body {name}".encode()
        assert not caplog.records

    def test_two_requests_at_once(self) -> None:
        """No state of a request is on the middleware: two that are inside the application together stay apart."""
        barrier = threading.Barrier(2, timeout=10)

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            name = environ["PATH_INFO"][1:]
            barrier.wait()
            start_response("200 OK", [("x-drhttp-user", name)])
            barrier.wait()
            body = environ["wsgi.input"].read()
            barrier.wait()
            return [name.encode(), body]

        recorded = Recorded(app)
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda name: recorded.serve(environ("POST", f"/{name}", name.encode())), ["ada", "bob"]))
        for record in recorded.records:
            user = record.user
            assert user is not None
            assert record.request.uri.endswith(user)
            assert record.request.body.content == user.encode()
            assert record.response.body.content == user.encode() * 2
        assert sorted(str(record.user) for record in recorded.records) == ["ada", "bob"]


class TestIdentification:
    """The identification headers are for the record, not for the client."""

    @staticmethod
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("X-DRHTTP-User", "ada"), ("x-drhttp-DEVICE", "phone"), ("X-Other", "1")])
        return [b"hello"]

    def test_taken_out(self) -> None:
        """In any case they are taken out of the answer and recorded; the other fields stay in order."""
        recorded = Recorded(self.app)
        assert recorded.serve(environ()).headers == [("X-Other", "1")]
        assert (recorded.record.user, recorded.record.device) == ("ada", "phone")
        assert recorded.record.response.headers == (("x-other", "1"),)

    def test_exposed(self) -> None:
        """`expose_identity` leaves them in the answer, and records them all the same."""
        recorded = Recorded(self.app, expose_identity=True)
        assert len(recorded.serve(environ()).headers) == 3
        assert (recorded.record.user, recorded.record.device) == ("ada", "phone")

    def test_outside_the_sample(self) -> None:
        """A request that is not in the sample leaks them no more than one that is, and is not recorded."""
        recorded = Recorded(self.app, sample_rate=0.0)
        server = recorded.serve(environ())
        assert (server.headers, server.body) == ([("X-Other", "1")], b"hello")
        assert recorded.records == []

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    @pytest.mark.parametrize(
        "options",
        [{"dsn": None}, {"dsn": ""}, {"enabled": False}, {"exclude": ["/*"]}, {"sample_rate": 0.0}],
        ids=["no DSN", "empty DSN", "disabled", "excluded", "outside the sample"],
    )
    def test_not_recorded(self, options: dict[str, Any], method: str) -> None:
        """A middleware that does not record the request removes them, and leaves them with `expose_identity`."""
        app = Recorded(self.app, **options)
        server = app.serve(environ(method))
        assert (server.headers, server.body) == ([("X-Other", "1")], b"hello")
        assert app.records == []
        exposed = Recorded(self.app, expose_identity=True, **options)
        assert len(exposed.serve(environ(method)).headers) == 3

    @pytest.mark.parametrize("options", [{"dsn": None}, {"exclude": ["/*"]}])
    def test_not_recorded_and_exposed_by_the_environment(
        self, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`DRHTTP_EXPOSE_IDENTITY` counts there too; then the very same `start_response` reaches the application."""
        monkeypatch.setenv("DRHTTP_EXPOSE_IDENTITY", "1")
        seen: list[Any] = []

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            seen.append(start_response)
            return self.app(environ, start_response)

        server = Server()
        start_response = server.start_response
        Recorded(app, **options).app(environ(), start_response)
        assert seen == [start_response]
        assert seen[0] is start_response
        assert len(server.headers) == 3

    @pytest.mark.parametrize("value", ["nonsense", ""])
    def test_disabled_with_a_bad_option(self, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A switched-off middleware reads no option, so that a bad one stops nothing; the headers do not leak."""
        monkeypatch.setenv("DRHTTP_EXPOSE_IDENTITY", value)
        assert Recorded(self.app, enabled=False).serve(environ()).headers == [("X-Other", "1")]

    def test_marked_to_be_skipped(self) -> None:
        """A request that the application leaves out of the records leaks them no more."""

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            environ["drhttp.skip"] = True
            start_response("200 OK", [("x-drhttp-user", "ada"), ("x-drhttp-skip", "1")])
            return []

        recorded = Recorded(app)
        assert recorded.serve(environ()).headers == []
        assert recorded.records == []
        assert Recorded(app, enabled=False).serve(environ()).headers == []

    @pytest.mark.parametrize("inner", [{"dsn": None}, {"exclude": ["/*"]}, {"enabled": False}, {}])
    def test_stacked(self, inner: dict[str, Any]) -> None:
        """A middleware inside another that records leaves them to it, also when it is switched off itself."""
        outer = Recorded(Recorded(self.app, **inner).app)
        assert outer.serve(environ()).headers == [("X-Other", "1")]
        assert outer.record.user == "ada"

    @pytest.mark.parametrize("outer", [{"dsn": None}, {"exclude": ["/*"]}, {"enabled": False}])
    def test_stacked_the_other_way_round(self, outer: dict[str, Any]) -> None:
        """A middleware inside a switched-off one records them."""
        recorded = Recorded(self.app)
        assert Recorded(recorded.app, **outer).serve(environ()).headers == [("X-Other", "1")]
        assert recorded.record.user == "ada"

    @pytest.mark.parametrize("options", [{}, {"dsn": None}])
    def test_headers_of_any_kind(self, options: dict[str, Any]) -> None:
        """They are taken out of whatever collection the application passes, and its other arguments are kept."""

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            try:
                raise ValueError
            except ValueError:
                start_response("500 No", (("x-drhttp-user", "ada"), ("X-Other", "1")), sys.exc_info())(b"written")
            return []

        server = Recorded(app, **options).serve(environ())
        assert server.steps == [("start", "500 No", [("X-Other", "1")], ValueError), ("write", b"written")]

    @pytest.mark.parametrize("options", [{}, {"sample_rate": 0.0}, {"enabled": False}, {"exclude": ["/*"]}])
    @pytest.mark.parametrize("expose", [False, True])
    @pytest.mark.parametrize("kind", [list, tuple, iter, dict, "generator", "own", "own, once", "old", "subclass"])
    def test_headers_in_any_iterable(self, kind: Any, expose: bool, options: dict[str, Any]) -> None:
        """They are taken out of an iterator or generator too, which is read once; the server gets its kind."""
        fields = [("X-Drhttp-User", "ada"), ("x-drhttp-device", "phone"), ("X-Other", "1")]

        class Own:
            def __init__(self, once: bool) -> None:
                self._fields = iter(fields) if once else fields

            def __iter__(self) -> Iterator[tuple[str, str]]:
                return iter(self._fields)

        class Old:
            def __getitem__(self, number: int) -> tuple[str, str]:
                return fields[number]

        class Fields(list[tuple[str, str]]):
            pass

        makers: dict[Any, Callable[[], Any]] = {
            "generator": lambda: (field for field in fields),
            "own": lambda: Own(once=False),
            "own, once": lambda: Own(once=True),
            "old": Old,
            "subclass": lambda: Fields(fields),
            dict: lambda: dict(fields).items(),
        }
        passed = []

        class Strict(Server):
            def start_response(self, status: str, headers: Any, exc_info: Any = None) -> Any:
                passed.append(headers)
                return super().start_response(status, headers, exc_info)

        def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            start_response("200 OK", makers.get(kind, lambda: kind(fields))())
            return []

        recorded, server = Recorded(app, expose_identity=expose, **options), Strict()
        server.serve(recorded.app, environ())
        assert server.headers == (fields if expose else [("X-Other", "1")])
        assert isinstance(passed[0], list) is (kind in (list, "subclass"))
        assert hasattr(passed[0], "__next__") is (kind in (iter, "generator"))
        for record in recorded.records:
            assert (record.user, record.device) == ("ada", "phone")
            assert record.response.headers == tuple((name.lower(), value) for name, value in server.headers)
        assert len(recorded.records) == (0 if options else 1)
        assert drhttp.stats().failures == 0

    @pytest.mark.parametrize("options", [{}, {"enabled": False}])
    @pytest.mark.parametrize("name", ["headers", "response_headers"])
    @pytest.mark.parametrize("positional", [0, 1])
    @pytest.mark.parametrize("kind", [list, iter])
    def test_headers_by_name(self, kind: Any, positional: int, name: str, options: dict[str, Any]) -> None:
        """They are taken out of a named argument too, which servers in Python accept."""
        seen = []

        def response_headers(status: str, response_headers: Any, exc_info: Any = None) -> None:
            seen.append(list(response_headers))

        def headers(status: str, headers: Any, exc_info: Any = None) -> None:
            seen.append(list(headers))

        def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            named = {name: kind([("x-drhttp-user", "ada"), ("X-Other", "1")])}
            if positional:
                start_response("203 Fine", **named)
            else:
                start_response(status="203 Fine", **named)
            return [b"a"]

        recorded = Recorded(app, **options)
        recorded.app(environ(), headers if name == "headers" else response_headers)
        assert seen == [[("X-Other", "1")]]
        assert [(each.user, each.response.status, each.response.headers) for each in recorded.records] == [
            ("ada", 203, (("x-other", "1"),))
        ][: 0 if options else 1]

    @pytest.mark.parametrize("options", [{}, {"enabled": False}])
    @pytest.mark.parametrize("headers", ["generator", None, 7])
    def test_headers_that_fail(self, headers: Any, options: dict[str, Any]) -> None:
        """A generator of header fields that raises, or no iterable at all, fails in `start_response` as without us."""

        def broken() -> Iterator[tuple[str, str]]:
            yield ("x-drhttp-user", "ada")
            raise LookupError("no more")

        def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            start_response("200 OK", broken() if headers == "generator" else headers)
            return []

        server = Server()
        with pytest.raises(LookupError if headers == "generator" else TypeError):
            server.call(Recorded(app, **options).app, environ())
        assert server.steps == []
        assert drhttp.stats().failures == 0

    def test_switched_off_while_our_code_fails(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A failure of ours in a switched-off middleware costs the application nothing, and is counted."""

        def broken(*args: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr(WSGIMiddleware, "_filtered", broken)
        assert Recorded(self.app, enabled=False).serve(environ()).body == b"hello"
        assert drhttp.stats().failures == 1

    def test_share_of_the_sample(self) -> None:
        """About the share asked for is recorded, and the application's own random numbers stay what they are."""
        recorded = Recorded(self.app, sample_rate=0.5)
        random.seed(1)
        before = random.getstate()
        for _ in range(400):
            recorded.serve(environ())
        assert random.getstate() == before
        assert 100 < len(recorded.records) < 300


class TestExclusion:
    """X3: what is excluded costs next to nothing: only the headers for the recorder are removed."""

    @pytest.mark.parametrize(
        ("pattern", "mount", "path"),
        [
            ("/health*", "", "/health"),
            ("/health*", "", "/healthz/deep"),
            ("/shop/health", "/shop", "/health"),
            ("/a b/*", "", "/a b/c"),
            ("/a%20b/*", "", "/a b/c"),
            ("/caf\xe9", "", "/caf\xc3\xa9"),
            ("/caf%c3%a9", "", "/caf\xc3\xa9"),
            ("/%7Eada", "", "/~ada"),
            ("/\N{SNOWMAN}/?", "", "/\xe2\x98\x83/x"),
        ],
    )
    def test_excluded(self, pattern: str, mount: str, path: str) -> None:
        """X3: with a mount point, percent-encoded, not in ASCII: nothing is tapped or recorded."""
        seen: list[Any] = []

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            seen.extend((environ, dict(environ), start_response))
            return answer

        answer = iter([b"a"])
        recorded = Recorded(app, exclude=["/never", pattern])
        given = environ("POST", path, b"body", SCRIPT_NAME=mount)
        before, start_response = dict(given), Server().start_response
        assert recorded.app(given, start_response) is answer
        assert seen[0] is given
        assert seen[1] == before
        assert seen[2].__self__ is start_response.__self__
        assert recorded.records == []

    @pytest.mark.parametrize("path", ["/", "/health", "/x/health", "/HEALTH/", "/healthy"])
    def test_not_excluded(self, path: str) -> None:
        """X3: a pattern stands for whole paths, letter case included."""
        recorded = Recorded(answering([]), exclude=["/health/", "/healt", "/he?lt"])
        recorded.serve(environ(path=path))
        assert len(recorded.records) == 1


class TestDisabled:
    """X1: without a DSN, or switched off, the application is called directly."""

    @pytest.mark.parametrize("options", [{"dsn": None}, {"dsn": ""}, {"enabled": False}])
    def test_very_same_objects(self, options: dict[str, Any]) -> None:
        """X1: the same environ, input and answer; `start_response` but for a filter; no thread."""
        seen: list[Any] = []

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            seen.extend((environ, dict(environ), start_response))
            return answer

        answer = iter([b"a"])
        recorded = Recorded(app, **options)
        threads = threading.active_count()
        given = environ("POST", "/", b"body")
        before, start_response = dict(given), Server().start_response
        assert recorded.app(given, start_response) is answer
        assert seen[0] is given
        assert seen[1] == before
        assert seen[2].__self__ is start_response.__self__
        assert threading.active_count() == threads
        assert drhttp.stats() == drhttp.Stats()

    def test_by_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """X1: `DRHTTP_DISABLED=1` switches off what the code switches on."""
        monkeypatch.setenv("DRHTTP_DISABLED", "1")
        answer = iter([b"a"])
        assert Server().call(Recorded(answering(answer)).app, environ()) is answer


class TestQueuedRecords:
    """C4: what waits in the queue keeps nothing of the application or the server alive."""

    @pytest.mark.parametrize("streamed", [False, True])
    def test_collectable(self, streamed: bool) -> None:
        """C4: request, stream, answer and exception are collectable while the record waits."""

        class Thing:
            pass

        class Stream(io.BytesIO):
            pass

        class Blocks(Closable):
            pass

        def app(environ: dict[str, Any], start_response: Any) -> Any:
            environ["framework.request"] = thing = Thing()
            answer = Blocks(b"a", b"b")
            environ["wsgi.input"].read()
            references.extend(map(weakref.ref, (thing, answer, environ["wsgi.input"]._stream)))
            start_response("200 OK", [("Content-Type", "text/plain")])
            return answer if streamed else [*answer]

        references: list[Any] = []
        recorded = Recorded(app, flush_interval=60.0)
        given = environ("POST", "/", CONTENT_LENGTH="4")
        given["wsgi.input"] = Stream(b"body")
        recorded.serve(given)
        del given
        collect_garbage()
        assert [reference() for reference in references] == [None, None, None]
        assert recorded.record.request.body.content == b"body"

    def test_exceptions(self) -> None:
        """C4: of an exception its name and text are kept, not the frames that it came through."""

        class Mistake(Exception):
            pass

        def app(environ: dict[str, Any], start_response: Any) -> Any:
            error = Mistake("text")
            references.append(weakref.ref(error))
            raise error

        references: list[Any] = []
        recorded = Recorded(app, flush_interval=60.0)
        with pytest.raises(Mistake):
            recorded.serve(environ())
        collect_garbage()
        assert references[0]() is None
        assert recorded.record.exception is not None
        assert recorded.record.exception.type.endswith("Mistake")

    def test_memory_that_is_counted_is_the_memory_that_is_held(self) -> None:
        """M1: a body that came in many blocks waits in one piece, beside which nothing is kept."""

        def blocks() -> Iterator[bytes]:
            for number in range(15_360):
                yield b"%4d" % (number % 1000)

        def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
            start_response(*OK)
            return blocks()

        recorded = Recorded(app, flush_interval=60.0)
        recorded.serve(environ())
        collect_garbage()
        before = drhttp.stats().queued_bytes
        tracemalloc.start()
        try:
            for _ in range(14):  # together with the first, less than what is sent at once
                recorded.serve(environ())
            collect_garbage()
            held = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        counted = drhttp.stats().queued_bytes - before
        assert 14 * 61_440 < held < counted * 1.1
