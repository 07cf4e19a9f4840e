"""The Hub side, asked by the real huggingface_hub."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from podium.standin.server import Standin
from podium.standin.world import BOT, LEADERBOARD, REVIEWER, Space, User, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from huggingface_hub import CommitInfo

pytestmark = pytest.mark.world

RESULT = "community_results/ORG_MODEL_USER/result.json"


def add(path: str, text: str = "{}\n") -> CommitOperationAdd:
    return CommitOperationAdd(path, text.encode())


def propose(api: HfApi, *operations: CommitOperationAdd | CommitOperationDelete, title: str = "Title") -> CommitInfo:
    """Open a pull request on the Space."""
    return api.create_commit(
        LEADERBOARD,
        list(operations) or [add(RESULT)],
        commit_message=title,
        commit_description="Body",
        repo_type="space",
        create_pr=True,
    )


def status_of(call: Callable[[], object]) -> int:
    with pytest.raises(HfHubHTTPError) as caught:
        call()
    return caught.value.response.status_code


def test_who_am_i(standin: Standin, hub: Callable[..., HfApi]) -> None:
    assert hub(standin).whoami()["name"] == BOT.login
    assert status_of(lambda: hub(standin, "wrong").whoami()) == 401


def test_create_pr_opens_a_pull_request_beside_main(standin: Standin, hub: Callable[..., HfApi]) -> None:
    api = hub(standin)
    before = api.space_info(LEADERBOARD).sha
    info = propose(api, add(RESULT), add("README.md", "---\ntitle: T\n---\n"), CommitOperationDelete("data/.gitkeep"))
    assert (info.pr_num, info.pr_revision) == (1, "refs/pr/1")
    assert info.pr_url == f"{standin.url}/spaces/{LEADERBOARD}/discussions/1"
    assert api.space_info(LEADERBOARD).sha == before
    assert api.space_info(LEADERBOARD, revision="refs/pr/1").sha == info.oid
    files = api.list_repo_files(LEADERBOARD, repo_type="space", revision="refs/pr/1")
    assert sorted(files) == ["README.md", "community_results/.gitkeep", RESULT]


def test_second_commit_goes_on_with_the_pull_request(standin: Standin, hub: Callable[..., HfApi]) -> None:
    api = hub(standin)
    propose(api)
    more = api.create_commit(
        LEADERBOARD, [add("b.json")], commit_message="More", repo_type="space", revision="refs/pr/1"
    )
    details = api.get_discussion_details(LEADERBOARD, 1, repo_type="space")
    assert [event.type for event in details.events] == ["comment", "commit", "commit"]
    assert details.events[0].content == "Body"  # type: ignore[attr-defined]
    assert details.events[-1].oid == more.oid  # type: ignore[attr-defined]
    assert RESULT in (details.diff or "")
    assert "b.json" in (details.diff or "")
    assert (details.status, details.target_branch, details.conflicting_files) == ("open", "refs/heads/main", [])


def test_discussions_are_listed_by_type_status_and_author(standin: Standin, hub: Callable[..., HfApi]) -> None:
    api = hub(standin)
    propose(api)
    api.create_discussion(LEADERBOARD, "A question", repo_type="space", description="Why?")

    def numbers(**filters: str) -> list[int]:
        found = api.get_repo_discussions(LEADERBOARD, repo_type="space", **filters)  # type: ignore[arg-type]
        return [discussion.num for discussion in found]

    assert numbers() == [2, 1]
    assert numbers(discussion_type="pull_request") == [1]
    assert numbers(author="nobody") == []
    api.change_discussion_status(LEADERBOARD, 1, "closed", repo_type="space")
    assert numbers(discussion_status="open") == [2]
    assert numbers(discussion_status="closed") == [1]


def test_more_discussions_than_a_page_holds_are_all_listed(standin: Standin, hub: Callable[..., HfApi]) -> None:
    api = hub(standin)
    for number in range(52):
        api.create_discussion(LEADERBOARD, f"Question {number}", repo_type="space")
    assert len(list(api.get_repo_discussions(LEADERBOARD, repo_type="space"))) == 52


def test_title_and_comments_change(standin: Standin, hub: Callable[..., HfApi]) -> None:
    api = hub(standin)
    propose(api)
    api.rename_discussion(LEADERBOARD, 1, new_title="Better", repo_type="space")
    comment = api.comment_discussion(LEADERBOARD, 1, "Hello", repo_type="space")
    api.edit_discussion_comment(LEADERBOARD, 1, comment.id, "Hello!", repo_type="space")
    details = api.get_discussion_details(LEADERBOARD, 1, repo_type="space")
    assert details.title == "Better"
    assert details.events[-1].content == "Hello!"  # type: ignore[attr-defined]


def test_same_content_again_opens_nothing(standin: Standin, hub: Callable[..., HfApi]) -> None:
    api = hub(standin)
    unchanged = add("data/.gitkeep", "")
    info = propose(api, unchanged)
    assert info.pr_url is None
    assert list(api.get_repo_discussions(LEADERBOARD, repo_type="space")) == []


def test_commit_without_a_change_opens_nothing(standin: Standin, hub: Callable[..., HfApi]) -> None:
    lines = [
        {"key": "header", "value": {"summary": "Title"}},
        {"key": "file", "value": {"path": "data/.gitkeep", "content": "", "encoding": "base64"}},
    ]
    request = urllib.request.Request(
        f"{standin.url}/api/spaces/{LEADERBOARD}/commit/main?create_pr=1",
        data="\n".join(json.dumps(line) for line in lines).encode(),
        headers={"Authorization": f"Bearer {BOT.token}"},
    )
    with urllib.request.urlopen(request) as reply:
        assert json.load(reply)["pullRequestUrl"] is None
    assert list(hub(standin).get_repo_discussions(LEADERBOARD, repo_type="space")) == []


def test_parent_commit_guards_a_push(standin: Standin, hub: Callable[..., HfApi]) -> None:
    api = hub(standin)
    first = propose(api)

    def push(parent: str, text: str) -> CommitInfo:
        operations = [add("b.json", text)]
        return api.create_commit(
            LEADERBOARD,
            operations,
            commit_message="M",
            repo_type="space",
            revision="refs/pr/1",
            parent_commit=parent,
        )

    push(first.oid, "1")
    assert status_of(lambda: push(first.oid, "2")) == 412


def test_large_file_goes_beside_git_and_comes_back_whole(
    standin: Standin, hub: Callable[..., HfApi], tmp_path: Path
) -> None:
    api = hub(standin)
    content = bytes(range(256)) * 45_000
    # The client itself streams the file through a deprecated argument of its HTTP library.
    with pytest.warns(DeprecationWarning, match="content="):
        propose(api, CommitOperationAdd("big.bin", content))
    info = api.get_paths_info(LEADERBOARD, "big.bin", repo_type="space", revision="refs/pr/1")[0]
    assert info.size == len(content)  # type: ignore[union-attr]
    assert info.lfs is not None  # type: ignore[union-attr]
    path = api.hf_hub_download(
        LEADERBOARD, "big.bin", repo_type="space", revision="refs/pr/1", cache_dir=tmp_path / "cache"
    )
    assert Path(path).read_bytes() == content
    uploads = [item for item in standin.requests if item.method == "PUT"]
    propose(api, CommitOperationAdd("copy.bin", content))
    assert [item for item in standin.requests if item.method == "PUT"] == uploads, "uploaded again"


def test_download_and_listing_name_what_is_missing(standin: Standin, hub: Callable[..., HfApi]) -> None:
    api = hub(standin)
    with pytest.raises(RepositoryNotFoundError):
        api.model_info("nobody/nothing")
    with pytest.raises(RevisionNotFoundError):
        api.space_info(LEADERBOARD, revision="absent")
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download(LEADERBOARD, "absent", repo_type="space")
    assert api.file_exists(LEADERBOARD, "README.md", repo_type="space")


def test_small_file_is_downloaded(standin: Standin, hub: Callable[..., HfApi], tmp_path: Path) -> None:
    path = hub(standin).hf_hub_download(LEADERBOARD, "README.md", repo_type="space", cache_dir=tmp_path)
    assert "Big Code Models Leaderboard" in Path(path).read_text()


def test_pushing_needs_the_right_person(tmp_path: Path, hub: Callable[..., HfApi]) -> None:
    world = World(
        users=[BOT, REVIEWER, User(login="reader", token="r", hub_role="read"), User(login="bigcode", token="b")],
        spaces=[Space(id=LEADERBOARD, files={"a": "1"})],
    )
    with Standin(tmp_path, world) as standin:
        api = hub(standin)
        propose(api)

        def push(client: HfApi, revision: str) -> CommitInfo:
            operations = [add("b.json", revision)]
            return client.create_commit(
                LEADERBOARD, operations, commit_message="M", repo_type="space", revision=revision
            )

        assert status_of(lambda: push(api, "main")) == 403
        assert status_of(lambda: push(hub(standin, REVIEWER.token), "refs/pr/1")) == 403
        assert status_of(lambda: propose(hub(standin, "r"))) == 403
        push(hub(standin, "b"), "main")
        api.change_discussion_status(LEADERBOARD, 1, "closed", repo_type="space")
        assert status_of(lambda: push(api, "refs/pr/1")) == 403


def test_merge_brings_the_files_to_main(tmp_path: Path, hub: Callable[..., HfApi]) -> None:
    world = World(users=[BOT, User(login="bigcode", token="b")], spaces=[Space(id=LEADERBOARD, files={"a": "1"})])
    with Standin(tmp_path, world) as standin:
        propose(hub(standin))
        assert status_of(lambda: hub(standin).merge_pull_request(LEADERBOARD, 1, repo_type="space")) == 403
        hub(standin, "b").merge_pull_request(LEADERBOARD, 1, repo_type="space")
        assert RESULT in hub(standin).list_repo_files(LEADERBOARD, repo_type="space")
        details = hub(standin).get_discussion_details(LEADERBOARD, 1, repo_type="space")
        assert (details.status, RESULT in (details.diff or "")) == ("merged", True)


def test_model_repository_is_created_and_written(standin: Standin, hub: Callable[..., HfApi]) -> None:
    api = hub(standin)
    url = api.create_repo("podium-bot/tiny")
    assert url.repo_id == "podium-bot/tiny"
    assert api.create_repo("podium-bot/tiny", exist_ok=True).repo_id == "podium-bot/tiny"
    api.create_commit("podium-bot/tiny", [add("config.json")], commit_message="M")
    assert [item.title for item in api.list_repo_commits("podium-bot/tiny")] == ["M", "initial commit"]
    assert api.model_info("podium-bot/tiny", files_metadata=True).siblings
    assert status_of(lambda: api.create_repo("paiml/tiny")) == 403
