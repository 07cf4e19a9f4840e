"""What of our interpreter and process a Python program can see: what a real harness process shows, and 500 verdicts.

Without a checkout of the harness everything is compared with what was recorded from one; see CONTRIBUTING.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.execute.process import generate, real, state
from tests.unit.execute.process.breaks import BREAKS, broken
from tests.unit.execute.process.judge import judge

from podium.execute import sandbox
from podium.execute.sandbox import PYTHON_DRIVER

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.world
ROOT = Path(__file__).resolve().parents[3]
CHECKOUT = os.environ.get("PODIUM_TEST_HARNESS", "")
PYTHON = os.environ.get("PODIUM_TEST_HARNESS_PYTHON", "")
with_harness = pytest.mark.skipif(not (CHECKOUT and PYTHON), reason="no harness, or no interpreter that runs all of it")
same_python = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="recorded from Python 3.11")
SYSTEM_PYTHON = Path(f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}")
ORDINARY = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"]
SAMPLE = 60
# Each way in which our process differs from the harness's, and why that is right.
DIFFERENCES = {
    "finders": "two of packages that are not installed here",
    "warning filters": "those of packages come with the packages; Python's own are the same, see the test for them",
}
# Compiled modules are loaded when they are imported, for that needs nothing that the guard removes.
COMPILED = {
    "array", "atexit", "binascii", "cmath", "grp", "mmap", "pwd", "pyexpat", "pyexpat.errors", "pyexpat.model", "runpy",
    "termios", "unicodedata",
}  # fmt: skip


def kept(programs: Sequence[generate.Program]) -> list[generate.Program]:
    """The sample for the normal suite."""
    return random.Random(1).sample(list(programs), SAMPLE)


def differing(programs: Sequence[generate.Program], texts: Sequence[str], wanted: dict[str, str]) -> dict[str, str]:
    """Programs with another text than the harness's that no limit of ours explains."""
    limits = {template.name: template.limit for template in generate.templates()}
    return {
        program.name: f"ours {text!r:.200}, the harness's {wanted[program.name]!r:.200}"
        for program, text in zip(programs, texts, strict=True)
        if generate.normal(text) not in (generate.normal(wanted[program.name]), limits[program.template] or None)
    }


@functools.cache
def seen() -> dict[str, str]:
    items = state.programs()
    return dict(zip(items, map(state.normal, judge([(text, "") for text in items.values()])), strict=True))


@same_python
def test_program_sees_the_process_that_a_real_harness_shows_it() -> None:
    ours, theirs = seen(), state.recorded()
    assert ours.keys() == theirs.keys()
    items = [name for name in ours if not name.startswith("standard modules")]
    unlike = {name: (ours[name], theirs[name]) for name in items if ours[name] != theirs[name]}
    assert {name: pair for name, pair in unlike.items() if name not in DIFFERENCES} == {}
    assert set(unlike) == set(DIFFERENCES)


@same_python
def test_standard_modules_count_as_loaded_as_there() -> None:
    ours, theirs = seen(), state.recorded()
    for letters in state.SLICES:
        name = f"standard modules {letters}"
        mine, wanted = (set(ast.literal_eval(text[name].removeprefix("failed: "))) for text in (ours, theirs))
        assert mine - wanted == set()
        assert {module for module in wanted - mine if not module.startswith("_")} <= COMPILED


def test_free_recursion_depth_is_the_harnesss_in_every_version_of_python() -> None:
    # Asked of its check_correctness, called in a thread of a pool, in each of them.
    wanted = {(3, 11): 983, (3, 12): 985, (3, 13): 984}
    if sys.version_info[:2] not in wanted:
        pytest.skip("the harness was not asked in this version")
    assert judge([(state.DEPTH, "")]) == [f"failed: {wanted[sys.version_info[:2]]}"]


def test_standard_warning_filters_are_the_same_and_in_the_same_order() -> None:
    own = {"DeprecationWarning", "PendingDeprecationWarning", "ImportWarning", "ResourceWarning"}

    def filters(text: str) -> list[object]:
        return [item for item in ast.literal_eval(text.removeprefix("failed: ")) if item[2] in own]

    assert filters(seen()["warning filters"]) == filters(state.recorded()["warning filters"])


