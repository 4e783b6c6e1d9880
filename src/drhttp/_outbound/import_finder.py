"""Calls a function when a module has been imported, without importing it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from drhttp._guard import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class ImportFinder:
    """A finder for `sys.meta_path`. It finds nothing itself, but watches the loaders of some modules.

    on_import: called with the module when it has run, by the name of the module.
    """

    def __init__(self, on_import: dict[str, Callable[[ModuleType], object]]) -> None:
        self._on_import = on_import
        self._asking: set[str] = set()  # modules for which the other finders are asked
        self._loading: list[ModuleType] = []  # that were being imported when the finder was installed

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        """Return what the other finders find, with a loader that is watched."""
        if self._loading:
            guarded(self._look_at_loading)
        function = self._on_import.get(name)
        if function is None or name in self._asking:
            return None
        self._asking.add(name)
        try:
            spec = find_spec(name)
        finally:
            self._asking.discard(name)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _WatchedLoader(spec, function)  # type: ignore[assignment]
        return spec

    def install(self) -> None:
        """Watch imports."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def await_end(self, module: ModuleType) -> None:
        """Call the function of a module whose import has begun, with the first import after its end."""
        self._loading.append(module)

    def _look_at_loading(self) -> None:
        for module in [each for each in self._loading if not is_loading(each)]:
            self._loading.remove(module)
            guarded(self._on_import[module.__name__], module)

    def remove(self) -> None:
        """Watch imports no longer."""
        self._loading.clear()
        if self in sys.meta_path:
            sys.meta_path.remove(self)


def is_loading(module: ModuleType) -> bool:
    """Whether a module is being imported at this moment."""
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


class _WatchedLoader:
    """Stands for the loader of a module until the module has run."""

    def __init__(self, spec: ModuleSpec, function: Callable[[ModuleType], object]) -> None:
        self._spec = spec
        self._loader: Any = spec.loader
        self._function = function

    def __getattr__(self, name: str) -> Any:
        if name == "_loader":  # `__init__` has not run
            raise AttributeError(name)
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        # Restored first, because the module may look at its own loader.
        self._spec.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        guarded(self._function, module)
