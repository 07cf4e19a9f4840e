"""Runs in the harness's own interpreter and an empty folder: `python harness_driver.py CHECKOUT ARGUMENT...`.

Reads request.json there: task, stop words and rows of the data set. Then runs the checkout's main.py as it is, with
two things settled: the rows are these (its own load takes whatever the Hub holds that day), and a task that a missing
comma in its list of languages hides (#304: multiple-cpp, multiple-pl) is made by its own factory.
"""

import ctypes
import json
import runpy
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Whatever kills podium ends the harness too; a model of hours would go on unseen."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def hand_over(rows: list[dict[str, object]]) -> None:
    """Every data set that the harness loads from now on has one split, `test`, with these rows."""
    import datasets  # type: ignore[import-not-found]

    datasets.load_dataset = lambda *_, **__: {"test": rows}


def show_task(name: str) -> None:
    """Add a MultiPL-E task that the checkout's table lacks."""
    from bigcode_eval import tasks  # type: ignore[import-not-found]
    from bigcode_eval.tasks import multiple  # type: ignore[import-not-found]

    if name not in tasks.TASK_REGISTRY:
        tasks.TASK_REGISTRY[name] = multiple.create_task(name.removeprefix("multiple-"))
        tasks.ALL_TASKS.append(name)


def check_stop_words(name: str, expected: list[str]) -> None:
    """Stop unless this checkout cuts where the protocol says."""
    from bigcode_eval import tasks

    found = tasks.get_task(name).stop_words
    if found != expected:
        sys.exit(f"this checkout stops {name} at {found}, the protocol at {expected}")


def main() -> None:
    """Prepare, then become the harness's main program."""
    die_with_parent()
    checkout = Path(sys.argv[1])
    sys.path.insert(0, str(checkout))
    request = json.loads(Path("request.json").read_text(encoding="utf-8"))
    hand_over(request["rows"])
    show_task(request["task"])
    check_stop_words(request["task"], request["stop"])
    sys.argv = [str(checkout / "main.py"), *sys.argv[2:]]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
