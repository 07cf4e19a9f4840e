"""Rules on what generations say: whose problem they answer, and what a model's own text does not look like.

The thresholds are judgement: a good model stays below them, and what crosses one deserves a look.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from podium.tasks.fingerprints import begins_with, fingerprints, solution_digest
from podium.validate.contents import Text
from podium.validate.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.tasks.fingerprints import Prompt
    from podium.validate.contents import Artefact, Contents

MARKUP_SHARE = 0.01
EMPTY_SHARE = 0.1
COPIED_SHARE = 0.25
LEAST_REPEATED = 4  # samples: fewer say nothing of a generator that began anew
INSTRUCT_TASKS = {
    "humaneval",
    "demo-python",
}  # [S] instruct models may answer HumanEval in their own prompt; MultiPL-E nobody
CHAT_MARKUP = (
    "<|im_start|>", "<|im_end|>", "[INST]", "[/INST]", "<|user|>", "<|assistant|>", "<|system|>", "<<SYS>>",
    "### Instruction:", "### Response:", "<start_of_turn>", "<end_of_turn>", "<|start_header_id|>", "<|eot_id|>",
)  # fmt: skip
END_TOKENS = (
    "<|endoftext|>",
    "</s>",
    "<|end_of_text|>",
    "<\uff5cend\u2581of\u2581sentence\uff5c>",
    "<eos>",
    "<|endofcode|>",
)


def _texts(contents: Contents, task: str, artefact: Artefact) -> list[Text]:
    """Every text of a task whose prompts are known, beside the problem that its place is of."""
    if task not in contents.texts:
        contents.texts[task] = _beside_prompts(contents, task, artefact)
    return contents.texts[task]


def _beside_prompts(contents: Contents, task: str, artefact: Artefact) -> list[Text]:
    if task not in fingerprints():
        return []
    known = fingerprints()[task].prompts
    planned = [planned.problems for planned in contents.plan.tasks if planned.task == task] if contents.plan else []
    names = planned[0] if planned else list(known)
    return [
        _text(place, index, name, known[name], text)
        for place, (name, row) in enumerate(zip(names, artefact.value, strict=False))
        if name in known
        for index, text in enumerate(row)
    ]


def _text(place: int, index: int, name: str, prompt: Prompt, text: str) -> Text:
    is_own = begins_with(text, prompt)
    blanks = not is_own and begins_with(text.lstrip(), prompt)
    return Text(place=place, index=index, problem=name, prompt=prompt, text=text, is_own=is_own, blanks=blanks)


def _own(contents: Contents, task: str, artefact: Artefact) -> list[Text]:
    return [one for one in _texts(contents, task, artefact) if one.is_own]


def _foreign(contents: Contents, task: str, artefact: Artefact) -> tuple[int, list[Text]]:
    """How many texts there are, and those that do not begin with their problem's prompt, blanks before it aside."""
    texts = _texts(contents, task, artefact)
    return len(texts), [one for one in texts if not (one.is_own or one.blanks)]


def _answers_instruct_prompt(task: str, total: int, foreign: list[Text]) -> bool:
    """Whether no text of a task for which that is allowed begins with any of its prompts."""
    if task not in INSTRUCT_TASKS or not foreign or len(foreign) < total:
        return False
    known = fingerprints()[task].prompts.values()
    return not any(begins_with(one.text, prompt) for one in foreign[:1] for prompt in known)


def generations_prompt(contents: Contents) -> Iterator[Violation]:
    """A generation begins with the prompt of its problem, in data-set order."""
    for task, artefact in contents.generations.items():
        total, foreign = _foreign(contents, task, artefact)
        if _answers_instruct_prompt(task, total, foreign):
            continue
        for one in foreign:
            known = fingerprints()[task].prompts.items()
            owner = next((name for name, prompt in known if begins_with(one.text, prompt)), "")
            whose = f"with that of {owner}" if owner else "with none of the task's prompts"
            message = f"it does not begin with the prompt of {one.problem} but {whose}"
            hint = "generate the task again from the pinned data set, and leave the order of its problems alone"
            yield Violation(path=artefact.path, where=one.where, message=message, hint=hint)


