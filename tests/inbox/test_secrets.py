"""The whole way, from an application through the recorder into the inbox: no secret is in its file or output."""

from __future__ import annotations

from privacy.corpus import MARK, all_cases
from privacy.wiring import deliver, leaks

import drhttp


def test_no_secret_gets_into_the_inbox(start):
    """Neither the file, nor what the inbox prints, lists or shows holds one of the planted secrets."""
    inbox = start()
    cases = all_cases()[::9]
    deliver(f"http://local@127.0.0.1:{inbox.port}/", cases)
    assert drhttp.stats().sent == len(cases)
    listed = inbox.ls()
    assert len(listed) == len(cases)
    shown = [inbox.show(each["id"]) for each in listed[::40]]
    assert MARK not in repr(listed)
    assert not any(map(leaks, (*listed, *shown)))
    printed = inbox.command("ls").stdout + inbox.command("show", listed[0]["id"]).stdout
    status, output = inbox.stop()
    assert status == 0
    assert MARK not in printed + output + "\n".join(inbox.welcome)
    files = list(inbox.file.parent.glob(f"{inbox.file.name}*"))
    assert files
    assert not any(MARK.encode() in file.read_bytes() for file in files)
