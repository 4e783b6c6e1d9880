"""What an answer means for the batch: pure tables."""

from __future__ import annotations

import re
import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drhttp._delivery.retry import DONE, PostResult, Verdict, retry_after, verdict

URL = "https://h/p"
NOW = 1_700_000_000.0


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_success(status):
    """Any 2xx is done."""
    assert verdict(PostResult(status=status), URL) == DONE


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_try_again(status):
    """Too many and temporary trouble: again, as often as it takes."""
    error = f"{URL} answered {status}"
    expected = Verdict(action="retry", reason=f"status_{status}", error=error, crash=status != 429)
    assert verdict(PostResult(status=status), URL) == expected
    assert verdict(PostResult(status=status, retry_after="7"), URL).after == 7.0


@pytest.mark.parametrize("status", [500, 408, 501, 505, 507, 520, 530, 599, 600, 999, 101])
def test_an_outage_until_proved_otherwise(status):
    """A failure of the receiver: again, as for 503, but one of the records may be what it fails on."""
    expected = Verdict(action="retry", reason=f"status_{status}", error=f"{URL} answered {status}", suspect=True)
    assert verdict(PostResult(status=status), URL) == expected
    assert verdict(PostResult(status=status, retry_after="7"), URL).after == 7.0


def test_too_large():
    """413: halves."""
    judged = verdict(PostResult(status=413), URL)
    assert (judged.action, judged.reason) == ("split", "too_large")
    assert "too large" in judged.error


@pytest.mark.parametrize(
    ("status", "advice", "pause"),
    [
        (401, "the key in the DSN was not accepted", 60.0),
        (402, "the key in the DSN was not accepted", 60.0),
        (403, "the key in the DSN was not accepted", 60.0),
        (404, "check host, port and path of the DSN, and the option protocol", 60.0),
        (405, "check host, port and path of the DSN, and the option protocol", 60.0),
        (410, "check host, port and path of the DSN, and the option protocol", 60.0),
        (300, "redirects are not followed", 60.0),
        (301, "redirects are not followed", 60.0),
        (302, "redirects are not followed", 60.0),
        (303, "redirects are not followed", 60.0),
        (307, "redirects are not followed", 60.0),
        (308, "set the DSN to the final address", 60.0),
        (400, "answered 400", None),
        (406, "answered 406", None),
        (415, "answered 415", None),
        (418, "answered 418", None),
        (422, "answered 422", None),
        (499, "answered 499", None),
    ],
)
def test_refused(status, advice, pause):
    """Everything else is final: the batch is dropped, and where the next one would fare no better, there is a pause."""
    judged = verdict(PostResult(status=status, retry_after="7"), URL)
    assert (judged.action, judged.reason, judged.after) == ("drop", f"status_{status}", pause)
    assert judged.error.startswith(f"{URL} answered {status}")
    assert advice in judged.error


@pytest.mark.parametrize("trouble", ["dns", "refused", "timeout", "tls", "proxy", "reset", "address"])
def test_no_answer(trouble):
    """Without an answer: again, as often as it takes."""
    crash = trouble in ("timeout", "tls", "reset")  # the records were sent, or may have been
    expected = Verdict(action="retry", reason="unreachable", error=f"{URL}: why", crash=crash)
    assert verdict(PostResult(failure=trouble, detail="why"), URL) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("1", 1.0),
        (" 2 ", 2.0),
        ("120", 120.0),
        ("300", 300.0),
        ("301", 300.0),
        ("9" * 400, 300.0),
        ("1.5", None),
        ("-1", None),
        ("1e3", None),
        ("²", None),
        ("soon", None),
        (formatdate(NOW + 30, usegmt=True), 30.0),
        (formatdate(NOW + 30_000, usegmt=True), 300.0),
        (formatdate(NOW - 30, usegmt=True), 0.0),
        ("Tuesday, 14-Nov-23 22:13:50 GMT", 30.0),
        ("Tue Nov 14 22:13:50 2023", 30.0),
        ("Tue, 14 Nov 2023 25:99:99 GMT", None),
        ("Tue, 99 Nov 99999 00:00:00 GMT", None),
    ],
)
def test_retry_after(text, seconds):
    """Seconds and HTTP dates are read and clamped to five minutes; anything else is no advice."""
    assert retry_after(text, NOW) == seconds


def test_a_date_without_a_zone_is_utc(monkeypatch):
    """The local time of the process makes no difference."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert retry_after("Tue Nov 14 22:13:50 2023", NOW) == 30.0
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(("date", "after"), [(NOW, 30.0), (NOW + 20, 10.0), (NOW + 40, None), (NOW - 9999, 300.0)])
def test_a_date_is_one_of_the_receivers_clock(date, after):
    """What is asked for as a date counts from the date of the answer, whatever the clock of this machine says."""
    answer = PostResult(status=503, retry_after=formatdate(NOW + 30, usegmt=True), date=formatdate(date, usegmt=True))
    assert verdict(answer, URL).after == after


@pytest.mark.parametrize("date", [None, "", "soon", "Tue, 99 Nov 99999 00:00:00 GMT"])
def test_a_date_without_one_of_the_answer(date):
    """Where the answer does not tell the time, that of this machine has to do."""
    later = formatdate(time.time() + 100, usegmt=True)
    assert 90.0 < verdict(PostResult(status=429, retry_after=later, date=date), URL).after <= 100.0


@pytest.mark.parametrize("text", ["0", "00", formatdate(0, usegmt=True), "Thu, 01 Jan 1970"])
def test_a_retry_after_of_nothing_is_no_leave_to_storm(text):
    """A zero or a past date leaves the back-off in place."""
    assert verdict(PostResult(status=503, retry_after=text), URL).after is None


@given(
    st.text() | st.from_regex(re.compile(r"\w{3}, \d{1,3} \w{3} \d{1,5} \d\d:\d\d:\d\d( [A-Z+-]\w{0,6})?", re.ASCII))
)
def test_any_retry_after_is_harmless(text):
    """Whatever the header field holds, it is no advice or a wait of five minutes at most."""
    seconds = retry_after(text, NOW)
    assert seconds is None or 0 <= seconds <= 300
