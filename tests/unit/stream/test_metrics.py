import asyncio
import re
from collections import defaultdict
from pathlib import Path
from typing import Any, get_args
from unittest.mock import MagicMock

import aiohttp
import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

import stream.app
from stream.commands.metrics import markdown, rows
from stream.http import HealthServer
from stream.metrics import Metrics, PlaneObserver
from stream.settings import Settings, Stage

PAGE = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text()

PROMISED = {
    "heartline_events_total",
    "heartline_dead_letters_total",
    "heartline_duplicates_total",
    "heartline_late_events_total",
    "heartline_end_to_end_seconds",
    "heartline_sentiment_seconds",
    "heartline_batch_records",
    "heartline_band_changes_total",
    "heartline_contacts",
    "heartline_recompute_last_success_timestamp_seconds",
    "heartline_recompute_drift_total",
    "heartline_consumer_lag_records",
    "heartline_recovery_remaining_records",
    "heartline_state_bytes",
    "heartline_history_open",
}
LABELS = {"topic", "result", "reason", "path", "from", "to", "cause", "band", "partition", "label", "kind", "le"}


def scraped(metrics: Metrics) -> str:
    return generate_latest(metrics.registry).decode()


def test_every_promised_metric_is_exposed() -> None:
    described = set(re.findall(r"^# TYPE (\S+)", scraped(Metrics()), re.MULTILINE))
    assert described >= PROMISED


def test_names_and_units_follow_the_rules_of_prometheus() -> None:
    for family in text_string_to_metric_families(scraped(Metrics())):
        if family.name.startswith("heartline_"):
            assert not re.search(r"_(ms|milliseconds|count|sum|bucket)$", family.name), family.name
            assert family.documentation.endswith("."), family.name


def test_no_label_can_hold_an_id() -> None:
    metrics = Metrics()
    declared = {label for metric in vars(metrics).values() for label in getattr(metric, "_labelnames", ())}
    assert declared <= LABELS


def test_what_the_data_plane_tells_becomes_metrics() -> None:
    metrics = Metrics()
    observer = PlaneObserver(metrics)
    observer.cycle_committed(100, 10_000, 80, 60, 0.02)
    observer.cycle_dropped(5)
    observer.recovering(0, 30)
    observer.recovering(1, 12)
    observer.state_bytes(0, 1000)
    observer.state_bytes(1, 500)
    observer.lag("health.signals", 2, 7)
    text = scraped(metrics)
    assert "heartline_recovery_remaining_records 42.0" in text
    assert "heartline_state_bytes 1500.0" in text
    assert 'heartline_consumer_lag_records{partition="2",topic="health.signals"} 7.0' in text
    assert "heartline_dropped_cycles_total 1.0" in text
    assert "heartline_batch_records_count 1.0" in text


def test_partitions_that_have_gone_leave_no_figures_behind() -> None:
    metrics = Metrics()
    observer = PlaneObserver(metrics)
    observer.recovering(0, 30)  # and before it was done, the partition went to another worker
    observer.state_bytes(0, 1000)
    observer.lag("health.signals", 0, 7)
    observer.rebalanced(1, 0)
    observer.state_bytes(1, 500)
    observer.lag("health.signals", 1, 2)
    text = scraped(metrics)
    assert "heartline_recovery_remaining_records 0.0" in text
    assert "heartline_state_bytes 500.0" in text
    assert 'heartline_consumer_lag_records{partition="1",topic="health.signals"} 2.0' in text
    assert 'partition="0"' not in text


def test_the_documented_table_is_current() -> None:
    assert markdown() in PAGE, "run `heartline metrics --markdown` and put its table into docs/metrics.md"


def documented(stage: str) -> set[str]:
    """The metrics of a stage, by the page."""
    table = re.findall(r"^\| `(heartline_\w+)` \|.*\| ([a-z, ]+) \|$", PAGE, re.MULTILINE)
    return {name for name, stages in table if stage in stages.split(", ")}


@pytest.mark.parametrize("stage", get_args(Stage))
async def test_a_worker_shows_the_metrics_that_the_page_says_its_stage_sets_and_no_other(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports: list[int] = []
    shown: set[str] = set()

    class Server(HealthServer):
        async def start(self) -> int:
            ports.append(await super().start())
            return ports[0]

    async def serve(plane: Any, stop: asyncio.Event) -> None:
        async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{ports[0]}/metrics") as answer:
            types = re.findall(r"^# TYPE (heartline_\w+) ", await answer.text(), re.MULTILINE)
            shown.update(name for name in types if not name.endswith("_created"))

    class Directory:
        history_open = False

        def __init__(self, *_: object) -> None:
            """No broker is asked."""

        async def follow(self) -> None:
            """Nothing comes."""

    monkeypatch.setattr(stream.app, "DataPlane", MagicMock())
    monkeypatch.setattr(stream.app, "HealthServer", Server)
    monkeypatch.setattr(stream.app, "serve", serve)
    monkeypatch.setattr(stream.app, "Directory", Directory)
    monkeypatch.setattr(stream.app, "open_classifier", MagicMock())
    monkeypatch.setattr(stream.app, "_partitions", lambda _: defaultdict(lambda: 4))
    monkeypatch.setattr(stream.app, "_stop_signal", asyncio.Event)
    await stream.app._run(stage, Settings(http_host="127.0.0.1", http_port=0))
    assert shown == documented(stage)


def alerts() -> dict[str, str]:
    return dict(re.findall(r"^\| (\w+) \| `(.+)` \| \d+[mhd] \|$", PAGE, re.MULTILINE))


def test_every_alert_is_explained() -> None:
    assert len(alerts()) > 6
    assert re.findall(r"^- \*\*(\w+)\*\*: ", PAGE, re.MULTILINE) == list(alerts())


@pytest.mark.parametrize("name", alerts())
def test_an_alert_asks_for_metrics_and_labels_that_there_are(name: str) -> None:
    labels = {
        sample: {*one.labels, *extra}
        for one in rows()
        for sample, extra in (
            [(f"{one.name}_bucket", ["le"]), (f"{one.name}_sum", []), (f"{one.name}_count", [])]
            if one.type == "histogram"
            else [(one.name, [])]
        )
    }
    expression = alerts()[name]
    assert expression.count("(") == expression.count(")")
    asked = re.findall(r"heartline_\w+", expression)
    assert asked
    assert set(asked) <= set(labels)
    for by, of in re.findall(r"by \(([a-z, ]+)\) \(.*?(heartline_\w+)", expression):
        assert set(by.split(", ")) <= labels[of]
