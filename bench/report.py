"""From runs to a table: medians, spread, bars."""

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import NamedTuple

from bench.latency import Measured
from bench.million import LIVE_RATE, Swept
from bench.throughput import Run


class Result(NamedTuple):
    """A row of the table. `holds` says whether it meets its bar; None: it has none."""

    name: str
    median: float
    runs: Sequence[float]
    unit: str
    bar: str = ""
    holds: bool | None = None


def throughput_results(runs: dict[str, list[Run]]) -> list[Result]:
    """Rates, costs, and how they compare; ratios are taken round by round."""
    heartline = runs["Heartline"]
    rates = [result(name, [run.events_per_second for run in of], "events/s") for name, of in runs.items()]
    costs = [result(f"{name}: CPU", [run.cpu_microseconds for run in of], "µs/event") for name, of in runs.items()]

    def against(name: str, what: Callable[[Run], float]) -> list[float]:
        return [what(ours) / what(theirs) for ours, theirs in zip(heartline, runs[name], strict=True)]

    return [
        *rates,
        *costs,
        at_least("Heartline / plain Faust", against("plain Faust", lambda run: run.events_per_second), "x", 12),
        at_least("Heartline / Quix Streams", against("Quix Streams", lambda run: run.events_per_second), "x", 1.5),
        at_most("CPU: all factors on / the default model", _factors(runs), "x", 2),
        at_most("CPU: Heartline / bare loop", against("bare loop", lambda run: run.cpu_microseconds), "x", 3),
    ]


def _factors(runs: dict[str, list[Run]]) -> list[float]:
    both = zip(runs["Heartline, all factors on"], runs["Heartline"], strict=True)
    return [every.cpu_microseconds / default.cpu_microseconds for every, default in both]


def latency_results(runs: list[Measured]) -> list[Result]:
    """End to end, and where the time of the cores goes."""
    found = [run.latencies for run in runs]
    rate = f"at {median(run.rate for run in found):,.0f} tickets/s"
    return [
        at_most(f"ticket to score {rate}: p50", [run.p50 for run in found], "ms", 60),
        at_most(f"ticket to score {rate}: p99", [run.p99 for run in found], "ms", 250),
        *(result(f"the same: CPU of {name}", [run.cpu[name] for run in runs], "µs/ticket") for name in runs[0].cpu),
    ]


def size_results(sizes: list[int]) -> list[Result]:
    """Of the rows of the simulated load, after their last tick."""
    hundredths = quantiles(sizes, n=100)
    return [
        at_most("row of state: p50", [hundredths[49]], "bytes", 700),
        at_most("row of state: p99", [hundredths[98]], "bytes", 3072),
    ]


def million_results(runs: list[Swept], contacts: int) -> list[Result]:
    """Restore, memory, sweep."""
    changed = median(run.changed for run in runs) / contacts
    live = f"ticket to score during the sweep, at {LIVE_RATE:.0f}/s"
    return [
        at_least("restore", [run.restored_per_second for run in runs], "records/s", 100_000),
        at_most(f"scoring worker with {contacts:,} contacts, at most", [run.peak_memory for run in runs], "MiB", 400),
        result(f"sweep of {contacts:,} rows, {changed:.1%} change", [run.sweep_seconds for run in runs], "s"),
        result("the same by the bare loop", [run.bare_seconds for run in runs], "s"),
        at_most("sweep / bare loop", [run.sweep_seconds / run.bare_seconds for run in runs], "x", 3),
        result(f"{live}: p50", [run.live_p50 for run in runs], "ms"),
        at_most(f"{live}: p99", [run.live_p99 for run in runs], "ms", 400),
    ]


def table(results: Sequence[Result]) -> str:
    """As Markdown, which is readable on a terminal too."""
    rows = [("measure", "median", "runs", "bar", "")]
    rows += [
        (
            result.name,
            f"{_number(result.median)} {result.unit}",
            " ".join(_number(run) for run in result.runs) if len(result.runs) > 1 else "",
            result.bar,
            {True: "holds", False: "**missed**", None: ""}[result.holds],
        )
        for result in results
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def document(results: Sequence[Result], command: str, machine: str, told: argparse.Namespace, seconds: float) -> str:
    """The page."""
    return PAGE.format(
        table=table(results),
        command=command,
        machine=machine,
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        minutes=seconds / 60,
        rounds=told.rounds,
        events=told.events,
        contacts=told.contacts,
    )


def result(name: str, runs: Sequence[float], unit: str) -> Result:
    """A row without a bar."""
    return Result(name, median(runs), runs, unit)


def at_least(name: str, runs: Sequence[float], unit: str, bar: float) -> Result:
    """A row whose median has to reach the bar."""
    return Result(name, median(runs), runs, unit, f"at least {_number(bar)}", median(runs) >= bar)


def at_most(name: str, runs: Sequence[float], unit: str, bar: float) -> Result:
    """A row whose median may not pass the bar."""
    return Result(name, median(runs), runs, unit, f"at most {_number(bar)}", median(runs) <= bar)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}" if abs(value) < 10 else f"{value:,.1f}"


PAGE = """# Performance

`{command}`, {day}, {minutes:.0f} minutes: medians of {rounds} runs, taken in turn (the runs are in the table too).
Written by that command; do not edit.

{machine}. Everything, broker, workers, load and this program, shares these cores, so figures vary with what else the
machine does; ratios are taken within a round and vary less.

{table}

## What is measured

**Throughput.** The log of `health.signals` that {events:,} events of a simulated helpdesk become (`stream.simulate`
through the code of imports, with fixed sentiment labels) lies in four partitions before a contestant starts. The clock
runs from the moment at which 5 % of the outputs are in Kafka to the last of them; CPU is that of the contestant's
process in the same time, all its threads included. Every contestant does the same work with each record: Heartline's
own fold, and the same outputs with the same headers; after each run they are read (committed ones only) and compared
with a fold in this program, byte for byte. Before the first, the bare loop runs once unmeasured: meanwhile a fresh
broker compiles its code.

- **Heartline**: the scoring worker as it is deployed, exactly once: state in RocksDB, changelog, transactions.
- **all factors on**: the same worker, whose tenant has a model with every component of the factor library that
  contacts have, on a broker of its own. It puts out four times as many bytes.
- **plain Faust**: `async for event in stream.events()`, `table[key] = …`, `await topic.send(…)`, RocksDB, Faust's
  defaults, at least once. It gets the first tenth of the log, where rows are smallest: in its favour.
- **Quix Streams**: state in RocksDB, changelog, exactly once, its defaults.
- **bare loop**: confluent-kafka, a dict, no state on disk, no changelog, no commits, no transactions.

**Ticket to score.** Tickets are opened in `support.tickets` at an even rate, 30 % of the throughput above; the time is
that from the call that hands a ticket to the Kafka client to the moment at which a reader of committed data has its
score from `health.scores`, through intake and scoring. Before, the same load runs for 60 s, so that the broker has
compiled its code, as one that runs for days. CPU is that of each process meanwhile, load and reader (bench) included.

**A million contacts.** {contacts:,} rows of the simulated load, in four partitions, lie in the changelog; a scoring
worker restores them (records and time as it logs them itself), then a tick concerns them all, and rows are picked so
that it changes a tenth. It is over when the last partition is swept. Tickets are opened meanwhile. The bare loop beside
it scans, decodes, scores (by the same fold), encodes and writes every row of the same kind of store, and produces those
that change: no changelog, no transactions, no live load. The worker leaves out the writing of rows that do not change.
Memory is the greatest resident size in all of that.

**State** is a row as stored, after 60 days of the simulated helpdesk with a tick each day.
"""
