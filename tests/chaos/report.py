"""The table of the latest long run in docs/reliability.md."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tests.chaos.faults import WEIGHTS
from tests.chaos.run import Result

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- chaos: begin -->", "<!-- chaos: end -->"


def write(result: Result) -> None:
    """Put the result between the marks of the page."""
    page = PAGE.read_text()
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n{text(result)}\n{END}{tail}")


def text(result: Result) -> str:
    """The result as Markdown."""
    plan, found = result.plan, result.verdict
    memory = psutil.virtual_memory().total / 2**30
    faults = sum(result.done.values())
    described = {fault.__name__: (fault.__doc__ or "").strip().rstrip(".") for fault in WEIGHTS}
    rows = [f"| {described[name]} | {count} |" for name, count in sorted(result.done.items(), key=lambda i: -i[1])]
    ends = ", ".join(f"{name} {count} times" for name, count in sorted(result.ends.items())) or "none"
    alerts = ", ".join(f"`{kind}` {count:,}" for kind, count in sorted(found.alerts.items())) or "none"
    records = [f"| `{topic}` | {count:,} |" for topic, count in sorted(found.records.items())]
    return "\n".join(
        [
            f"Run of {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, "
            f"Apache Kafka, one broker: `make chaos ARGS='--faults {plan.faults} --seed {plan.seed}'`, "
            f"{result.seconds / 60:.0f} minutes.",
            "",
            f"**{faults} faults, {result.sent:,} events sent, {result.poisoned:,} bad records between them, "
            f"{found.contacts:,} contacts, {result.days} recomputes: "
            f"{len(found.lost)} lost, {len(found.doubled)} doubled, {len(found.wrong)} wrong.**",
            "",
            f"Workers that ended by themselves with a named error and were started again: {ends}.",
            "",
            f"Alerts of contacts: {alerts}.",
            "",
            "| Fault | Times |",
            "|---|---:|",
            *rows,
            "",
            "| Records compared | |",
            "|---|---:|",
            *records,
        ]
    )
