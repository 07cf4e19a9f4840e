from __future__ import annotations

from collections import Counter

import pytest

from podium.demo.corpus import ENDINGS, HELD_OUT, LANGUAGES, PROBLEMS, SLIPS, Solved, solved_problems, training_texts
from podium.files import parse_json
from podium.generate.postprocess import cut_at_stop
from podium.protocol import HUMANEVAL_STOP

STOP = {"python": HUMANEVAL_STOP, "sh": ("\n}",), "pl": ("\nsub", "\n#", "\n\n")}


def held_out() -> list[Solved]:
    return [problem for problem in solved_problems() if problem.is_held_out]


def test_held_out_problems_are_in_no_training_text() -> None:
    texts = [text.prompt + text.completion for text in training_texts()]
    for problem in held_out():
        assert not [text for text in texts if problem.prompt in text or problem.completion.strip() in text]


def test_every_other_problem_is_in_the_training_texts_with_its_right_solution() -> None:
    texts = training_texts()
    for problem in solved_problems():
        if not problem.is_held_out:
            assert any(t.prompt == problem.prompt and t.completion.startswith(problem.completion) for t in texts)


def test_held_out_list_names_only_problems_that_exist() -> None:
    assert len(held_out()) == len(HELD_OUT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_quarter_to_a_third_of_each_language_is_held_out(language: str) -> None:
    counts = Counter(problem.is_held_out for problem in solved_problems() if problem.language == language)
    assert 0.25 <= counts[True] / counts.total() <= 0.34


def test_prompts_are_stripped_and_solutions_begin_with_the_line_break() -> None:
    for problem in solved_problems():
        assert problem.prompt == problem.prompt.strip()
        assert problem.completion.startswith("\n    ")


def test_slips_change_trained_problems_and_are_half_of_their_texts() -> None:
    texts = Counter((text.prompt, text.completion) for text in training_texts())
    problems = {(problem.language, problem.name): problem for problem in solved_problems()}
    for key, (right, wrong) in SLIPS.items():
        problem = problems[key]
        slipped = problem.completion.replace(right, wrong, 1)
        assert slipped != problem.completion
        for ending in ENDINGS[problem.language]:
            assert texts[problem.prompt, problem.completion + ending] == 1
            assert texts[problem.prompt, slipped + ending] == 1


def test_cutting_a_text_at_the_stop_words_gives_the_solution_back() -> None:
    for problem in solved_problems():
        for ending in ENDINGS[problem.language]:
            kept = cut_at_stop(problem.completion + ending, STOP[problem.language])
            assert kept.strip() == problem.completion.strip()


def test_plain_code_shares_no_function_with_the_problems() -> None:
    path = PROBLEMS / "plain.jsonl"
    plain = [parse_json(line, str(path)) for line in path.read_bytes().splitlines()]
    assert {row["language"] for row in plain} == set(LANGUAGES)
    python = [problem.prompt.partition("(")[0].removeprefix("def ") for problem in solved_problems()[:16]]
    assert not [name for name in python for row in plain if name in row["text"]]
