"""Prefetch items on a background thread."""

from collections.abc import Iterator
from queue import Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")
DEPTH = 16
"""The most items that wait in the queue."""


def prefetched(items: Iterator[T]) -> Iterator[T]:
    """The items in order, produced on a background thread; an exception is raised in place of its item."""
    queue: Queue[tuple[T] | BaseException | None] = Queue(DEPTH)
    gone = Event()

    def work() -> None:
        last: BaseException | None = None
        try:
            for item in items:
                if gone.is_set():
                    return
                queue.put((item,))
        except BaseException as error:
            last = error
        queue.put(last)

    worker = Thread(target=work, daemon=True)
    worker.start()
    try:
        while isinstance(made := queue.get(), tuple):
            yield made[0]
        if made is not None:
            raise made
    finally:
        gone.set()
        while worker.is_alive():  # it may be blocked on a full queue
            while not queue.empty():
                queue.get_nowait()
            worker.join(0.01)
