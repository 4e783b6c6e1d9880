"""Hooks in the classes of HTTP clients: put in place, and removed by identity."""

from __future__ import annotations

import inspect
import weakref
from typing import TYPE_CHECKING, Any

from drhttp._logger import logger

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    #: Makes the replacement of a method from the original, which it has to call. While its second argument is empty, it
    #: has to do nothing else.
    Wrap = Callable[[Callable[..., Any], "Live"], Callable[..., Any]]

Live = list[bool]  # not empty as long as the hooks of one installation are in place

_named: set[str] = set()  # hooks of unknown shape that the log has named
_originals: weakref.WeakKeyDictionary[Callable[..., Any], Any] = weakref.WeakKeyDictionary()  # by replacement


class Hook:
    """The replacement of one method of a class.

    owner: the class. seam: tells hooks of different methods apart. place: the name of the method, for the log.
    example: arguments as the library passes them; keyword: the name of another one. If the method does not take them,
    its shape is unknown, and it is left alone.

    Others replace methods too, before and after, and put back what they have found at any time. So a replacement may
    stay below theirs, or come back after the hook is gone. It does nothing then, and the next one replaces it.
    """

    def __init__(
        self, owner: type, name: str, wrap: Wrap, example: tuple[Any, ...], keyword: str | None = None
    ) -> None:
        self._owner = weakref.ref(owner)  # which may be gone after its module was reloaded
        self._name = name
        self.seam = (self._owner, name)
        self.place = f"{owner.__module__}.{owner.__qualname__}.{name}"
        self._wrap = wrap
        self._example = example
        self._keywords = {} if keyword is None else {keyword: None}

    @property
    def fits(self) -> bool:
        """Whether the method is there, and takes the arguments that the hook expects."""
        method = vars(self._owner()).get(self._name)
        try:
            inspect.signature(method).bind(*self._example, **self._keywords)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return False
        return True

    @property
    def gone(self) -> bool:
        """Whether the class is gone."""
        return self._owner() is None

    def install(self, live: Live) -> None:
        """Replace the method."""
        owner = self._owner()
        current = _without_hook(vars(owner)[self._name])
        replacement = self._wrap(current, live)
        _originals[replacement] = current
        setattr(owner, self._name, replacement)

    def remove(self) -> None:
        """Restore the method, unless somebody else has replaced it meanwhile."""
        owner = self._owner()
        if owner is None:
            return
        current = vars(owner).get(self._name)
        original = _without_hook(current)
        if original is not current:
            setattr(owner, self._name, original)


def _without_hook(method: Any) -> Any:
    """The method below the replacements of hooks, as far as they are above all others."""
    while method in _originals:
        method = _originals[method]
    return method


class Client:
    """The hooks of one library.

    module: after whose import the hooks can be placed. hooks: makes them of the module. All of them are placed, or
    none: the parts of a record would not fit together.

    If the module is reloaded, it has new classes, but what was made or derived of the old ones still uses those. So the
    hooks are placed in both.
    """

    def __init__(self, module: str, hooks: Callable[[ModuleType], list[Hook]]) -> None:
        self.module = module
        self._make_hooks = hooks
        self._hooks: list[Hook] = []
        self._live: Live = []

    def install(self, module: ModuleType) -> None:
        """Place the hooks, except for those that are there."""
        try:
            hooks = self._make_hooks(module)
        except AttributeError as error:
            self._name_once(f"{self.module} ({error})")
            return
        strange = [hook.place for hook in hooks if not hook.fits]
        if strange:
            self._name_once(", ".join(strange))
            return
        known = [hook for hook in self._hooks if not hook.gone]
        new = [hook for hook in hooks if all(hook.seam != each.seam for each in known)]
        self._hooks = known + new
        if not self._live:
            self._live, new = [True], self._hooks
        for hook in new:
            hook.install(self._live)

    def remove(self) -> None:
        """Restore what the hooks have replaced."""
        if self._live:
            self._live.clear()
            for hook in reversed(self._hooks):
                hook.remove()

    def _name_once(self, place: str) -> None:
        if place not in _named:
            _named.add(place)
            logger().warning("requests of %s are not recorded: this version is not known", place)
