"""Tokens, addresses, outputs and annotations of GitHub Actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from podium.errors import ConfigError, StorageError, TokenError
from podium.github import FORK_TOKENS, build_github
from podium.hub import build_hub
from podium.tokens import address_of, token_of
from podium.workflow_commands import annotation, write_outputs, write_summary

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "ghp_secret"


def test_own_token_wins_over_the_workflows() -> None:
    both = {"PODIUM_FORK_TOKEN": "mine", "GITHUB_TOKEN": "workflow"}
    assert token_of(both, FORK_TOKENS, "x") == "mine"
    assert token_of({**both, "PODIUM_FORK_TOKEN": ""}, FORK_TOKENS, "x") == "workflow"


def test_pasted_line_break_is_dropped() -> None:
    assert token_of({"GITHUB_TOKEN": f"{SECRET}\n"}, FORK_TOKENS, "x") == SECRET


def test_missing_fork_token_names_the_variables() -> None:
    with pytest.raises(TokenError) as caught:
        build_github({})
    assert "PODIUM_FORK_TOKEN" in caught.value.hint
    assert "GITHUB_TOKEN" in caught.value.hint


def test_missing_hub_token_names_the_variable() -> None:
    with pytest.raises(TokenError) as caught:
        build_hub({})
    assert "HF_TOKEN" in caught.value.hint


@pytest.mark.parametrize("value", [f"{SECRET} {SECRET}", f"{SECRET}\n{SECRET}", f"{SECRET}é"])
def test_unusable_token_is_refused_without_being_shown(value: str) -> None:
    with pytest.raises(TokenError) as caught:
        build_github({"PODIUM_FORK_TOKEN": value})
    assert SECRET not in f"{caught.value!r} {caught.value.hint}"


def test_token_is_in_no_representation() -> None:
    environment = {"PODIUM_FORK_TOKEN": SECRET, "HF_TOKEN": SECRET}
    client, hub = build_github(environment), build_hub(environment)
    assert SECRET not in f"{client!r} {client.requester!r} {client.requester.auth!r} {hub!r}"
    client.close()


@pytest.mark.parametrize(
    "address",
    ["http://api.github.com", "ftp://127.0.0.1", "https://user:word@host", "nonsense", "http://127.0.0.1.evil"],
)
def test_token_is_not_sent_in_the_clear(address: str) -> None:
    with pytest.raises(ConfigError, match="GITHUB_API_URL"):
        build_github({"PODIUM_FORK_TOKEN": SECRET, "GITHUB_API_URL": address})


@pytest.mark.parametrize(
    "address", ["https://github.example/api/v3", "http://127.0.0.1:8000/api/v3", "http://[::1]:8000"]
)
def test_good_address_is_taken(address: str) -> None:
    assert address_of({"GITHUB_API_URL": address + "/"}, "GITHUB_API_URL", "") == address


def test_posts_are_never_repeated_by_the_client() -> None:
    client = build_github({"PODIUM_FORK_TOKEN": SECRET})
    methods = client.requester.kwargs["retry"].allowed_methods
    client.close()
    assert methods == {"GET", "HEAD"}


def test_outputs_survive_any_value(tmp_path: Path) -> None:
    path = tmp_path / "output"
    path.write_text("before=1\n")
    write_outputs({"GITHUB_OUTPUT": str(path)}, {"url": "https://x/1", "reason": "a\nname<<EOF\nb"})
    lines = path.read_text().splitlines()
    assert lines[0] == "before=1"
    name, _, delimiter = lines[1].partition("<<")
    assert (name, lines[2], lines[3]) == ("url", "https://x/1", delimiter)
    name, _, delimiter = lines[4].partition("<<")
    assert name == "reason"
    assert lines[5:] == ["a", "name<<EOF", "b", delimiter]


def test_summary_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    for text in ("one", "two\n"):
        write_summary({"GITHUB_STEP_SUMMARY": str(path)}, text)
    assert path.read_text() == "one\ntwo\n"


def test_nothing_is_written_outside_actions() -> None:
    write_outputs({"GITHUB_OUTPUT": ""}, {"url": "x"})
    write_summary({}, "x")


def test_unwritable_output_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="GITHUB_OUTPUT"):
        write_outputs({"GITHUB_OUTPUT": str(tmp_path)}, {"url": "x"})


def test_annotation_escapes_every_part() -> None:
    text = annotation("error", "100%\nbad: a,b", path="a,b:c%.json", line=3, title="x\r")
    assert text == "::error file=a%2Cb%3Ac%25.json,line=3,title=x%0D::100%25%0Abad: a,b"


def test_annotation_without_a_place_has_no_properties() -> None:
    assert annotation("warning", "hm") == "::warning::hm"
