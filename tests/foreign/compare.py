"""Runs the test suite of an HTTP client without and with the recorder, and compares the results test by test.

    python tests/foreign/compare.py requests

Fetches the source distribution of the installed version into a temporary folder. Its tests that need the internet fail
both times. Exits with status 0 if the results are equal.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

# What of each suite is about its client, and runs offline; the rest of aiohttp's is about its server.
SUITES = {
    "requests": ["tests"],
    "httpx": ["tests", "-W", "ignore"],  # its tests turn warnings of newer dependencies into errors
    # Without the recorder too, its threads wait for each other for ever if an assertion fails in one of them.
    "urllib3": ["test", "-k", "not http2_probe_blocked_per_thread"],
    "aiohttp": [
        *(f"tests/test_client_{name}.py" for name in ("functional", "middleware", "session", "ws_functional")),
        *("-W", "ignore", "-o", "addopts="),  # which are for its own coverage
    ],
}
TIMEOUT = 1800  # seconds for one run


def main(name: str) -> int:
    """Compare the results of one suite."""
    with tempfile.TemporaryDirectory(prefix="drhttp-foreign-") as folder:
        source = _fetch(name, Path(folder))
        without, recorded = _run(name, source, []), _run(name, source, ["-p", "recording_plugin"])
    print(f"{name} {version(name)} without: {_counted(without)}; recorded: {_counted(recorded)}")
    differing = [test for test in sorted({*without, *recorded}) if without.get(test) != recorded.get(test)]
    for test in differing:
        print(f"  {test}: {without.get(test)} without, {recorded.get(test)} recorded")
    return 1 if differing or "passed" not in without.values() else 0


def _fetch(name: str, folder: Path) -> Path:
    """Fetch and unpack the source distribution."""
    options = ["--quiet", "--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--dest", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "download", *options, f"{name}=={version(name)}"], check=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    (source,) = (path for path in folder.iterdir() if path.is_dir())
    return source


def _run(name: str, source: Path, options: list[str]) -> dict[str, str]:
    """Run the suite; returns the result of each test."""
    report = source / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *options]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        [*command, *SUITES[name]],
        cwd=source,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,  # some tests need the internet
    )
    for line in done.stdout.splitlines():
        if line.startswith("drhttp:"):
            print(line)
    results = {}
    for case in ElementTree.parse(report).iter("testcase"):
        tags = {child.tag for child in case}
        result = next((tag for tag in ("failure", "error", "skipped") if tag in tags), "passed")
        results[f"{case.get('classname')}::{case.get('name')}"] = result
    return results


def _counted(results: dict[str, str]) -> str:
    return ", ".join(f"{count} {result}" for result, count in sorted(Counter(results.values()).items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
