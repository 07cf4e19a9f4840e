"""What a run directory or a submission holds, as far as it could be read: the input of the rules across files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from podium.profiles import PROFILES, profile_for, profile_named
from podium.records import (
    FileDigest,
    Gates,
    LedgerFile,
    Model,
    Plan,
    Sample,
    SamplesHeader,
    Scores,
    Submission,
    Verdict,
    VerdictsHeader,
)
from podium.run_directory import GATES, LEDGER, MODEL, PLAN, SCORES, SUBMISSION
from podium.tasks.fingerprints import Prompt

if TYPE_CHECKING:
    from podium.profiles import Profile
    from podium.validate.intake import Intake
    from podium.validate.places import Place


T = TypeVar("T", bound=msgspec.Struct)


class SampleLog(msgspec.Struct, frozen=True, kw_only=True):
    """A samples file: its header and every row that is a sample."""

    path: str
    header: SamplesHeader
    rows: list[Sample]


class VerdictLog(msgspec.Struct, frozen=True, kw_only=True):
    """A verdicts file: its header and every row that is a verdict."""

    path: str
    header: VerdictsHeader
    rows: list[Verdict]


class Artefact(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the board's format that fits its schema."""

    path: str
    model: str
    value: Any


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """One generation with its place, and its problem's prompt; `is_own` if it begins with that, `blanks` after some."""

    is_own: bool
    blanks: bool
    place: int
    index: int
    problem: str
    prompt: Prompt
    text: str

    @property
    def where(self) -> str:
        """Its JSON path."""
        return f"$[{self.place}][{self.index}]"

    @property
    def completion(self) -> str:
        """What the model added, if the text begins with the prompt."""
        return self.text[self.prompt.length :]


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """How many problems and samples a task must have, and who says so."""

    problems: int
    n_samples: int
    source: str


@dataclass
class Contents:
    """One folder. A file that is absent or broken is None or missing here; broken ones already are findings."""

    intake: Intake
    name: str
    paths: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    digests: dict[str, FileDigest] = field(default_factory=dict)
    records: dict[str, msgspec.Struct] = field(default_factory=dict)
    samples: dict[str, list[SampleLog]] = field(default_factory=dict)
    verdicts: dict[str, VerdictLog] = field(default_factory=dict)
    generations: dict[str, Artefact] = field(default_factory=dict)
    metrics: dict[str, Artefact] = field(default_factory=dict)
    grouped: Artefact | None = None
    texts: dict[str, list[Text]] = field(default_factory=dict)
    body: str | None = None

    def _record(self, name: str, kind: type[T]) -> T | None:
        record = self.records.get(name)
        return record if isinstance(record, kind) else None

    @property
    def plan(self) -> Plan | None:
        """plan.json."""
        return self._record(PLAN, Plan)

    @property
    def model(self) -> Model | None:
        """model.json."""
        return self._record(MODEL, Model)

    @property
    def scores(self) -> Scores | None:
        """scores.json."""
        return self._record(SCORES, Scores)

    @property
    def submission(self) -> Submission | None:
        """submission.json."""
        return self._record(SUBMISSION, Submission)

    @property
    def ledger(self) -> LedgerFile | None:
        """ledger.json."""
        return self._record(LEDGER, LedgerFile)

    @property
    def gates(self) -> Gates | None:
        """gates.json."""
        return self._record(GATES, Gates)

    def has(self, *kinds: str) -> bool:
        """Whether a file of one of these kinds is here, readable or not."""
        return any(place.kind.name in kinds for place in self.places)

    def has_file(self, kind: str, task: str) -> bool:
        """Whether the task's file of this kind is here, readable or not."""
        return any(place.kind.name == kind and place.task == task for place in self.places)

    def shapes(self) -> dict[str, Extent]:
        """What each task must hold: the plan's problems and samples, or the board's where there is no plan."""
        if self.plan is not None:
            n_samples = self.plan.sampling.n_samples
            return {
                task.task: Extent(problems=len(task.problems), n_samples=n_samples, source="the plan")
                for task in self.plan.tasks
            }
        profile = self.profile()
        return {
            task: Extent(problems=count, n_samples=profile.sampling.n_samples, source=f"board {profile.name}")
            for task, count in profile.problems.items()
        }

    def profile(self) -> Profile:
        """The board's demands: the plan's profile, else that of the board that knows all these tasks."""
        if self.plan is not None and self.plan.profile in PROFILES:
            return profile_named(self.plan.profile)
        return profile_for({place.task for place in self.places if place.task})
