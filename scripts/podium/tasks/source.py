"""Where the rows of a task come from, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.tasks.rows import Problem, Row


class TaskSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where a task's rows lie and how many there must be. `stop` is None where the data carries its own.

    Rows are in a folder, on the Hub (repository, revision, file) or in a package (its name, file). `benchmark` is the
    data set and configuration by which the Hub names a score. `harness_task` is the harness's task of the same format,
    and `provisions` the list of what programs may use, where these are not the task's and the language's own.
    """

    language: str
    count: int
    read: Callable[[Row, str], Problem]
    stop: tuple[str, ...] | None = None
    folder_path: str = ""
    hub: tuple[str, str, str] | None = None
    bundled: tuple[str, str] | None = None
    benchmark: tuple[str, str]
    harness_task: str = ""
    provisions: str = ""
