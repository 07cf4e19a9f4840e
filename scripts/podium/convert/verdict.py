"""Which reading of the bytes is the model: decided by golden logits where there are any, else by perplexity.

Labels and metadata are shown beside it and decide nothing. Undetermined is an answer: then nothing is written.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import torch
from torch.nn import functional

from podium.convert.probe import SEGMENT, build_probe
from podium.convert.trial import Trunk, final_states, head_of, mean_nats
from podium.errors import CheckpointError, UndeterminedError
from podium.records import Hypothesis, LayoutVerdict, Trial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from podium.convert.golden import Golden
    from podium.convert.hypotheses import Grid
    from podium.convert.layouts import Checkpoint
    from podium.convert.probe import Probe
    from podium.progress import Report

# Measured on small trained models: order and head differ by nats, rotary pairings by tenths.
BETTER_THAN_CHANCE = 0.5
ORDER_AND_HEAD_GAP = 0.3
PAIRING_GAP = 0.05
# Looking ahead makes the next token nearly free to a model that was trained without a mask, and only to such a one.
MASKLESS_GAIN = 1.0
# Largest difference of logits across implementations, by how exactly the weights are stored; the rest is rounding.
GOLDEN_TOLERANCE = {"F32": 1e-3, "BF16": 0.1, "F16": 0.02}
GOLDEN_GAP = 10.0
WAYS_OUT = "give logits of the training stack with --golden FILE.npz, or state what you know with --assume"


def decide(
    checkpoint: Checkpoint, golden: Golden | None, assumptions: Mapping[str, str], report: Report
) -> LayoutVerdict:
    """Try every hypothesis and choose. Raises UndeterminedError with the table of all of them."""
    grid = checkpoint.grid.assuming(assumptions)
    probe = build_probe(checkpoint.tokenizer, checkpoint.config.max_position_embeddings)
    trials = try_all(checkpoint, grid, probe, golden, report)
    chance = math.log(checkpoint.config.vocab_size)
    maskless = _without_mask(checkpoint, grid, trials, probe, report)
    verdict = LayoutVerdict(
        hypothesis=trials[0].hypothesis,
        decided_by="perplexity",
        evidence="",
        assumed=sorted(assumptions),
        prior=checkpoint.prior,
        trials=trials,
        chance_nats=chance,
        maskless_text_nats=maskless,
    )
    best = min(trial.text_nats for trial in trials)
    if maskless < best - MASKLESS_GAIN:
        message = f"the model looks ahead: {maskless:.2f} nats a token on text without causal mask, {best:.2f} with one"
        raise CheckpointError(message, hint="it was trained without mask; no conversion makes it a language model")
    if len(trials) == 1:
        return _chosen(verdict, "assumed", "order, pairing and head are assumed")
    return _by_golden(checkpoint, verdict) if golden else _by_perplexity(verdict)


def try_all(checkpoint: Checkpoint, grid: Grid, probe: Probe, golden: Golden | None, report: Report) -> list[Trial]:
    """Every hypothesis with its scores, best first."""
    trunks = [Trunk(order, pairing) for order in grid.orders for pairing in grid.pairings]
    batches = [torch.tensor([probe.text]), torch.tensor(probe.repeats)]
    batches += [torch.tensor(golden.ids[None].astype("int64"))] if golden else []
    states = final_states(checkpoint, trunks, batches, report)
    trials = []
    for hypothesis in grid.hypotheses():
        head = head_of(checkpoint, hypothesis.head)
        seen = states[Trunk(hypothesis.order, hypothesis.pairing)]
        trials.append(
            Trial(
                hypothesis=hypothesis,
                text_nats=mean_nats(seen[0], batches[0], head),
                position_nats=mean_nats(seen[1], batches[1], head, first=SEGMENT + 1),
                golden_difference=_difference(seen[2], head, golden) if golden else None,
            )
        )
    key = _golden_key if golden else _combined
    return sorted(trials, key=key)


def _combined(trial: Trial) -> float:
    return (trial.text_nats + trial.position_nats) / 2


def _golden_key(trial: Trial) -> float:
    return math.inf if trial.golden_difference is None else trial.golden_difference


def _difference(states: torch.Tensor, head: torch.Tensor, golden: Golden) -> float:
    rows = states[0, torch.from_numpy(golden.positions.astype("int64"))]
    with torch.inference_mode():
        return float((functional.linear(rows, head) - torch.from_numpy(golden.logits)).abs().max())


def _without_mask(checkpoint: Checkpoint, grid: Grid, trials: list[Trial], probe: Probe, report: Report) -> float:
    """The text's best score when every position sees all others: of the best hypothesis, or of all if none is good."""
    is_good = trials[0].text_nats < math.log(checkpoint.config.vocab_size) - BETTER_THAN_CHANCE
    chosen = trials[:1] if is_good else trials
    trunks = {Trunk(trial.hypothesis.order, trial.hypothesis.pairing, is_causal=False) for trial in chosen}
    text = torch.tensor([probe.text])
    states = final_states(checkpoint, sorted(trunks, key=repr), [text], report)
    heads = {head: head_of(checkpoint, head) for head in grid.heads}
    return min(mean_nats(seen[0], text, head) for seen in states.values() for head in heads.values())


