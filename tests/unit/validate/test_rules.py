"""Every rule by a run directory or a submission that breaks it: one line of the table a case."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.validate.broken import CASES

from podium.validate import validate
from podium.validate.checks import FOLDER_RULES
from podium.validate.documents import LOADING_RULES
from podium.validate.intake import INTAKE_RULES
from podium.validate.rules.documents import DOCUMENT_RULES
from podium.validate.rules.tables import RUN_RULES, SUBMISSION_RULES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from podium.records import Finding

    Spoil = Callable[[Path], object]

MODEL = "tiny-code_1"
GROUPED = "acme_tiny-code_1_ada.json"
SUBMITTED = "submission/community_results/acme_tiny-code_1_ada"
TOKEN = "hf_" + "a1B2c3D4e5" * 3


def receipt(**changes: str) -> bytes:
    """A receipt of `submit` whose pull request is said to be 3, with the given mistakes in it."""
    value = {"record": "receipt", "stage": "submit", "board": "fork", "outcome": "created", "number": 3}
    return json.dumps(
        {**value, "url": "https://git.test/a/b/pull/4", "submission_sha256": "0" * 64, **changes}
    ).encode()


def gens(task: str = "demo-sh") -> str:
    return f"generations_{MODEL}/generations_{task}_{MODEL}.json"


def metrics(task: str = "demo-sh") -> str:
    return f"metrics_{MODEL}/metrics_{task}_{MODEL}.json"


def edit(file: str, change: Callable[[Any], object]) -> Spoil:
    """Change the parsed JSON of a file in place."""

    def spoil(root: Path) -> None:
        value = json.loads((root / file).read_text())
        change(value)
        (root / file).write_text(json.dumps(value))

    return spoil


def edit_line(file: str, number: int, change: Callable[[Any], object]) -> Spoil:
    """Change the parsed JSON of one line of a JSONL file, counted from 0."""

    def spoil(root: Path) -> None:
        lines = (root / file).read_text().splitlines()
        value = json.loads(lines[number])
        change(value)
        lines[number] = json.dumps(value)
        (root / file).write_text("".join(line + "\n" for line in lines))

    return spoil


def edit_lines(file: str, change: Callable[[int, Any], object]) -> Spoil:
    """Change every row of a JSONL file."""

    def spoil(root: Path) -> None:
        head, *rows = (root / file).read_text().splitlines()
        values = [json.loads(row) for row in rows]
        for number, value in enumerate(values):
            change(number, value)
        (root / file).write_text("".join(line + "\n" for line in [head, *map(json.dumps, values)]))

    return spoil


def lines(file: str, change: Callable[[list[str]], list[str]]) -> Spoil:
    """Change the lines of a file (with their line ends)."""
    return lambda root: (root / file).write_text("".join(change((root / file).read_text().splitlines(keepends=True))))


def write(file: str, data: bytes) -> Spoil:
    def spoil(root: Path) -> None:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(data)

    return spoil


def remove(file: str) -> Spoil:
    return lambda root: (root / file).unlink()


def rename(old: str, new: str) -> Spoil:
    def spoil(root: Path) -> None:
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (root / old).rename(root / new)

    return spoil


def link(file: str) -> Spoil:
    def spoil(root: Path) -> None:
        (root / file).unlink()
        (root / file).symlink_to("/etc/passwd")

    return spoil


def grow(file: str, size: int) -> Spoil:
    return lambda root: os.truncate(root / file, size)


def put(key: str | int, value: object, *path: str | int) -> Callable[[Any], object]:
    """Set `key` to a value below a path of keys."""

    def change(target: Any) -> None:
        for part in path:
            target = target[part]
        target[key] = value

    return change


def all_at_zero_untested(root: Path) -> None:
    edit_line("verdicts/demo-sh.jsonl", 0, put("self_test", []))(root)
    edit_lines("verdicts/demo-sh.jsonl", lambda _, row: row.update(outcome="failed"))(root)


def bottomless_folders(root: Path) -> None:
    (root / "/".join("d" * 14)).mkdir(parents=True)


def same_generations(root: Path) -> None:
    (root / gens("demo-pl")).write_bytes((root / gens("demo-sh")).read_bytes())


def collapse(value: Any) -> None:
    value[:] = [["the same text"] * len(row) for row in value]


def ask_too_much(plan: Any) -> None:
    plan["sampling"]["n_samples"] = 10**12


# (rule, what spoils a run directory)
RUN_CASES: list[tuple[str, Spoil]] = [
    ("strict-json", write("plan.json", b"")),
    ("strict-json", write("scores.json", b"{")),
    ("strict-json", write(gens(), b'[["\xff"]]')),
    ("strict-json", write(GROUPED, b'{"meta": {}, "meta": {}}')),
    ("strict-json", write(metrics(), b'{"demo-sh": {"pass@1": NaN}, "config": {}}')),
    ("strict-json", write(metrics(), b'{"demo-sh": {"pass@1": 1e999}, "config": {}}')),
    ("strict-json", write(gens(), b"[" * 100_000)),
    (
        "strict-json",
        lines("samples/demo-sh.1-of-1.jsonl", lambda old: [*old[:5], "not json\n", *old[6:]]),
    ),
    ("lfs-pointer", write(gens(), b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")),
    ("too-deep", write(gens(), b"[" * 40 + b"]" * 40)),
    ("not-utf8", write("pr_body.md", b"\xff")),
    ("not-utf8", write("report/index.html", b"\xff")),
    ("symlink", link("scores.json")),
    ("symlink", link("model/config.json")),
    ("special-file", lambda root: os.mkfifo(root / "findings2.json")),
    ("too-large", grow("gates.json", 5 << 20)),
    ("too-many-files", bottomless_folders),
    ("path-escapes", edit("model.json", put("path", "../../etc/passwd", "files", 0))),
    ("path-escapes", edit("ledger.json", put("path", "/etc/passwd", "entries", "all", "outputs", 0))),
    ("schema", edit("scores.json", put("extra", 1))),
    ("schema", edit("plan.json", put("mode", "generous"))),
    ("schema", edit("scores.json", put("correct", 1.0, "tasks", 0))),
    ("schema", edit_line("verdicts/demo-sh.jsonl", 3, put("program_sha256", "ABC"))),
    ("schema", edit_line("samples/demo-sh.1-of-1.jsonl", 0, put("record", "verdicts"))),
    ("schema", edit(gens(), put(0, "", 2))),
    ("torn-line", lines("samples/demo-sh.1-of-1.jsonl", lambda all_lines: [*all_lines[:-1], all_lines[-1][:-3]])),
    ("sample-limit", edit("plan.json", ask_too_much)),
    ("sample-limit", edit_line("verdicts/demo-sh.jsonl", 0, put("n_samples", 10**30))),
    ("receipt-address", write("submit.json", receipt())),
    ("receipt-address", write("submit.json", receipt(board="directory", url="https://git.test/a/b/pull/3"))),
    (
        "receipt-address",
        write("publish.eval-results.json", receipt(stage="publish", url="https://git.test/a/b/pull/3")),
    ),
    ("receipt-address", write("publish.json", receipt(url="https://hub.test/spaces/a/b/discussions/3"))),
    ("receipt-address", write("submit.json", receipt(outcome="skipped", url="https://git.test/a/b/pull/3"))),
    ("null-score", edit(GROUPED, put("pass@1", None, "results", 0))),
    ("null-score", edit(metrics(), put("pass@1", None, "demo-sh"))),
    ("percent-score", edit(GROUPED, put("pass@1", 12.5, "results", 1))),
    ("percent-score", edit(metrics(), put("pass@10", 40, "demo-sh"))),
    ("duplicate-task", edit(GROUPED, put("task", "demo-sh", "results", 1))),
    ("results-order", edit(GROUPED, lambda value: value["results"].reverse())),
    ("pass-at-order", edit(metrics(), put("pass@10", 0.01, "demo-sh"))),
    ("config-local-path", edit(metrics(), put("model", "/home/ada/checkpoints/tiny", "config"))),
    ("config-local-path", edit(metrics(), put("prefix", "see C:\\models", "config"))),
    ("config-token", edit(metrics(), put("prefix", f"token={TOKEN}", "config"))),
    ("body-length", write("pr_body.md", b"x" * 65_537)),
    ("body-token", write("pr_body.md", f"use {TOKEN}".encode())),
    ("plan-doubled", edit("plan.json", lambda value: value["tasks"].append(value["tasks"][0]))),
    ("plan-doubled", edit("plan.json", lambda value: value["tasks"][0]["problems"].append("demo-python/0"))),
    ("plan-partial", edit("plan.json", lambda value: value["tasks"].pop())),
    ("plan-partial", edit("plan.json", put("profile", "no-such-board"))),
    ("schema", edit("plan.json", put("user", "ada\n", "release", "model"))),
    ("path-escapes", edit("model.json", put("path", "a\0b", "files", 0))),
    ("model-files", edit("model.json", put("path", "a" * 300, "files", 0))),
    ("strict-json", edit("model.json", put("path", "\ud800", "files", 0))),
    ("model-files", write("model/config.json", b"{ }")),
    ("model-files", write("model/stowaway.py", b"import os")),
    ("model-files", remove("model/model.safetensors")),
    ("model-plan", edit("model.json", put("dtype", "bfloat16"))),
    ("model-plan", edit("model.json", put("assumed", ["order"], "verdict"))),
    ("model-plan", edit("plan.json", put("assume", "pairing=split", "conversion"))),
    ("model-plan", edit("plan.json", put("base", "base", "conversion"))),
    ("ledger-outputs", edit("ledger.json", put("sha256", "0" * 64, "entries", "all", "outputs", 2))),
    ("ledger-outputs", remove("report/index.html")),
    ("run-incomplete", remove("verdicts/demo-sh.jsonl")),
    ("run-incomplete", remove("model.json")),
    ("run-incomplete", remove("samples/demo-pl.1-of-1.jsonl")),
    ("run-incomplete", rename(GROUPED, "acme_tiny-code_1.json")),
    ("samples-missing", lines("samples/demo-sh.1-of-1.jsonl", lambda all_lines: all_lines[:-1])),
    ("samples-odd", lines("samples/demo-sh.1-of-1.jsonl", lambda all_lines: [*all_lines, all_lines[-1]])),
    ("samples-odd", edit_line("samples/demo-sh.1-of-1.jsonl", 4, put("index", 20))),
    ("samples-header", edit_line("samples/demo-sh.1-of-1.jsonl", 0, put("model_sha256", "0" * 64))),
    ("samples-header", edit_line("samples/demo-sh.1-of-1.jsonl", 0, put("temperature", 0.8, "sampling"))),
    ("samples-cover-plan", edit_line("samples/demo-sh.1-of-1.jsonl", 0, lambda value: value["problems"].pop())),
    ("generations-samples", edit(gens(), put(3, "another text", 2))),
    ("generations-shape", edit(gens(), lambda value: value.pop())),
    ("generations-shape", edit(gens(), lambda value: value[0].pop())),
    ("generations-duplicate", same_generations),
    ("generations-collapsed", edit(gens(), collapse)),
    ("verdicts-missing", lines("verdicts/demo-sh.jsonl", lambda all_lines: all_lines[:-1])),
    ("verdicts-odd", lines("verdicts/demo-sh.jsonl", lambda all_lines: [*all_lines, all_lines[5]])),
    ("verdicts-odd", edit_line("verdicts/demo-sh.jsonl", 4, put("problem", "demo-pl/0"))),
    ("verdicts-header", edit_line("verdicts/demo-sh.jsonl", 0, put("mode", "corrected"))),
    ("verdicts-header", rename("verdicts/demo-sh.jsonl", "verdicts/demo-shell.jsonl")),
    ("verdicts-generations", edit_line("verdicts/demo-sh.jsonl", 0, put("generations_sha256", "0" * 64))),
    ("verdicts-program", edit_line("verdicts/demo-sh.jsonl", 1, put("outcome", "crashed"))),
    ("verdicts-program", edit_lines("verdicts/demo-sh.jsonl", lambda _, row: row.update(program_sha256="0" * 64))),
    (
        "many-truncated",
        edit_lines("samples/demo-sh.1-of-1.jsonl", lambda n, row: n % 9 and row.update(finish="length")),
    ),
    ("many-syntax-errors", edit_lines("verdicts/demo-sh.jsonl", lambda _, row: row.update(outcome="syntax_error"))),
    ("zero-without-self-test", all_at_zero_untested),
    ("environment-fault", edit_lines("verdicts/demo-sh.jsonl", lambda _, row: row.update(message="no module luaunit"))),
    ("many-timeouts", edit_lines("verdicts/demo-sh.jsonl", lambda n, row: n < 6 and row.update(outcome="timed_out"))),
    ("scores-verdicts", edit("scores.json", put("correct", 99, "tasks", 0))),
    ("scores-verdicts", edit("scores.json", put("pass@10", 0.99, "tasks", 0, "pass_at"))),
    ("scores-verdicts", edit("scores.json", put("passed", 1, "tasks", 0, "outcomes"))),
    ("scores-verdicts", edit("scores.json", put("verdicts_sha256", "0" * 64, "tasks", 0))),
    ("scores-plan", edit("scores.json", put("mode", "corrected"))),
    ("scores-plan", edit("scores.json", lambda value: value["tasks"].pop())),
    ("metrics-scores", edit(metrics(), put("pass@1", 0.5, "demo-sh"))),
    ("metrics-scores", rename(metrics("demo-sh"), metrics("demo-pl"))),
    ("grouped-metrics", edit(GROUPED, put("pass@1", 0.5, "results", 0))),
    ("grouped-tasks", edit(GROUPED, lambda value: value["results"].pop())),
    ("whole-number", edit(GROUPED, put("pass@1", 0.3333, "results", 0))),
    ("pass-at-10-missing", edit(metrics(), lambda value: value["demo-sh"].pop("pass@10"))),
    ("meta-model", edit(GROUPED, put("model", "acme/tiny-code_2", "meta"))),
    ("artefact-model", rename(gens(), f"generations_other/generations_demo-sh_{MODEL}.json")),
    ("config-plan", edit(metrics(), put("temperature", 0.8, "config"))),
    ("config-plan", edit(metrics(), lambda value: value["config"].pop("seed"))),
    ("submission-files", edit(f"{SUBMITTED}/{GROUPED}", put("pass@1", 0.5, "results", 0))),
    ("submission-files", write(f"{SUBMITTED}/notes.txt", b"hello")),
    ("submission-files", edit("submission.json", put("sha256", "0" * 64))),
    ("submission-copies", edit("submission.json", put("sha256", "0" * 64, "files", 0))),
    ("submission-plan", edit("submission.json", put("title", "Our model"))),
    ("body-marker", write("pr_body.md", b"## no marker\n")),
    ("gates-plan", edit("gates.json", put("tag", "v2", "release"))),
]

# (rule, what spoils a submission)
SUBMISSION_CASES: list[tuple[str, Spoil]] = [
    ("unknown-file", write("__pycache__/x.pyc", b"")),
    ("unknown-file", write("README.md", b"hello")),
    ("symlink", link(GROUPED)),
    ("missing-artefact", remove(GROUPED)),
    ("missing-artefact", remove(gens())),
    ("missing-artefact", remove(metrics())),
    ("missing-artefact", edit(GROUPED, lambda value: value["results"].pop())),
    ("missing-artefact", lambda root: shutil.rmtree(root / f"generations_{MODEL}")),
    ("doubled-artefact", write(f"generations_{MODEL}/generations_demo-sh_{MODEL}_demo-sh.json", b'[["x"]]')),
    ("doubled-grouped", write("acme_other_ada.json", b"{}")),
    ("task-without-column", edit(GROUPED, put("task", "multiple-rb", "results", 0))),
    ("folder-name", lambda root: root.rename(root.with_name("tiny-code_1"))),
    ("folder-name", lambda root: root.rename(root.with_name("acme_tiny-code_1"))),
    ("folder-name", lambda root: root.rename(root.with_name("Acme_tiny-code_1_ada"))),
    ("grouped-name", rename(GROUPED, "Acme_tiny-code_1_ada.json")),
    ("name-variant", rename(gens(), f"generations_{MODEL}/generations_demo-sh_{MODEL}_demo-sh.json")),
    ("name-variant", rename(gens(), f"generations_{MODEL}/generations_demo-sh/_{MODEL}_demo-sh.json")),
    ("meta-model", edit(GROUPED, put("model", "acme/tiny-code-1b", "meta"))),
    ("config-samples", edit(metrics(), put("temperature", 0.8, "config"))),
    ("config-limit", edit(metrics(), put("limit", 5, "config"))),
    ("suspicious-zero", edit(GROUPED, put("pass@1", 0.0, "results", 0))),
    ("generations-shape", edit(gens(), lambda value: value[0].pop())),
    ("whole-number", edit(metrics(), put("pass@1", 0.1234, "demo-sh"))),
]


def found(root: Path) -> list[Finding]:
    return list(validate([root]).findings)


def names(cases: list[tuple[str, Spoil]]) -> list[str]:
    return [f"{number}-{rule}" for number, (rule, _) in enumerate(cases)]


def test_a_finished_run_has_no_findings(run_dir: Path) -> None:
    assert found(run_dir) == []


def test_a_complete_submission_has_no_findings(submission_dir: Path) -> None:
    assert found(submission_dir) == []


@pytest.mark.parametrize(("rule", "spoil"), RUN_CASES, ids=names(RUN_CASES))
def test_a_spoiled_run_breaks_its_rule(rule: str, spoil: Spoil, run_dir: Path) -> None:
    spoil(run_dir)
    assert rule in {finding.rule for finding in found(run_dir)}


@pytest.mark.parametrize("where", ["samples/demo-sh.1-of-1.jsonl", "samples", "."])
def test_a_row_that_comes_twice_is_found_wherever_the_log_is_looked_at(where: str, run_dir: Path) -> None:
    lines("samples/demo-sh.1-of-1.jsonl", lambda old: [*old, old[3]])(run_dir)
    for name in ("plan.json", GROUPED):  # as `podium generate` leaves a folder
        (run_dir / name).unlink()
    odd = [finding for finding in found(run_dir / where) if finding.rule == "samples-odd"]
    assert [finding.severity for finding in odd] == ["error"]
    assert "comes a second time" in odd[0].message


def test_a_verdict_that_comes_twice_is_found_in_the_file_alone(run_dir: Path) -> None:
    lines("verdicts/demo-sh.jsonl", lambda old: [*old, old[3]])(run_dir)
    assert "verdicts-odd" in {finding.rule for finding in found(run_dir / "verdicts" / "demo-sh.jsonl")}


UNPLANNED: list[Spoil] = [
    rename("samples/demo-sh.1-of-1.jsonl", "samples/multiple-lua.1-of-1.jsonl"),
    lambda root: shutil.copy(root / gens(), root / gens("multiple-lua")),
    lambda root: shutil.copy(root / metrics(), root / metrics("multiple-lua")),
    write("verdicts/multiple-lua.jsonl", b"{}\n{torn"),
    write("samples/multiple-lua.1-of-1.jsonl", b"not json\n"),
    write("generations_older/generations_demo-sh_older.json", b"[[]]"),
    write("samples/demo-sh.1-of-2.jsonl", b"{}\n"),
    write("samples/demo-sh.1-of-1.jsonl.stale", b"{}\n"),
    edit("ledger.json", lambda value: value["entries"].update({"generate multiple-lua": value["entries"].pop("all")})),
]


@pytest.mark.parametrize("place", range(1, len(UNPLANNED)))
def test_what_is_no_longer_planned_is_left_alone(place: int, run_dir: Path) -> None:
    UNPLANNED[place](run_dir)
    assert found(run_dir) == []


def test_a_log_of_a_planned_task_under_the_name_of_another_is_no_such_file(run_dir: Path) -> None:
    UNPLANNED[0](run_dir)
    assert {"samples-header", "run-incomplete"} <= {finding.rule for finding in found(run_dir)}


def test_a_run_of_tasks_that_no_board_knows_needs_no_grouped_file(run_dir: Path) -> None:
    edit("plan.json", lambda plan: plan.update(profile="bigcode", partial=["none of its tasks is a column"]))(run_dir)
    for path in (run_dir / GROUPED, run_dir / "submission.json", run_dir / "pr_body.md", run_dir / "ledger.json"):
        path.unlink()
    shutil.rmtree(run_dir / "submission")
    assert found(run_dir) == []


@pytest.mark.parametrize(("rule", "spoil"), SUBMISSION_CASES, ids=names(SUBMISSION_CASES))
def test_a_spoiled_submission_breaks_its_rule(rule: str, spoil: Spoil, submission_dir: Path) -> None:
    spoil(submission_dir)
    (root,) = submission_dir.parent.iterdir()
    assert rule in {finding.rule for finding in found(root)}


def test_every_rule_has_a_case() -> None:
    document_rules = {rule.name for rules in DOCUMENT_RULES.values() for rule in rules}
    folder_rules = {rule.name for rule in (*RUN_RULES, *SUBMISSION_RULES)}
    # Permissions do not stop root, so `unreadable` has a test of its own.
    all_rules = {*document_rules, *folder_rules, *INTAKE_RULES, *LOADING_RULES, *FOLDER_RULES} - {"unreadable"}
    in_files = {path.stem.partition("--")[0] for path in CASES}
    assert all_rules - {"nothing-known"} == in_files | {rule for rule, _ in (*RUN_CASES, *SUBMISSION_CASES)}


def test_rule_names_are_unique_in_a_table() -> None:
    for table in (RUN_RULES, SUBMISSION_RULES):
        assert len({rule.name for rule in table}) == len(table)
