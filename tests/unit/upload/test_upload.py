"""upload: what was evaluated, once, under the release's tag, and never what did not pass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import huggingface_hub
import msgspec
import pytest
from huggingface_hub.utils.tqdm import disable_progress_bars

from podium.convert import digest_folder
from podium.errors import BoardError, FindingsError, NothingToDoError, RecordError, TokenScopeError
from podium.hub import build_hub
from podium.plan import TRYOUT_TAG
from podium.records import Check, Gate, Gates, Model, Plan, Receipt, read_record, write_record
from podium.run_directory import GATES, MODEL, PLAN
from podium.standin.faults import Fault
from podium.standin.server import Standin
from podium.standin.world import Space, User, World
from podium.upload import upload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from huggingface_hub import HfApi

pytestmark = pytest.mark.world
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
REPOSITORY = "acme/tiny-code"
OWNER = User(login="acme", token="standin-owner-token")
STRANGER = User(login="stranger", token="standin-stranger-token")


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Standin]:
    card = {"LICENSE": "Apache-2.0\n", "model-00001-of-00002.safetensors": "older weights"}
    world = World(users=[OWNER, STRANGER], spaces=[Space(id=REPOSITORY, kind="model", files=card)])
    with Standin(tmp_path / "state", world) as running:
        yield running
    huggingface_hub.close_session()


def client_of(standin: Standin, user: User = OWNER) -> HfApi:
    disable_progress_bars()
    return build_hub({"HF_ENDPOINT": standin.hub_url, "HF_TOKEN": user.token})


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run of a release: a model of three files whose checks and gates passed."""
    folder = tmp_path / "run" / "model"
    folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (folder / name).write_bytes(name.encode() * 100)
    plan = read_record(EXAMPLES / "plan" / "valid" / "example.json", Plan)
    model = read_record(EXAMPLES / "model" / "valid" / "example.json", Model)
    checks = [Check(name="finite", ok=True, saw="all")]
    write_record(folder.parent / PLAN, plan)
    write_record(folder.parent / MODEL, msgspec.structs.replace(model, files=digest_folder(folder), checks=checks))
    gates = [
        Gate(name="protocol", decision="yes", evidence="all"),
        Gate(name="limits", decision="at_risk", evidence="1"),
    ]
    write_record(folder.parent / GATES, Gates(release=plan.release, gates=gates))
    return folder.parent


def changed(path: Path, kind: type[msgspec.Struct], **fields: object) -> None:
    write_record(path, msgspec.structs.replace(read_record(path, kind), **fields))


def test_the_evaluated_model_is_one_commit_under_the_releases_tag(standin: Standin, run_dir: Path) -> None:
    client = client_of(standin)
    before = len(client.list_repo_commits(REPOSITORY))
    receipt = upload(run_dir, REPOSITORY, client)
    assert receipt.outcome == "updated"
    info = client.model_info(REPOSITORY, revision="v1.0.0")
    assert info.sha == receipt.head
    assert {file.rfilename for file in info.siblings or []} == {
        "LICENSE",  # no model's file: it stays
        "config.json",
        "tokenizer.json",
        "model.safetensors",  # and the older weights are gone
    }
    assert len(client.list_repo_commits(REPOSITORY)) == before + 1
    assert read_record(run_dir / "publish.model.json", Receipt) == receipt
    assert receipt.submission_sha256 == read_record(run_dir / MODEL, Model).sha256


def test_again_it_is_unchanged_and_nothing_is_written(standin: Standin, run_dir: Path) -> None:
    client = client_of(standin)
    first = upload(run_dir, REPOSITORY, client)
    standin.requests.clear()
    again = upload(run_dir, REPOSITORY, client)
    assert (again.outcome, again.head) == ("unchanged", first.head)
    assert not [asked for asked in standin.requests if "/commit/" in asked.path or "/tag/" in asked.path]


@pytest.mark.parametrize("path", ["/commit/", "/tag/"])
@pytest.mark.parametrize("action", ["drop_before", "drop_after"])
def test_a_lost_answer_ends_in_one_commit_after_a_rerun(
    standin: Standin, run_dir: Path, path: str, action: str
) -> None:
    client = client_of(standin)
    before = len(client.list_repo_commits(REPOSITORY))
    standin.inject([Fault(path=path, method="POST", action=action)])  # type: ignore[arg-type]
    with pytest.raises(BoardError):
        upload(run_dir, REPOSITORY, client)
    standin.inject([])
    receipt = upload(run_dir, REPOSITORY, client)
    assert len(client.list_repo_commits(REPOSITORY)) == before + 1
    assert client.model_info(REPOSITORY, revision="v1.0.0").sha == receipt.head


def test_a_repository_that_is_not_there_yet_is_made(standin: Standin, run_dir: Path) -> None:
    assert upload(run_dir, "acme/new", client_of(standin)).outcome == "created"


def test_a_tag_is_given_once(standin: Standin, run_dir: Path) -> None:
    client = client_of(standin)
    upload(run_dir, REPOSITORY, client)
    (run_dir / "model" / "config.json").write_text("other")
    changed(run_dir / MODEL, Model, files=digest_folder(run_dir / "model"))
    with pytest.raises(BoardError, match=r"has other files at its tag v1\.0\.0") as refused:
        upload(run_dir, REPOSITORY, client)
    assert "another release" in refused.value.hint


def test_what_did_not_pass_is_never_sent(standin: Standin, run_dir: Path) -> None:
    client = client_of(standin)
    standin.requests.clear()
    no = Gate(name="plausible", decision="no", evidence="zero everywhere")
    release = read_record(run_dir / PLAN, Plan).release
    write_record(run_dir / GATES, Gates(release=release, gates=[no]))
    with pytest.raises(FindingsError, match="the gate plausible: zero everywhere"):
        upload(run_dir, REPOSITORY, client)
    write_record(run_dir / GATES, Gates(release=release, gates=[]))
    changed(run_dir / MODEL, Model, checks=[Check(name="finite", ok=False, saw="NaN")])
    with pytest.raises(FindingsError, match="the check finite: NaN"):
        upload(run_dir, REPOSITORY, client)
    changed(run_dir / MODEL, Model, checks=[])
    (run_dir / "model" / "config.json").write_text("touched")
    with pytest.raises(RecordError, match="is not the model that was evaluated"):
        upload(run_dir, REPOSITORY, client)
    (run_dir / GATES).unlink()
    with pytest.raises(RecordError, match=r"gates\.json"):
        upload(run_dir, REPOSITORY, client)
    plan = read_record(run_dir / PLAN, Plan)
    changed(run_dir / PLAN, Plan, release=msgspec.structs.replace(plan.release, tag=TRYOUT_TAG))
    with pytest.raises(NothingToDoError, match="try-out"):
        upload(run_dir, REPOSITORY, client)
    assert standin.requests == []


def test_a_token_that_may_not_write_is_told(standin: Standin, run_dir: Path) -> None:
    with pytest.raises(TokenScopeError):
        upload(run_dir, REPOSITORY, client_of(standin, STRANGER))