def prompt_instruct(contents: Contents) -> Iterator[Violation]:
    """HumanEval was answered in its own prompt, not in an instruction."""
    for task, artefact in contents.generations.items():
        total, foreign = _foreign(contents, task, artefact)
        if _answers_instruct_prompt(task, total, foreign):
            message = "no text begins with the task's prompt: an instruct prompt, which the board allows here alone"
            yield Violation(path=artefact.path, message=message, hint="say in the pull request which prompt it was")


def prompt_unstripped(contents: Contents) -> Iterator[Violation]:
    """Prompts are stripped on both sides, as the harness's plain tasks do it."""
    for task, artefact in contents.generations.items():
        texts = _texts(contents, task, artefact)
        kept = [one for one in texts if one.blanks]
        if kept:
            message = f"{len(kept)} of {len(texts)} texts keep blanks before the prompt, as `{task}-unstripped` does"
            yield Violation(path=artefact.path, message=message, hint="generate with the plain task, or say so")


def chat_markup(contents: Contents) -> Iterator[Violation]:
    """A base model's text holds no chat markup."""
    yield from _marked(contents, CHAT_MARKUP, MARKUP_SHARE, "chat markup", "which prompt was it? base models have none")


def end_token_text(contents: Contents) -> Iterator[Violation]:
    """The end-of-text token is a stop word, so no generation holds it."""
    hint = "the tokenizer's eos_token was not in force while it was generated; generate again"
    yield from _marked(contents, END_TOKENS, MARKUP_SHARE, "the text of an end token", hint)


def _marked(contents: Contents, marks: tuple[str, ...], share: float, what: str, hint: str) -> Iterator[Violation]:
    for task, artefact in contents.generations.items():
        texts = _own(contents, task, artefact)
        counts = Counter(mark for one in texts for mark in marks if mark in one.completion)
        if counts and sum(counts.values()) > share * len(texts):
            mark, count = counts.most_common(1)[0]
            message = f"{count} of {len(texts)} completions hold {what}: {mark!r}"
            yield Violation(path=artefact.path, message=message, hint=hint)


def empty_completions(contents: Contents) -> Iterator[Violation]:
    """Few completions are empty."""
    for task, artefact in contents.generations.items():
        texts = _own(contents, task, artefact)
        empty = sum(not one.completion.strip() for one in texts)
        if empty > EMPTY_SHARE * len(texts):
            message = f"{empty} of {len(texts)} completions are empty, more than {EMPTY_SHARE:.0%}"
            hint = "a wrong end token or prompts that fill the window look like this; look at both, then generate again"
            yield Violation(path=artefact.path, message=message, hint=hint)


def canonical_solutions(contents: Contents) -> Iterator[Violation]:
    """Few problems are answered with the data set's own solution to the letter."""
    for task, artefact in contents.generations.items():
        texts = [one for one in _own(contents, task, artefact) if one.prompt.solution]
        problems = {one.problem for one in texts}
        copied = {one.problem for one in texts if solution_digest(one.text) == one.prompt.solution}
        if len(copied) > COPIED_SHARE * len(problems):
            message = f"{len(copied)} of {len(problems)} problems have the data set's own solution as a sample"
            hint = "the model has seen them, or they were pasted; podium verify --model DIR --redraw 20 tells which"
            yield Violation(path=artefact.path, message=message, hint=hint)


def generations_repeat(contents: Contents) -> Iterator[Violation]:
    """The second half of a problem's samples does not repeat the first."""
    for artefact in contents.generations.values():
        rows = [row for row in artefact.value if len(row) >= LEAST_REPEATED and len(row) % 2 == 0]
        halves = [(row[: len(row) // 2], row[len(row) // 2 :]) for row in rows]
        varied = any(len(set(half)) > 1 for half, _ in halves)
        if len(rows) >= 2 and varied and all(first == second for first, second in halves):
            message = "every problem's samples come twice: the generator began anew with each batch"
            yield Violation(path=artefact.path, message=message, hint="set the seed once, then generate again")
