"""The submission of a pull request, fetched from either board; nothing hostile gets out of the folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.acceptance.command import tree
from tests.unit.verify.submissions import FOLDER, true_submission

from podium import github, hub
from podium.boards.fork.facts import BlobFacts, PullFacts
from podium.boards.fork.forge import Forge
from podium.boards.hub.repository import Hub
from podium.errors import RecordError, UsageError
from podium.progress import SilentProgress
from podium.standin.world import FORK, LEADERBOARD
from podium.verify.pulls import PullAddress, fetch_from_fork, fetch_from_space, parse_address
from podium.verify.submitted import read_submission

if TYPE_CHECKING:
    from tests.unit.boards.conftest import Stage


@pytest.fixture(scope="module")
def submission(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return true_submission(tmp_path_factory.mktemp("true") / FOLDER)


def open_pull(stage: Stage, files: dict[str, bytes]) -> int:
    forge = Forge(stage.github(), FORK, stage.pauses.append)
    head = forge.head_of("main")
    assert head
    blobs: dict[str, str | None] = {path: forge.write_blob(data) for path, data in files.items()}
    forge.create_branch("offer", forge.write_commit([head], blobs, "Offer"))
    return forge.open_pull("offer", "main", "An offer", "").number


def below(folder: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"community_results/{folder}/{path}": data for path, data in files.items()}


@pytest.mark.world
@pytest.mark.parametrize("is_anonymous", [False, True])
def test_a_pull_request_of_the_fork_is_fetched_byte_by_byte(
    stage: Stage, submission: Path, tmp_path: Path, is_anonymous: bool
) -> None:
    number = open_pull(stage, {**below(FOLDER, tree(submission)), **below(FOLDER, {"notes.txt": b"hello"})})
    environment = stage.environment()
    if is_anonymous:
        del environment["PODIUM_FORK_TOKEN"]
    forge = Forge(github.build_reader(environment), FORK)
    fetched = fetch_from_fork(forge, number, tmp_path / "f", SilentProgress())
    assert tree(fetched) == tree(submission)
    assert tree(tmp_path / "f") == {f"{FOLDER}/{path}": data for path, data in tree(submission).items()}
    assert len(read_submission(fetched, "x").claims) == 3


@pytest.mark.world
@pytest.mark.parametrize("is_anonymous", [False, True])
def test_a_pull_request_of_the_space_is_fetched_byte_by_byte(
    stage: Stage, submission: Path, tmp_path: Path, is_anonymous: bool
) -> None:
    counter = Hub(hub.build_hub(stage.environment()), LEADERBOARD, "space", stage.pauses.append)
    counter.open_proposal(below(FOLDER, tree(submission)), "An offer", "")
    environment = stage.environment()
    if is_anonymous:
        del environment["HF_TOKEN"]
    reader = Hub(hub.build_reader(environment), LEADERBOARD, "space")
    fetched = fetch_from_space(reader, 1, tmp_path / "f", SilentProgress())
    assert tree(fetched) == tree(submission)


@pytest.mark.world
@pytest.mark.parametrize("folders", [(), ("acme_a_b", "acme_c_d")])
def test_a_pull_request_of_no_or_several_submissions_is_refused(
    stage: Stage, submission: Path, tmp_path: Path, folders: tuple[str, ...]
) -> None:
    files = {path: data for folder in folders for path, data in below(folder, tree(submission)).items()}
    number = open_pull(stage, files or {"README.md": b"changed"})
    with pytest.raises(UsageError, match=r"changes (no submission|2 submissions: acme_a_b, acme_c_d)"):
        fetch_from_fork(Forge(stage.github(), FORK), number, tmp_path, SilentProgress())


class HostileForge:
    """A pull request whose listing says what no git would."""

    def __init__(self, listed: dict[str, BlobFacts], folder: str = "a_b_c") -> None:
        self.listed, self.folder, self.read = listed, folder, 0

    def pull(self, number: int) -> PullFacts:
        return PullFacts(
            number=number, url="https://git.test/a/b/pull/1", title="", body="", author="", branch="", from_fork=True,
            base="main", head="0" * 40, is_open=True, is_merged=False,
        )  # fmt: skip

    def changed_paths(self, number: int) -> list[str]:
        return [f"community_results/{self.folder}/x.json"]

    def files_at(self, commit: str, folder: str) -> dict[str, BlobFacts]:
        return self.listed

    def read_blob(self, sha: str) -> bytes:
        self.read += 1
        return b"{}"


def blob(size: int = 2, mode: str = "100644") -> BlobFacts:
    return BlobFacts(sha="0" * 40, size_bytes=size, mode=mode)


GENERATIONS = "generations_m/generations_humaneval_m.json"
HOSTILE: dict[str, Any] = {
    "up": {"../x.json": blob()},
    "up inside": {"generations_m/../../x.json": blob()},
    "absolute": {"/etc/x.json": blob()},
    "git": {".git/x.json": blob()},
    "back slash": {"..\\x.json": blob()},
    "empty part": {"generations_m//x.json": blob()},
    "line break": {"a\nb.json": blob()},
    "zero byte": {"a\0b.json": blob()},
    "long": {"a" * 500 + ".json": blob()},
    "link": {"x.json": blob(mode="120000")},
    "submodule": {"generations_m": blob(mode="160000")},
    "too large": {GENERATIONS: blob(300 << 20)},
    "too large a score": {"a_b_c.json": blob(5 << 20)},
    "too many": {f"generations_m/generations_t{n}_m.json": blob() for n in range(1001)},
    "too much": {f"generations_m/generations_t{n}_m.json": blob(200 << 20) for n in range(6)},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_listings_are_refused_before_anything_is_fetched(name: str, tmp_path: Path) -> None:
    forge = HostileForge(HOSTILE[name])
    with pytest.raises(RecordError) as refused:
        fetch_from_fork(forge, 1, tmp_path / "f", SilentProgress())  # type: ignore[arg-type]
    assert str(refused.value).isprintable()
    assert forge.read == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["..", ".", ".git", "a\nb"])
def test_a_hostile_name_of_the_folder_is_refused(folder: str, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="may lead elsewhere"):
        fetch_from_fork(HostileForge({}, folder), 1, tmp_path, SilentProgress())  # type: ignore[arg-type]


FORKED = PullAddress(board="fork", repository="o/r", number=7)
SPACED = PullAddress(board="space", repository="o/r", number=7)
ADDRESSES: dict[str, PullAddress | None] = {
    "https://github.com/o/r/pull/7": FORKED,
    "https://github.com/o/r/pull/7/files": FORKED,
    "https://github.com/o/r/pull/7#issuecomment-1": FORKED,
    "http://127.0.0.1:99/o/r/pull/7": FORKED,
    "https://huggingface.co/spaces/o/r/discussions/7": SPACED,
    "o/r#7": FORKED,
    "spaces/o/r#7": SPACED,
    "runs/v1": None,
    "no/such/folder": None,
    "community_results/a_b_c": None,
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses(text: str) -> None:
    assert parse_address(text, ["127.0.0.1:99"], "", "", "fork") == ADDRESSES[text]


@pytest.mark.parametrize(("board", "wanted"), [("fork", "f/f"), ("space", "s/s")])
def test_a_number_alone_is_of_the_configured_repository(board: str, wanted: str) -> None:
    for text in ("12", "#12"):
        found = parse_address(text, [], "f/f", "s/s", board)
        assert found
        assert (found.board, found.repository, found.number) == (board, wanted, 12)
    with pytest.raises(UsageError, match="nothing says in which repository"):
        parse_address("12", [], "", "", board)


@pytest.mark.parametrize(
    "text", ["https://gitlab.com/o/r/pull/7", "https://github.com/o/r/issues/7", "https://github.com.evil.test/o/r/pull/7",
             "https://github.com/o/r/pull/0", "https://github.com@evil.test/o/r/pull/7", "https://huggingface.co/o/r"]
)  # fmt: skip
def test_other_addresses_are_refused_with_the_forms(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_address(text, [], "", "", "fork")
    assert "/pull/N" in refused.value.hint
