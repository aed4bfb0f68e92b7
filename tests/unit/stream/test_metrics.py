import re

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from stream.metrics import Metrics, PlaneObserver

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
