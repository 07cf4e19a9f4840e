"""Nothing that a stranger puts into a folder makes validate raise, hang or speak with another voice."""

from __future__ import annotations

import json
import os
import shutil
import tracemalloc
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.records import encode
from podium.validate import validate
from podium.validate.intake import MAX_NESTING, nesting
from podium.validate.reporters import github_lines, text_lines
from podium.validate.violations import MAX_SAME, Violation, ViolationLog

if TYPE_CHECKING:
    from pathlib import Path

    from podium.records import Finding

MODEL = "tiny-code_1"
JSON_FILES = [
    "plan.json",
    "model.json",
    "scores.json",
    "ledger.json",
    "gates.json",
    "submission.json",
    "findings.json",
    "acme_tiny-code_1_ada.json",
    f"generations_{MODEL}/generations_demo-sh_{MODEL}.json",
    f"metrics_{MODEL}/metrics_demo-sh_{MODEL}.json",
]
JSONL_FILES = ["samples/demo-sh.1-of-1.jsonl", "verdicts/demo-sh.jsonl"]
OTHER_FILES = ["pr_body.md", "report/index.html"]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

# Lone surrogates and control characters are legal in JSON text, so they are legal here.
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([10**40, -1, 2**63, 1e308, "\ud800", "../x", "/etc/passwd", "\n::error::x", "a\0b", "n" * 5000])
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def found(root: Path) -> list[Finding]:
    record = validate([root])
    encode(record)
    for line in [*text_lines(record), *github_lines(record)]:
        assert line.isprintable(), "a finding could forge another line of the log"
    return list(record.findings)


