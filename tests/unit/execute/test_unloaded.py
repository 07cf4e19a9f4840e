"""Stand-ins for modules: loaded in place by the first touch, whatever the touch, and never told from the module."""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
import types
from typing import TYPE_CHECKING, Any

import pytest

from podium.execute.warden import unloaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAME = "stood_in_for"
FILES = {
    "slow.py": "import time\nearly = 1\ntime.sleep(0.3)\nvalue = 9\n",
    "__init__.py": "import sys\nevents = sys.stood_in_events\nevents.append('package')\nvalue = 5\n",
    "child.py": "from . import events\nevents.append('child')\nvalue = 6\n",
    "broken.py": "from . import events\nevents.append('broken')\n1 / 0\n",
    "replaced.py": "import sys\nother = type(sys)('other')\nother.value = 8\nsys.modules[__name__] = other\n",
}
ALL = [NAME, *(f"{NAME}.{child}" for child in ("child", "broken", "replaced", "slow", "absent"))]


@pytest.fixture
def events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A package with stand-ins for all of its modules; what happens is noted in order."""
    seen: list[str] = []

    @contextlib.contextmanager
    def alone() -> Iterator[None]:
        seen.append("begin")
        yield
        seen.append("end")

    (tmp_path / NAME).mkdir()
    for name, text in FILES.items():
        (tmp_path / NAME / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "stood_in_events", seen, raising=False)
    unloaded.stand_in([*ALL, "no_such_module"], alone, {f"{NAME}.child": lambda _: seen.append("afterwards")})
    yield seen
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]


def by_statement() -> Any:
    return importlib.import_module(NAME)


def by_attribute() -> Any:
    module = sys.modules[NAME]
    assert module.value == 5
    return module


def by_setting() -> Any:
    module = sys.modules[NAME]
    module.added = 1  # type: ignore[attr-defined]
    return module


def by_deleting() -> Any:
    module = sys.modules[NAME]
    del module.value
    module.value = 5  # type: ignore[attr-defined]
    return module


def by_listing() -> Any:
    module = sys.modules[NAME]
    assert "value" in dir(module)
    assert "value" in vars(module)
    return module


@pytest.mark.parametrize("touch", [by_statement, by_attribute, by_setting, by_deleting, by_listing])
def test_first_touch_of_any_kind_loads_the_module_in_place(touch: Callable[[], Any], events: list[str]) -> None:
    before = sys.modules[NAME]
    assert events == []
    module = touch()
    assert module is before is sys.modules[NAME]
    assert type(before) is types.ModuleType
    assert (module.value, module.__name__) == (5, NAME)
    assert events == ["begin", "package", "end"]


def test_child_is_an_attribute_of_its_parent_without_an_import(events: list[str]) -> None:
    package = importlib.import_module(NAME)
    assert package.child.value == 6
    assert events == ["begin", "package", "end", "begin", "child", "afterwards", "end"]


def test_module_that_is_not_installed_has_no_stand_in(events: list[str]) -> None:
    assert "no_such_module" not in sys.modules
    assert f"{NAME}.absent" not in sys.modules
    assert events == []


def test_failure_is_raised_and_the_next_import_tries_again(events: list[str]) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            importlib.import_module(f"{NAME}.broken")
        assert f"{NAME}.broken" not in sys.modules
    assert events.count("broken") == 2


def test_module_that_puts_another_in_its_place_is_that_one(events: list[str]) -> None:
    assert importlib.import_module(f"{NAME}.replaced").value == 8
    assert events.count("begin") == 1


def test_threads_that_import_at_once_see_a_whole_module_loaded_once(events: list[str]) -> None:
    seen: list[int] = []
    gate = threading.Barrier(8)

    def load() -> None:
        gate.wait()
        seen.append(importlib.import_module(NAME).value)

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [5] * 8
    assert events.count("package") == 1


def test_a_thread_that_touches_what_another_is_loading_waits_for_the_whole(events: list[str]) -> None:
    found: list[int] = []
    first = threading.Thread(target=lambda: found.append(sys.modules[f"{NAME}.slow"].early))
    first.start()
    while "early" not in object.__getattribute__(sys.modules[f"{NAME}.slow"], "__dict__"):
        pass
    found.append(sys.modules[f"{NAME}.slow"].value)
    first.join()
    assert sorted(found) == [1, 9]


def test_two_threads_never_load_at_once(events: list[str]) -> None:
    assert sys.modules[NAME].value == 5  # the others load it first, each within its own turn
    threads = [
        threading.Thread(target=lambda name=name: sys.modules[f"{NAME}.{name}"].value) for name in ("slow", "child")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    loading = [event for event in events if event in ("begin", "end")]
    depth = [loading[:at].count("begin") - loading[:at].count("end") for at in range(len(loading) + 1)]
    assert max(depth) == 1
