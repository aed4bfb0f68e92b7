"""`heartline metrics`."""

from typing import Annotated, NamedTuple, get_args

import typer
from rich.table import Table

from stream.settings import Stage
from stream.views import console


class Described(NamedTuple):
    """A metric: its name in Prometheus, and the stages whose workers set it."""

    name: str
    type: str
    labels: tuple[str, ...]
    meaning: str
    stages: tuple[Stage, ...]


def rows() -> list[Described]:
    """Every metric."""
    from prometheus_client.metrics import MetricWrapperBase

    from stream.metrics import Metrics

    exported = {stage: {one.name for one in Metrics(stage).registry.collect()} for stage in get_args(Stage)}
    found = []
    for metric in vars(Metrics()).values():
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            name = family.name + ("_total" if family.type == "counter" else "")
            stages = tuple(stage for stage, names in exported.items() if family.name in names)
            found.append(Described(name, family.type, tuple(metric._labelnames), family.documentation, stages))
    return found


def markdown() -> str:
    """The table of `docs/metrics.md`."""
    lines = [
        f"| `{one.name}` | {one.type} | {_code(one.labels)} | {one.meaning} | {', '.join(one.stages)} |"
        for one in rows()
    ]
    return "\n".join(["| metric | type | labels | meaning | set by |", "|---|---|---|---|---|", *lines])


def _code(labels: tuple[str, ...]) -> str:
    return ", ".join(f"`{label}`" for label in labels)


def metrics(as_markdown: Annotated[bool, typer.Option("--markdown", help="As in docs/metrics.md.")] = False) -> None:
    """Show every metric of a worker's /metrics, what it means, and which stages set it.

    Example: `heartline metrics`
    """
    if as_markdown:
        typer.echo(markdown())
        return
    table = Table("metric", "type", "labels", "meaning", "set by")
    for one in rows():
        table.add_row(one.name, one.type, ", ".join(one.labels), one.meaning, ", ".join(one.stages))
    console().print(table)
