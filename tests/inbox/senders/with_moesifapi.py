"""Sends one event, and a batch of two, with the models of moesifapi. argv: base address."""

from __future__ import annotations

import sys
from datetime import datetime, timezone

from moesifapi.configuration import Configuration
from moesifapi.models import EventModel, EventRequestModel, EventResponseModel
from moesifapi.moesif_api_client import MoesifAPIClient


def event(path):
    now = datetime(2026, 11, 22, 16, 0, 0, 123456, tzinfo=timezone.utc)
    request = EventRequestModel(
        time=now, uri=f"http://shop.test{path}", verb="GET", headers={"Host": "shop.test"}, ip_address="10.1.2.3"
    )
    response = EventResponseModel(time=now, status=200, headers={}, body={"ok": True}, transfer_encoding="json")
    return EventModel(request=request, response=response, user_id="alice", metadata={"foo": "bar"})


if __name__ == "__main__":
    client = MoesifAPIClient("local".ljust(50, "a"))
    Configuration.BASE_URI = sys.argv[1]
    client.api.create_event(event("/single"))
    client.api.create_events_batch([event("/first"), event("/second")])
