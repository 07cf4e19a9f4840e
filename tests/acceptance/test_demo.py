"""podium demo: both pull requests exist on the stand-in, hold what was measured, and a second demo changes nothing."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from tests.acceptance.command import COMMAND, Podium, tree

if TYPE_CHECKING:
    pass

pytestmark = [pytest.mark.world, pytest.mark.slow]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Podium, str]:
    """One finished demo for all tests of this module."""
    podium = Podium(tmp_path_factory.mktemp("demo"))
    said = podium("demo")
    assert said.code == 0, said.err
    return podium, said.out


def _ask(podium: Podium, path: str) -> Any:
    """Start the stand-in on the demo's state and ask it over HTTP, as an outsider would."""
    command = [*COMMAND, "standin", "--state", "demo/standin"]
    with subprocess.Popen(
        command, cwd=podium.folder, env=podium.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            request = urllib.request.Request(json.loads(process.stdout.readline())["url"] + path)
            request.add_header("Authorization", "Bearer standin-reviewer-token")
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        finally:
            process.terminate()


def _grouped(podium: Podium) -> dict[str, float]:
    path = next((podium.folder / "demo" / "run" / "submission").rglob("PODIUM_DEMO360K_podium-bot.json"))
    grouped = json.loads(path.read_text())
    assert grouped["meta"] == {"model": "PODIUM/DEMO360K"}
    return {result["task"]: result["pass@1"] for result in grouped["results"]}


def test_the_model_really_solves_some_and_really_fails_others(demo: tuple[Podium, str]) -> None:
    scores = _grouped(demo[0])
    assert set(scores) == {"demo-python", "demo-sh", "demo-pl"}
    assert all(0 < value < 1 for value in scores.values())


def test_the_fork_pull_request_exists_and_its_body_holds_the_table(demo: tuple[Podium, str]) -> None:
    podium, out = demo
    pulls = _ask(podium, "/api/v3/repos/podium-demo/leaderboard/pulls?state=all")
    assert [pull["state"] for pull in pulls] == ["open"]
    assert pulls[0]["html_url"] in out
    assert pulls[0]["title"] == "[Community Submission] Model: PODIUM/DEMO360K, Username: podium-bot"
    for task, value in _grouped(podium).items():
        row = next(line for line in pulls[0]["body"].splitlines() if line.startswith(f"| {task} |"))
        assert f"| {100 * value:.2f} |" in row


def test_the_space_pull_request_exists_with_the_same_title(demo: tuple[Podium, str]) -> None:
    podium, out = demo
    found = _ask(podium, "/api/spaces/podium-demo/leaderboard/discussions")["discussions"]
    assert [(entry["isPullRequest"], entry["status"]) for entry in found] == [(True, "open")]
    assert found[0]["title"] == "[Community Submission] Model: PODIUM/DEMO360K, Username: podium-bot"
    assert f"/spaces/podium-demo/leaderboard/discussions/{found[0]['num']}" in out


def test_the_submission_folder_has_exactly_the_boards_layout(demo: tuple[Podium, str]) -> None:
    submission = demo[0].folder / "demo" / "run" / "submission"
    tasks = ("demo-pl", "demo-python", "demo-sh")
    folder = "community_results/PODIUM_DEMO360K_podium-bot"
    assert set(tree(submission)) == {
        f"{folder}/PODIUM_DEMO360K_podium-bot.json",
        *(f"{folder}/generations_DEMO360K/generations_{task}_DEMO360K.json" for task in tasks),
        *(f"{folder}/metrics_DEMO360K/metrics_{task}_DEMO360K.json" for task in tasks),
    }


def test_every_file_of_the_run_is_valid(demo: tuple[Podium, str]) -> None:
    """But for what is true of the demo's model: it was trained on its own problems, and a warning tells."""
    folder = next((demo[0].folder / "demo" / "run" / "submission" / "community_results").iterdir())
    for place in ("demo/run", folder):
        said = demo[0]("validate", place, "--format", "json")
        rules = {finding["rule"] for finding in json.loads(said.out)["findings"]}
        assert (said.code, rules) == (3, {"canonical-solutions"}), said.out + said.err


def test_a_second_demo_does_nothing_and_both_boards_are_unchanged(demo: tuple[Podium, str]) -> None:
    podium = demo[0]
    run = podium.folder / "demo" / "run"
    before = {name: data for name, data in tree(run).items() if name not in ("submit.json", "publish.json")}
    said = podium("demo")
    assert said.code == 0, said.err
    assert "nothing to do" in said.err
    assert said.out.count("(unchanged)") == 2
    after = tree(run)
    assert {name: after[name] for name in before} == before
    assert len(_ask(podium, "/api/v3/repos/podium-demo/leaderboard/pulls?state=all")) == 1


def test_the_demo_ends_with_paths_that_exist(demo: tuple[Podium, str]) -> None:
    podium, out = demo
    named = dict(line.rsplit(maxsplit=1) for line in out.splitlines()[-2:])
    assert list(named) == ["pull request body", "submission folder"]
    assert all((podium.folder / path).exists() for path in named.values())
