"""Scoring: entries of the log in, scores out. State is the fold of the log, nothing else."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, get_args

import structlog

from models.health.control_row import ControlRow, decode_control, encode_control
from models.health.errors import BadState, ModelError, NewerStateVersion
from models.health.fold import PartitionFold, Subject
from models.health.merge import Forward
from models.health.model import parse_model
from models.health.reaction import Gone, Reaction
from models.health.state import ContactState
from models.health.state import decode as decode_contact
from models.health.state import encode as encode_contact
from schemas.base import Band, to_milliseconds
from schemas.catalogue import (
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_BAND_CHANGES,
    HEALTH_PROFILES,
    HEALTH_RECEIPTS,
    HEALTH_SCORE_HISTORY,
    HEALTH_SCORES,
    HEALTH_SIGNALS,
    SUPPORT_LABELLED_EXAMPLES,
)
from schemas.control import ModelPublished
from schemas.decoding import DecodeFailure, decode_signal, encode
from schemas.headers import cloud_event_headers
from schemas.keys import contact_key, split_key, subject_key
from schemas.scores import Output
from schemas.signals import PARTITION_FACTS, AccountSignal, Clock, ContactAbsorbed, ContactFact, Signal
from stream.dataplane import Cycle, DataPlane, PartitionState, Run
from stream.dead_letters import Limit
from stream.due_rows import DUE_MARK, DueRow, DueRows
from stream.errors import NewerStateRow
from stream.metrics import Metrics
from stream.model_rows import BEHIND, ModelRow, ModelRows
from stream.rollup import day_done, tell_accounts
from stream.stage import SWEEP_ROWS, Stage, put_alert, put_output, tag_of
from stream.table import CONTROL_KEY, CONTROL_MARK, MODEL_MARK

log = structlog.get_logger()

Row = ContactState | ControlRow | ModelRow | DueRow

DAY_MS = 86_400_000


class RowCodec:
    """Stored rows: contacts, the partition's control row, and documents of models."""

    def encode(self, row: Row) -> bytes:
        """The stored form of a row."""
        if isinstance(row, ContactState):
            return encode_contact(row)
        if isinstance(row, DueRow):
            return DUE_MARK
        return MODEL_MARK + row.document if isinstance(row, ModelRow) else CONTROL_MARK + encode_control(row)

    def decode(self, data: bytes) -> Row:
        """The row of its stored form. Raises `NewerStateRow`, which names both versions."""
        try:
            if data[:1] != CONTROL_MARK:
                return decode_contact(data)
            if data == DUE_MARK:
                return DueRow()
            return ModelRow(data[2:]) if data[:2] == MODEL_MARK else decode_control(data[1:])
        except NewerStateVersion as error:
            raise NewerStateRow(f"{error}; run the version of Heartline that wrote it, or a newer one") from error


