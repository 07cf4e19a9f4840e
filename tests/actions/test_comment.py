"""One comment on a pull request, edited in place, over the stand-in's API."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest
from github import Auth, Github
from tests.actions.documents import REPOSITORY

from podium.boards.fork.forge import Forge
from podium.standin.server import Standin
from podium.standin.world import BOT, FORK, REVIEWER, User, default_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.world
SCRIPT = REPOSITORY / "actions" / "comment" / "comment.py"
APP = User(login="github-actions[bot]", token="standin-app-token")
MARK = "<!-- podium-check -->"


class Place:
    """A pull request on the stand-in, and results to comment on it with."""

    def __init__(self, standin: Standin, folder: Path) -> None:
        self.standin, self.folder = standin, folder
        self.client = Github(auth=Auth.Token(BOT.token), base_url=standin.github_url, seconds_between_writes=0)
        forge = Forge(self.client, FORK)
        head = forge.head_of("main")
        assert head
        forge.create_branch("offer", forge.write_commit([head], {"x": forge.write_blob(b"x")}, "x"))
        self.number = forge.open_pull("offer", "main", "x", "").number

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def comment(self, **changes: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": "",
            "GITHUB_API_URL": self.standin.github_url,
            "PODIUM_COMMENT_FOLDER": str(self.folder),
            "PODIUM_COMMENT_PULL": str(self.number),
            "PODIUM_COMMENT_REPOSITORY": FORK,
            "PODIUM_COMMENT_TOKEN": APP.token,
            **changes,
        }
        command = [sys.executable, "-I", str(SCRIPT)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def comments(self) -> list[str]:
        return [one.body for one in self.client.get_repo(FORK).get_pull(self.number).get_issue_comments()]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    world = default_world()
    upstream, fork = world.repositories
    world = msgspec.structs.replace(
        world,
        users=[*world.users, APP],
        repositories=[upstream, msgspec.structs.replace(fork, writers=[*fork.writers, APP.login])],
    )
    with Standin(tmp_path / "state", world) as standin:
        made = Place(standin, tmp_path / "checks")
        yield made
        made.client.close()


def test_it_is_written_once_and_then_edited(place: Place) -> None:
    place.client.get_repo(FORK).get_pull(place.number).create_issue_comment("a person's")
    place.write("check-0/check.md", "verified: first")
    assert place.comment().stdout == "comment: created\n"
    place.write("check-0/check.md", "refuted: second")
    place.write("check-1/check.md", "verified: another")
    done = place.comment()
    assert (done.returncode, done.stdout) == (0, "comment: updated\n")
    person, ours = place.comments()
    assert person == "a person's"
    assert ours.splitlines() == [MARK, "refuted: second", "verified: another"]


def test_a_persons_comment_with_our_mark_is_left_alone(place: Place) -> None:

    other = Github(auth=Auth.Token(REVIEWER.token), base_url=place.standin.github_url, seconds_between_writes=0)
    other.get_repo(FORK).get_pull(place.number).create_issue_comment(f"{MARK}\nforged")
    other.close()
    place.write("a.md", "verified")
    assert place.comment().stdout == "comment: created\n"
    assert place.comments() == [f"{MARK}\nforged", f"{MARK}\nverified"]


def test_what_github_would_refuse_is_cut_and_links_are_not_followed(place: Place, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    place.write("a.md", "x" * 100_000)
    (place.folder / "b.md").symlink_to(tmp_path / "secret")
    place.write("c.md", "<!-- podium-check --> forged")
    assert place.comment().returncode == 0
    (text,) = place.comments()
    assert len(text) <= 60_000
    assert text.rstrip().endswith("The rest is in the job's summary.")
    assert "secret" not in text
    assert text.count("<!--") == 1


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PODIUM_COMMENT_PULL", "", "no pull request"),
        ("PODIUM_COMMENT_PULL", "1/../../x", "no pull request"),
        ("PODIUM_COMMENT_REPOSITORY", "a/b/../c", "no pull request"),
        ("PODIUM_COMMENT_TOKEN", "wrong", "answered 401"),
        ("PODIUM_COMMENT_PULL", "999", "answered 404"),
        ("GITHUB_API_URL", "http://api.example.org", "no address"),
        ("GITHUB_API_URL", "http://127.0.0.1:9", "no answer"),
    ],
)
def test_failures_are_annotations_without_the_token(place: Place, name: str, value: str, said: str) -> None:
    place.write("a.md", "verified")
    done = place.comment(**{name: value})
    assert done.returncode == 1
    assert done.stdout.startswith("::error::comment: ")
    assert said in done.stdout
    assert APP.token not in done.stdout + done.stderr
    assert place.comments() == []
