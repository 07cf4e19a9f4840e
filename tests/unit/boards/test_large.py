"""A submission as large as the real ones (25 files, 80 MB) goes to both boards, in memory that a small runner has."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from tests.acceptance.workplace import Workplace, receipt_of
from tests.unit.boards.runs import MODEL, write_run

from podium.standin.server import Standin
from podium.standin.world import FORK, default_world
from podium.submission.package import pack

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.world, pytest.mark.slow]

# 12 generations files of a real size (5.5 to 9.4 MB), 12 metrics and the grouped JSON.
GENERATION_BYTES = 6_700_000
LIMIT_MIB = 500


# Runs podium and notes its peak: this process has had larger children before, and they count to the end.
MEASURED = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "podium", *sys.argv[2:]])
with open(sys.argv[1], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(done.returncode)
"""


class MeasuredWorkplace(Workplace):
    """A workplace whose commands leave their peak memory in a file."""

    timeout_seconds = 300

    def command(self) -> list[str]:
        """What starts podium and notes its peak."""
        return [sys.executable, "-c", MEASURED, str(self.folder / "peak")]

    def peak_mib(self) -> float:
        """The largest memory of the last command."""
        return int((self.folder / "peak").read_text()) / 1024


def test_eighty_megabytes_go_through_as_one_tree_and_one_commit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Standin(tmp_path / "standin", default_world()) as standin:
        work = MeasuredWorkplace(tmp_path, standin)
        write_run(work.run_dir, profile_name="bigcode", generation_bytes=GENERATION_BYTES)
        files = pack(work.run_dir).submission.files
        size = sum(file.size_bytes for file in files)
        assert (len(files), size // 1_000_000) == (25, 80)
        receipt = receipt_of(work.podium("submit", "runs/v1"))
        submitted = work.peak_mib()
        writes = [write.partition("/git/")[2] for write in work.writes()]
        assert [writes.count(kind) for kind in ("blobs", "trees", "commits", "refs")] == [25, 1, 1, 1]
        git = standin.store.git(standin.store.state.repositories[FORK])
        listed = git.entries(receipt.head, recursive=True, path="community_results/")
        assert sum(entry.kind == "blob" and MODEL.folder in entry.path for entry in listed) == 25
        work.approve(receipt.number)
        assert receipt_of(work.podium("publish", "runs/v1")).outcome == "created"
        published = work.peak_mib()
    with capsys.disabled():
        figures = f"submit {submitted:.0f}, publish {published:.0f}"
        print(f"\n{len(files)} files, {size:,} bytes; peak MiB: {figures}")
    assert max(submitted, published) < LIMIT_MIB
