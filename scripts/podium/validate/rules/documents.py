"""Rules that one file can break alone: the classic errors of hand-made submissions, by name."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from podium.records import receipt_name
from podium.validate.leaks import secret_in
from podium.validate.rules.rule import DocumentRule
from podium.validate.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCAL_PATH = re.compile(
    r"^(/(?!/)|~|\.\.?/|file:)|(?<!\w)[A-Za-z]:\\|(?<![\w/.])/(home|root|tmp|Users|mnt|opt|scratch)/"
)
HOST = re.compile(
    r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b[\w-]+(?:\.[\w-]+)*\.(?:internal|local|lan|corp|intranet|cluster)\b|\blocalhost\b"
)
GITHUB_BODY_LIMIT = 65_536  # characters; GitHub refuses longer ones


def _scores(value: Any) -> Iterator[tuple[str, str, Any]]:
    """(JSON path, task, pass@1) of every result of a grouped file of any shape."""
    results = value.get("results") if isinstance(value, dict) else None
    for index, result in enumerate(results if isinstance(results, list) else []):
        if isinstance(result, dict) and "pass@1" in result:
            yield f"$.results[{index}]['pass@1']", str(result.get("task")), result["pass@1"]


def _metrics(value: Any) -> Iterator[tuple[str, str, Any]]:
    """(JSON path, `task pass@k`, value) of every score of a metrics file of any shape."""
    for task, scores in value.items() if isinstance(value, dict) else ():
        for name, score in scores.items() if isinstance(scores, dict) and task != "config" else ():
            yield f"$.{_member(task)}['{name}']".replace(".[", "["), f"{task} {name}", score


def _member(name: str) -> str:
    """A key as jsonschema writes it in a path: what two checks find at one place is told once."""
    return name if re.fullmatch("[a-zA-Z][a-zA-Z0-9_]*", name) else f"['{name}']"


def _all_scores(value: Any) -> Iterator[tuple[str, str, Any]]:
    yield from _scores(value)
    if not (isinstance(value, dict) and "results" in value):
        yield from _metrics(value)


def null_score(path: str, value: Any) -> Iterator[Violation]:
    """A score is a number: the grouper writes null silently when a metrics file lacks it."""
    for where, name, score in _all_scores(value):
        if score is None:
            message = f"{name} is null; the board's script stops on it"
            yield Violation(path=path, where=where, message=message, hint="score the task again; null means it was not")


def percent_score(path: str, value: Any) -> Iterator[Violation]:
    """A score is a fraction: the board multiplies by 100 itself."""
    for where, name, score in _all_scores(value):
        if isinstance(score, int | float) and not isinstance(score, bool) and 1 < score <= 100:
            message = f"{name} is {score}: a percentage, where the board expects a fraction of 1"
            yield Violation(path=path, where=where, message=message, hint="divide by 100, or score the run again")


def duplicate_task(path: str, value: Any) -> Iterator[Violation]:
    """A task is listed once: the grouper lists it as often as it finds files."""
    counts = Counter(task for _, task, _ in _scores(value))
    for task, count in counts.items():
        if count > 1:
            message = f"{task} is listed {count} times; which one counts is chance"
            hint = "leave one metrics file a task in the folder and group again"
            yield Violation(path=path, where="$.results", message=message, hint=hint)


def results_order(path: str, value: Any) -> Iterator[Violation]:
    """Results are sorted by task, so that two submissions can be compared line by line."""
    tasks = [task for _, task, _ in _scores(value)]
    if tasks != sorted(tasks):
        message = "the results are not sorted by task; the board takes any order, a reviewer's diff does not"
        yield Violation(path=path, where="$.results", message=message, hint="podium score --run-dir RUN_DIR sorts them")


def pass_at_order(path: str, value: Any) -> Iterator[Violation]:
    """pass@k does not fall as k grows."""
    scores = {name: score for _, name, score in _metrics(value) if _is_number(score)}
    for _, name, low in list(_metrics(value)):
        task, _, key = name.rpartition(" ")
        larger = {"pass@1": "pass@10", "pass@10": "pass@100"}.get(key)
        high = scores.get(f"{task} {larger}")
        if _is_number(low) and high is not None and high < low <= 1:
            message = f"{larger} of {task} is {high}, less than {key} {low}; more attempts cannot pass less often"
            yield Violation(path=path, where=f"$.{task}", message=message, hint="score the task again")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _config_texts(value: Any) -> Iterator[tuple[str, str]]:
    config = value.get("config") if isinstance(value, dict) else None
    for key, inner in config.items() if isinstance(config, dict) else ():
        for item in inner if isinstance(inner, list) else [inner]:
            if isinstance(item, str):
                yield f"$.config.{key}", item


def config_local_path(path: str, value: Any) -> Iterator[Violation]:
    """The config names no place on somebody's machine."""
    for where, text in _config_texts(value):
        if LOCAL_PATH.search(text):
            message = f"it shows a place on a machine: {text[:80]!r}"
            hint = "name the model as org/model and leave local paths out"
            yield Violation(path=path, where=where, message=message, hint=hint)


