"""The headers of parts of multipart bodies on the page: names, file names, and what is no name."""

from __future__ import annotations

import pytest

from drhttp.inbox.exchange import Message
from drhttp.inbox.view.bodies import shown
from drhttp.inbox.view.masking import MASK
from drhttp.inbox.view.multipart import MAX_PARTS, MOST_PARAMETERS, parts


def one(head: bytes):
    """The only part of a body."""
    (part,) = parts(b"--B\r\n" + head + b"\r\n\r\nabc\r\n--B--", "multipart/form-data; boundary=B")
    return part


def named(parameters: bytes):
    """The name and the file name in a Content-Disposition."""
    part = one(b"Content-Disposition: form-data; " + parameters)
    return part.name, part.filename


@pytest.mark.parametrize(
    ("parameters", "name", "filename"),
    [
        (b'name="a"; filename="b.txt"', "a", "b.txt"),
        (b"name=a;filename=b.txt", "a", "b.txt"),
        (b'filename="a;b.txt"; name="c"', "c", "a;b.txt"),
        (rb'name="a\"b"; filename="C:\x\y.txt"', 'a"b', r"C:\x\y.txt"),
        ('name="größe"; filename="\u00c5.txt"'.encode(), "größe", "\u00c5.txt"),
        ('filename="größe"'.encode("latin-1"), None, "größe"),
        (b"filename*=UTF-8''gr%C3%B6%C3%9Fe.txt", None, "größe.txt"),
        (b"filename=\"groesse.txt\"; filename*=utf-8'de'gr%C3%B6%C3%9Fe.txt", None, "größe.txt"),
        (b"filename*=iso-8859-1'en'%A3", None, "£"),
        (b"filename*0=\"long\"; filename*1*=%20name; filename*2=.txt", None, "long name.txt"),
        (b"filename*0*=UTF-8''long; filename*1*=%20name; filename*2=.txt", None, "long name.txt"),
        (b'name=\r\n "a";\r\n\tfilename="b.txt"', "a", "b.txt"),
        (b"", None, None),
        (b'x="name"', None, None),
    ],
)  # fmt: skip
def test_names_and_file_names_are_read(parameters, name, filename):
    """In quotes, folded, with other characters as they are or encoded (RFC 8187), and in sections (RFC 2231)."""
    assert named(parameters) == (name, filename)


@pytest.mark.parametrize(
    ("parameters", "name", "filename"),
    [
        (b"name*=a; name*0=b", "a", None),
        (b"name*=idna''" + b"a" * 300, "a" * 300, None),
        (b"filename*=no-charset''%E2%82%AC", None, "€"),
        (b"filename*=nothing", None, "nothing"),
        (b"filename*=utf-8''%ff%zz", None, "\ufffd%zz"),
        (b"filename*" + b"9" * 1000 + b"=a", None, "a"),
        (b'name="' + b";" * MOST_PARAMETERS + b'"; filename=b', ";" * MOST_PARAMETERS, "b"),
        (b";" * MOST_PARAMETERS + b"name=a", "a", None),
    ],
)
def test_hostile_names_are_read_as_well_as_can_be(parameters, name, filename):
    """Nothing is raised, and what is too long for `email` is read all the same."""
    assert named(parameters) == (name, filename)


def test_header_fields_of_a_part_are_listed():
    """Folded ones on one line; what is no field is left out, and does not end the others."""
    part = one(b"Content-Type: Text/CSV; x=y\r\nno field\r\nX-Long: a\r\n  b\r\nContent-Disposition: x; name=n")

    assert part.headers == (
        ("content-type", "Text/CSV; x=y"),
        ("x-long", "a b"),
        ("content-disposition", "x; name=n"),
    )
    assert (part.media, part.name) == ("text/csv", "n")


@pytest.mark.parametrize(
    "head",
    [
        b'Content-Disposition: form-data; name="token"',
        b"Content-Disposition: form-data; name*=UTF-8''t%6Fken",
        b"Content-Disposition: form-data; name*0=to; name*1=ken",
        b"Content-Disposition: form-data; name=a; name=token",
        b"Content-Disposition: form-data name=token",
        b"Content-Disposition: form-data; name=a\r\nContent-Type: text/plain; name=token",
        b"Content-Disposition: form-data;" + b" " * MOST_PARAMETERS + b"; name=token",
    ],
)
def test_content_is_masked_by_each_name_that_a_reader_may_find(head):
    """Readers disagree on what is not clean."""
    body = b"--B\r\n" + head + b"\r\n\r\nhush\r\n--B--\r\n"
    message = Message(headers=(("content-type", "multipart/form-data; boundary=B"),), body=body)

    view = shown(message, reveal=False)

    assert [part["text"] for part in view.parts] == [MASK]
    assert b"hush" not in (view.text or "").encode()


def test_parts_beyond_the_limit_are_left_out():
    """The first ones are listed."""
    assert len(parts(b"--B\r\n\r\n\r\n" * (MAX_PARTS + 1), "multipart/form-data; boundary=B")) == MAX_PARTS
