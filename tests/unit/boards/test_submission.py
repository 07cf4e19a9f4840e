"""The submission folder, its record, and every way in which it can be edited afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from podium.errors import IncompleteError, NothingToDoError, RecordError, StorageError
from podium.files import sha256_bytes
from podium.records import Plan, Scores, Submission, TaskScore, digest_of_files, read_record, write_record
from podium.run_directory import verdicts_path
from podium.submission.assembly import assemble, board_files, load_submission, write_submission
from podium.submission.marks import marker
from podium.submission.package import git_blob, pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDER = "community_results/acme_Tiny-1_ann"
GROUPED = "acme_Tiny-1_ann.json"


def plan_of(run_dir: Path) -> Plan:
    return read_record(run_dir / "plan.json", Plan)


def test_submission_holds_exactly_the_boards_files(make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    folder = run_dir / "submission" / FOLDER
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == [
        GROUPED,
        "generations_Tiny-1/generations_demo-pl_Tiny-1.json",
        "generations_Tiny-1/generations_demo-python_Tiny-1.json",
        "generations_Tiny-1/generations_demo-sh_Tiny-1.json",
        "metrics_Tiny-1/metrics_demo-pl_Tiny-1.json",
        "metrics_Tiny-1/metrics_demo-python_Tiny-1.json",
        "metrics_Tiny-1/metrics_demo-sh_Tiny-1.json",
    ]
    assert (folder / GROUPED).read_bytes() == (run_dir / GROUPED).read_bytes()


def test_task_without_a_column_on_the_board_stays_out(make_run: Callable[..., Path]) -> None:
    plan = plan_of(make_run())
    extra = msgspec.structs.replace(plan.tasks[0], task="evalplus")
    wider = msgspec.structs.replace(plan, tasks=[*plan.tasks, extra])
    assert board_files(wider) == board_files(plan)


def test_files_of_an_earlier_assembly_are_gone(make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    (run_dir / "submission" / "stray.txt").write_text("old")
    (run_dir / ".submission.new").mkdir()
    assemble(run_dir, plan_of(run_dir))
    assert not (run_dir / "submission" / "stray.txt").exists()
    assert not list(run_dir.glob(".submission*"))


def test_failed_assembly_leaves_the_old_folder_whole(make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    (run_dir / "metrics_Tiny-1" / "metrics_demo-sh_Tiny-1.json").unlink()
    with pytest.raises(IncompleteError, match="metrics_demo-sh") as caught:
        assemble(run_dir, plan_of(run_dir))
    assert "podium run" in caught.value.hint
    load_submission(run_dir)


def test_linked_file_is_not_taken_in(make_run: Callable[..., Path], tmp_path: Path) -> None:
    run_dir = make_run()
    (tmp_path / "secret").write_text("{}")
    (run_dir / GROUPED).unlink()
    (run_dir / GROUPED).symlink_to(tmp_path / "secret")
    with pytest.raises(IncompleteError, match=GROUPED):
        assemble(run_dir, plan_of(run_dir))


def test_unwritable_place_is_a_storage_error(make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    (run_dir / ".submission.new").write_text("in the way")
    with pytest.raises(StorageError, match="submission"):
        assemble(run_dir, plan_of(run_dir))


def test_same_files_give_the_same_digest(make_run: Callable[..., Path]) -> None:
    first = read_record(make_run() / "submission.json", Submission)
    again = read_record(make_run() / "submission.json", Submission)
    other = read_record(make_run(text="second") / "submission.json", Submission)
    assert first.sha256 == again.sha256 == digest_of_files(first.files)
    assert first.sha256 != other.sha256


def test_untouched_submission_loads_with_its_text(make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    submission, body = load_submission(run_dir)
    assert body == (run_dir / "pr_body.md").read_text()
    assert body.startswith(marker(submission.sha256))
    assert submission.folder == FOLDER
    assert submission.title == "[Community Submission] Model: acme/Tiny-1, Username: ann"


def change(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-2] ^= 1
    path.write_bytes(bytes(data))


def add(path: Path) -> None:
    path.with_name("extra.json").write_text("{}")


def link(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to(path.with_name("moved"))


@pytest.mark.parametrize(
    ("name", "edit", "text"),
    [
        (f"submission/{FOLDER}/{GROUPED}", change, f"{GROUPED} was changed"),
        (f"submission/{FOLDER}/metrics_Tiny-1/metrics_demo-sh_Tiny-1.json", change, "metrics_demo-sh_Tiny-1.json was"),
        (f"submission/{FOLDER}/{GROUPED}", lambda path: path.unlink(), f"{GROUPED} is missing"),
        (f"submission/{FOLDER}/{GROUPED}", add, "extra.json is not in submission.json"),
        (f"submission/{FOLDER}/{GROUPED}", link, f"{GROUPED} is not a plain file"),
        ("pr_body.md", change, "pr_body.md was changed"),
    ],
)
def test_edit_after_the_record_is_found_and_named(
    make_run: Callable[..., Path], name: str, edit: Callable[[Path], None], text: str
) -> None:
    run_dir = make_run()
    edit(run_dir / name)
    with pytest.raises(RecordError, match=text) as caught:
        load_submission(run_dir)
    assert "podium report" in caught.value.hint


@pytest.mark.parametrize(
    ("field", "value"),
    [("folder", "community_results/../../etc"), ("title", "Another title"), ("sha256", "0" * 64)],
)
def test_record_that_contradicts_itself_is_refused(make_run: Callable[..., Path], field: str, value: str) -> None:
    run_dir = make_run()
    submission = read_record(run_dir / "submission.json", Submission)
    write_record(run_dir / "submission.json", msgspec.structs.replace(submission, **{field: value}))
    with pytest.raises(RecordError, match=field):
        load_submission(run_dir)


def test_path_outside_the_folder_is_refused(make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    submission = read_record(run_dir / "submission.json", Submission)
    outside = msgspec.structs.replace(
        submission.files[0], path="../../../plan.json", sha256=sha256_bytes((run_dir / "plan.json").read_bytes())
    )
    files = [outside, *submission.files[1:]]
    changed = msgspec.structs.replace(submission, files=files, sha256=digest_of_files(files))
    write_record(run_dir / "submission.json", changed)
    with pytest.raises(RecordError, match="missing"):
        load_submission(run_dir)


@pytest.mark.parametrize(("length", "fits"), [(64_896, True), (64_897, False)])
def test_text_is_limited_to_what_github_takes(make_run: Callable[..., Path], length: int, fits: bool) -> None:
    run_dir = make_run()
    plan = plan_of(run_dir)
    files = assemble(run_dir, plan)
    body = marker(digest_of_files(files))
    body += "x" * (length - len(body))
    if fits:
        write_submission(run_dir, plan, files, body)
        return
    with pytest.raises(RecordError, match="64,897 characters") as caught:
        write_submission(run_dir, plan, files, body)
    assert "report/index.html" in caught.value.hint


def test_text_without_the_marker_is_refused(make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    plan = plan_of(run_dir)
    with pytest.raises(RecordError, match="does not name the digest"):
        write_submission(run_dir, plan, assemble(run_dir, plan), "no marker")


def test_package_refuses_a_plan_of_another_release(make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    plan = plan_of(run_dir)
    release = msgspec.structs.replace(plan.release, tag="v9")
    write_record(run_dir / "plan.json", msgspec.structs.replace(plan, release=release))
    with pytest.raises(RecordError, match=r"plan.json is about another release"):
        pack(run_dir)


def test_package_refuses_bytes_that_changed_while_it_was_open(make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    package = pack(run_dir)
    change(package.folder / GROUPED)
    with pytest.raises(RecordError, match="changed while"):
        package.blobs()


def test_blob_name_is_gits() -> None:
    # `printf 'hello\n' | git hash-object --stdin`
    assert git_blob(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


@pytest.mark.parametrize("changed", [GROUPED, "generations_Tiny-1/generations_demo-sh_Tiny-1.json"])
def test_a_submission_of_a_run_that_went_on_is_not_sent(make_run: Callable[..., Path], changed: str) -> None:
    run_dir = make_run()
    (run_dir / changed).write_bytes(b"[]")
    with pytest.raises(RecordError, match="changed after the submission of") as caught:
        pack(run_dir)
    assert "podium run" in caught.value.hint


def test_a_submission_of_older_verdicts_is_not_sent(make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    verdicts = verdicts_path(run_dir, "demo-sh")
    verdicts.parent.mkdir()
    verdicts.write_bytes(b"then")
    score = TaskScore(
        task="demo-sh",
        problems=8,
        problems_in_task=8,
        n_samples=1,
        correct=1,
        pass_at={},
        outcomes={},
        verdicts_sha256=sha256_bytes(b"then"),
    )
    scores = Scores(model=plan_of(run_dir).release.model, mode="parity", tasks=[score], left_out=[])
    write_record(run_dir / "scores.json", scores)
    assert pack(run_dir)
    verdicts.write_bytes(b"now")
    with pytest.raises(RecordError, match=r"demo-sh\.jsonl changed after the submission"):
        pack(run_dir)


def test_a_try_out_of_tasks_that_no_board_knows_is_never_submitted(make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    plan = msgspec.structs.replace(plan_of(run_dir), profile="bigcode", partial=["missing: humaneval"])
    write_record(run_dir / "plan.json", plan)
    with pytest.raises(NothingToDoError, match="never submitted: none of its tasks") as caught:
        pack(run_dir)
    assert caught.value.exit_code == 3
    assert "report/index.html" in caught.value.hint