def _chosen(verdict: LayoutVerdict, by: str, evidence: str) -> LayoutVerdict:
    return msgspec.structs.replace(verdict, decided_by=by, evidence=evidence)


def _by_golden(checkpoint: Checkpoint, verdict: LayoutVerdict) -> LayoutVerdict:
    kinds = {stored.dtype for stored in checkpoint.weights.values()}
    tolerance = max(GOLDEN_TOLERANCE.get(kind, max(GOLDEN_TOLERANCE.values())) for kind in kinds)
    first, second = (_golden_key(trial) for trial in verdict.trials[:2])
    if first > tolerance:
        raise _undetermined(verdict, f"no reading gives the golden logits: the nearest is {first:.3g} off")
    if second < first * GOLDEN_GAP and second <= tolerance * GOLDEN_GAP:
        raise _undetermined(verdict, f"the golden logits fit two readings: {first:.3g} and {second:.3g} off")
    return _chosen(verdict, "golden", f"golden logits within {first:.3g}; the next reading is {second:.3g} off")


def _by_perplexity(verdict: LayoutVerdict) -> LayoutVerdict:
    trials, chance = verdict.trials, verdict.chance_nats
    best = trials[0]
    if best.text_nats >= chance - BETTER_THAN_CHANCE:
        raise _undetermined(verdict, _why_at_chance(verdict))
    others = [trial for trial in trials if _order_and_head(trial.hypothesis) != _order_and_head(best.hypothesis)]
    gap = min((trial.text_nats for trial in others), default=math.inf) - best.text_nats
    if gap < ORDER_AND_HEAD_GAP:
        raise _undetermined(verdict, f"byte order and head are open: the readings differ by {gap:.3f} nats on text")
    pairings = [trial for trial in trials[1:] if _order_and_head(trial.hypothesis) == _order_and_head(best.hypothesis)]
    turn = _pairing_gap(best, pairings, chance)
    if turn <= 0:
        raise _undetermined(verdict, "the rotary pairing is open: the scores of its readings do not tell them apart")
    shown = ", ".join(f"{name} by {value:.2f} nats" for name, value in _finite(gap, turn))
    return _chosen(verdict, "perplexity", f"{best.text_nats:.2f} nats a token on text; better {shown or 'than chance'}")


def _pairing_gap(best: Trial, others: list[Trial], chance: float) -> float:
    """Nats by which the best pairing wins; 0 where that is too little to go by.

    Text alone prefers a wrong pairing by a tenth of a nat now and then, repeated ids do not: where they are not
    predicted, text has to differ by as much as for another byte order.
    """
    if not others:
        return math.inf
    if best.position_nats < chance - BETTER_THAN_CHANCE:
        gap, wanted = min(_combined(trial) for trial in others) - _combined(best), PAIRING_GAP
    else:
        gap, wanted = min(trial.text_nats for trial in others) - best.text_nats, ORDER_AND_HEAD_GAP
    return gap if gap >= wanted else 0.0


def _finite(gap: float, turn: float) -> list[tuple[str, float]]:
    named = (("than any other order or head", gap), ("than any other pairing", turn))
    return [(name, value) for name, value in named if math.isfinite(value)]


def _order_and_head(hypothesis: Hypothesis) -> tuple[str, str]:
    return hypothesis.order, hypothesis.head


def _why_at_chance(verdict: LayoutVerdict) -> str:
    """No reading predicts the text; what the other scores say of the reason."""
    chance, text = verdict.chance_nats, min(trial.text_nats for trial in verdict.trials)
    position = min(trial.position_nats for trial in verdict.trials)
    seen = f"no reading predicts plain Python: {text:.2f} nats a token at best, chance is {chance:.2f}"
    if position < chance - BETTER_THAN_CHANCE:
        return f"{seen}, but repeated ids are predicted ({position:.2f}): the tokenizer is not the model's"
    return f"{seen}: the head that was trained is not in the file, or these are not the trained weights"


def _undetermined(verdict: LayoutVerdict, why: str) -> UndeterminedError:
    lines = [f"{why}", *table(verdict)]
    return UndeterminedError("\n".join(lines), hint=WAYS_OUT)


def table(verdict: LayoutVerdict) -> list[str]:
    """All hypotheses with their scores, best first, as lines for people."""
    lines = [f"  {'order':8}{'pairing':10}{'head':15}{'text':>8}{'position':>10}{'golden':>10}"]
    for trial in verdict.trials:
        name, golden = trial.hypothesis, trial.golden_difference
        shown = "" if golden is None else f"{golden:10.2g}"
        scores = f"{trial.text_nats:8.3f}{trial.position_nats:10.3f}{shown}"
        lines.append(f"  {name.order:8}{name.pairing:10}{name.head:15}{scores}")
    lines += [f"  claimed {axis}: {claim}" for axis, claim in sorted(verdict.prior.items())]
    return lines
