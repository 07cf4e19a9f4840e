"""Golden cases of the harness's post-processing, written by hand: every stop list, every word in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from podium.generate.postprocess import cut_at_stop, finish_of, to_generation
from podium.protocol import BIGCODE_LANGUAGES, FILE_SEPARATOR, HUMANEVAL_STOP
from podium.tasks import known_tasks, load_task

if TYPE_CHECKING:
    from pathlib import Path

EOS = "<|endoftext|>"
# The words before <file_sep> as MultiPL-E's first rows carry them, and for each word, in the same order, a completion
# in that language: (kept by the harness, what follows and is dropped). The cut is where the word begins, its line
# break included; a word inside a line or with other indentation does not cut.
GOLDEN: dict[str, tuple[list[str], list[tuple[str, str]]]] = {
    "cpp": (["\n}"], [("\n  return a + b;", "\n}\nint main() {")]),
    "cs": (["\n    }\n"], [("\n        if (a) {\n            return b;\n        }", "\n    }\n\n    public static")]),
    "d": (
        ["\n\n", "\nvoid", "\nbool", "\nint"],
        [
            ("\n    return a;\n}", "\n\nunittest"),
            ("\n    return a;\n}", "\nvoid main() {}"),
            ("\n    bool b = true;\n    return b;\n}", "\nbool g() {"),
            ("\n    int b = 1;\n    return b;\n}", "\nint g() {"),
        ],
    ),
    "go": (
        ["\nfunc", "struct", "\n// "],
        [
            ("\n    f := func(int) int { return 1 }\n    return f(x)\n}", "\nfunc g() {"),
            ("\n    type pair ", "struct { a, b int }\n}"),
            ("\n    // one\n    //two\n//three\n    return x\n}", "\n// four"),
        ],
    ),
    "java": (["\n    }\n"], [("\n        while (a) {\n            b();\n        }\n   }", "\n    }\n}\n")]),
    "jl": (
        ["\nfunction", "\nmacro", "\n\n"],
        [
            ("\n    function g() end\n    a\nend", "\nfunction h()"),
            ("\n    a\nend", "\nmacro m()"),
            ("\n    a", "\n\n    b\nend"),
        ],
    ),
    "js": (
        ["\nfunction ", "\n/*", "\n//", "\nconsole.log"],
        [
            ("\n  const g = function (x) { return x; };\nfunctional(g);\n}", "\nfunction g() {"),
            ("\n  /* a */\n  return a;\n}", "\n/* b */"),
            ("\n  // a\n  return a;\n}", "\n// b"),
            ("\n  console.log(a);\n}", "\nconsole.log(f(1));"),
        ],
    ),
    "lua": (
        ["\nlocal", "\nfunction", "\n--", "\n\n"],
        [
            ("\n    local a = 1\n    return a\nend", "\nlocal b"),
            ("\n    return function() end\nend", "\nfunction g()"),
            ("\n    -- a\n    return 1\nend", "\n-- b"),
            ("\n    return 1\nend", "\n\nprint(1)"),
        ],
    ),
    "php": (
        ["\nfunction", "\n?>", "\n//", "\n#"],
        [
            ("\n    $f = function() {};\n}", "\nfunction g() {"),
            ("\n    return 1;\n}", "\n?>\n"),
            ("\n    // a\n    return 1;\n}", "\n// b"),
            ("\n    # a\n    return 1;\n}", "\n# b"),
        ],
    ),
    "pl": (
        ["\nsub", "\n#", "\n\n"],
        [
            ("\n    my $f = sub { 1 };\n}", "\nsub g {"),
            ("\n    # a\n    return 1;\n}", "\n# b"),
            ("\n    return 1;\n}", "\n\nprint 1;"),
        ],
    ),
    "py": (
        ["\ndef", "\n#", "\nif", "\nclass"],
        [
            ("\n    def g(): pass\n    return 1", "\ndef h():"),
            ("\n    # a\n    return 1", "\n# b"),
            ("\n    if a:\n        return 1", "\nif __name__ == '__main__':"),
            ("\n    class A: pass\n    return A", "\nclass B:"),
        ],
    ),
    "r": (["\n#", "\n```"], [("\n    # a\n    1\n}", "\n# b"), ("\n    1\n}\n", "\n```\n")]),
    "rb": (
        ["\nclass", "\ndef", "\n#", "\n\n"],
        [
            ("\n  a.class\nend", "\nclass B"),
            ("\n  def g; end\nend", "\ndef h"),
            ("\n  # a\n  1\nend", "\n# b"),
            ("\n  1\nend", "\n\nputs 1"),
        ],
    ),
    "rkt": (
        ["\n(define ", "\n#|", "\n;", "\n("],
        [
            ("\n  (define a 1)\n  a)", "\n(define (g) 1)"),
            ("\n  #t)", "\n#| a |#"),
            ("\n  ; a\n  1)", "\n; b"),
            ("\n  (+ 1 2))", "\n(displayln 1)"),
        ],
    ),
    "rs": (["\n}"], [("\n    match a {\n        _ => 1,\n    }", "\n}\n\nfn main() {")]),
    "scala": (["\n    }\n"], [("\n        if (a) {\n            1\n        }", "\n    }\n}")]),
    "sh": (["\n}"], [("\n    echo ${1}", "\n}\n\nf 1")]),
    "swift": (["\n}"], [("\n    for a in b {\n        c()\n    }", "\n}\n\nfunc g() {")]),
    "ts": (
        ["\nfunction ", "\n/*", "\n//", "\nclass"],
        [
            ("\n  return function (x) { return x; };\n}", "\nfunction g() {"),
            ("\n  /* a */\n  return 1;\n}", "\n/* b */"),
            ("\n  // a\n  return 1;\n}", "\n// b"),
            ("\n  const a = class {};\n}", "\nclass B {"),
        ],
    ),
}
HUMANEVAL = [
    ("\n    class A: pass\n    return A", "\nclass B:"),
    ("\n    def g(): pass\n    return g", "\ndefault = 1"),
    ("\n    # a\n    return 1", "\n# b"),
    ("\n    a = b @ c\n    return a", "\n@decorator"),
    ("\n    print(a)", "\nprint(f(1))"),
    ("\n    if a:\n        return 1", "\nif True:"),
    ("\n    ```\n    return 1", "\n```\n"),
]
CASES = [
    (language, stop, kept, dropped)
    for language, (stop, completions) in {**GOLDEN, "humaneval": (list(HUMANEVAL_STOP[:-1]), HUMANEVAL)}.items()
    for kept, dropped in completions
]


@pytest.mark.parametrize(("language", "stop", "kept", "dropped"), CASES)
def test_each_stop_word_cuts_where_the_harness_cuts(language: str, stop: list[str], kept: str, dropped: str) -> None:
    words = [*stop, FILE_SEPARATOR, EOS]
    assert cut_at_stop(kept + dropped, words) == kept
    assert finish_of(kept + dropped, words[:-1], EOS) == "stop"
    assert to_generation("prompt\n\n} (", "prompt\n\n} (" + kept + dropped, words) == "prompt\n\n} (" + kept
    # Without the dropped part nothing cuts: neither the word within a line nor with other indentation.
    assert finish_of(kept, words[:-1], EOS) == "length"
    assert finish_of(kept + EOS + dropped, words[:-1], EOS) == "eos"
    assert cut_at_stop(kept + FILE_SEPARATOR + dropped, words) == kept


def test_every_word_of_every_list_has_its_case() -> None:
    for language, (stop, completions) in {**GOLDEN, "humaneval": (list(HUMANEVAL_STOP[:-1]), HUMANEVAL)}.items():
        assert len(stop) == len(completions), language
        for word, (kept, dropped) in zip(stop, completions, strict=True):
            assert dropped.startswith(word), (language, word)
            assert cut_at_stop(kept + dropped, [other for other in stop if other != word]) != kept or any(
                dropped.startswith(other) for other in stop if other != word
            ), (language, word)


def test_every_language_of_the_board_and_every_task_has_a_list() -> None:
    assert set(BIGCODE_LANGUAGES) <= GOLDEN.keys()
    assert {f"multiple-{language}" for language in GOLDEN} == {
        name for name in known_tasks() if name.startswith("multiple-")
    }


@pytest.mark.parametrize("language", GOLDEN)
def test_the_data_carries_these_lists_and_the_harness_adds_its_word(language: str, data_dir: Path) -> None:
    task = load_task(f"multiple-{language}", data_dir)
    assert task.stop == [*GOLDEN[language][0], FILE_SEPARATOR]


def test_the_demos_lists_end_with_the_harness_word_too() -> None:
    assert load_task("demo-sh", None).stop == ["\n}", FILE_SEPARATOR]
    assert load_task("demo-pl", None).stop == ["\nsub", "\n#", "\n\n", FILE_SEPARATOR]
    assert tuple(load_task("demo-python", None).stop) == HUMANEVAL_STOP
