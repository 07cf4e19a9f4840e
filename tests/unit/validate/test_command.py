"""`podium validate`: exit codes, formats, paths from the environment, and what it must not import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from podium.__main__ import main
from podium.records import Finding, Findings, decode
from podium.validate.reporters import github_lines, text_lines

if TYPE_CHECKING:
    from pathlib import Path

GROUPED = "acme_tiny-code_1_ada.json"
HEAVY = ("torch", "transformers", "github", "huggingface_hub", "numpy", "matplotlib", "jinja2", "tokenizers")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["validate", *arguments])
    code = stop.value.code
    assert isinstance(code, int)
    return code


def spoil(run_dir: Path) -> None:
    path = run_dir / GROUPED
    path.write_text(path.read_text().replace("acme/tiny-code_1", "acme/other"))


def reverse_results(folder: Path) -> None:
    """Break a rule that only warns."""
    value = json.loads((folder / GROUPED).read_text())
    value["results"].reverse()
    (folder / GROUPED).write_text(json.dumps(value))


def test_clean_run_exits_0_and_says_how_much_was_seen(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(run_dir)) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "16 files valid" in err


def test_errors_exit_1_with_rule_path_and_remedy(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(run_dir)
    assert run(str(run_dir)) == 1
    out, err = capsys.readouterr()
    assert f"error [meta-model] {run_dir}/{GROUPED}: $.meta.model: it is 'acme/other'" in out
    assert "  what to do: " in out
    assert "errors" in err


def test_warnings_alone_exit_3(submission_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reverse_results(submission_dir)
    assert run(str(submission_dir)) == 3
    assert capsys.readouterr().out.startswith("warning [results-order]")


@pytest.mark.parametrize("arguments", [(), ("no-such-path",), ("--format", "xml", ".")])
def test_wrong_usage_exits_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments) == 2


def test_json_is_the_findings_record(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(run_dir)
    assert run(str(run_dir), "--format", "json") == 1
    record = decode(capsys.readouterr().out.encode(), Findings, "stdout")
    assert "meta-model" in {finding.rule for finding in record.findings}
    assert str(run_dir / "plan.json") in {file.path for file in record.files}


def test_github_format_annotates_the_file(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(run_dir)
    assert run(str(run_dir), "--format", "github") == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(
        line.startswith(f"::error file={run_dir}/{GROUPED},title=podium meta-model::$.meta.model") for line in lines
    )
    assert all(line.startswith(("::error ", "::warning ")) for line in lines)


def test_paths_and_format_come_from_the_environment(
    run_dir: Path, submission_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reverse_results(submission_dir)
    monkeypatch.setenv("PODIUM_VALIDATE_PATHS", f"{run_dir}{os.pathsep}{submission_dir}")
    monkeypatch.setenv("PODIUM_VALIDATE_FORMAT", "github")
    assert run() == 3
    assert capsys.readouterr().out.startswith(f"::warning file={submission_dir}/{GROUPED}")


def test_output_is_the_record_that_a_run_keeps(
    run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(run_dir), "--output", str(tmp_path / "findings.json")) == 0
    assert (tmp_path / "findings.json").read_bytes() == (run_dir / "findings.json").read_bytes()
    assert capsys.readouterr().out == ""


def test_annotation_has_line_and_escaped_text() -> None:
    finding = Finding(
        rule="schema", severity="warning", path="a,b:c.jsonl", where="line 7", message="100% wrong", hint="fix it"
    )
    (line,) = github_lines(Findings(files=[], findings=[finding]))
    where = "file=a%2Cb%3Ac.jsonl,line=7,title=podium schema"
    assert line == f"::warning {where}::100%25 wrong%0AWhat to do: fix it"


def test_text_has_no_empty_remedy_line() -> None:
    finding = Finding(rule="schema", severity="error", path="a.json", message="wrong")
    assert text_lines(Findings(files=[], findings=[finding])) == ["error [schema] a.json: wrong"]


@pytest.mark.world
def test_validate_imports_nothing_heavy(run_dir: Path) -> None:
    program = (
        "import sys\nfrom podium.__main__ import main\n"
        "try:\n    main(['validate', sys.argv[1]])\nexcept SystemExit as stop:\n    assert stop.code == 0\n"
        "print(' '.join(sys.modules))"
    )
    command = [sys.executable, "-c", program, str(run_dir)]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "podium.validate" in modules
    assert not set(HEAVY) & set(modules)
