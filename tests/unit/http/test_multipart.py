"""Multipart bodies: which parts there are, read strictly or leniently, and the names in their headers."""

from __future__ import annotations

import pytest

from drhttp._http.multipart import MultipartError, boundary_of, lenient_parts, parameters, strict_parts

BODY = b"--B\r\nA: 1\r\n\r\none\r\n--B\r\n\r\ntwo\r\n--B--\r\n"


def contents(found, body):
    """The head and the content of each part."""
    return [(part.head.strip(), body[part.start : part.end]) for part in found]


def strict(body, *, cut=False):
    """The parts in strict reading."""
    return contents(strict_parts(body, b"B", cut=cut), body)


def lenient(body):
    """The parts in lenient reading."""
    return contents(lenient_parts(body, b"B"), body)


@pytest.mark.parametrize(
    ("value", "boundary"),
    [
        ("multipart/form-data; boundary=B", b"B"),
        ('multipart/mixed; x=1; BOUNDARY = "a b" ; y=2', b"a b"),
        ("multipart/form-data; boundary=" + "B" * 70, b"B" * 70),
        ("multipart/form-data", None),
        ('multipart/form-data; boundary=""', None),
    ],
)
def test_the_boundary_is_in_the_content_type(value, boundary):
    """In quotes or not."""
    assert boundary_of(value) == boundary


@pytest.mark.parametrize("body", [BODY, b"\r\n" + BODY, BODY.replace(b"B\r\n", b"B \t\r\n"), BODY + b"an epilogue"])
def test_both_readings_find_the_parts_of_a_clean_body(body):
    """Spaces behind a delimiter and text behind the last one are allowed."""
    assert strict(body) == lenient(body) == [(b"A: 1", b"one"), (b"", b"two")]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (BODY.replace(b"\r", b""), [(b"A: 1", b"one"), (b"", b"two")]),
        (b"a preamble\r\n" + BODY, [(b"A: 1", b"one"), (b"", b"two")]),
        (BODY.replace(b"one", b"one\n--B\n\nmore"), [(b"A: 1", b"one"), (b"", b"more"), (b"", b"two")]),
        (BODY.replace(b"one", b"one --B"), [(b"A: 1", b"one --B"), (b"", b"two")]),
        (b"--Bx\r\n\r\none\r\n--B--", [(b"x", b"one")]),
        (b"--B\r\nno blank line\r\n--B--", [(b"", b"no blank line")]),
        (b"--B\n--B\r\n\r\ntwo", [(b"", b""), (b"", b"two")]),
        (b"no delimiter", []),
        (b"", []),
    ],
)
def test_what_may_be_read_in_two_ways_is_refused_in_strict_reading(body, found):
    """Lenient reading takes what it can."""
    with pytest.raises(MultipartError):
        strict(body)
    assert lenient(body) == found


def test_the_last_part_of_a_cut_body_is_left_out_in_strict_reading():
    """Lenient reading returns as much of it as there is."""
    for size in range(BODY.index(b"two"), BODY.index(b"two") + 3):
        assert strict(BODY[:size], cut=True) == [(b"A: 1", b"one")]
        assert lenient(BODY[:size]) == [(b"A: 1", b"one"), (b"", BODY[BODY.index(b"two") : size])]


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b'Content-Disposition: form-data; name="a"; filename="b.txt"', [("name", "a"), ("filename", "b.txt")]),
        (b'A: b; NAME = x; filename="a\\"b"', [("name", "x"), ("filename", 'a"b')]),
        (b'A: b;\r\n name=\r\n\t"folded"', [("name", "folded")]),
        (b"A: b; name*=UTF-8'en'pass%77ord", [("name", "password")]),
        (b'A: b; name*0="pass"; name*1=word', [("name", "password")]),
        (b"A: b; name*0*=utf-8''p%61ss; name*1*=w%6Frd; name*2=s", [("name", "passwords")]),
        (b"A: b; filename*0=a; name*1=b", [("filename", "a"), ("name", "b")]),
        (b"A: b; name*9999=a; name**=b; surname=c", []),
        (b"A: b; name; name=", []),
    ],
)
def test_names_are_found_wherever_they_stand(head, found):
    """Quoted or not, folded, encoded (RFC 8187) and in sections (RFC 2231)."""
    assert parameters(head) == found