def config_token(path: str, value: Any) -> Iterator[Violation]:
    """The config holds nothing that looks like an access token."""
    for where, text in _config_texts(value):
        yield from _tokens(path, where, text)


def config_host(path: str, value: Any) -> Iterator[Violation]:
    """The config names no machine."""
    for where, text in _config_texts(value):
        if HOST.search(text):
            message = f"it names a machine: {text[:80]!r}"
            yield Violation(path=path, where=where, message=message, hint="leave names and addresses of machines out")


def body_token(path: str, text: str) -> Iterator[Violation]:
    """The pull request body holds nothing that looks like an access token."""
    for number, line in enumerate(text.splitlines(), 1):
        yield from _tokens(path, f"line {number}", line)


def _tokens(path: str, where: str, text: str) -> Iterator[Violation]:
    kind = secret_in(text)
    if kind:
        # Never the token itself: findings are printed in public logs.
        message = f"it holds what looks like {kind}"
        yield Violation(path=path, where=where, message=message, hint="revoke that token now, then remove it here")


def body_length(path: str, text: str) -> Iterator[Violation]:
    """GitHub takes the pull request body."""
    if len(text) > GITHUB_BODY_LIMIT:
        message = f"it has {len(text)} characters, GitHub takes {GITHUB_BODY_LIMIT}"
        yield Violation(path=path, message=message, hint="podium report RUN_DIR writes a shorter one")


def receipt_address(path: str, value: Any) -> Iterator[Violation]:
    """A receipt says which stage it is of, where its pull request is, and why there is none."""
    if not isinstance(value, dict):
        return
    stage, board, url, number = (value.get(name) for name in ("stage", "board", "url", "number"))
    name = path.rpartition("/")[2]
    hint = f"podium {name.partition('.')[0]} RUN_DIR looks again and writes it anew"
    if receipt_name(str(stage), str(board)) != name:
        message = f"it is the receipt of {stage!r} for the board {board!r}"
        yield Violation(path=path, where="$.stage", message=message, hint=hint)
    if number and not str(url).endswith(f"/{number}"):
        message = f"pull request {number} is not at {url!r}"
        yield Violation(path=path, where="$.number", message=message, hint=hint)
    if value.get("outcome") in ("skipped", "failed") and not value.get("reason"):
        yield Violation(path=path, where="$.reason", message="it does not say why nothing was sent", hint=hint)


_NUMBERS = (DocumentRule("null-score", null_score), DocumentRule("percent-score", percent_score))
DOCUMENT_RULES: dict[str, tuple[DocumentRule, ...]] = {
    "grouped": (
        *_NUMBERS,
        DocumentRule("duplicate-task", duplicate_task),
        DocumentRule("results-order", results_order, "warning"),
    ),
    "metrics": (
        *_NUMBERS,
        DocumentRule("pass-at-order", pass_at_order),
        DocumentRule("config-local-path", config_local_path),
        DocumentRule("config-token", config_token),
        DocumentRule("config-host", config_host),
    ),
    "receipt": (DocumentRule("receipt-address", receipt_address),),
    "body": (DocumentRule("body-length", body_length), DocumentRule("body-token", body_token)),
}
