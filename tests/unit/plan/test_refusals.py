"""What a plan refuses before any work, each with the line of podium.toml that mends it; no board is asked."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.unit.boards.runs import MODEL

from podium.config import Config
from podium.errors import ConfigError, OlderReleaseError, UnknownNameError, UsageError
from podium.plan.refusals import Surroundings, held_releases, refuse_early
from podium.records import Receipt, write_record

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS: dict[str, dict[str, Any]] = {
    "model": {"org": "acme", "model": "Tiny-1", "user": "ann", "checkpoint": "c/{tag}"},
    "submit": {"fork": "acme/leaderboard"},
}
LEADERBOARD = "bigcode/bigcode-models-leaderboard"


def config(**changes: dict[str, Any]) -> Config:
    """A good podium.toml with other values of some sections."""
    sections = {name: {**SECTIONS.get(name, {}), **changes.get(name, {})} for name in {*SECTIONS, *changes}}
    return msgspec.convert(sections, Config)


def with_line(told: str, changed: dict[str, dict[str, Any]]) -> Config:
    """The same podium.toml after following a remedy: `line` below [section]."""
    found = re.search(r"`([^`]+)` below \[(\w+)\]", told)
    assert found is not None, told
    line = found[1].replace("OWNER/REPO", "acme/leaderboard").replace("OWNER/NAME", "acme/space")
    section = {**changed.get(found[2], {}), **tomllib.loads(line)}
    return config(**{**changed, found[2]: section})


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"model": {"dtype": "bf16"}}, "'bf16'"),
        ({"model": {"dtype": "fp32"}}, "'fp32'"),
        ({"model": {"dtype": "auto"}}, "'auto'"),
        ({"submit": {"fork": "bigcode"}}, "submit.fork"),
        ({"submit": {"fork": ""}}, "submit.fork"),
        ({"submit": {"fork": "https://github.com/acme/leaderboard"}}, "submit.fork"),
        ({"submit": {"upstream": "leaderboard"}}, "submit.upstream"),
        ({"submit": {"base": "refs/heads/main"}}, "submit.base"),
        ({"submit": {"base": ""}}, "submit.base"),
        ({"submit": {"reviewers": ["@ann"]}}, "@ann"),
        ({"submit": {"labels": [" "]}}, "empty label"),
        ({"publish": {"space": "leaderboard"}}, "publish.space"),
        ({"publish": {"space": f"https://huggingface.co/spaces/{LEADERBOARD}"}}, "publish.space"),
        ({"runners": {"generate": []}}, "runners.generate"),
        ({"runners": {"execute": [""]}}, "runners.execute"),
        ({"evaluation": {"profile": "demo"}}, "takes submissions of the profile 'bigcode'"),
    ],
)
def test_a_wrong_value_is_refused_and_the_line_that_is_named_mends_it(
    changed: dict[str, dict[str, Any]], words: str
) -> None:
    around = Surroundings(tag="v1")
    with pytest.raises(ConfigError, match=re.escape(words)) as caught:
        refuse_early(config(**changed), around)
    refuse_early(with_line(caught.value.hint, changed), around)


def test_a_good_configuration_passes() -> None:
    refuse_early(
        config(submit={"reviewers": ["ann", "acme/evals"], "labels": ["x"], "base": "trunk/a"}), Surroundings()
    )
    refuse_early(config(), Surroundings(tag="v1", commit="a" * 40, handed=()))


def test_the_leaderboards_space_and_the_demos_profile_may_meet_in_a_tryout() -> None:
    refuse_early(config(evaluation={"profile": "demo"}), Surroundings())


def test_an_unknown_profile_is_told_as_such() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'bigcode'"):
        refuse_early(config(evaluation={"profile": "bigcod"}), Surroundings(tag="v1"))


@pytest.mark.parametrize(("backend", "needs"), [("harness", "harness"), ("replay", "generations")])
def test_a_backend_that_needs_a_file_is_refused_where_the_jobs_hand_over_none(backend: str, needs: str) -> None:
    chosen = {"evaluation": {"backend": backend}}
    with pytest.raises(ConfigError, match=f"{backend!r} needs: {needs}") as caught:
        refuse_early(config(**chosen), Surroundings(handed=()))
    refuse_early(with_line(caught.value.hint, chosen), Surroundings(handed=()))
    assert f"PODIUM_GENERATE_{needs.upper()}" in caught.value.hint
    refuse_early(config(**chosen), Surroundings(handed=(needs,)))
    refuse_early(config(**chosen), Surroundings())


def test_names_that_make_too_long_a_title_are_refused() -> None:
    with pytest.raises(ConfigError, match="characters"):
        refuse_early(config(model={"model": "m" * 90, "org": "o" * 90}), Surroundings())


@pytest.mark.parametrize("commit", ["abc", "A" * 40, "a" * 41, "HEAD"])
def test_a_commit_that_no_record_holds_is_refused(commit: str) -> None:
    with pytest.raises(UsageError, match="40 characters"):
        refuse_early(config(), Surroundings(commit=commit))


def test_a_tag_that_no_record_holds_is_refused() -> None:
    with pytest.raises(UsageError, match="201 characters"):
        refuse_early(config(), Surroundings(tag="v" * 201))


def receipt(runs: Path, release: str, **facts: Any) -> None:
    """What `podium submit` leaves of a release in its run directory."""
    base = {"stage": "submit", "board": "fork", "outcome": "created", "branch": f"podium/{MODEL.folder}"}
    values = {**base, "release": release, "submission_sha256": "0" * 64, **facts}
    write_record(runs / release / "submit.json", Receipt(**values))


@pytest.mark.parametrize(
    ("tag", "refused"),
    [("v2", False), ("v1.5", False), ("v1", False), ("v0.9", True), ("nightly", True), ("v1+gpu", True)],
)
def test_a_tag_that_may_not_replace_what_the_fork_holds_is_refused_until_forced(
    tmp_path: Path, tag: str, refused: bool
) -> None:
    receipt(tmp_path, "v1")
    around = Surroundings(tag=tag, held=held_releases(tmp_path, MODEL))
    if not refused:
        refuse_early(config(), around)
        return
    with pytest.raises(OlderReleaseError, match=r"v1/submit\.json") as caught:
        refuse_early(config(), around)
    assert "--force" in caught.value.hint
    refuse_early(config(), msgspec.structs.replace(around, force=True))


def test_only_what_the_fork_holds_of_this_model_counts(tmp_path: Path) -> None:
    receipt(tmp_path, "v1")
    receipt(tmp_path, "v2", outcome="closed")
    receipt(tmp_path, "v3", outcome="skipped")
    receipt(tmp_path, "v4", branch="podium/acme_Other_ann")
    (tmp_path / "v5").mkdir()
    (tmp_path / "v5" / "submit.json").write_text("{")
    assert list(held_releases(tmp_path, MODEL)) == ["v1"]