def test_modules_of_the_driver_are_those_that_were_recorded() -> None:
    modules = json.loads(PYTHON_DRIVER.with_name("python_modules.json").read_text())
    recorded = set().union(
        *(
            ast.literal_eval(text.removeprefix("failed: "))
            for name, text in state.recorded().items()
            if name.startswith("standard modules")
        )
    )
    assert {*modules["ready"], *modules["standard"]} <= recorded


@with_harness
@pytest.mark.slow
def test_recorded_process_is_what_a_real_one_shows_now() -> None:
    items = state.programs()
    theirs = real.ask(CHECKOUT, PYTHON, [(text, "") for text in items.values()])
    assert dict(zip(items, map(state.normal, theirs), strict=True)) == state.recorded()


def test_there_are_more_than_fifty_templates_and_each_names_breaks_that_exist() -> None:
    templates = generate.templates()
    assert len(templates) > 50
    assert {name for template in templates for name in template.breaks} == set(BREAKS)
    assert all(template.breaks for template in templates)
    assert len(generate.programs()) == generate.COUNT
    assert {program.template for program in generate.programs()} == {template.name for template in templates}
    assert {program.name for program in generate.programs()} == set(generate.recorded())


@same_python
def test_sampled_programs_get_the_harnesss_verdicts() -> None:
    programs = kept(generate.programs())
    texts = judge([(program.text, program.tests) for program in programs])
    assert differing(programs, texts, generate.recorded()) == {}


@same_python
@pytest.mark.exhaustive
def test_500_programs_get_the_harnesss_verdicts() -> None:
    programs = generate.programs()
    texts = judge([(program.text, program.tests) for program in programs])
    assert differing(programs, texts, generate.recorded()) == {}


@with_harness
@pytest.mark.exhaustive
def test_recorded_verdicts_are_what_a_real_harness_says_now() -> None:
    programs = generate.programs()
    theirs = real.ask(CHECKOUT, PYTHON, [(program.text, program.tests) for program in programs])
    wanted = {name: generate.normal(text) for name, text in generate.recorded().items()}
    assert {program.name: generate.normal(text) for program, text in zip(programs, theirs, strict=True)} == wanted


@same_python
@pytest.mark.skipif(os.geteuid() != 0 or not SYSTEM_PYTHON.exists(), reason="only root can become an ordinary user")
@pytest.mark.parametrize("all_of_them", [False, pytest.param(True, marks=pytest.mark.exhaustive)])
def test_ordinary_user_gets_the_harnesss_verdicts(all_of_them: bool, tmp_path: Path) -> None:
    # The system's interpreter has no numpy.
    programs = [program for program in generate.programs() if "numpy" not in program.text]
    programs = programs if all_of_them else kept(programs)
    folder = tmp_path / "open"
    folder.mkdir()
    request = folder / "programs.json"
    request.write_text(json.dumps([(program.text, program.tests) for program in programs]))
    command = [*ORDINARY, str(SYSTEM_PYTHON), "-c", STANDARD_INPUT]
    packages = Path(msgspec.__file__).parents[1]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT / 'scripts'}:{ROOT}:{packages}"}
    with request.open() as stream:
        done = subprocess.run(command, env=environment, stdin=stream, cwd="/", capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert differing(programs, json.loads(done.stdout), generate.recorded()) == {}


STANDARD_INPUT = """
import json, sys
from tests.unit.execute.process.judge import judge
print(json.dumps(judge(json.load(sys.stdin))))
"""


@same_python
@pytest.mark.parametrize(
    "name",
    [
        name if rank % 12 == 0 else pytest.param(name, marks=pytest.mark.exhaustive)
        for rank, name in enumerate(sorted(BREAKS))
    ],
)
def test_broken_driver_is_noticed_by_every_template_that_says_so(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates = {template.name for template in generate.templates() if name in template.breaks}
    programs = [program for program in generate.programs() if program.template in templates]
    monkeypatch.setattr(sandbox, "PYTHON_DRIVER", broken(name, tmp_path))
    texts = judge([(program.text, program.tests) for program in programs])
    red = {program.template for program in programs if program.name in differing(programs, texts, generate.recorded())}
    assert templates - red == set()
