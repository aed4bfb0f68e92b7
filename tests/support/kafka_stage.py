"""A tiny stage on the data plane, run as a process: counts the records of each key and sends `id:count` for each.

`python -m tests.support.kafka_stage '{"bootstrap": …}'` with the fields of `Stage`; logs go to standard error, and one
line of JSON per event to standard output (ready, committed, error).
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Literal

import msgspec
import structlog

from stream.dataplane import DataPlane, Generation, PlaneSettings, Silent
from stream.dataplane import run as work
from stream.errors import HeartlineError


class Stage(msgspec.Struct, kw_only=True):
    """What one process of the stage does."""

    bootstrap: str
    name: str
    folder: str
    worker: str = "0"
    delivery: Literal["transactional", "plain"] = "transactional"
    on_first_use: bool = False
    standbys: int = 0
    instance: str | None = None
    session_seconds: float = 3.0
    fail_at: str = ""
    """Id of the record at which the agent raises."""
    pause_seconds: float = 0.0
    """Sleep this long after each run."""

    @property
    def source(self) -> str:
        """The topic it reads."""
        return f"{self.name}-in"

    @property
    def output(self) -> str:
        """The topic it writes."""
        return f"{self.name}-out"

    @property
    def changelog(self) -> str:
        """The topic of its table."""
        return f"{self.name}-counts-changelog"

    @property
    def data(self) -> Path:
        """The data directory of this worker."""
        return Path(self.folder) / self.worker


class IntCodec:
    """Rows are decimal numbers."""

    def encode(self, row: int) -> bytes:
        """To bytes."""
        return b"%d" % row

    def decode(self, raw: bytes) -> int:
        """From bytes."""
        return int(raw)


class _Teller(Silent):
    """Tells the parent process."""

    def rebalanced(self, active: int, standby: int) -> None:
        tell("ready", active=active, standby=standby)

    def cycle_committed(self, records: int, bytes_in: int, outputs: int, rows: int, seconds: float) -> None:
        tell("committed", records=records)

    def cycle_dropped(self, records: int) -> None:
        tell("dropped", records=records)


def tell(event: str, **fields: int | str) -> None:
    """One line to the parent."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(msgspec.json.encode({"event": event, **fields}).decode() + "\n")
        sys.stdout.flush()


def settings(stage: Stage) -> PlaneSettings:
    """The data plane's settings of the stage."""
    return PlaneSettings(
        application=stage.name,
        worker_id=stage.worker,
        bootstrap=stage.bootstrap,
        delivery=stage.delivery,
        topics_on_first_use=stage.on_first_use,
        table="counts",
        data_dir=stage.data,
        standby_replicas=stage.standbys,
        instance_id=stage.instance,
        session_timeout_seconds=stage.session_seconds,
        heartbeat_seconds=stage.session_seconds / 4,
        transaction_timeout_seconds=5.0,
        drain_seconds=5.0,
        cycle_records=500,
        run_records=200,
    )


def build(stage: Stage) -> "DataPlane[int]":
    """The plane with its agent."""
    plane: DataPlane[int] = DataPlane(settings(stage), IntCodec(), observer=_Teller())

    async def count(stream: object) -> None:
        async for run in plane.runs(stream):
            cycle = await plane.cycle(run.generation)
            if cycle is None:
                continue
            state = cycle.state(run.partition)
            for record in run.records:
                assert record.key is not None
                assert record.value is not None
                if stage.fail_at and record.value == stage.fail_at.encode():
                    raise RuntimeError(f"told to fail at {stage.fail_at}")
                counted = (state.get(record.key) or 0) + 1
                state.put(record.key, counted)
                cycle.send(stage.output, record.value + b":%d" % counted, record.key)
            cycle.done(run)
            if stage.pause_seconds:
                await asyncio.sleep(stage.pause_seconds)

    async def generation_line(generation: Generation) -> None:
        tell("generation", number=generation.number, member=generation.member_id)

    plane.agent(stage.source)(count)
    plane.background(generation_line)
    return plane


class Worker:
    """A process of the stage, as a context manager: killed at the end if it still runs."""

    def __init__(self, stage: Stage, log: Path) -> None:
        self.stage = stage
        self._log = log
        self._events = log.with_suffix(".events")

    def __enter__(self) -> "Worker":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.kill()

    def start(self) -> None:
        """Start (again)."""
        command = [sys.executable, "-m", "tests.support.kafka_stage", msgspec.json.encode(self.stage).decode()]
        with self._log.open("ab") as log, self._events.open("wb") as events:
            self.process = subprocess.Popen(command, stdout=events, stderr=log, cwd=Path(__file__).parents[2])

    def events(self, name: str) -> list[dict[str, int | str]]:
        """What the process told so far under this name."""
        lines = self._events.read_bytes().splitlines(keepends=True)
        told = [msgspec.json.decode(line) for line in lines if line.endswith(b"\n")]
        return [event for event in told if event["event"] == name]

    def wait_for(self, name: str, count: int = 1, seconds: float = 40.0) -> None:
        """Wait until it told this `count` times."""
        deadline = time.monotonic() + seconds
        while len(self.events(name)) < count:
            if self.process.poll() is not None:
                raise AssertionError(f"the worker ended with {self.process.returncode}:\n{self.log()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"no {name} within {seconds} s:\n{self.log()}")
            time.sleep(0.02)

    def log(self) -> str:
        """The end of its log."""
        return self._log.read_text()[-6000:]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        """Pull the plug."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)

    def stop(self, seconds: float = 20.0) -> int:
        """Ask it to end, and give its exit code."""
        self.signal(signal.SIGTERM)
        return self.process.wait(seconds)


def main() -> None:
    """Run the stage that the argument describes."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        work(build(msgspec.json.decode(sys.argv[1], type=Stage)))
    except HeartlineError as error:
        tell("error", name=type(error).__name__, message=str(error))
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        os._exit(error.exit_code)


if __name__ == "__main__":
    main()
