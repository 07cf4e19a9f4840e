"""plan.json: a release, how its samples are drawn, its tasks and jobs."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from podium.records.digests import FileDigest
from podium.records.values import Count, Name, Part, Positive, ProblemId, Record, Seconds, Sha256


class ModelName(Part, frozen=True, kw_only=True):
    """The three names of a submission, kept apart because the folder name alone cannot be split."""

    org: Name
    model: Name
    user: Name

    @property
    def hub_id(self) -> str:
        """`org/model`, the board's `meta.model`."""
        return f"{self.org}/{self.model}"

    @property
    def folder(self) -> str:
        """`ORG_MODEL_USER`, the folder below `community_results/`."""
        return f"{self.org}_{self.model}_{self.user}"


class Release(Part, frozen=True, kw_only=True):
    """One published version of a model. `commit` is empty when the checkpoint does not come from git."""

    tag: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    commit: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{40})?(?!\n)$")] = ""
    model: ModelName


class Sampling(Part, frozen=True, kw_only=True):
    """How samples are drawn: the board's protocol, or what was asked for instead. Temperature 0 is greedy."""

    n_samples: Positive = 50
    temperature: Annotated[float, msgspec.Meta(ge=0)] = 0.2
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.95
    max_length: Positive = 512
    seed: Count = 0


class PlannedTask(Part, frozen=True, kw_only=True):
    """A task of a run: its problems in data-set order (after `limit`) and the digest of the data file."""

    task: str
    language: str
    data_sha256: Sha256
    problems: list[ProblemId]
    problems_in_task: Positive


class PlannedJob(Part, frozen=True, kw_only=True):
    """One job of the distributed run: a stage, the task and the shard it works on if any, and where it may run.

    `cpu_seconds` is an estimate. `root` is LANGUAGE=FOLDER where another root file system holds the toolchain.
    """

    stage: str
    task: str = ""
    shard: str = "1/1"
    runs_on: list[str]
    samples: Count = 0
    cpu_seconds: Seconds = 0.0
    root: str = ""


class Conversion(Part, frozen=True, kw_only=True):
    """What podium.toml states about the checkpoint: axes of its layout, and the base under a LoRA adapter."""

    assume: str = ""
    base: str = ""
    base_sha256: str = ""

    @property
    def axes(self) -> dict[str, str]:
        """What is assumed, by axis."""
        parts = (part.strip().partition("=") for part in self.assume.split(","))
        return {axis: value for axis, _, value in parts if axis}


class Plan(Record, frozen=True, kw_only=True, tag="plan"):
    """plan.json: everything a run will do. `partial` says why it can never be a submission; empty means it can.

    `tag_check` is what git said of tag and commit, `workflow_run` the address of the run that planned, its number last.
    `source` is the address that gives the checkpoint's files again; every later job holds them to their digests.
    `disk_bytes` is an estimate.
    """

    release: Release
    tag_check: str = ""
    workflow_run: str = ""
    profile: str
    checkpoint: list[FileDigest]
    source: str = ""
    sampling: Sampling
    backend: str
    dtype: str
    conversion: Conversion = Conversion()
    mode: Literal["parity", "corrected"]
    tasks: list[PlannedTask]
    jobs: list[PlannedJob]
    disk_bytes: Count = 0
    partial: list[str]
    podium: str
