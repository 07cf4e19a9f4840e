"""Each source ends in the same verified folder, costs one transfer, and goes on where it was cut."""

from __future__ import annotations

import hashlib
import itertools
import shutil
import tarfile
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.utils.tqdm import disable_progress_bars
from tests.unit.sources.places import CHECKPOINT, OWNER, REPOSITORY, STRANGER, TAG, assets, files_of

from podium.convert import digest_checkpoint
from podium.errors import (
    CheckpointError,
    PodiumError,
    SourceError,
    StorageError,
    TokenError,
    TokenRefusedError,
    TokenScopeError,
    UsageError,
)
from podium.files import sha256_file
from podium.standin.faults import Fault
from podium.standin.hub.files import pointer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.sources.places import Place

WEIGHTS = "model.safetensors"
SIZE = (CHECKPOINT / WEIGHTS).stat().st_size
RELEASE, HUB, LFS, URL = "release:*", f"hf://{REPOSITORY}@{{tag}}", "checkpoints/{tag}", "https"
EVERY = [RELEASE, HUB, LFS, URL]


class Prepared:
    """The checkpoint at each kind of address, put there when it is asked for."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def __getitem__(self, kind: str) -> str:
        if kind == RELEASE:
            self._place.standin.release(REPOSITORY, TAG, assets())
        if kind == HUB:
            self._upload()
        if kind == LFS:
            folder = self._place.folder / "checkpoints" / TAG
            shutil.copytree(CHECKPOINT, folder)
            (folder / WEIGHTS).write_bytes(pointer(self._place.standin.keep(CHECKPOINT / WEIGHTS), SIZE))
        return self._archive() if kind == URL else kind

    def _upload(self) -> None:
        api = HfApi(endpoint=self._place.standin.hub_url, token=OWNER.token)
        commit = api.upload_folder(repo_id=REPOSITORY, folder_path=CHECKPOINT, commit_message="weights")
        api.create_tag(REPOSITORY, tag=TAG, revision=commit.oid)

    def _archive(self) -> str:
        archive = self._place.folder / "ckpt.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            for name in assets():
                tar.add(CHECKPOINT / name, f"ckpt/{name}")
        digest = self._place.standin.keep(archive)
        return f"{self._place.standin.url}/github-content/{digest}/{archive.name}#sha256={digest}"


@pytest.fixture
def prepared(place: Place, monkeypatch: pytest.MonkeyPatch) -> Prepared:
    # The Hub's second upload protocol needs servers of its own.
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    disable_progress_bars()
    return Prepared(place)


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.world
def test_every_source_ends_in_the_same_verified_folder(
    kind: str, prepared: Prepared, place: Place, wanted: dict[str, bytes]
) -> None:
    found = place.fetch(prepared[kind])
    assert files_of(found.path) == wanted
    assert place.left() == [found.path.name]


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.world
def test_a_checkpoint_costs_one_transfer_and_a_planned_one_none(kind: str, prepared: Prepared, place: Place) -> None:
    address = prepared[kind]
    found = place.fetch(address)
    transfers = [path for path in place.bytes_requests() if path.endswith(WEIGHTS) or "-content/" in path]
    if kind == URL:
        transfers.pop()
    assert len(transfers) == len({*transfers}), "no file is fetched twice"
    before = len(place.bytes_requests())
    assert place.fetch(address).path == found.path
    assert place.fetch(found.address, planned=digest_checkpoint(found.path)).path == found.path
    # The size of a file at an address is known from a first answer alone, whose body is not read.
    assert len(place.bytes_requests()) - before == (1 if kind == URL else 0)


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.world
def test_a_download_that_is_cut_at_every_tenth_goes_on_at_its_next_byte(
    kind: str, prepared: Prepared, place: Place, wanted: dict[str, bytes]
) -> None:
    address = prepared[kind]
    path = r"-content/|/resolve/"
    cut = [Fault(path=path, nth=number, action="cut", bytes=SIZE // 10) for number in range(1, 40)]
    place.standin.inject(cut)
    assert files_of(place.fetch(address).path) == wanted
    assert len(place.bytes_requests()) > 9
    assert not place.waited or max(place.waited) <= 1, "what goes on is not made to wait"


@pytest.mark.world
def test_another_process_goes_on_where_one_was_stopped(place: Place) -> None:
    # Everything after the first half is refused, so the first process gives up.
    half = SIZE // 2
    place.standin.release(REPOSITORY, "v2", {WEIGHTS: CHECKPOINT / WEIGHTS})
    place.standin.inject(
        [
            Fault(path="-content/", action="cut", bytes=half),
            Fault(path="-content/", nth=2, times=5, action="status", status=503),
        ]
    )
    with pytest.raises(SourceError, match="answered 503") as failed:
        place.fetch(RELEASE, tag="v2")
    assert "goes on where it stopped" in failed.value.hint
    assert place.left() == [], "nothing half-written passes for a checkpoint"
    place.standin.inject([])
    place.standin.requests.clear()
    place.fetch(RELEASE, tag="v2")
    assert len(place.bytes_requests()) == 1


@pytest.mark.world
def test_only_what_is_missing_is_asked_for_again(place: Place) -> None:
    place.standin.release(REPOSITORY, TAG, {WEIGHTS: CHECKPOINT / WEIGHTS})
    place.standin.inject([Fault(path="-content/", action="cut", bytes=1000)])
    seen: list[str] = []
    answer = place.standin.answer

    def listening(method: str, target: str, headers: object, body: bytes) -> object:
        seen.append(dict(headers).get("Range", ""))  # type: ignore[call-overload]
        return answer(method, target, headers, body)  # type: ignore[arg-type]

    place.standin.answer = listening  # type: ignore[assignment, method-assign]
    place.fetch(RELEASE)
    assert [text for text in seen if text] == ["bytes=1000-"] * 2, "asset and its other host"


@pytest.mark.parametrize("kind", [RELEASE, LFS, URL])
@pytest.mark.world
def test_damaged_bytes_are_refused_and_nothing_of_them_stays(kind: str, prepared: Prepared, place: Place) -> None:
    address = prepared[kind]
    for path in (place.standin.store.folder / "hub" / "objects").rglob("*"):
        if path.is_file() and path.stat().st_size > 1000:
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
    with pytest.raises(SourceError, match="other bytes than its digest says") as refused:
        place.fetch(address)
    assert "run the same command again" in refused.value.hint
    assert place.left() == []
    assert not list(place.store.folder.rglob(f"{WEIGHTS}*"))


@pytest.mark.world
def test_a_damaged_small_file_of_the_hub_is_refused_by_its_name_in_git(prepared: Prepared, place: Place) -> None:
    address = prepared[HUB]
    size = (CHECKPOINT / "config.json").stat().st_size
    place.standin.inject([Fault(path=r"/resolve/.*/config\.json", status=200, body="x" * (size - 2))])
    with pytest.raises(SourceError, match=r"config\.json of acme/small .*other bytes than its digest says"):
        place.fetch(address)
    assert files_of(place.fetch(address).path), "the next attempt fetches it anew"


@pytest.mark.parametrize("kind", [RELEASE, LFS])
@pytest.mark.world
def test_a_digest_that_changed_since_the_plan_stops_the_job(kind: str, prepared: Prepared, place: Place) -> None:
    found = place.fetch(prepared[kind])
    (place.folder / "checkpoints" / TAG).mkdir(parents=True, exist_ok=True)
    planned = digest_checkpoint(found.path)
    shutil.rmtree(place.store.folder)
    other = place.folder / "other.json"
    other.write_text('{"changed": true}')
    place.standin.release(REPOSITORY, TAG, {"config.json": other})
    (place.folder / "checkpoints" / TAG / "config.json").write_text('{"changed": true}')
    with pytest.raises(SourceError, match=r"has changed since the plan was made: config\.json") as refused:
        place.fetch(found.address, planned=planned)
    assert "plan anew" in refused.value.hint


@pytest.mark.world
def test_a_branch_of_the_hub_is_pinned_to_its_commit(prepared: Prepared, place: Place) -> None:
    tagged = place.fetch(prepared[HUB]).address
    pinned = place.fetch(f"hf://{REPOSITORY}@main").address
    assert pinned == tagged
    assert len(pinned.partition("@")[2]) == 40


@pytest.mark.world
def test_parts_are_joined_in_their_order_and_a_gap_is_refused(
    place: Place, tmp_path: Path, wanted: dict[str, bytes]
) -> None:
    data = wanted[WEIGHTS]
    cuts = [0, 1000, 50_000, 51_000, *range(60_000, 130_000, 10_000), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(cuts)]
    assert len(pieces) > 10, "10 comes after 9, not after 1"
    parts = {}
    for number, piece in enumerate(pieces, 1):
        (tmp_path / f"p{number}").write_bytes(piece)
        parts[f"{WEIGHTS}.part{number}"] = tmp_path / f"p{number}"
    others = {name: path for name, path in assets().items() if name != WEIGHTS}
    place.standin.release(REPOSITORY, TAG, {**dict(sorted(parts.items())), **others})
    assert files_of(place.fetch(RELEASE).path) == wanted
    place.standin.release(REPOSITORY, "v2", {name: path for name, path in parts.items() if not name.endswith("part3")})
    with pytest.raises(SourceError, match=r"model\.safetensors lacks a part") as refused:
        place.fetch(RELEASE, tag="v2")
    assert "upload the missing part" in refused.value.hint


@pytest.mark.world
def test_a_token_goes_to_the_first_host_alone(prepared: Prepared, place: Place) -> None:
    # The stand-in's other host refuses a request with a token, as storage hosts do.
    assert files_of(place.fetch(prepared[RELEASE], GITHUB_TOKEN=OWNER.token).path)
    assert files_of(place.fetch(prepared[LFS], GITHUB_TOKEN=OWNER.token).path)
    with pytest.raises(TokenRefusedError, match="401") as refused:
        place.fetch(RELEASE, GITHUB_TOKEN="standin-wrong-token")
    assert "GITHUB_TOKEN is wrong" in refused.value.hint


@pytest.mark.parametrize(
    ("name", "token", "kind", "remedy"),
    [
        ("acme/gated", "", TokenError, "ask for access"),
        ("acme/gated", STRANGER.token, TokenScopeError, "ask for access"),
        ("acme/private", STRANGER.token, SourceError, "correct the name; if it is private"),
        ("acme/none", "", SourceError, "correct the name"),
        ("acme/small", "standin-wrong-token", TokenRefusedError, "PODIUM_HUB_READ_TOKEN"),
    ],
)
@pytest.mark.world
def test_a_hub_repository_that_cannot_be_read_names_what_to_do(
    name: str, token: str, kind: type[PodiumError], remedy: str, place: Place
) -> None:
    with pytest.raises(kind) as refused:
        place.fetch(f"hf://{name}@main", PODIUM_HUB_READ_TOKEN=token)
    assert remedy in refused.value.hint
    assert place.left() == []


@pytest.mark.world
def test_a_gated_repository_opens_for_whoever_was_let_in(place: Place) -> None:
    found = place.fetch("hf://acme/gated@main", PODIUM_HUB_READ_TOKEN=OWNER.token)
    assert files_of(found.path)["config.json"] == b"{}"


@pytest.mark.world
def test_an_unknown_revision_names_the_known_ones(prepared: Prepared, place: Place) -> None:
    place.fetch(prepared[HUB])
    with pytest.raises(SourceError, match="no such revision") as refused:
        place.fetch(HUB, tag="v9")
    assert f"it has {TAG}, main" in refused.value.hint


@pytest.mark.world
def test_a_tag_without_release_and_a_renamed_asset_are_told(place: Place) -> None:
    with pytest.raises(SourceError, match=r"the release v1\.0\.0 of acme/small: the host answered 404") as missing:
        place.fetch(RELEASE)
    assert "gh release create v1.0.0 FILES" in missing.value.hint
    assert "GITHUB_TOKEN=$(gh auth token)" in missing.value.hint
    place.standin.release(REPOSITORY, TAG, {"model-final.safetensors": CHECKPOINT / WEIGHTS})
    with pytest.raises(SourceError, match=r"no asset model\.safetensors; it has model-final\.safetensors") as renamed:
        place.fetch("release:model.safetensors")
    assert 'did you mean "release:model-final.safetensors"?' in renamed.value.hint
    place.standin.release(REPOSITORY, "v3", {}, draft=True)
    with pytest.raises(SourceError, match="is a draft") as draft:
        place.fetch(RELEASE, tag="v3", GITHUB_TOKEN=OWNER.token)
    assert draft.value.hint == "gh release edit v3 --draft=false"


@pytest.mark.world
def test_a_release_without_weights_is_told_before_anything_is_fetched(place: Place) -> None:
    place.standin.release(REPOSITORY, TAG, {})
    with pytest.raises(SourceError, match="has no assets") as empty:
        place.fetch(RELEASE)
    assert empty.value.hint == "gh release upload v1.0.0 FILES adds them"
    place.standin.release(REPOSITORY, "v2", {name: CHECKPOINT / name for name in ("config.json", "golden.npz")})
    with pytest.raises(SourceError, match=r"no weights among what release:\* takes: config.json, golden.npz") as bare:
        place.fetch(RELEASE, tag="v2")
    assert bare.value.hint.startswith("gh release upload v2 model.safetensors")


@pytest.mark.world
def test_git_lfs_without_budget_leads_to_the_release(prepared: Prepared, place: Place) -> None:
    place.standin.store.state.repositories[REPOSITORY].is_over_quota = True
    with pytest.raises(SourceError, match="gives nothing more this month") as refused:
        place.fetch(prepared[LFS])
    assert 'checkpoint = "release:*"' in refused.value.hint


@pytest.mark.world
def test_git_lfs_content_that_was_never_pushed_is_told(prepared: Prepared, place: Place) -> None:
    address = prepared[LFS]
    (place.folder / "checkpoints" / TAG / WEIGHTS).write_bytes(pointer("0" * 64, 5))
    with pytest.raises(SourceError, match="Object does not exist") as refused:
        place.fetch(address)
    assert "git lfs push --all origin v1.0.0" in refused.value.hint


@pytest.mark.world
def test_only_the_pointers_of_the_path_are_fetched(prepared: Prepared, place: Place) -> None:
    other = place.folder / "checkpoints" / "v0"
    other.mkdir(parents=True)
    (other / WEIGHTS).write_bytes(pointer("1" * 64, 10**9))
    place.fetch(prepared[LFS])
    assert len([path for path in place.bytes_requests() if "-content/" in path]) == 1


@pytest.mark.world
def test_a_disk_that_is_too_small_is_told_before_anything_is_fetched(
    prepared: Prepared, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(place.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(StorageError, match=r"needs [\d,]+ bytes more and .* has room for 1,000") as refused:
        place.fetch(prepared[RELEASE])
    assert "PODIUM_CHECKPOINTS" in refused.value.hint
    assert place.bytes_requests() == []


@pytest.mark.world
def test_a_host_that_is_away_is_asked_again_and_then_told(place: Place) -> None:
    place.standin.release(REPOSITORY, TAG, assets())
    place.standin.inject([Fault(path="-content/", times=3, status=503, headers={"Retry-After": "7"})])
    place.fetch(RELEASE)
    assert place.waited.count(7.0) == 3


@pytest.mark.world
@pytest.mark.parametrize(
    ("address", "tag", "remedy"),
    [
        (RELEASE, "", "--tag v1.0.0"),
        ("release:", TAG, "release:*"),
        ("hf://acme/small", TAG, "hf://ORG/NAME@REVISION"),
        (HUB, "", "--tag v1.0.0"),
        ("https://host/file", TAG, "#sha256=DIGEST"),
        ("https://host/file#sha256=abc", TAG, "sha256sum"),
    ],
)
def test_an_incomplete_address_is_told_before_anything_is_asked(
    address: str, tag: str, remedy: str, place: Place
) -> None:
    with pytest.raises(UsageError) as refused:
        place.fetch(address, tag=tag)
    assert remedy in refused.value.hint
    assert place.standin.requests == []


@pytest.mark.world
def test_a_plain_http_address_is_refused(place: Place) -> None:
    with pytest.raises(SourceError, match="anybody can change") as refused:
        place.fetch(f"http://example.invalid/x#sha256={'0' * 64}")
    assert "https" in refused.value.hint


@pytest.mark.world
def test_a_missing_path_and_a_missing_folder_name_their_remedies(place: Place) -> None:
    with pytest.raises(CheckpointError, match="checkpoints/v7") as path:
        place.fetch(LFS, tag="v7")
    assert "--checkpoint" in path.value.hint
    assert "release:*" in path.value.hint
    with pytest.raises(SourceError, match="this machine has no /nowhere/v7") as folder:
        place.fetch("/nowhere/{tag}", tag="v7")
    assert "plan-runner" in folder.value.hint


@pytest.mark.world
def test_a_kept_checkpoint_that_was_touched_is_not_believed(place: Place) -> None:
    place.standin.release(REPOSITORY, TAG, assets())
    found = place.fetch(RELEASE)
    before = sha256_file(found.path / WEIGHTS)
    (found.path / WEIGHTS).write_bytes(b"touched")
    again = place.fetch(RELEASE)
    assert (
        sha256_file(again.path / WEIGHTS) == before == hashlib.sha256((CHECKPOINT / WEIGHTS).read_bytes()).hexdigest()
    )
