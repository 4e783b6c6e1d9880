"""The routes of frameworks, in one form."""

from __future__ import annotations

import pytest

from drhttp._capture.route import template


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("/orders/{id}", "/orders/{id}"),
        ("/orders/{id:int}/{rest:path}", "/orders/{id}/{rest}"),
        ("/orders/<int:id>", "/orders/{id}"),
        ("/orders/<id>/<path:rest>", "/orders/{id}/{rest}"),
        ("/<regex('[a-z]{2}'):code>", "/{code}"),
        ("//orders//<int:id>/", "/orders/{id}/"),
        ("", "/"),
        ("/", "/"),
        (r"^articles/(?P<year>[0-9]{4})/(?P<slug>[\w-]+)/$", "/articles/{year}/{slug}/"),
        (r"shop/^items/(?P<id>\d+(?:-\d+)?)\Z", "/shop/items/{id}"),
        (r"^a\.b/(?P<x>\(\d\))$", "/a.b/{x}"),
        (r"^open/(?P<x>(", "/open/{x}"),
        ("/{a}/<b", "/{a}/<b"),
        (r"inc/<slug:tenant>/^x/(?P<n>[0-9]{2,3})/(?:opt/)?$", "/inc/{tenant}/x/{n}/"),
        (r"^comments/(?:page-(?P<page>\d+)/)?$", "/comments/page-{page}/"),
        (r"^orders/(?P<id>\d+)?/?$", "/orders/{id}"),
        (r"^files/(.*)$", "/files/*"),
        (r"^v(?:1|2)/[a-z]+\d/x$", "/v*/*/x"),
        (r"^(?:a/(?P<x>\d)|b)/$", "/a/{x}/"),
        (r"v1.0/^(?i)(?!y)x(?:ab){2}$", "/v1.0/xab"),
        (r"^(?P<a>\d)/^(?P<a>\d)/$", "/{a}/{a}/"),
    ],
)
def test_template(route: str, expected: str) -> None:
    """The parameters of Starlette, Flask and Django are names in braces; anchors and converters are gone."""
    assert template(route) == expected


def test_a_long_route() -> None:
    """However long a route is, it takes no time, because only its beginning counts."""
    for route in ("(?P<a>" * 100_000, "<" * 600_000, "{a" * 300_000, "/" * 600_000, "(" * 600_000):
        assert len(template(route)) <= 1001
