"""Making what comes next while the last is being written."""

from collections.abc import Iterator
from queue import Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")
DEPTH = 16
"""The items that are made ahead at most."""


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The items in their order, made by a thread of their own; its exception comes where the item would have come."""
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
        while worker.is_alive():  # it may wait for room
            while not queue.empty():
                queue.get_nowait()
            worker.join(0.01)
