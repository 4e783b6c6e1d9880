"""The values of options: what cannot be one is refused under a name that says what it should be."""

from __future__ import annotations


def port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError
    return number


def positive(text: str) -> int:
    number = int(text)
    if not 0 < number <= 1 << 53:
        raise ValueError
    return number


def mib(text: str) -> int:
    return positive(text) << 20


def days(text: str) -> float:
    number = float(text)
    if not 0 < number < 100_000:
        raise ValueError
    return number


def base(text: str) -> str:
    if not text.startswith(("http://", "https://")) or len(text.split("/")) < 3 or not text.split("/")[2]:
        raise ValueError
    return text


port.__name__ = "port"  # argparse says "invalid port value"
positive.__name__ = mib.__name__ = days.__name__ = "number"
base.__name__ = "URL"
