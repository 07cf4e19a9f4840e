"""How many problems are drawn side by side, each loop of steps in a thread of its own.

With our kernels one step of many rows leaves cores waiting between its small operations; a loop a core, over problems
of its own, does not. Weights are held once, and whoever ends first takes the next problem.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event
from typing import TYPE_CHECKING, TypeVar

import torch

from podium.generate.backends.native.kernels import kernels, share_threads

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

T = TypeVar("T")

# Python runs one thread at a time: about 3 % of a step of 50 rows of a model of 400 million parameters.
MOST_LOOPS = 16


def most_loops(device: str) -> int:
    """Loops that are worth it: one a thread with our kernels. Torch's operations use all threads by themselves."""
    return min(torch.get_num_threads(), MOST_LOOPS) if device == "cpu" and kernels() is not None else 1


def side_by_side(works: Sequence[Iterator[T]]) -> Generator[T, None, None]:
    """What all of them yield, as it comes. Closed, or when one raises, the others end after what they yield next."""
    if len(works) == 1:
        yield from works[0]
        return
    found: SimpleQueue[T | Future[None]] = SimpleQueue()
    is_over = Event()

    def run(work: Iterator[T]) -> None:
        with share_threads():
            for item in work:
                found.put(item)
                if is_over.is_set():
                    return

    with ThreadPoolExecutor(len(works), thread_name_prefix="podium-draw") as pool:
        try:
            for work in works:
                pool.submit(run, work).add_done_callback(found.put)
            running = len(works)
            while running:
                item = found.get()
                if isinstance(item, Future):
                    item.result()
                    running -= 1
                else:
                    yield item
        finally:
            is_over.set()
