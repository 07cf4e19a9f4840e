"""One rule for all tests: the world is off unless a test asks for it by the marker `world`."""

from __future__ import annotations

import functools
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.openapi.fetch import SLIM

from podium.standin.server import Standin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.openapi.conformance import Conformance

REPOSITORY = Path(__file__).resolve().parent.parent
KEPT_VARIABLES = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--minutes", type=float, default=0, help="begin no exhaustive test after so many minutes (0: no limit)"
    )


@pytest.fixture(scope="session")
def closing_time(request: pytest.FixtureRequest) -> float:
    """When the last exhaustive test may begin, by the monotonic clock."""
    minutes: float = request.config.getoption("--minutes")
    return time.monotonic() + 60 * minutes if minutes else float("inf")


@pytest.fixture(autouse=True)
def time_left(request: pytest.FixtureRequest, closing_time: float) -> None:
    """Skip an exhaustive test for which no time is left; the summary names it."""
    if request.node.get_closest_marker("exhaustive") and time.monotonic() > closing_time:
        pytest.skip("no time is left; `make test-exhaustive` runs it")


def _is_loopback(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a UNIX socket
    return str(address[0]) in {"localhost", "::1"} or str(address[0]).startswith("127.")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty the environment but for what processes need to start at all."""
    for name in set(os.environ) - KEPT_VARIABLES:
        if not name.startswith("PYTEST"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")


@pytest.fixture(autouse=True)
def closed_world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse sockets off loopback always, and processes unless the test is marked `world`."""
    connect = socket.socket.connect

    def loopback_only(self: socket.socket, address: Any) -> None:
        if not _is_loopback(address):
            pytest.fail(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", loopback_only)
    if request.node.get_closest_marker("world") is None:

        def refuse(*arguments: Any, **_: Any) -> None:
            pytest.fail(f"a test started a process without the marker `world`: {arguments}")

        monkeypatch.setattr(subprocess.Popen, "__init__", refuse)


@functools.cache
def _conformance() -> Conformance:
    from tests.openapi.conformance import Conformance

    return Conformance(SLIM)


@pytest.fixture(autouse=True)
def conformant_standin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What any test sends to the GitHub stand-in and gets is as GitHub describes it, where the description is there."""
    if not SLIM.exists():
        yield
        return
    before = _conformance.cache_info().currsize and len(_conformance().complaints)
    monkeypatch.setattr(Standin, "watcher", lambda exchange: _conformance().watch(exchange))
    yield
    complaints = _conformance().complaints[before:] if _conformance.cache_info().currsize else []
    if complaints:
        pytest.fail("not as GitHub describes its API:\n" + "\n".join(complaints))


@pytest.fixture
def data_dir() -> Path:
    """The evaluation data kept beside the project; the test is skipped where it is absent."""
    path = REPOSITORY.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip(f"no evaluation data at {path}")
    return path
