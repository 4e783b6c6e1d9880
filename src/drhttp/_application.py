"""Recognizes applications of the other interface, to which a middleware would pass calls that cannot work.

By the code of the function that is called. Where another object stands for it, such as a proxy, nothing is said.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from types import FunctionType, MethodType
else:  # as `types` does it, which need not be loaded
    FunctionType = type(lambda: None)
    MethodType = type((lambda self: None).__get__(""))

COROUTINE = 0x80  # `inspect.CO_COROUTINE`; `inspect` is slow to load
_ASYNC_GENERATOR = 0x200
_VARIABLE_ARGUMENTS = 0x04


def asgi_name(app: object) -> str | None:
    """The name of an application that only an ASGI server can call, because it is a coroutine function."""
    function, _, name = _called(app)
    return name if function is not None and function.__code__.co_flags & COROUTINE else None


def wsgi_name(app: object) -> str | None:
    """The name of an application that only a WSGI server can call, because it takes exactly two arguments."""
    function, bound, name = _called(app)
    if function is None or function.__defaults__ or function.__kwdefaults__:
        return None
    code = function.__code__
    if code.co_flags & (COROUTINE | _ASYNC_GENERATOR | _VARIABLE_ARGUMENTS) or code.co_kwonlyargcount:
        return None
    return name if code.co_argcount - bound == 2 else None


def _called(app: object) -> tuple[FunctionType | None, int, str]:
    """The function that runs when an application is called, the number of arguments bound to it, and a name."""
    if type(app) is FunctionType:
        return app, 0, app.__qualname__
    if type(app) is MethodType and type(app.__func__) is FunctionType:
        return app.__func__, 1, app.__func__.__qualname__
    kind = type(app)
    # Not through the instance: a proxy would look up what it stands for.
    call = next((vars(each)["__call__"] for each in kind.__mro__ if "__call__" in vars(each)), None)
    return (call, 1, kind.__qualname__) if type(call) is FunctionType else (None, 0, "")