class Scoring(Stage[Row]):
    """What a scoring worker does with a run of the log, and with rows that wait for a tick or a model."""

    topic = HEALTH_SIGNALS

    def __init__(self, plane: DataPlane[Row], limit: Limit, metrics: Metrics, partitions: dict[str, int]) -> None:
        super().__init__(plane, limit, metrics)
        self._partitions = partitions
        self._bands: dict[int, dict[str, int]] = {}

    def fold(self, run: Run, cycle: Cycle[Row]) -> None:
        """Fold one run: rows and outputs into the cycle."""
        rows = cycle.state(run.partition)
        fold = PartitionFold(_control(rows), ModelRows(rows))
        due = DueRows(rows)
        outbox = Outbox(cycle, run.partition, self._metrics)
        accepted: list[int] = []
        refused: Counter[str] = Counter()
        duplicates = late = 0
        fold_signal, send = fold.signal, outbox.send
        for record in run.records:
            signal, subject = _read(record)
            if isinstance(signal, DecodeFailure):
                refused[signal.reason] += 1
                self._put_aside(run, record, signal, cycle)
            elif subject is None:
                if fold.enter(record.offset, signal) and isinstance(signal.fact, Clock):
                    _forget_minutes(fold, due)
            else:
                key = record.key or b""
                known: ContactState | None = rows.get(key)  # type: ignore[assignment]
                due_at = None if known is None else known.due_at
                row, reactions = fold_signal(record.offset, subject, known, signal)
                if row is None:
                    duplicates += 1
                    continue
                rows.put(key, row)
                if row.due_at != due_at:
                    due.move(key, due_at, row.due_at)
                for reaction in reactions:
                    send(key, reaction)
                    if reaction.gone is not None and reaction.tombstone:
                        rows.forget(key)
                if signal.accepted_at is not None:
                    accepted.append(signal.accepted_at)
                    late += signal.at - to_milliseconds(signal.fact.occurred_at) > DAY_MS  # type: ignore[union-attr]
        self._keep_control(cycle, rows, fold)
        bad = refused.total()
        self._limit.count(len(run.records) - bad, bad)
        cycle.on_commit(lambda: self._count(len(run.records), refused, duplicates))
        if late:
            cycle.on_commit(lambda: self._metrics.late_events.inc(late))
        self._measure(cycle, accepted, "score")

    # -- the sweep -----------------------------------------------------------------------------------------------------

    def sweep_chunk(self, partition: int, cycle: Cycle[Row]) -> bool:
        """Sweep the next rows of a partition; False if nothing waits there."""
        rows = cycle.state(partition)
        fold = PartitionFold(_control(rows), ModelRows(rows))
        self._bands[partition] = fold.control.bands
        self._recomputed[partition] = fold.recomputed_at
        touch = Touch(cycle, partition, self._metrics)
        until = fold.due_until
        due = until is not None and touch.due_by(fold, until)
        if not fold.sweep_due():
            if until is not None:
                self._keep_control(cycle, rows, fold)
            return due
        found = rows.scan(fold.control.cursor or BEHIND, SWEEP_ROWS)
        for key, row in found:
            if isinstance(row, ContactState):
                touch.row(key, row, fold.sweep_row)
        if found:
            fold.control.cursor = found[-1][0]
        else:
            waiting = fold.control.pending
            days = fold.sweep_done()
            for pending in waiting:
                if pending.day in days:
                    day_done(
                        cycle, HEALTH_ACCOUNT_SIGNALS, AccountSignal, pending, partition, self._partitions, self.topic
                    )
            if days:
                log.info("recompute done", partition=partition, days=len(days))
        self._keep_control(cycle, rows, fold, swept=True)
        return True

    def report(self) -> None:
        """The scored contacts by band, too."""
        super().report()
        totals = dict.fromkeys(get_args(Band), 0)
        for partition in self._plane.partitions(HEALTH_SIGNALS):
            for band, count in self._bands.get(partition, {}).items():
                totals[band] += count
        for band, count in totals.items():
            self._metrics.contacts.labels(band).set(count)

    def _keep_control(
        self, cycle: Cycle[Row], rows: PartitionState[Row], fold: PartitionFold, *, swept: bool = False
    ) -> None:
        if swept or fold.changed:
            rows.put(CONTROL_KEY, fold.control)
        drifted = fold.audit.drifted
        if drifted:
            log.error("recompute drift", rows=drifted)
            cycle.on_commit(lambda: self._metrics.recompute_drift.inc(drifted))


def _read(record: Any) -> tuple[Signal | DecodeFailure, Subject | None]:
    """The signal of a record, and whose it is: None for one that concerns the whole partition."""
    signal = decode_signal(record.value)
    if isinstance(signal, DecodeFailure):
        return signal, None
    fact, key = signal.fact, record.key
    if (key is None) != (type(fact) in PARTITION_FACTS):
        return DecodeFailure("invalid", "a contact's fact needs a key, and a partition's has none"), None
    if key is not None:
        if type(fact) is ContactAbsorbed and not _is_row(fact.facts):
            return DecodeFailure("invalid", "`facts` are no row of contact state"), None
        try:
            return signal, Subject(*split_key(key))
        except ValueError:
            return DecodeFailure("bad_id", "the key is not tenant/contact"), None
    if isinstance(fact, ModelPublished):
        try:
            parse_model(fact.model)
        except ModelError as error:
            return DecodeFailure("invalid", str(error)), None
    return signal, None


def _is_row(data: bytes) -> bool:
    try:
        decode_contact(data)
    except BadState:
        return False
    return True


def _forget_minutes(fold: PartitionFold, due: DueRows) -> None:
    first = due.earliest(1)
    fold.due_done(first[0][0] if first else None)


