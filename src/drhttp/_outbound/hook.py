"""Hooks in the classes of HTTP clients: put in place, and removed by identity."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from drhttp._logger import logger

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    #: Makes the replacement of a method from the original, which it has to call.
    Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]

_named: set[str] = set()  # hooks of unknown shape that the log has named


class Hook:
    """The replacement of one method of a class.

    owner: the class. example: arguments as the library passes them. If the method does not take them, its shape is
    unknown, and it is left alone.
    """

    def __init__(self, owner: type, name: str, wrap: Wrap, example: tuple[Any, ...]) -> None:
        self._owner = owner
        self._name = name
        self._wrap = wrap
        self._example = example
        self._original: Any = None
        self._replacement: Any = None
        self._above: Any = None  # what somebody else has put above the replacement

    @property
    def fits(self) -> bool:
        """Whether the method is there, and takes the arguments that the hook expects."""
        method = vars(self._owner).get(self._name)
        try:
            inspect.signature(method).bind(*self._example)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return False
        return True

    @property
    def place(self) -> str:
        """The name of the method, for the log."""
        return f"{self._owner.__module__}.{self._owner.__qualname__}.{self._name}"

    def install(self) -> None:
        """Replace the method, unless the replacement is still in its place, or under somebody else's."""
        current = vars(self._owner)[self._name]
        if self._replacement is not None and (current is self._replacement or current is self._above):
            return
        self._original = current
        self._replacement = self._wrap(current)
        setattr(self._owner, self._name, self._replacement)

    def remove(self) -> None:
        """Restore the method, unless somebody else has replaced it meanwhile.

        Then the replacement stays under theirs. It records nothing as long as outgoing requests are not watched.
        """
        current = vars(self._owner).get(self._name)
        if current is self._replacement:
            setattr(self._owner, self._name, self._original)
            self._original = self._replacement = None
        else:
            self._above = current


class Client:
    """The hooks of one library.

    module: after whose import the hooks can be placed. hooks: makes them of the module. All of them are placed, or
    none: the parts of a record would not fit together.
    """

    def __init__(self, module: str, hooks: Callable[[ModuleType], list[Hook]]) -> None:
        self.module = module
        self._make_hooks = hooks
        self._hooks: list[Hook] = []
        self._hooked: ModuleType | None = None
        self._installed = False

    def install(self, module: ModuleType) -> None:
        """Place the hooks. It has no effect if they are there."""
        if self._installed and self._hooked is module:
            return
        if self._hooked is not module:
            try:
                self._hooks, self._hooked = self._make_hooks(module), module
            except AttributeError as error:
                self._name_once(f"{self.module} ({error})")
                return
        strange = [hook.place for hook in self._hooks if not hook.fits]
        if strange:
            self._name_once(", ".join(strange))
            return
        self._installed = True
        for hook in self._hooks:
            hook.install()

    def remove(self) -> None:
        """Restore what the hooks have replaced."""
        if self._installed:
            self._installed = False
            for hook in reversed(self._hooks):
                hook.remove()

    def _name_once(self, place: str) -> None:
        if place not in _named:
            _named.add(place)
            logger().warning("requests of %s are not recorded: this version is not known", place)
