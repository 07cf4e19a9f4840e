"""Julia: every case of ours, judged in the root that holds the toolchain or on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.execute.languages.cases import Case, check_collection, need_toolchain, outcome_of, read_cases, roots

from podium.execute.languages import language_named
from podium.execute.sandbox import Sandbox
from podium.execute.selftest import try_probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.execute.languages import Mode

CASES = read_cases("jl")
FEW = [case for case in CASES if case.variant != "right"] + [case for case in CASES if case.variant == "right"][:3]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    need_toolchain("jl")
    with Sandbox(roots=roots()) as made:
        yield made


def test_the_cases_cover_every_way_to_end() -> None:
    check_collection("jl")


@pytest.mark.world
@pytest.mark.parametrize("case", FEW, ids=str)
def test_programs_end_as_they_must(sandbox: Sandbox, case: Case) -> None:
    assert outcome_of(case, "parity", sandbox)[0] == case.wanted["parity"]


@pytest.mark.world
@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case not in FEW], ids=str)
def test_right_solutions_pass(sandbox: Sandbox, case: Case) -> None:
    assert outcome_of(case, "parity", sandbox) == ("passed", "OK")


@pytest.mark.world
@pytest.mark.parametrize("mode", ["parity", "corrected"])
def test_the_self_test_tells_right_wrong_malformed_and_endless_apart(sandbox: Sandbox, mode: Mode) -> None:
    language = language_named("jl")
    probes = [try_probe(probe, language, mode, sandbox, "jl") for probe in language.probes("")]
    assert [probe.name for probe in probes if not probe.ok] == []
    assert len(probes) == 4
