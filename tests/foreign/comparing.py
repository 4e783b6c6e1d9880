"""Compares the results of a test suite that ran twice, bare and with every application wrapped.

    python comparing.py SUITE BARE.xml WRAPPED.xml

Prints the figures and each difference; the exit status is 1 if there is one that is not expected.
"""

from __future__ import annotations

import sys
from xml.etree import ElementTree

# Tests whose results may differ, by the end of their names, and why.
EXPECTED = {
    "starlette": {
        "test_file_response_stops_on_disconnect[asyncio-bytes=0--2.3]": "depends on time, and uses no test client",
    },
}


def results(file: str) -> dict[str, str]:
    """The result of each test, by its name."""
    found = {}
    for case in ElementTree.parse(file).iter("testcase"):
        kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
        found[f"{case.get('classname')}::{case.get('name')}"] = "+".join(sorted(kinds)) or "passed"
    return found


def main() -> int:
    """Compare, and print."""
    suite, bare_file, wrapped_file = sys.argv[1:]
    bare, wrapped = results(bare_file), results(wrapped_file)
    different = sorted(name for name in {*bare, *wrapped} if bare.get(name) != wrapped.get(name))
    unexpected = 0
    for name in different:
        reason = next((why for end, why in EXPECTED.get(suite, {}).items() if name.endswith(end)), None)
        unexpected += reason is None
        print(f"  {name}: {bare.get(name)} bare, {wrapped.get(name)} wrapped; {reason or 'NOT EXPECTED'}")
    print(f"{suite}: {len(bare)} tests, {sum(each == 'passed' for each in bare.values())} pass bare,")
    print(f"  {len(different)} differ, {unexpected} of them unexpectedly")
    return 1 if unexpected or not bare else 0


if __name__ == "__main__":
    sys.exit(main())
