"""report: the body and the page hold every number with its evidence, alike every time, safe whatever a record says."""

from __future__ import annotations

import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.gates.release import ALBOR, HEADER, MODEL, PLAN, SCORE

import podium.gates
import podium.report.plots
import podium.report.sections
from podium.errors import FindingsError, RecordError
from podium.gates import GATES
from podium.gates.evidence import Evidence
from podium.records import Finding, Findings, Plan, Scores, TaskScore, read_record, write_record
from podium.report import body_of, collect, report
from podium.report.document import Plot
from podium.report.page import html
from podium.report.plots import PLOTS
from podium.report.sections import IN_BODY, ON_PAGE
from podium.submission.assembly import MAXIMUM_BODY
from podium.submission.marks import marker

if TYPE_CHECKING:
    from types import ModuleType


def _evidence(**scores: TaskScore) -> Evidence:
    record = Scores(model=ALBOR, mode="parity", tasks=list(scores.values()) or [SCORE], left_out=[])
    findings = Findings(files=[], findings=[])
    return Evidence(plan=PLAN, model=MODEL, scores=record, headers=[HEADER], findings=findings)


def _body(evidence: Evidence) -> str:
    return body_of(evidence, marker("0" * 64))


def _page(evidence: Evidence) -> str:
    return html("Title", [tell(evidence) for tell in ON_PAGE], {"scores": Plot(png=b"", alt="humaneval 10 %")})


def test_the_body_holds_marker_title_scores_gates_and_protocol() -> None:
    body = _body(_evidence())
    assert body.startswith(marker("0" * 64))
    assert "[Community Submission] Model: PAIML/ALBOR350M, Username: noahgift" in body
    assert "| humaneval | 164 of 164 | 50 | 820 | 10.00 |  |" in body
    assert "| protocol | yes |" in body
    assert "| temperature | 0.2 | 0.2 |" in body
    assert "podium validate community_results/PAIML_ALBOR350M_noahgift" in body


@pytest.mark.world  # matplotlib asks the system for its fonts, once on each machine
def test_the_same_records_give_the_same_body_and_the_same_plot() -> None:
    assert _body(_evidence()) == _body(_evidence())
    for draw in PLOTS.values():
        assert draw(_evidence()) == draw(_evidence())
        assert draw(_evidence()).png.startswith(b"\x89PNG")


def test_a_partial_run_says_so_first() -> None:
    evidence = msgspec.structs.replace(_evidence(), plan=msgspec.structs.replace(PLAN, partial=["n_samples is 5"]))
    assert "**Not a submission:** n_samples is 5." in _body(evidence)


def test_a_full_board_stays_far_below_githubs_limit() -> None:
    tasks = {f"t{i}": msgspec.structs.replace(SCORE, task=f"multiple-{i:02}") for i in range(19)}
    assert len(_body(_evidence(**tasks))) < MAXIMUM_BODY / 2


@pytest.mark.parametrize("text", ["a | b", "<script>alert(1)</script>", "line\nbreak"])
def test_what_a_record_says_cannot_break_the_table_or_the_page(text: str) -> None:
    header = msgspec.structs.replace(HEADER, toolchain={"tool": text})
    evidence = msgspec.structs.replace(_evidence(), headers=[header])
    row = next(line for line in _body(evidence).splitlines() if line.startswith("| humaneval | `"))
    assert row.replace("\\|", "").count("|") == 4
    assert "<script" not in row
    finding = Finding(rule="r", severity="warning", path="p", message=text)
    page = _page(msgspec.structs.replace(evidence, findings=Findings(files=[], findings=[finding])))
    assert "<script>alert" not in page


def test_errors_among_the_findings_stop_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = Finding(rule="r", severity="error", path="scores.json", message="differs from the verdicts")
    evidence = msgspec.structs.replace(_evidence(), findings=Findings(files=[], findings=[finding]))
    monkeypatch.setattr("podium.report.collect", lambda _: evidence)
    with pytest.raises(FindingsError, match=r"scores\.json: differs from the verdicts") as caught:
        report(tmp_path)
    assert "podium validate" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_missing_record_is_named(tmp_path: Path) -> None:
    write_record(tmp_path / "plan.json", PLAN)
    assert read_record(tmp_path / "plan.json", Plan) == PLAN
    with pytest.raises(RecordError, match=r"model\.json"):
        collect(tmp_path)


def test_the_page_shows_the_plots_between_the_scores_and_the_gates_and_every_section() -> None:
    page = _page(_evidence())
    marks = ["<title>Title</title>", "820", '<img src="scores.png" alt="humaneval 10 %">', "<h2>Gates</h2>", "Findings"]
    assert [page.index(mark) for mark in marks] == sorted(page.index(mark) for mark in marks)
    assert all(f"<h2>{tell(_evidence()).title}" in page.replace("&#39;", "'") for tell in ON_PAGE[2:])


def test_a_decision_colours_its_row_and_a_digest_is_code() -> None:
    page = _page(msgspec.structs.replace(_evidence(), plan=msgspec.structs.replace(PLAN, partial=["n_samples is 5"])))
    assert '<tr class="no"><td>protocol<td>no<td>n_samples is 5' in page
    assert '<p class="no"><strong>Not a submission:</strong> n_samples is 5.</p>' in page
    assert f"<code>{HEADER.data_sha256}</code>" in page


@pytest.mark.parametrize(
    ("package", "table"),
    [
        (podium.report.sections, ON_PAGE),
        (podium.report.plots, tuple(PLOTS.values())),
        (podium.gates, GATES),
    ],
)
def test_every_section_plot_and_gate_that_has_a_file_has_its_row(
    package: ModuleType, table: tuple[object, ...]
) -> None:
    names = {f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__)}
    beside = {"podium.gates.decision", "podium.gates.evidence"}
    assert {function.__module__ for function in table if callable(function)} == names - beside


def test_what_the_body_leaves_out_is_on_the_page() -> None:
    assert set(IN_BODY) < set(ON_PAGE)
