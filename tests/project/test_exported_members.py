"""What is public is listed."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

import drhttp

PUBLIC = [
    "DRHTTP_HEADER_DEVICE",
    "DRHTTP_HEADER_USER",
    "ASGIMiddleware",
    "ConfigError",
    "Record",
    "Redact",
    "Stats",
    "WSGIMiddleware",
    "__version__",
    "close",
    "flush",
    "record_outbound",
    "stats",
]


def test_the_public_names_are_these():
    """`__all__` holds the public names, in the order in which they are sorted."""
    assert drhttp.__all__ == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_there(name):
    """Every listed name can be had."""
    assert hasattr(drhttp, name)


def test_a_star_import_needs_no_framework():
    """`from drhttp import *` brings the listed names and loads no framework."""
    program = "import sys\nfrom drhttp import *\nassert WSGIMiddleware and 'django' not in sys.modules"
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_django_is_named_when_it_is_missing():
    """Without Django, asking for its middleware says what to install."""
    program = (
        "import sys\nsys.modules['django'] = sys.modules['asgiref'] = None\nimport drhttp\n"
        "try:\n    drhttp.DjangoUserMiddleware\nexcept ImportError as error:\n    print(error)"
    )
    output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert output == "drhttp.DjangoUserMiddleware needs Django: pip install 'drhttp[django]'\n"


def test_the_django_middleware_is_public_where_django_is():
    """The dotted path `drhttp.DjangoUserMiddleware` leads to the class, or to a clear refusal."""
    if find_spec("django") is None:
        with pytest.raises(ImportError, match="needs Django"):
            _ = drhttp.DjangoUserMiddleware
    else:
        assert drhttp.DjangoUserMiddleware.__name__ == "DjangoUserMiddleware"


def test_other_names_do_not_exist():
    """A name that is not there is an `AttributeError`, as everywhere."""
    with pytest.raises(AttributeError, match="no attribute 'WsgiMiddleware'"):
        _ = drhttp.WsgiMiddleware


def test_the_names_of_the_old_client_are_there():
    """What users of 0.2.0 import is still importable."""
    assert drhttp.DRHTTP_HEADER_USER == "x-drhttp-user"
    assert drhttp.DRHTTP_HEADER_DEVICE == "x-drhttp-device"
    assert issubclass(drhttp.ConfigError, ValueError)
