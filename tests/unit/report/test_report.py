"""report: the body and the page hold every number with its evidence, alike every time, safe whatever a record says."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.unit.gates.release import ALBOR, HEADER, MODEL, PLAN, SCORE

from podium.errors import FindingsError, RecordError
from podium.gates.evidence import Evidence
from podium.records import Finding, Findings, Plan, Scores, TaskScore, read_record, write_record
from podium.report import collect, render, report
from podium.report.plot import draw_scores
from podium.submission.assembly import MAXIMUM_BODY
from podium.submission.marks import marker


def _evidence(**scores: TaskScore) -> Evidence:
    record = Scores(model=ALBOR, mode="parity", tasks=list(scores.values()) or [SCORE], left_out=[])
    findings = Findings(files=[], findings=[])
    return Evidence(plan=PLAN, model=MODEL, scores=record, headers=[HEADER], findings=findings)


def _body(evidence: Evidence) -> str:
    return render("pr_body.md.jinja", evidence, marker=marker("0" * 64))


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
    assert draw_scores(_evidence().scores) == draw_scores(_evidence().scores)
    assert draw_scores(_evidence().scores).startswith(b"\x89PNG")


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
    page = render(
        "index.html.jinja",
        msgspec.structs.replace(_evidence(), findings=Findings(files=[], findings=[finding])),
        alt="",
    )
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
