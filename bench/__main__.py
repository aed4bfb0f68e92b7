"""`make bench`: all measurements in one run, a table on the screen and in `docs/performance.md`."""

import argparse
import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from bench import latency, million, throughput
from bench.machine import machine
from bench.population import population
from bench.report import Result, document, latency_results, million_results, size_results, table, throughput_results

PARTS = ("throughput", "latency", "million")
DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
LATENCY_SECONDS = 12.0
SHARE_OF_CAPACITY = 0.3

RunT = TypeVar("RunT")


def main() -> None:
    """Measure, print, write."""
    told = _arguments()
    began = time.monotonic()
    results: list[Result] = []
    capacity = told.capacity
    if "throughput" in told.only:
        runs = throughput.measure(told.events, told.rounds, _say)
        results += throughput_results(runs)
        capacity = results[0].median
    if "latency" in told.only:
        _say(f"latency at {SHARE_OF_CAPACITY:.0%} of {capacity:,.0f} events/s")
        rate = SHARE_OF_CAPACITY * capacity
        results += latency_results([_said(latency.measure(rate, LATENCY_SECONDS)) for _ in range(told.rounds)])
    if "million" in told.only:
        _say(f"{told.contacts:,} contacts")
        people = population(datetime.now(UTC))
        results += size_results(people.sizes)
        results += million_results(
            [_said(million.measure(people, told.contacts)) for _ in range(told.rounds)], told.contacts
        )
    print(table(results))
    command = "make bench" + (f" ARGS={shlex.quote(shlex.join(sys.argv[1:]))}" if sys.argv[1:] else "")
    text = document(results, command, machine(), told, time.monotonic() - began)
    if told.only == list(PARTS):
        DOCUMENT.write_text(text)
        print(f"written to {DOCUMENT.relative_to(Path.cwd())}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("make bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="measure these parts only")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each measurement")
    parser.add_argument("--events", type=int, default=150_000, help="events of the throughput's log")
    parser.add_argument("--contacts", type=int, default=1_000_000, help="contacts of the sweep, restore and memory")
    parser.add_argument(
        "--capacity",
        type=float,
        default=20_000.0,
        help="events/s that latency takes its share of, if not measured",
    )
    return parser.parse_args()


def _say(line: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {line}", flush=True)


def _said(run: RunT) -> RunT:
    _say(str(run))
    return run


if __name__ == "__main__":
    main()
