"""What does masking cost, on top of encoding? A body of 1 KB of JSON, with nothing to mask and with five values.

    python benchmarks/redaction.py

Both ways are measured in turn, in the same run, in process time; each round has a body of its own. Prints medians.
"""

from __future__ import annotations

import json
import statistics
import time
import uuid

from drhttp._mutable_record import MutableRecord
from drhttp._record import Body
from drhttp._redact import Policy, redact
from drhttp._redact_options import Redact
from drhttp._wire import events_protocol

ROUNDS, BATCH = 200, 50


def plain(number: int) -> dict[str, object]:
    """About 1 KB without secrets, a little different each time."""
    return {
        "id": number,
        "status": "shipped",
        "customer": {"name": "Ada Lovelace", "email": "ada@example.com", "city": "London", "since": 2019},
        "items": [
            {"sku": f"AB-{number + at:06d}", "title": "A thing of some use", "quantity": at + 1, "price": 9.5 + at}
            for at in range(8)
        ],
        "total": 123.45,
        "currency": "EUR",
        "comment": "Please leave it at the neighbour's door, thank you very much for your help with the last one",
        "tags": ["new", "gift", "express", "fragile"],
        "paid": True,
        "discount": None,
        "address": {"street": "12 St James's Square", "postcode": "SW1Y 4JH", "country": "GB"},
    }


def secret(number: int) -> dict[str, object]:
    """The same with five secrets."""
    body = plain(number)
    body.update(password=f"pw{number}", token=f"t{number}", cvv=number % 1000)
    body["payment"] = {"card_number": "4111111111111111", "apiKey": f"k{number}"}
    del body["comment"]
    return body


HEADERS = (
    ("host", "shop.example"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"),
    ("accept", "application/json, text/plain, */*"),
    ("accept-language", "en-GB,en;q=0.9"),
    ("content-type", "application/json"),
)


def record(content: bytes, headers: tuple[tuple[str, str], ...]) -> MutableRecord:
    """A record of a request without a body, and an answer with this one."""
    made = MutableRecord()
    made.id = str(uuid.uuid4())
    made.time = made.response_time = 1.7e9
    made.method, made.uri, made.request_headers = "GET", "https://shop.example/orders/7", headers
    made.status, made.response_headers = 200, (("content-type", "application/json"),)
    made.response_body = Body(content=content, size=len(content))
    return made


def measure(make: object, headers: tuple[tuple[str, str], ...]) -> tuple[float, float]:
    """Microseconds of encoding alone, and of masking on top of it."""
    policy, alone, both = Policy(Redact()), [], []
    number = 0
    for _ in range(ROUNDS):
        bodies = [json.dumps(make(number + at)).encode() for at in range(BATCH)]  # type: ignore[operator]
        number += BATCH
        records = [record(body, headers) for body in bodies]
        begin = time.process_time()
        for each in records:
            events_protocol.encode(each, {})
        middle = time.process_time()
        for each in records:
            redact(each, policy)
            events_protocol.encode(each, {})
        end = time.process_time()
        alone.append((middle - begin) / BATCH * 1e6)
        both.append((end - middle) / BATCH * 1e6)
    return statistics.median(alone), statistics.median(b - a for a, b in zip(alone, both, strict=True))


def main() -> None:
    """Print the table."""
    print(f"{'body':<32}{'bytes':>7}{'encode':>9}{'+ mask':>9}  (µs)")
    for name, make, headers in (
        ("nothing to mask", plain, HEADERS[-1:]),
        ("nothing to mask, 5 headers", plain, HEADERS),
        ("five values to mask", secret, HEADERS[-1:]),
        ("five values to mask, 5 headers", secret, HEADERS),
    ):
        alone, more = measure(make, headers)
        print(f"{name:<32}{len(json.dumps(make(1))):>7}{alone:>9.1f}{more:>9.1f}")


if __name__ == "__main__":
    main()
