"""The route of an ASGI request: the template of its path, as the framework has left it in the scope."""

from __future__ import annotations

from drhttp._capture.asgi_uri import is_below

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def route_of(scope: Mapping[str, Any], arrived: Mapping[str, Any], flag: str | None) -> str | None:
    """The template of the whole path; `None` if the framework does not tell it.

    arrived: the values of the scope when the request arrived. flag: the template by the framework's own way, if it has
    one; it begins without a slash.
    """
    template = _template(scope) if flag is None else f"/{flag}"
    return None if template is None else f"{_root(scope, arrived, template)}{template}"


def _template(scope: Mapping[str, Any]) -> str | None:
    """The template of the path below the root path."""
    route = scope.get("route")
    if route is None:
        template = scope.get("path_template")  # of Litestar
        return template if isinstance(template, str) else None
    # FastAPI keeps the prefixes of included routers apart from the route.
    context = (scope.get("fastapi") or {}).get("effective_route_context")
    if getattr(context, "original_route", None) is route:
        route = context
    template = "/{path}" if hasattr(route, "routes") else getattr(route, "path_format", getattr(route, "path", None))
    return template if isinstance(template, str) else None


def _root(scope: Mapping[str, Any], arrived: Mapping[str, Any], template: str) -> str:
    """The part of the root path that the path begins with, with the names of the parameters of mounts.

    The root path of a server or an application need not be in the path; that of mounts, which they append, is.
    """
    root = (scope.get("root_path") or "").rstrip("/")
    if not root:
        return ""
    outside = scope.get("app_root_path")  # Starlette keeps here what the root path was outside of all mounts
    outside = ((arrived.get("root_path") or "") if outside is None else outside).rstrip("/")
    mount = root[len(outside) :] if root.startswith(outside) else ""
    named = _named(mount, scope.get("path_params") or {}, template) if mount else ""
    if is_below(arrived, root):
        return f"{root[: len(root) - len(mount)]}{named}"
    return named if is_below(arrived, mount) else ""


def _named(mount: str, params: Mapping[str, Any], template: str) -> str:
    """Put the names of its parameters into the path of a mount.

    A parameter of the route itself is not one of the mount. Each stands in it once, further to the right than those
    before it, and to the right of an equal literal: literals, such as `/api/{tenant}`, come first.
    """
    for name, value in reversed(list(params.items())):
        if f"{{{name}}}" in template or f"{{{name}:" in template:
            continue
        before, found, after = f"{mount}/".rpartition(f"/{value}/")
        if found:
            mount = f"{before}/{{{name}}}/{after}"[:-1]
    return mount
