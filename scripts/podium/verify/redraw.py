"""Samples drawn once more from the model that they are said to come from: their address fixes them.

Only texts tell where generations come from: pasted solutions execute, and pass, like drawn ones.
"""

from __future__ import annotations

import random
from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec

from podium.errors import UsageError
from podium.generate.backends.seam import Wanted
from podium.records import Redrawing, RedrawnSample, Sampling
from podium.verify import chances

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.generate.backends.seam import Backend
    from podium.progress import Progress
    from podium.records import Conclusion
    from podium.tasks import Task
    from podium.verify.submitted import Claim

# How many samples rounding may change, where float32 of other kernels draws from the same random streams. In half
# precision it may change any of them, but not near their beginning: so many may have less than `ALIKE` in common.
CHANGED_IN_FLOAT32 = 0.02
ALIKE, UNLIKE_BY_ROUNDING = 0.1, 0.25
UNLIKELY = 1e-3
# Backends that draw from the streams that a sample's address names; others have generators of their own.
ADDRESSED = {"native", "transformers"}


class RedrawOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How many samples to draw again, which (by seed), from what; the protocol's sampling with the given seed."""

    count: int
    seed: int
    model_sha256: str
    backend: str
    dtype: str
    sampling: Sampling
    is_comparable: bool

    def __post_init__(self) -> None:
        """Raise UsageError for no samples."""
        if self.count < 1:
            message = f"{self.count} samples cannot show where generations come from"
            raise UsageError(message, hint="--redraw 20 draws twenty")


Place = tuple[str, str, int]


def redraw(
    options: RedrawOptions,
    claims: list[Claim],
    load: Callable[[str], Task],
    backend: Backend,
    report: Progress,
) -> Redrawing:
    """Draw `count` samples of the submission again and compare the texts. Raises BackendError."""
    samples: list[RedrawnSample] = []
    places = _places(options, claims, load)
    report.start("redraw", len(places), "samples")
    for claim in claims:
        mine = [place for place in places if place[0] == claim.task]
        if mine:
            samples += _redrawn(options, claim, load(claim.task), mine, backend, report)
    report.finish()
    conclusion, reason = judge(samples, options.dtype, is_comparable=options.is_comparable)
    return Redrawing(
        model_sha256=options.model_sha256,
        backend=f"{options.backend} ({backend.versions().get('engine', 'engine unknown')})",
        dtype=options.dtype,
        seed=options.sampling.seed,
        samples=samples,
        conclusion=conclusion,
        reason=reason,
    )


def _places(options: RedrawOptions, claims: list[Claim], load: Callable[[str], Task]) -> list[Place]:
    every = [
        (claim.task, problem.id, index)
        for claim in claims
        for problem, row in zip(load(claim.task).problems, claim.generations or [], strict=False)
        for index in range(len(row))
    ]
    chance = random.Random(f"podium redraw {options.seed}")  # noqa: S311  to be repeated, not to be secret
    return chance.sample(every, min(options.count, len(every)))


def _redrawn(
    options: RedrawOptions, claim: Claim, task: Task, places: list[Place], backend: Backend, report: Progress
) -> list[RedrawnSample]:
    wanted: list[Wanted] = []
    texts: dict[tuple[str, int], tuple[str, str]] = {}
    for problem, row in zip(task.problems, claim.generations or [], strict=False):
        indexes = sorted(index for _, name, index in places if name == problem.id)
        texts |= {(problem.id, index): (problem.prompt, row[index]) for index in indexes}
        # A backend that draws problems whole is asked for all of a problem's samples.
        asked = indexes if backend.draws_single_samples else list(range(len(row)))
        wanted += [Wanted(problem, asked)] if indexes else []
    drawn: dict[tuple[str, int], str] = {}
    with closing(backend.draw(task, wanted, options.sampling)) as batches:
        for samples in batches:
            drawn |= {(sample.problem, sample.index): sample.generation for sample in samples}
            report.advance(sum((sample.problem, sample.index) in texts for sample in samples))
    return [
        RedrawnSample(
            task=task.name, problem=problem, index=index, is_same=text == drawn[problem, index],
            common=common_share(text.removeprefix(prompt), drawn[problem, index].removeprefix(prompt)),
        )
        for (problem, index), (prompt, text) in texts.items()
    ]  # fmt: skip


def common_share(one: str, other: str) -> float:
    """How much of the longer of two texts both begin with."""
    longest = max(len(one), len(other))
    same = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    return (min(len(one), len(other)) if same is None else same) / longest if longest else 1.0


def says_podium(config: dict[str, Any]) -> bool:
    """Whether metrics say that podium drew the samples from streams that their addresses name."""
    backend = config.get("backend", "native" if "mode" in config else "")
    return backend in ADDRESSED


def judge(samples: list[RedrawnSample], dtype: str, *, is_comparable: bool) -> tuple[Conclusion, str]:
    """Whether these samples are the model's, and why."""
    differing = [sample for sample in samples if not sample.is_same]
    total = len(samples)
    if not total:
        return "undecided", "there is no sample to draw again"
    if not differing:
        foreign = 1 - (1 - chances.SURE) ** (1 / total)
        return "verified", f"{total} of {total} texts are the same; at most {foreign:.1%} are of other origin, at 95 %"
    worst = min(differing, key=lambda sample: sample.common)
    where = f"{len(differing)} of {total} texts differ, {worst.task} {worst.problem}#{worst.index} after "
    where += f"{worst.common:.0%} of the completion"
    if not is_comparable:
        return "undecided", f"{where}; comparable are only samples that podium drew, and its metrics do not say so"
    if _by_rounding(samples, dtype) < UNLIKELY:
        return "refuted", f"{where}: rounding in {dtype} does not do that, so they do not come from this model"
    return "undecided", f"{where}; another backend, type or kernel could do that by rounding: draw more of them again"


def _by_rounding(samples: list[RedrawnSample], dtype: str) -> float:
    """The chance that rounding alone makes texts of this model differ so."""
    unlike = sum(sample.common < ALIKE for sample in samples)
    chance = chances.at_least(unlike, len(samples), UNLIKE_BY_ROUNDING)
    if dtype == "float32":
        differing = sum(not sample.is_same for sample in samples)
        return min(chance, chances.at_least(differing, len(samples), CHANGED_IN_FLOAT32))
    return chance