class Touch:
    """Applies to rows what they wait for."""

    def __init__(self, cycle: Cycle[Row], partition: int, metrics: Metrics) -> None:
        self._rows = cycle.state(partition)
        self._due = DueRows(self._rows)
        self._outbox = Outbox(cycle, partition, metrics)

    def row(self, key: bytes, row: ContactState, apply: Callable[[Subject, ContactState], list[Reaction]]) -> None:
        """Apply what waits to a row; it is written if that changes it."""
        due_at = row.due_at
        reactions = apply(Subject(*split_key(key)), row)
        if reactions:
            self._rows.put(key, row)
            self._due.move(key, due_at, row.due_at)
            for reaction in reactions:
                self._outbox.send(key, reaction)

    def due_by(self, fold: PartitionFold, until: int) -> bool:
        """Touch the next rows that are due by then; whether there were any."""
        found = [entry for entry in self._due.earliest(1) if entry[0] <= until]
        if found:
            found = [entry for entry in self._due.earliest(SWEEP_ROWS) if entry[0] <= until]
        for due_at, key in found:
            row = self._rows.get(key)
            if isinstance(row, ContactState) and row.due_at == due_at:
                self.row(key, row, fold.due_row)
            else:
                self._due.drop(due_at, key)
        if len(found) < SWEEP_ROWS:
            _forget_minutes(fold, self._due)
        return bool(found)


class Outbox:
    """Sends the outputs of reactions. All topics keyed by contact have the partitions of `health.signals`."""

    def __init__(self, cycle: Cycle[Row], partition: int, metrics: Metrics) -> None:
        self._cycle = cycle
        self._partition = partition
        self._metrics = metrics
        self._band_changes: Counter[tuple[str, str, str]] = Counter()

    def send(self, key: bytes, reaction: Reaction) -> None:
        """Send what goes out of one reaction."""
        if reaction.tombstone:
            self._cycle.send(HEALTH_SCORES, None, key, None, self._partition)
        if reaction.close is not None:
            self._put(HEALTH_SCORE_HISTORY, key, reaction.close)
        if reaction.score is not None:
            self._put(HEALTH_SCORES, key, reaction.score)
        if reaction.band is not None:
            self._put(HEALTH_BAND_CHANGES, key, reaction.band)
            change = reaction.band
            if not self._band_changes:  # not before: a look at nothing leaves nothing in a cycle that stays empty
                self._cycle.on_commit(partial(_count_changes, self._metrics, self._band_changes))
            self._band_changes[change.from_band or "none", change.to_band, change.cause.type] += 1
        for alert in reaction.alerts:
            put_alert(self._cycle, self._metrics, key, alert, self._partition)
        if reaction.gone is not None:
            self._let_go(key, reaction.gone)
        if reaction.members:
            tell_accounts(self._cycle, reaction.members)

    def _let_go(self, key: bytes, gone: Gone) -> None:
        if gone.forward is not None:
            self._forward(gone.forward)
        if gone.receipt is not None:
            self._put(HEALTH_RECEIPTS, key, gone.receipt)
        # Intake has done it for the name that the erasure gave, but the transaction of another of its workers may have
        # set a profile behind that. What stood before this entry in the log is decided: this comes after all of it.
        tenant, contact = split_key(key)
        for name in gone.erased:
            self._unname(tenant, name)
            self._unquote(tenant, name)
        if gone.named:  # it came late or once more, and intake knows of no erasure
            self._unname(tenant, contact)
        if gone.quoted:
            self._unquote(tenant, contact)
        if gone.forgotten:
            self._cycle.on_commit(self._metrics.forgotten_events.inc)

    def _unname(self, tenant: str, contact: str) -> None:
        self._cycle.send(HEALTH_PROFILES, None, subject_key(tenant, "contact", contact))

    def _unquote(self, tenant: str, contact: str) -> None:
        self._cycle.send(SUPPORT_LABELLED_EXAMPLES, None, contact_key(tenant, contact))

    def _forward(self, forward: Forward) -> None:
        """An entry about a merged contact goes on to the other one's partition, in the same transaction."""
        signal = forward.signal
        fact: ContactFact = signal.fact  # type: ignore[assignment]
        headers = cloud_event_headers(fact.event_id, tag_of(fact), fact.tenant, signal.at)
        self._cycle.send(HEALTH_SIGNALS, encode(signal), contact_key(fact.tenant, forward.contact), headers)

    def _put(self, topic: str, key: bytes, record: Output) -> None:
        put_output(self._cycle, topic, key, record, self._partition)


def _count_changes(metrics: Metrics, changes: "Counter[tuple[str, str, str]]") -> None:
    for labels, count in changes.items():
        metrics.band_changes.labels(*labels).inc(count)


def _control(rows: PartitionState[Row]) -> ControlRow | None:
    row = rows.get(CONTROL_KEY)
    return row if isinstance(row, ControlRow) else None
