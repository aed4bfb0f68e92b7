"""`heartline demo`."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, nullcontext
from io import StringIO
from itertools import islice
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Annotated

import typer
from confluent_kafka import KafkaException, Message
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from schemas.base import Event
from schemas.catalogue import HEALTH_ACCOUNT_SCORES, HEALTH_BAND_CHANGES, HEALTH_SCORES
from stream.demo import Demo, helpdesk
from stream.errors import HeartlineError
from stream.following import Following
from stream.output_files import written
from stream.reading import TopicReader
from stream.sending import Sender
from stream.views import accounts_line, bands_line, scores_table

ROWS = 14
PICTURE_COLUMNS = 130
SETTLED_SECONDS = 2.0


def demo(
    events: Annotated[int, typer.Option(min=1, help="About how many events to send in all.")] = 50_000,
    leave: Annotated[bool, typer.Option("--exit", help="End when all of them are scored.")] = False,
    rate: Annotated[int, typer.Option(min=1, help="Events a second.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed simulates the same helpdesk.")] = 1,
    picture: Annotated[Path | None, typer.Option(help="Write the last screen to this file (SVG).")] = None,
) -> None:
    """See it work: an embedded broker, a simulated helpdesk, a worker of each stage, and the scores as they change.

    Examples: `heartline demo`, `heartline demo --events 2000 --exit`
    """
    with nullcontext() if picture is None else written(picture) as svg:
        board, sent, seconds = _run(helpdesk(seed, events), rate, leave)
        if svg is not None:
            screen = Console(record=True, width=PICTURE_COLUMNS, file=StringIO())
            screen.print(board.view(sent, seconds))
            svg.write(screen.export_svg(title="heartline demo").encode())


def _run(events: Iterator[Event], rate: int, leave: bool) -> tuple["Board", int, float]:
    """Show it until it is left; returns what was on the screen last, how many events were sent, and in what time."""
    console = Console()
    started = time.monotonic()
    with ExitStack() as stack:
        with console.status("starting the broker and a worker of each stage"):
            running = stack.enter_context(Demo())
        topics = [HEALTH_SCORES, HEALTH_BAND_CHANGES, HEALTH_ACCOUNT_SCORES]
        board = Board(stack.enter_context(closing(TopicReader(running.settings, topics))))
        feed = Feed(running, events, rate)
        stack.callback(feed.stop)
        feed.start()
        live = stack.enter_context(Live(console=console, refresh_per_second=5, transient=leave))
        try:
            for _ in board.follow():
                running.check()
                feed.check()
                live.update(board.view(feed.sent, time.monotonic() - started))
                if leave and feed.done and board.quiet() and running.settled(feed.sent):
                    break
        except KeyboardInterrupt:
            console.print("stopping")
    seconds = time.monotonic() - started
    console.print(board.summary(feed.sent, seconds))
    return board, feed.sent, seconds


class Feed:
    """Sends the helpdesk's events from a thread, so many a second."""

    def __init__(self, running: Demo, events: Iterator[Event], rate: int) -> None:
        self._running, self._events, self._rate = running, events, rate
        self._stop = Flag()
        self._error: Exception | None = None
        self._thread = Thread(target=self._work, name="feed", daemon=True)
        self.sent = 0
        self.done = False

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, whatever is left."""
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        """Raise what went wrong in the thread."""
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        try:
            with Sender(self._running.settings) as sender:
                started = time.monotonic()
                for event in self._events:
                    if self._stop.wait(max(0.0, started + self.sent / self._rate - time.monotonic())):
                        return
                    sender.send_event(event)
                    self.sent += 1
            self.done = True
        except (HeartlineError, KafkaException) as error:
            self._error = error


class Board:
    """What the outputs say, for the screen."""

    def __init__(self, reader: TopicReader) -> None:
        self._reader = reader
        self._known = Following(changes=5)
        self._records = 0
        self._last_record = time.monotonic()
        self._first_score: float | None = None

    def follow(self) -> Iterator[None]:
        """Take in records as they come; yields at least five times a second."""
        shown = time.monotonic()
        for message in self._reader.onwards(from_beginning=True):
            if message is not None:
                self._take(message)
            if message is None or time.monotonic() - shown > 0.2:
                shown = time.monotonic()
                yield

    def _take(self, message: Message) -> None:
        self._known.take(message)
        self._records += message.value() is not None and message.topic() != HEALTH_ACCOUNT_SCORES
        self._last_record = time.monotonic()

    def quiet(self) -> bool:
        """Scores came, and then nothing for a while."""
        return bool(self._known.latest) and time.monotonic() - self._last_record > SETTLED_SECONDS

    def view(self, sent: int, seconds: float) -> Group:
        """The screen."""
        if self._known.latest and self._first_score is None:
            self._first_score = seconds
        newest = list(islice(reversed(self._known.latest.values()), ROWS))
        return Group(
            scores_table(newest[::-1], list(self._known.changes)),
            self._bands(),
            accounts_line(self._known.accounts.values()),
            self.summary(sent, seconds),
        )

    def summary(self, sent: int, seconds: float) -> Text:
        """What happened, in one line."""
        first = f", first score after {self._first_score:.1f} s" if self._first_score is not None else ""
        return Text(
            f"{sent} events sent, {self._records} scores and band changes, {len(self._known.latest)} contacts scored "
            f"in {seconds:.0f} s{first}"
        )

    def _bands(self) -> Text:
        return bands_line(Counter(score.band for score in self._known.latest.values()))
