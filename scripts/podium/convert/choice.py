"""Which reading of the bytes is the model: decided by golden logits where there are any, else by perplexity.

Labels and metadata are shown beside it and decide nothing; only what a format itself defines settles what the scores
leave open. Undetermined is an answer: then nothing is written.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from podium.convert.hypotheses import AXES
from podium.convert.probe import build_probe
from podium.convert.readings import BETTER_THAN_CHANCE, Readings, combined, golden_key
from podium.errors import CheckpointError, UndeterminedError
from podium.records import Hypothesis, LayoutChoice, Trial

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from podium.convert.golden import Golden
    from podium.convert.layouts.checkpoint import Checkpoint
    from podium.progress import Progress

ORDER_AND_HEAD_GAP = 0.3
PAIRING_GAP = 0.05
# By so much another pairing has to win before the one that the format defines is given up.
CONTRADICTION_GAP = 0.3
# Looking ahead makes the next token nearly free to a model that was trained without a mask, and only to such a one.
MASKLESS_GAIN = 1.0
# Largest difference of logits across implementations, by how exactly the weights are stored; the rest is rounding. It
# is meant for logits of up to `USUAL_LOGIT` and grows with them.
GOLDEN_TOLERANCE = {"F32": 1e-3, "BF16": 0.1, "F16": 0.02}
USUAL_LOGIT = 10.0
GOLDEN_GAP = 10.0
OR_GOLDEN = (
    "or give logits of the training stack with --golden FILE.npz (podium golden makes it from a model that loads)"
)
NEW_GOLDEN = "make golden.npz anew from this very checkpoint, or take it away: the scores decide then"


def decide(
    checkpoint: Checkpoint, golden: Golden | None, assumptions: Mapping[str, str], report: Progress
) -> LayoutChoice:
    """Try every hypothesis and choose. Raises UndeterminedError with the table of all of them."""
    probe = build_probe(checkpoint.tokenizer, checkpoint.config.max_position_embeddings)
    readings = Readings(checkpoint, checkpoint.grid.assuming(assumptions), probe, golden, report)
    scale = readings.logit_scale()
    trials = readings.trials(scale)
    choice = LayoutChoice(
        hypothesis=trials[0].hypothesis,
        decided_by="perplexity",
        evidence="",
        assumed=sorted(assumptions),
        prior=checkpoint.prior,
        trials=trials,
        chance_nats=readings.chance,
        maskless_text_nats=readings.maskless_nats(trials, scale),
        logit_scale=scale,
    )
    _refuse_maskless(choice)
    if golden:
        return _by_golden(checkpoint, choice, golden)
    if len(trials) == 1:
        return _chosen(choice, trials[0], "assumed", "order, pairing and head are assumed")
    return _by_perplexity(choice, checkpoint.defined)


def _refuse_maskless(choice: LayoutChoice) -> None:
    """What predicts nothing either way is no such model, whatever its scores differ by."""
    maskless, best = choice.maskless_text_nats, min(trial.text_nats for trial in choice.trials)
    wanted = min(best - MASKLESS_GAIN, choice.chance_nats - BETTER_THAN_CHANCE)
    if maskless is not None and maskless < wanted:
        message = f"the model looks ahead: {maskless:.2f} nats a token on text without causal mask, {best:.2f} with one"
        raise CheckpointError(message, hint="it was trained without mask; no conversion makes it a language model")


def _chosen(
    choice: LayoutChoice, trial: Trial, by: Literal["golden", "perplexity", "format", "assumed"], evidence: str
) -> LayoutChoice:
    return msgspec.structs.replace(choice, hypothesis=trial.hypothesis, decided_by=by, evidence=evidence)


def _by_golden(checkpoint: Checkpoint, choice: LayoutChoice, golden: Golden) -> LayoutChoice:
    tolerance = _golden_tolerance(checkpoint, golden)
    best, others = choice.trials[0], choice.trials[1:]
    first = golden_key(best)
    if first > tolerance:
        kind = "no reading gives" if others else "what is assumed does not give"
        raise _undetermined(choice, f"{kind} the golden logits: the nearest is {first:.3g} off", NEW_GOLDEN)
    if not others:
        return _chosen(choice, best, "golden", f"golden logits within {first:.3g}; the rest is assumed")
    second = golden_key(others[0])
    if second > tolerance and (second >= first * GOLDEN_GAP or second > tolerance * GOLDEN_GAP):
        return _chosen(
            choice, best, "golden", f"golden logits within {first:.3g}; the next reading is {second:.3g} off"
        )
    near = [trial for trial in choice.trials if golden_key(trial) <= max(tolerance, first * GOLDEN_GAP)]
    meant = [trial for trial in near if _is_defined(trial.hypothesis, checkpoint.defined)]
    if len(meant) != 1:
        why = f"the golden logits fit two readings: {first:.3g} and {second:.3g} off"
        raise _undetermined(choice, why, _assume(best.hypothesis))
    evidence = f"golden logits within {golden_key(meant[0]):.3g}; of {len(near)} readings so near, the format's own"
    return _chosen(choice, meant[0], "golden", evidence)


def _golden_tolerance(checkpoint: Checkpoint, golden: Golden) -> float:
    kinds = {stored.dtype for stored in checkpoint.weights.values()}
    usual = max(GOLDEN_TOLERANCE.get(kind, max(GOLDEN_TOLERANCE.values())) for kind in kinds)
    return usual * max(float(np.abs(golden.logits).max()) / USUAL_LOGIT, 1.0)


def _is_defined(hypothesis: Hypothesis, defined: Mapping[str, str]) -> bool:
    """Whether this is the one reading that the format means."""
    return bool(defined) and all(getattr(hypothesis, axis) == value for axis, value in defined.items())


def _by_perplexity(choice: LayoutChoice, defined: Mapping[str, str]) -> LayoutChoice:
    chance, best = choice.chance_nats, choice.trials[0]
    if best.text_nats >= chance - BETTER_THAN_CHANCE:
        raise _undetermined(choice, _why_at_chance(choice), f"{_assume(_meant(choice, defined))}, {OR_GOLDEN}")
    best, gap = _order_and_head(choice, defined)
    group = [trial for trial in choice.trials if _sides(trial.hypothesis) == _sides(best.hypothesis)]
    best, turn = _pairing(choice, group, defined)
    gains = [("than any other order or head", gap), ("than any other pairing", turn)]
    shown = ", ".join(f"{name} by {value:.2f} nats" for name, value in gains if 0 < value < math.inf)
    evidence = f"{best.text_nats:.2f} nats a token on text; better {shown or 'than chance'}"
    if gap > 0 and turn > 0:
        return _chosen(choice, best, "perplexity", evidence)
    axes = [name for name, value in (("order and head", gap), ("pairing", turn)) if value <= 0]
    return _chosen(choice, best, "format", f"{evidence}; the format itself defines {' and '.join(axes)}")


def _order_and_head(choice: LayoutChoice, defined: Mapping[str, str]) -> tuple[Trial, float]:
    """The best reading and the nats by which its order and head win: 0 where the format has to say it."""
    best = choice.trials[0]
    others = [trial for trial in choice.trials if _sides(trial.hypothesis) != _sides(best.hypothesis)]
    gap = min((trial.text_nats for trial in others), default=math.inf) - best.text_nats
    if gap >= ORDER_AND_HEAD_GAP:
        return best, gap
    wanted = (defined.get("order"), defined.get("head"))
    near = [trial for trial in choice.trials if trial.text_nats < best.text_nats + ORDER_AND_HEAD_GAP]
    meant = [trial for trial in near if _sides(trial.hypothesis) == wanted]
    if not meant:
        why = f"byte order and head are open: the readings differ by {gap:.3f} nats on text"
        raise _undetermined(choice, why, f"{_assume(best.hypothesis)}, {OR_GOLDEN}")
    return meant[0], 0.0


def _pairing(choice: LayoutChoice, group: list[Trial], defined: Mapping[str, str]) -> tuple[Trial, float]:
    """Of readings of one order and head, the one of the right pairing and the nats by which it wins; 0 as above."""
    best, others = group[0], group[1:]
    turn = _pairing_gap(best, others, choice.chance_nats)
    meant = [trial for trial in group if _is_defined(trial.hypothesis, defined)]
    if not meant or meant[0] is best:
        if turn <= 0 and not meant:
            why = "the rotary pairing is open: the scores of its readings do not tell them apart"
            axes = [axis for axis in AXES if axis in (*choice.assumed, "pairing")]
            raise _undetermined(choice, why, f"{_assume(best.hypothesis, axes)}, {OR_GOLDEN}")
        return best, turn
    return (best, turn) if turn >= CONTRADICTION_GAP else (meant[0], 0.0)


def _pairing_gap(best: Trial, others: list[Trial], chance: float) -> float:
    """Nats by which the best pairing wins; 0 where that is too little to go by.

    Text alone prefers a wrong pairing by a tenth of a nat now and then, repeated ids do not: where they are not
    predicted, text has to differ by as much as for another byte order.
    """
    if not others:
        return math.inf
    if best.position_nats < chance - BETTER_THAN_CHANCE:
        gap, wanted = min(combined(trial) for trial in others) - combined(best), PAIRING_GAP
    else:
        gap, wanted = min(trial.text_nats for trial in others) - best.text_nats, ORDER_AND_HEAD_GAP
    return gap if gap >= wanted else 0.0


def _sides(hypothesis: Hypothesis) -> tuple[str, str]:
    return hypothesis.order, hypothesis.head


def _meant(choice: LayoutChoice, defined: Mapping[str, str]) -> Hypothesis:
    """The reading that the format means, else the one with the best scores."""
    meant = (trial.hypothesis for trial in choice.trials if _is_defined(trial.hypothesis, defined))
    return next(meant, choice.trials[0].hypothesis)


def _assume(hypothesis: Hypothesis, axes: Iterable[str] = AXES) -> str:
    """A statement after which the conversion goes on."""
    stated = ",".join(f"{axis}={getattr(hypothesis, axis)}" for axis in axes)
    return f"state what you know, for example --assume {stated}"


def _why_at_chance(choice: LayoutChoice) -> str:
    """No reading predicts the text; what the other scores say of the reason."""
    chance, text = choice.chance_nats, min(trial.text_nats for trial in choice.trials)
    position = min(trial.position_nats for trial in choice.trials)
    seen = f"no reading predicts plain Python: {text:.2f} nats a token at best, chance is {chance:.2f}"
    if position < chance - BETTER_THAN_CHANCE:
        return f"{seen}, but repeated ids are predicted ({position:.2f}): the tokenizer is not the model's"
    return f"{seen}: the head that was trained is not in the file, or these are not the trained weights"


def _undetermined(choice: LayoutChoice, why: str, hint: str) -> UndeterminedError:
    return UndeterminedError("\n".join([why, *table(choice)]), hint=hint)


def table(choice: LayoutChoice) -> list[str]:
    """All hypotheses with their scores, best first, as lines for people."""
    lines = [f"  {'order':8}{'pairing':10}{'head':15}{'text':>8}{'position':>10}{'golden':>10}"]
    for trial in choice.trials:
        name, golden = trial.hypothesis, trial.golden_difference
        shown = "" if golden is None else f"{golden:10.2g}"
        scores = f"{trial.text_nats:8.3f}{trial.position_nats:10.3f}{shown}"
        lines.append(f"  {name.order:8}{name.pairing:10}{name.head:15}{scores}")
    if choice.logit_scale != 1:
        lines.append(f"  scores are those of logits times {choice.logit_scale:g}: the model is far too sure of itself")
    lines += [f"  claimed {axis}: {claim}" for axis, claim in sorted(choice.prior.items())]
    return lines
