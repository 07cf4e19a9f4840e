"""Between texts and tokens: how many of a row's tokens are a sample's."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.generate.tiny import STOP, tiny_task, write_tokenizer
from transformers import AutoTokenizer

from podium.generate.texts import Texts

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def texts(tmp_path: Path) -> Texts:
    write_tokenizer(tmp_path)
    return Texts(AutoTokenizer.from_pretrained(tmp_path), tmp_path)


def test_useful_tokens_end_with_the_one_that_completes_the_first_stop_word(texts: Texts) -> None:
    task, generator, extra = tiny_task(), random.Random(0), 0
    problem = task.problems[0]
    prompt = texts.prompt_ids(problem)
    for _ in range(300):
        row = [generator.randrange(264) for _ in range(generator.randint(1, 25))]
        place = generator.randrange(len(row))
        row[place:place] = texts.prompt_ids(
            msgspec.structs.replace(problem, prompt="\nd" * generator.randint(0, 2) + "x")
        )
        ends = [end for end in range(1, len(row) + 1) if any(word in texts.decode(row[:end]) for word in _words(texts))]
        expected = ends[0] if ends else len(row)
        assert texts.sample(task, problem, 0, prompt, row).tokens == expected
        extra += expected < len(row) - 1
    assert extra > 50


def _words(texts: Texts) -> list[str]:
    return [*STOP, texts.eos]
