"""What tests of several boards do on the stand-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.boards.seam import Clients
from podium.github import build_github
from podium.hub import build_hub
from podium.standin.world import BOT

if TYPE_CHECKING:
    from pathlib import Path

    from podium.standin.world import User

NO_TOKENS = Clients(github=lambda: build_github({}), hub=lambda resource: build_hub({}, resource))


def approved(stage: Any, run_dir: Path) -> Path:
    stage.review(stage.send_to_fork(run_dir).number)
    return run_dir


def hub(stage: Any, user: User = BOT) -> Any:
    return build_hub(stage.environment(user))
