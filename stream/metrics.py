"""Every metric, declared once. No label holds a tenant's or a contact's id."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

from stream.settings import Stage

LATENCY_BUCKETS = (
    0.005,
    0.01,
    0.02,
    0.03,
    0.045,
    0.06,
    0.08,
    0.1,
    0.15,
    0.25,
    0.4,
    0.6,
    1.0,
    2.0,
    5.0,
    15.0,
    60.0,
    300.0,
)
SIZE_BUCKETS = (1, 4, 16, 64, 256, 1000, 2000, 4000, 8000)


class Metrics:
    """The metrics of one process, in a registry of their own."""

    def __init__(self, stage: Stage | None = None) -> None:
        """The registry has those that a worker of the stage sets: a 0 that nobody ever sets looks like news. Without a
        stage it has all.
        """
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

        def of(*stages: Stage) -> CollectorRegistry | None:
            return self.registry if stage is None or stage in stages else None

        every = self.registry
        intake, scoring = of("intake"), of("scoring")
        folding = of("scoring", "accounts", "portfolios")
        alerting = of("scoring", "accounts")
        self.events = Counter(
            "heartline_events", "Records read, by topic and what became of them.", ["topic", "result"], registry=every
        )
        self.dead_letters = Counter(
            "heartline_dead_letters", "Records put aside as dead letters.", ["topic", "reason"], registry=every
        )
        self.duplicates = Counter(
            "heartline_duplicates", "Log entries that a row had applied before.", registry=folding
        )
        self.late_events = Counter(
            "heartline_late_events", "Facts that occurred more than 24 h before they were logged.", registry=scoring
        )
        self.forgotten_events = Counter(
            "heartline_forgotten_events", "Facts of erased contacts, dropped.", registry=scoring
        )
        self.end_to_end = Histogram(
            "heartline_end_to_end_seconds",
            "From the source record's acceptance by Kafka to the committed output (sampled evenly within each cycle).",
            ["path"],
            buckets=LATENCY_BUCKETS,
            registry=scoring,
        )
        self.sentiment = Histogram(
            "heartline_sentiment_seconds",
            "Classification of one batch of messages.",
            buckets=LATENCY_BUCKETS,
            registry=intake,
        )
        self.sentiment_labels = Counter(
            "heartline_sentiment_labels",
            "Customer messages by label, or by why they have none.",
            ["label"],
            registry=intake,
        )
        self.batch_records = Histogram(
            "heartline_batch_records", "Records of one committed cycle.", buckets=SIZE_BUCKETS, registry=every
        )
        self.commit_seconds = Histogram(
            "heartline_commit_seconds", "Time to commit one cycle.", buckets=LATENCY_BUCKETS, registry=every
        )
        self.band_changes = Counter(
            "heartline_band_changes", "Contacts that changed band.", ["from", "to", "cause"], registry=scoring
        )
        self.alerts = Counter("heartline_alerts", "Alerts that went out, by kind.", ["kind"], registry=alerting)
        self.alerts_suppressed = Counter(
            "heartline_alerts_suppressed",
            "What alerts say was held back before them, by kind.",
            ["kind"],
            registry=alerting,
        )
        self.contacts = Gauge(
            "heartline_contacts", "Scored contacts of this worker's partitions, by band.", ["band"], registry=scoring
        )
        self.recompute_last_success = Gauge(
            "heartline_recompute_last_success_timestamp_seconds",
            "The time of the latest daily tick that is applied to all rows, of this worker's partition where that is "
            "longest ago: 0 while the first is under way, absent before it.",
            ["topic"],
            registry=folding,
        )
        self.recompute_drift = Counter(
            "heartline_recompute_drift",
            "Rows whose stored points differ from a recomputation (expected 0).",
            registry=scoring,
        )
        self.consumer_lag = Gauge(
            "heartline_consumer_lag_records", "Records waiting.", ["topic", "partition"], registry=every
        )
        self.recovery_remaining = Gauge(
            "heartline_recovery_remaining_records", "Changelog records yet to be restored.", registry=folding
        )
        self.state_bytes = Gauge("heartline_state_bytes", "Size of the local tables on disk.", registry=folding)
        self.rebalances = Counter(
            "heartline_rebalances", "Times that the group's partitions were assigned anew.", registry=every
        )
        self.history_open = Gauge(
            "heartline_history_open",
            "1 while an import of history is not finished: the live clock stands still (of intake).",
            registry=intake,
        )
        self.dropped_cycles = Counter(
            "heartline_dropped_cycles", "Cycles refused by the broker's fence and done again.", registry=every
        )


class PlaneObserver:
    """What the data plane tells about itself, as metrics."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._recovering: dict[int, int] = {}
        self._sizes: dict[int, int] = {}

    def cycle_committed(self, records: int, bytes_in: int, outputs: int, rows: int, seconds: float) -> None:
        """A cycle is committed."""
        self._metrics.batch_records.observe(records)
        self._metrics.commit_seconds.observe(seconds)

    def cycle_dropped(self, records: int) -> None:
        """A cycle of an old generation was dropped."""
        self._metrics.dropped_cycles.inc()

    def rebalanced(self, active: int, standby: int) -> None:
        """A new assignment is ready: what was told of partitions that have gone is true no more."""
        self._metrics.rebalances.inc()
        self._recovering.clear()
        self._sizes.clear()
        self._metrics.recovery_remaining.set(0)
        self._metrics.state_bytes.set(0)
        self._metrics.consumer_lag.clear()

    def recovering(self, partition: int, remaining: int) -> None:
        """Changelog records still to be read."""
        self._recovering[partition] = remaining
        self._metrics.recovery_remaining.set(sum(self._recovering.values()))

    def lag(self, topic: str, partition: int, records: int) -> None:
        """Records that wait in a partition of a source."""
        self._metrics.consumer_lag.labels(topic, partition).set(records)

    def state_bytes(self, partition: int, size: int) -> None:
        """Size of a partition's local state."""
        self._sizes[partition] = size
        self._metrics.state_bytes.set(sum(self._sizes.values()))
