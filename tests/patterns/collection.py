"""Every regular expression of the package, and how it is used.

Where expressions are made is read from the syntax of the modules; what they are is recorded while the modules are
imported and what makes some at run time is called. A place that nothing was recorded of makes the tests fail.
`python -m patterns.collection` writes all of it as JSON: it takes a fresh interpreter, in which nothing is imported.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "drhttp"
_FUNCTIONS = frozenset(("compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"))
_MODES = {"match": "match", "fullmatch": "fullmatch", "pattern": "fullmatch", "flags": "fullmatch"}
_STRENGTH = ("fullmatch", "match", "search")
_COMPILE = re.compile


@dataclass(frozen=True)
class Site:
    """A call that makes an expression. mode: "search", "match" or "fullmatch", by all of its uses."""

    file: str
    line: int
    function: str
    mode: str


@dataclass(frozen=True)
class Expression:
    """An expression that was found. is_bytes: `pattern` is then in Latin-1."""

    file: str
    line: int
    pattern: str
    flags: int
    mode: str
    is_bytes: bool = False


@cache
def sites() -> list[Site]:
    """Return every place in the package that makes an expression."""
    trees = {str(path.relative_to(PACKAGE)): ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}
    uses = [_Uses(name, tree) for name, tree in sorted(trees.items())]
    found = []
    for each in uses:
        for call in each.calls:
            modes = each.direct(call)
            for bound in each.bound(call):
                # A private name may be imported by other modules, and then has the same uses.
                modes += [mode for other in uses for mode in other.of(bound, each.file)]
            mode = max(modes, key=_STRENGTH.index) if modes else "search"
            found.append(Site(each.file, call.lineno, call.func.attr, mode))
    return found


class _Uses:
    """The calls of one module that make expressions, and how the results are used."""

    def __init__(self, file: str, tree: ast.Module) -> None:
        self.file = file
        self._parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        self._names: dict[str, list[ast.AST]] = {}
        self._imported: dict[tuple[str, str], str] = {}  # by module and name there, the name here
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self._names.setdefault(node.id, []).append(node)
            elif isinstance(node, ast.ImportFrom):
                self._imported.update({(node.module or "", each.name): each.asname or each.name for each in node.names})
        self._compiled = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in _FUNCTIONS
        ]
        self.calls = sorted(self._compiled, key=lambda call: (call.lineno, call.col_offset))

    def direct(self, call: ast.Call) -> list[str]:
        """Return how the call itself uses the expression: `re.fullmatch(...)`, `re.compile(...).search`."""
        if call.func.attr != "compile":
            return [_MODES.get(call.func.attr, "search")]
        parent = self._parents[call]
        return [_MODES.get(parent.attr, "search")] if isinstance(parent, ast.Attribute) else []

    def bound(self, call: ast.Call) -> list[str]:
        """Return the module-level name of the result."""
        node: ast.AST = call
        while node in self._parents:
            node = self._parents[node]
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Attribute):
                return []
            if isinstance(node, ast.Assign):
                return [target.id for target in node.targets if isinstance(target, ast.Name)]
        return []

    def of(self, name: str, file: str) -> list[str]:
        """Return how this module uses an expression that it or another one defines under a name."""
        module = "drhttp." + file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        here = name if self.file == file else self._imported.get((module, name))
        return [self._use(node) for node in self._names.get(here, ())] if here else []

    def _use(self, node: ast.AST) -> str:
        parent = self._parents[node]
        if isinstance(parent, ast.Subscript) and parent.value is node:  # one of several
            parent = self._parents[parent]
        if isinstance(parent, ast.Attribute):
            return _MODES.get(parent.attr, "search")
        is_compared = isinstance(parent, ast.Compare) and all(isinstance(op, ast.Is) for op in parent.ops)
        return "fullmatch" if is_compared else "search"


class _Recorder:
    """Replaces `re.compile` and similar functions, and records their arguments."""

    def __init__(self) -> None:
        self.made: list[tuple[str, int, str | bytes, int]] = []

    def install(self) -> None:
        """Replace the functions."""
        for name in _FUNCTIONS:
            setattr(re, name, self._noting(name, getattr(re, name)))

    def _noting(self, name: str, function):
        def noting(pattern, *arguments, **named):
            frame = sys._getframe(1)
            path = Path(frame.f_code.co_filename)
            if PACKAGE in path.parents:
                at = {"compile": 0, "sub": 3, "subn": 3, "split": 2}.get(name, 1)
                flags = named.get("flags", arguments[at] if len(arguments) > at else 0)
                compiled = pattern if isinstance(pattern, re.Pattern) else _COMPILE(pattern, flags)
                self.made.append((str(path.relative_to(PACKAGE)), frame.f_lineno, compiled.pattern, compiled.flags))
            return function(pattern, *arguments, **named)

        return noting


def recorded() -> list[tuple[str, int, str | bytes, int]]:
    """Return what is made while the package is imported, and while code runs that makes expressions later."""
    import argparse  # noqa: F401
    import email  # noqa: F401
    import importlib
    import pkgutil

    recorder = _Recorder()
    recorder.install()
    import drhttp

    for module in pkgutil.walk_packages(drhttp.__path__, "drhttp."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    from patterns import driving

    driving.make_all()
    return [*recorder.made, *_constant(recorder.made)]


def _constant(made: list[tuple[str, int, str | bytes, int]]) -> list[tuple[str, int, str | bytes, int]]:
    """Return expressions that are literals in functions that were not called."""
    known = {(file, line) for file, line, _, _ in made}
    found = []
    for path in PACKAGE.rglob("*.py"):
        file = str(path.relative_to(PACKAGE))
        for call in _Uses(file, ast.parse(path.read_text("utf-8"))).calls:
            if (file, call.lineno) not in known and isinstance(call.args[0], ast.Constant):
                compiled = _COMPILE(call.args[0].value, _flags(call))
                found.append((file, call.lineno, compiled.pattern, compiled.flags))
    return found


def _flags(call: ast.Call) -> int:
    """Return the flags of a call, if they are literals."""
    at = {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(call.func.attr, 2)
    nodes = [*call.args[at : at + 1], *(each.value for each in call.keywords if each.arg == "flags")]
    return sum({getattr(re, node.attr) for each in nodes for node in ast.walk(each) if isinstance(node, ast.Attribute)})


def expressions() -> list[Expression]:
    """Return every expression of the package, from a fresh interpreter."""
    modes = {(site.file, site.line): site.mode for site in sites()}
    found = {}
    for file, line, pattern, flags in recorded():
        is_bytes = isinstance(pattern, bytes)
        text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
        found[Expression(file, line, text, flags, modes.get((file, line), "search"), is_bytes)] = None
    return sorted(found, key=lambda each: (each.file, each.line, each.pattern))


if __name__ == "__main__":
    print(json.dumps([asdict(each) for each in expressions()]))
