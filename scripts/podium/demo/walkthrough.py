"""`podium demo`: the demo's release goes from checkpoint to both pull requests, on the stand-in, by the real code.

Reads the packaged checkpoint and problems. Writes run/ and standin/ below the demo's folder.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podium.boards import submit
from podium.boards.seam import Targets, open_board
from podium.config import read_config
from podium.pipeline import RunOptions, run
from podium.plan import PlanOptions
from podium.records import Receipt, Scores, read_record
from podium.run_directory import SCORES
from podium.standin.server import Standin
from podium.standin.world import Repository, Space, User, World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from github import Github

    from podium.boards.seam import Clients
    from podium.config import Config
    from podium.pipeline import Tools
    from podium.progress import Progress

TAG = "v1.0.0"
RUN = "run"
UPSTREAM = "podium-upstream/leaderboard"
# Passwords of accounts that exist on the stand-in alone.
BOT = User(login="podium-bot", token="standin-bot-token", scopes=["repo"])  # noqa: S106
REVIEWER = User(login="reviewer", token="standin-reviewer-token", scopes=["repo"])  # noqa: S106
SEED_FILES = {"README.md": "# The demo's leaderboard\n", "community_results/.gitkeep": ""}


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """What a walkthrough left: scores, both receipts, and how many steps of the run were really done."""

    run_dir: Path
    scores: Scores
    submitted: Receipt
    published: Receipt
    steps_done: int


def package_folder() -> Path:
    """Where the demo's checkpoint, problems and podium.toml lie in the installed package."""
    return Path(str(resources.files("podium.demo").joinpath("podium.toml"))).parent


def demo_world(config: Config) -> World:
    """A leaderboard with its fork and its Space, a bot that submits and a reviewer who approves."""
    return World(
        users=[BOT, REVIEWER],
        repositories=[
            Repository(full_name=UPSTREAM, writers=["maintainer"], files=SEED_FILES),
            Repository(full_name=config.submit.fork, parent=UPSTREAM, writers=[BOT.login, REVIEWER.login]),
        ],
        spaces=[Space(id=config.publish.space, writers=["maintainer"], files=SEED_FILES)],
    )


def environment_of(standin: Standin, user: User) -> dict[str, str]:
    """What the environment of a job of `user` would hold, pointed at the stand-in."""
    return {
        "GITHUB_API_URL": standin.github_url,
        "PODIUM_FORK_TOKEN": user.token,
        "HF_ENDPOINT": standin.hub_url,
        "HF_TOKEN": user.token,
    }


def walk(folder: Path, tools: Tools, clients_of: Callable[[Mapping[str, str]], Clients], report: Progress) -> Walk:
    """Run, submit, approve as the reviewer, publish. A second walk finds everything done and both boards unchanged."""
    config = read_config(package_folder() / "podium.toml")
    run_dir = folder / RUN
    options = RunOptions(
        plan=PlanOptions(tag=TAG, checkpoint=package_folder() / config.model.checkpoint), run_dir=run_dir
    )
    _, steps_done = run(options, config, tools, report)
    targets = Targets(
        fork=config.submit.fork,
        base=config.submit.base,
        reviewers=tuple(config.submit.reviewers),
        labels=tuple(config.submit.labels),
        space=config.publish.space,
    )
    with Standin(folder / "standin", demo_world(config)) as standin:
        clients = clients_of(environment_of(standin, BOT))
        submitted = submit("submit", open_board("fork", targets, clients), run_dir, report)
        report.note(f"submit: {submitted.outcome} {submitted.url}")
        approve(clients_of(environment_of(standin, REVIEWER)).github(), config.submit.fork, submitted, report)
        published = submit("publish", open_board("space", targets, clients), run_dir, report)
        report.note(f"publish: {published.outcome} {published.url}")
    scores = read_record(run_dir / SCORES, Scores)
    return Walk(run_dir=run_dir, scores=scores, submitted=submitted, published=published, steps_done=steps_done)


def approve(client: Github, repository: str, receipt: Receipt, report: Progress) -> None:
    """Approve the pull request as its reviewer would, unless this head is approved already."""
    pull = client.get_repo(repository).get_pull(receipt.number)
    if any(review.state == "APPROVED" and review.commit_id == receipt.head for review in pull.get_reviews()):
        return
    pull.create_review(body="Checked with podium validate.", event="APPROVE")
    report.note(f"review: {REVIEWER.login} approved {receipt.url}")