@pytest.fixture(scope="module")
def victim(finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(finished_run, tmp_path_factory.mktemp("victim") / "v1.0.0")


def paths_in(value: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value; of long lists only the first three items."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    return [prefix, *(path for key, inner in items for path in paths_in(inner, (*prefix, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    value = deepcopy(value)
    target = value
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = new
    return value


def check_spoiled(root: Path, file: str, data: bytes) -> None:
    """Validate with one file spoiled: findings unless nothing changed, and never an exception."""
    original = (root / file).read_bytes()
    try:
        (root / file).write_bytes(data)
        findings = found(root)
    finally:
        (root / file).write_bytes(original)
    # Another ledger or findings.json can be valid too; every other file is listed by its digest.
    assert findings or data == original or file in ("ledger.json", "findings.json")


@QUICK
@given(file=st.sampled_from([*JSON_FILES, *JSONL_FILES, *OTHER_FILES]), data=st.binary(max_size=300))
def test_random_bytes_are_findings(victim: Path, file: str, data: bytes) -> None:
    check_spoiled(victim, file, data)


@QUICK
@given(file=st.sampled_from([*JSON_FILES, *JSONL_FILES]), share=st.floats(0, 1), flip=st.integers(0, 255))
def test_truncated_and_flipped_files_are_findings(victim: Path, file: str, share: float, flip: int) -> None:
    original = (victim / file).read_bytes()
    cut = int(share * (len(original) - 1))
    check_spoiled(victim, file, original[:cut])
    check_spoiled(victim, file, original[:cut] + bytes([original[cut] ^ flip]) + original[cut + 1 :])


@settings(QUICK, max_examples=150)
@given(data=st.data())
def test_any_value_anywhere_in_a_record_is_a_finding(victim: Path, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(JSON_FILES))
    value = json.loads((victim / file).read_bytes())
    spoiled = replaced(value, data.draw(st.sampled_from(paths_in(value))), data.draw(json_values))
    check_spoiled(victim, file, json.dumps(spoiled).encode())


@settings(QUICK, max_examples=100)
@given(data=st.data())
def test_any_value_anywhere_in_a_row_is_a_finding(victim: Path, data: st.DataObject) -> None:
    file, number = data.draw(st.sampled_from(JSONL_FILES)), data.draw(st.integers(0, 2))
    lines = (victim / file).read_bytes().splitlines(keepends=True)
    value = json.loads(lines[number])
    spoiled = replaced(value, data.draw(st.sampled_from(paths_in(value))), data.draw(json_values))
    lines[number] = json.dumps(spoiled).encode() + b"\n"
    check_spoiled(victim, file, b"".join(lines))


@given(st.binary(max_size=200))
@settings(QUICK, max_examples=40)
def test_random_bytes_in_any_file_named_by_hand_are_findings(tmp_path: Path, data: bytes) -> None:
    for name in ("plan.json", "x.json", "x.jsonl", "pr_body.md"):
        (tmp_path / name).write_bytes(data)
        assert found(tmp_path / name) or name == "pr_body.md"


def test_file_names_cannot_forge_lines_of_the_log(submission_dir: Path) -> None:
    (submission_dir / "x\n::error file=a::forged\x1b[2J").write_bytes(b"")
    (submission_dir / os.fsdecode(b"\xff\xfe")).write_bytes(b"")
    rules = [finding.rule for finding in found(submission_dir)]
    assert sorted(rules) == ["name-characters", "name-characters", "unknown-file", "unknown-file"]


def test_links_out_of_the_folder_are_not_followed(submission_dir: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "plan.json").write_text("{")
    (submission_dir / "generations_linked").symlink_to(outside)
    assert [finding.rule for finding in found(submission_dir)] == ["symlink"]


def test_a_submission_that_is_a_link_is_refused(submission_dir: Path) -> None:
    twin = submission_dir.with_name("acme_twin_ada")
    twin.symlink_to(submission_dir)
    assert [finding.rule for finding in found(twin)] == ["symlink"]
    assert [finding.rule for finding in found(submission_dir.parent)] == ["symlink"]


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "plan.json")
    assert [finding.rule for finding in found(tmp_path / "plan.json")] == ["special-file"]


def test_size_is_bounded_before_parsing(run_dir: Path) -> None:
    path = run_dir / "samples" / "demo-sh.1-of-1.jsonl"
    os.truncate(path, (256 << 20) + 1)
    assert ("too-large", "samples/demo-sh.1-of-1.jsonl") in {(one.rule, one.path) for one in found(run_dir)}


def test_a_file_that_is_too_large_is_not_read(run_dir: Path) -> None:
    os.truncate(run_dir / "scores.json", 1 << 30)
    tracemalloc.start()
    rules = {(one.rule, one.path) for one in validate([run_dir]).findings}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert ("too-large", "scores.json") in rules
    assert peak < 64 << 20


def test_a_file_costs_at_most_ten_times_its_size(submission_dir: Path) -> None:
    """Python counts what it allocates; of a real file most is text that is held once."""
    path = next(submission_dir.glob("generations_*/generations_demo-sh_*.json"))
    rows = json.loads(path.read_text())
    size = 0
    while size < 10 << 20:
        rows = [[text + "\u00e9\U0001f600 if x > 3: return x\n" * 9 for text in row] for row in rows]
        size = len(json.dumps(rows))
    for text in (json.dumps(rows), json.dumps(rows, ensure_ascii=False)):
        path.write_text(text)
        tracemalloc.start()
        validate([submission_dir])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 10 * path.stat().st_size


def test_nesting_is_measured_without_recursion() -> None:
    value: Any = 1
    for _ in range(100_000):
        value = [value]
    assert nesting(value) > MAX_NESTING
    assert nesting({"a": [1, {"b": []}]}) == 4
    while isinstance(value, list):  # taken apart by hand: the interpreter's own way down is recursive
        value = value[0]


def test_a_flood_of_findings_is_counted_not_written_out(run_dir: Path) -> None:
    path = run_dir / "verdicts" / "demo-sh.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0] + b"{}\n" * 5000)
    of_schema = [one for one in found(run_dir) if (one.rule, one.path) == ("schema", "verdicts/demo-sh.jsonl")]
    assert len(of_schema) == MAX_SAME + 1
    assert "more of these" in of_schema[-1].message


def test_log_keeps_one_line_a_finding() -> None:
    log = ViolationLog()
    log.add("x", Violation(path="a\nb", where="\x1b[31m", message="\ud800" + "y" * 9999))
    (finding,) = log.findings()
    assert finding.path == "a\\nb"
    assert finding.where == "\\x1b[31m"
    assert finding.message.startswith("\\ud800yyy")
    assert len(finding.message) < 1000


def test_tokens_are_never_repeated(run_dir: Path) -> None:
    token = "ghp_" + "a1B2c3D4" * 5
    (run_dir / "pr_body.md").write_text(f"see {token}")
    record = validate([run_dir])
    assert "body-token" in {finding.rule for finding in record.findings}
    assert token not in encode(record).decode()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_unreadable_file_is_a_finding(run_dir: Path) -> None:
    (run_dir / "scores.json").chmod(0)
    assert "unreadable" in {finding.rule for finding in found(run_dir)}


def test_listed_path_that_no_system_takes_is_missing(run_dir: Path) -> None:
    ledger = json.loads((run_dir / "ledger.json").read_text())
    ledger["entries"]["all"]["outputs"][0]["path"] = "a" * 5000
    (run_dir / "ledger.json").write_text(json.dumps(ledger))
    assert [finding.rule for finding in found(run_dir)] == ["ledger-outputs"]
