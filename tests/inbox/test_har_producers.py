"""HAR files as browsers, proxies and other tools write them: what is imported is shown, and exported as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drhttp.inbox import har
from drhttp.inbox.decode import Arrival
from drhttp.inbox.detail import text

FOLDER = Path(__file__).with_name("har_files")
FILES = {path.stem: path for path in sorted(FOLDER.glob("*.har"))}
PROJECT = Arrival("local", 0).project
RECEIVED = 1795363200_000000
SECRET = "hunter2"


def loaded(name):
    return json.loads(FILES[name].read_text(encoding="utf-8"))


def imported(name):
    found, remarks = har.read(FILES[name].read_bytes(), PROJECT, RECEIVED)
    assert remarks == []
    return found


def exported(exchanges, *, reveal):
    pages = har.Pages()
    entries = [har.entry(one, reveal=reveal, pages=pages) for one in exchanges]
    return json.loads(json.dumps({"log": {"entries": entries, "pages": pages.listed}}))["log"]


def foreign(entry):
    return {name: value for name, value in entry.items() if name != "_drhttp"}


# What importers require as a text, where these producers write null.
REPAIRED = {"charles": {("response", "redirectURL"): "", ("response", "content", "mimeType"): ""}}


def repaired(name, entry):
    for way, value in REPAIRED.get(name, {}).items():
        place = entry
        for step in way[:-1]:
            place = place[step]
        if place[way[-1]] is None:
            place[way[-1]] = value
    return entry


def test_there_are_files_of_many_producers():
    """Thirteen producers at least."""
    assert len(FILES) >= 13


@pytest.mark.parametrize("name", FILES)
def test_an_export_of_an_import_has_every_field(name):
    """Field by field, entry by entry, page by page: timings, addresses, initiators, messages and all the rest."""
    log = loaded(name)["log"]
    written = exported(imported(name), reveal=True)

    assert len(written["entries"]) == len(log["entries"])
    for before, after in zip(log["entries"], written["entries"], strict=True):
        assert foreign(after) == repaired(name, before)
    assert sorted(written["pages"], key=str) == sorted(log.get("pages", []), key=str)


@pytest.mark.parametrize("name", FILES)
def test_an_export_is_imported_as_the_same_records(name):
    """However often it goes there and back."""
    found = imported(name)
    again, remarks = har.exchanges({"log": exported(found, reveal=True)}, PROJECT, RECEIVED)

    assert remarks == []
    assert again == found


@pytest.mark.parametrize("name", FILES)
def test_a_masked_export_holds_no_secret(name):
    """Passwords and tokens are hidden in every place that only an imported entry has, too."""
    assert SECRET not in json.dumps(exported(imported(name), reveal=False))


def test_the_files_hold_secrets():
    """Otherwise the test above would say nothing."""
    assert len([name for name, path in FILES.items() if SECRET in path.read_text(encoding="utf-8")]) >= 9


@pytest.mark.parametrize("name", FILES)
def test_the_terminal_shows_an_import_without_secrets(name):
    """`drhttp show` says from where each entry is, and hides what the page hides."""
    for exchange in imported(name):
        shown = "\n".join(text(exchange))
        assert "imported" in shown
        assert SECRET not in shown
        assert "removed by" not in shown


@pytest.mark.parametrize("name", FILES)
def test_the_inbox_shows_every_entry_once(shared_inbox, name):
    """Every entry becomes a record; importing the file again adds nothing; the page and the export say the same."""
    log = loaded(name)["log"]
    raw = FILES[name].read_bytes()
    last = shared_inbox.api("GET", "/info")[1]["newest"]

    assert shared_inbox.api("POST", "/import", raw)[1] == {
        "imported": len(log["entries"]), "known": 0, "refused": 0, "remarks": [],
    }  # fmt: skip
    assert shared_inbox.api("POST", "/import", raw)[1] == {
        "imported": 0, "known": len(log["entries"]), "refused": 0, "remarks": [],
    }  # fmt: skip
    listed = shared_inbox.api("GET", f"/records?order=asc&after={last}&limit=100&reveal=1")[1]["records"]
    assert len(listed) == len(log["entries"])
    for record, entry in zip(listed, log["entries"], strict=True):
        n = record["n"]
        shown = shared_inbox.api("GET", f"/records/{n}?reveal=1")[1]
        assert shown["url"] == entry["request"]["url"]
        assert (shown["status"] or 0) == entry["response"]["status"]
        about = shown["imported"]
        assert about["place"] == log["entries"].index(entry) or entry in log["entries"][: about["place"]]
        assert dict(about["timings"]) == {
            phase: ms for phase, ms in entry["timings"].items() if phase[0] != "_" and ms >= 0
        }
        assert about["server"] == entry.get("serverIPAddress")
        messages = entry.get("_webSocketMessages")
        assert (about["messages"] or {}).get("count") == (len(messages) if messages else None)
        assert SECRET not in json.dumps(shared_inbox.api("GET", f"/records/{n}")[1])
        whole = shared_inbox.api("GET", f"/export?n={n}&reveal=1")[1]
        assert foreign(whole["log"]["entries"][0]) == repaired(name, entry)
