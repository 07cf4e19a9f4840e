"""Remedies in the words of the command at hand: a flag of `podium convert` is a key of podium.toml for the others."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from podium.config import FILE_NAME
from podium.convert.golden import FILE_NAME as GOLDEN_NAME
from podium.errors import PodiumError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Flags of `podium convert` that are keys of podium.toml too, each with what its value looks like.
VALUES = {
    "assume": r"\w+=\w+(?:,\w+=\w+)*",
    "base-sha256": r"DIGEST|[0-9a-f]{8,}",
    "base": r"DIR|FOLDER|\S*/\S*",
    "dtype": r"b?float\d+",
}
SETTING = re.compile(
    "|".join(rf"(?:podium convert )?--{flag}(?![\w-])(?: (?:{value}))?" for flag, value in VALUES.items())
)
GOLDEN = re.compile(r"--golden FILE\.npz")


def in_config(hint: str) -> str:
    """A remedy that names flags of `podium convert`, told as keys of podium.toml and files beside the weights."""
    told, count = SETTING.subn(_as_key, hint)
    told = re.sub(r'(= "[^"]*") (?=\w+ = ")', r"\1 and ", told)
    told = GOLDEN.sub(f"{GOLDEN_NAME} beside the weights", told)
    return f"{told} (under [model] in {FILE_NAME})" if count else told


def _as_key(found: re.Match[str]) -> str:
    flag, _, value = found.group().removeprefix("podium convert ").removeprefix("--").partition(" ")
    key = flag.replace("-", "_")
    return f'{key} = "{value}"' if value else key


@contextmanager
def remedies_in_config() -> Iterator[None]:
    """Tell the remedies of every failure inside in podium.toml's words."""
    try:
        yield
    except PodiumError as err:
        err.hint = in_config(err.hint)
        raise
