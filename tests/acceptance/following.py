"""Following remedies: a workplace whose commands run in this process, and what people do about what they print."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from github import Auth, Github
from huggingface_hub import HfApi
from tests.acceptance.remedies import LINE
from tests.acceptance.workplace import Workplace

from podium.cli import cli
from podium.errors import PodiumError
from podium.standin.world import BOT, FORK, LEADERBOARD, REVIEWER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from podium.standin.server import Standin

# What stands for a value in a remedy, and what somebody would write there.
PLACEHOLDERS = {
    "RUN_DIR": "runs/v1",
    "OWNER/REPO": FORK,
    "OWNER/NAME": LEADERBOARD,
    "FILE": "plan.json",
    "DIR": "out",
    "ORG": "acme",
    "MODEL": "Tiny-1",
    "USER": "ann",
}
SUBMIT, PUBLISH = ("submit", "runs/v1"), ("publish", "runs/v1")
PLANNED = ("plan", "--tag", "v1", "--tasks", "demo-sh")


class Ended(NamedTuple):
    """How a command ended: its exit code, what it printed, and the remedy."""

    code: int
    out: str
    hint: str


class Here(Workplace):
    """A workplace whose commands run in this process."""

    def __init__(self, folder: Path, standin: Standin, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, standin)
        self.toml = folder / "podium.toml"
        self._capsys, self._patch = capsys, monkeypatch
        monkeypatch.chdir(folder)
        monkeypatch.setattr("podium.boards.fork.preflight.PAUSE_SECONDS", 0.0)
        for name, value in self.environment().items():
            if name not in {"PATH", "GITHUB_OUTPUT"}:
                monkeypatch.setenv(name, value)

    def __call__(self, *arguments: str) -> Ended:
        words = list(arguments)
        try:
            code = cli.main(words, prog_name="podium", standalone_mode=False, obj=["podium", *words])
        except PodiumError as err:
            return Ended(err.exit_code, self._capsys.readouterr().out, err.hint)
        return Ended(code if isinstance(code, int) else 0, self._capsys.readouterr().out, "")

    def set(self, name: str, value: str) -> None:
        self._patch.setenv(name, value)

    def edit(self, old: str, new: str) -> None:
        text = self.toml.read_text()
        assert old in text
        self.toml.write_text(text.replace(old, new))

    def write_line(self, hint: str, **values: str) -> None:
        """Write the line of podium.toml that a remedy names."""
        match = LINE.search(hint)
        assert match is not None, hint
        line = filled(match[0].partition("`")[2].partition("`")[0])
        key, section = match[1], match[2]
        if " = " not in line:
            line = f'{key} = "{values[key]}"'
        text = re.sub(rf"(?m)^{key} = .*\n", "", self.toml.read_text())
        if f"[{section}]" not in text:
            text += f"\n[{section}]\n"
        self.toml.write_text(text.replace(f"[{section}]\n", f"[{section}]\n{line}\n"))

    def people(self, user: Any = REVIEWER) -> Github:
        """GitHub as a person uses it."""
        return Github(auth=Auth.Token(user.token), base_url=self.standin.github_url, seconds_between_writes=0)

    def pull(self, user: Any = REVIEWER) -> Any:
        return self.people(user).get_repo(FORK).get_pull(1)

    def fork_state(self) -> Any:
        return self.standin.store.state.repositories[FORK]


def filled(text: str) -> str:
    """A remedy with what somebody would write for its placeholders."""
    for name, value in PLACEHOLDERS.items():
        text = re.sub(rf"(?<![\w/]){re.escape(name)}(?![\w/])", value, text)
    return text


def typed(hint: str) -> list[str]:
    """The command of podium that a remedy names, as words."""
    match = re.search(
        r"podium ((?:[a-z-]+)(?: (?:[\w./-]+))*?)(?=[,;.] | (?:opens|writes|shows|again)|[,;.]?$)", filled(hint)
    )
    assert match is not None, hint
    return match[1].split()


def add(*words: str) -> Callable[[Here, str], tuple[str, ...]]:
    """Add a flag that the remedy names."""

    def follow(_: Here, hint: str) -> tuple[str, ...]:
        assert words[0] in hint, hint
        return words

    return follow


def type_it(*more: str) -> Callable[[Here, str], None]:
    """Type the command that the remedy names."""

    def follow(here: Here, hint: str) -> None:
        ended = here(*typed(hint), *more)
        assert ended.code == 0, ended

    return follow


def then_approve(here: Here, hint: str) -> None:
    """Type the command that the remedy names, and let the reviewer approve."""
    assert "approve" in hint
    ended = here(*typed(hint))
    assert ended.code == 0, ended
    number = len(here.fork_state().pulls)
    here.approve(number)


def instead(here: Here, hint: str) -> tuple[str, ...]:
    """The remedy is the whole command, to be typed instead."""
    return ("!", *typed(hint))


def type_words(*words: str) -> Callable[[Here, str], tuple[str, ...]]:
    """What the remedy describes, to be typed instead."""

    def follow(_: Here, hint: str) -> tuple[str, ...]:
        assert any(word in hint for word in words), hint
        return ("!", *words)

    return follow


def line(**values: str) -> Callable[[Here, str], None]:
    """Write the line of podium.toml that the remedy names."""
    return lambda here, hint: here.write_line(hint, **values)


def variable(name: str, value: str) -> Callable[[Here, str], None]:
    """Set the variable that the remedy names."""

    def follow(here: Here, hint: str) -> None:
        assert name in hint, hint
        here.set(name, value)

    return follow


def by_hand(words: str, deed: Callable[[Here], object]) -> Callable[[Here, str], None]:
    """What the remedy leaves to a person."""

    def follow(here: Here, hint: str) -> None:
        assert words in hint, hint
        deed(here)

    return follow


def plan_anew(here: Here, hint: str) -> None:
    assert "--plan-only -o FILE" in hint
    assert here(*SUBMIT, "--plan-only", "-o", "plan.json").code == 0


def dismiss(here: Here) -> None:
    here.pull().get_reviews()[0].dismiss("Settled.")
    here.approve(1)


def close_one(here: Here) -> None:
    api = HfApi(endpoint=here.standin.hub_url, token=BOT.token)
    api.change_discussion_status(LEADERBOARD, 1, "closed", repo_type="space")
