"""The roll-ups: accounts of what their contacts give, portfolios of what their accounts give."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, ClassVar

import structlog

from models.health.accounts import state as accounts
from models.health.accounts.fold import AccountFold
from models.health.accounts.react import AccountReaction
from models.health.errors import ModelError, NewerStateVersion
from models.health.model import parse_model
from models.health.portfolios import state as portfolios
from models.health.portfolios.fold import PortfolioFold
from models.health.portfolios.react import PortfolioReaction
from models.health.rollup import Pending, RollupControl, RollupFold, decode_rollup_control, encode_rollup_control
from schemas.catalogue import (
    HEALTH_ACCOUNT_SCORES,
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_PORTFOLIO_SCORES,
    HEALTH_PORTFOLIO_SIGNALS,
)
from schemas.control import ModelPublished
from schemas.decoding import DecodeFailure, decode_account_signal, decode_portfolio_signal, encode
from schemas.keys import account_key, portfolio_key, split_key, subject_key
from schemas.signals import (
    ROLLUP_PARTITION_FACTS,
    AccountContribution,
    AccountSignal,
    Clock,
    MemberContribution,
    MemberLeft,
    PortfolioSignal,
    TickDone,
)
from stream.dataplane import Cycle, DataPlane, PartitionState, Run
from stream.dead_letters import Limit
from stream.due_rows import DUE_MARK, DueRow, DueRows
from stream.errors import NewerStateRow
from stream.metrics import Metrics
from stream.model_rows import BEHIND, ModelRow, ModelRows
from stream.stage import SWEEP_ROWS, Stage, put_alert, put_output
from stream.table import CONTROL_KEY, CONTROL_MARK, MODEL_MARK

log = structlog.get_logger()

_OF_MEMBERS = (MemberContribution, MemberLeft)

Row = accounts.AccountState | portfolios.PortfolioState | RollupControl | ModelRow | DueRow
Fold = RollupFold[Any, Any, Any]


class RollupCodec:
    """Stored rows of a roll-up: subjects, the partition's control row, documents of models, and what is due when."""

    def __init__(self, encode_row: Callable[[Any], bytes], decode_row: Callable[[bytes], Row]) -> None:
        self._encode, self._decode = encode_row, decode_row

    def encode(self, row: Row) -> bytes:
        """The stored form of a row."""
        if isinstance(row, RollupControl):
            return CONTROL_MARK + encode_rollup_control(row)
        if isinstance(row, DueRow):
            return DUE_MARK
        return MODEL_MARK + row.document if isinstance(row, ModelRow) else self._encode(row)

    def decode(self, data: bytes) -> Row:
        """The row of its stored form. Raises `NewerStateRow`, which names both versions."""
        try:
            if data[:1] != CONTROL_MARK:
                return self._decode(data)
            if data == DUE_MARK:
                return DueRow()
            return ModelRow(data[2:]) if data[:2] == MODEL_MARK else decode_rollup_control(data[1:])
        except NewerStateVersion as error:
            raise NewerStateRow(f"{error}; run the version of Heartline that wrote it, or a newer one") from error


class Rollup(Stage[Any]):
    """A stage whose log is written by the stage before it. Its output has the partitions of its log."""

    output: ClassVar[str]
    fold_of: ClassVar[type[Fold]]

    def __init__(self, plane: DataPlane[Any], limit: Limit, metrics: Metrics, partitions: dict[str, int]) -> None:
        super().__init__(plane, limit, metrics)
        self._partitions = partitions

    @staticmethod
    @abstractmethod
    def decode(value: bytes | None) -> Any:
        """The entry of a record, or a DecodeFailure."""

    def tell(self, cycle: Cycle[Any], reaction: Any) -> None:
        """Send what goes to the stage after this one."""

    def keep(self, rows: "PartitionState[Any]", key: bytes, row: Any, due_at: int | None) -> None:
        """Write a row that was due at a time before."""
        rows.put(key, row)

    def due_at(self, row: Any) -> int | None:
        """When a row falls due by the clock; no row does in most roll-ups."""
        return None

    def fall_due(self, partition: int, cycle: Cycle[Any], fold: Any) -> bool:
        """Touch the next rows that the clock has something for; whether there were any."""
        return False

    def passed(self, rows: "PartitionState[Any]", fold: Any) -> None:
        """The clock of the log has moved on."""

    def done(self, cycle: Cycle[Any], partition: int, pending: Pending) -> None:
        """Tell the stage after this one that a day is closed in a partition."""

    def fold(self, run: Run, cycle: Cycle[Any]) -> None:
        """Fold one run: rows and outputs into the cycle."""
        rows = cycle.state(run.partition)
        fold = self._fold(rows)
        refused: Counter[str] = Counter()
        duplicates = 0
        for record in run.records:
            signal, subject = self.read(record.key, record.value)
            if isinstance(signal, DecodeFailure):
                refused[signal.reason] += 1
                self._put_aside(run, record, signal, cycle)
            elif subject is None:
                if fold.enter(record.offset, signal) and isinstance(signal.fact, Clock):
                    self.passed(rows, fold)
            else:
                key = record.key or b""
                known = rows.get(key)
                due_at = self.due_at(known)
                row, reactions = fold.signal(record.offset, subject, known, signal)
                if row is None:
                    duplicates += 1
                    continue
                self.keep(rows, key, row, due_at)
                self._send(cycle, run.partition, key, reactions)
        if fold.changed:
            rows.put(CONTROL_KEY, fold.control)
        bad = refused.total()
        self._limit.count(len(run.records) - bad, bad)
        cycle.on_commit(lambda: self._count(len(run.records), refused, duplicates))

    def sweep_chunk(self, partition: int, cycle: Cycle[Any]) -> bool:
        """Sweep the next rows of a partition; False if nothing waits there."""
        rows = cycle.state(partition)
        fold = self._fold(rows)
        self._recomputed[partition] = fold.recomputed_at
        fell_due = self.fall_due(partition, cycle, fold)
        if not fold.sweep_due():
            if fold.changed:
                rows.put(CONTROL_KEY, fold.control)
            return fell_due
        found = rows.scan(fold.control.cursor or BEHIND, SWEEP_ROWS)
        for key, row in found:
            due_at = self.due_at(row)
            reactions = fold.sweep_row(split_key(key), row)
            if reactions:
                self.keep(rows, key, row, due_at)
                self._send(cycle, partition, key, reactions)
        if found:
            fold.control.cursor = found[-1][0]
        else:
            closed = fold.sweep_done()
            for pending in closed:
                self.done(cycle, partition, pending)
            if closed:
                log.info("days closed", topic=self.topic, partition=partition, days=len(closed))
        rows.put(CONTROL_KEY, fold.control)
        return True

    def _fold(self, rows: "PartitionState[Any]") -> Fold:
        control = rows.get(CONTROL_KEY)
        return self.fold_of(control, ModelRows(rows))

    def _send(
        self, cycle: Cycle[Any], partition: int, key: bytes, reactions: Sequence[AccountReaction | PortfolioReaction]
    ) -> None:
        for reaction in reactions:
            if reaction.tombstone:
                cycle.send(self.output, None, key, None, partition)
            if reaction.score is not None:
                put_output(cycle, self.output, key, reaction.score, partition)
            self.tell(cycle, reaction)

    @classmethod
    def read(cls, key: bytes | None, value: bytes | None) -> tuple[Any, tuple[str, str] | None]:
        """The entry of a record, or a DecodeFailure; and whose it is, None if it concerns the whole partition."""
        signal = cls.decode(value)
        if isinstance(signal, DecodeFailure):
            return signal, None
        if (key is None) != isinstance(signal.fact, ROLLUP_PARTITION_FACTS):
            return DecodeFailure("invalid", "a subject's fact needs a key, and a partition's has none"), None
        if isinstance(signal.fact, ModelPublished):
            try:
                parse_model(signal.fact.model)
            except ModelError as error:
                return DecodeFailure("invalid", str(error)), None
        try:
            return signal, None if key is None else split_key(key)
        except ValueError:
            return DecodeFailure("bad_id", "the key is not tenant/id"), None


class Accounts(Rollup):
    """`health.account-signals` to `health.account-scores`."""

    topic = HEALTH_ACCOUNT_SIGNALS
    output = HEALTH_ACCOUNT_SCORES
    fold_of = AccountFold
    decode = staticmethod(decode_account_signal)

    def tell(self, cycle: Cycle[Any], reaction: AccountReaction) -> None:
        """Send the account's alerts, and what it gives to its portfolios."""
        for alert in reaction.alerts:
            # Contacts' alerts lie under tenant/contact: an account of the same id is somebody else.
            key = subject_key(alert.tenant, "account", str(alert.account))
            put_alert(cycle, self._metrics, key, alert)
        for entry in reaction.portfolios:
            fact = entry.fact
            assert isinstance(fact, AccountContribution)
            cycle.send(HEALTH_PORTFOLIO_SIGNALS, encode(entry), portfolio_key(fact.tenant, fact.portfolio))

    def done(self, cycle: Cycle[Any], partition: int, pending: Pending) -> None:
        """Tell every partition of portfolios."""
        day_done(cycle, HEALTH_PORTFOLIO_SIGNALS, PortfolioSignal, pending, partition, self._partitions, self.topic)

    # -- what falls due ------------------------------------------------------------------------------------------------

    def due_at(self, row: accounts.AccountState | None) -> int | None:
        """When something ends for the account by time alone."""
        return None if row is None else row.due_at

    def keep(self, rows: "PartitionState[Any]", key: bytes, row: accounts.AccountState, due_at: int | None) -> None:
        """Write a row, and when it falls due."""
        rows.put(key, row)
        DueRows(rows).move(key, due_at, row.due_at)

    def fall_due(self, partition: int, cycle: Cycle[Any], fold: AccountFold) -> bool:
        """Touch the next rows that are due by the clock; whether there were any."""
        until = fold.due_until
        if until is None:
            return False
        rows = cycle.state(partition)
        found = [entry for entry in DueRows(rows).earliest(SWEEP_ROWS) if entry[0] <= until]
        for due_at, key in found:
            row = rows.get(key)
            if not isinstance(row, accounts.AccountState) or row.due_at != due_at:
                DueRows(rows).drop(due_at, key)
                continue
            reactions = fold.due_row(split_key(key), row)
            self.keep(rows, key, row, due_at)
            self._send(cycle, partition, key, reactions)
        if len(found) < SWEEP_ROWS:
            self.passed(rows, fold)
        return bool(found)

    def passed(self, rows: "PartitionState[Any]", fold: AccountFold) -> None:
        """Forget the clock entries that no row waits for."""
        first = DueRows(rows).earliest(1)
        fold.due_done(first[0][0] if first else None)


class Portfolios(Rollup):
    """`health.portfolio-signals` to `health.portfolio-scores`."""

    topic = HEALTH_PORTFOLIO_SIGNALS
    output = HEALTH_PORTFOLIO_SCORES
    fold_of = PortfolioFold
    decode = staticmethod(decode_portfolio_signal)


ACCOUNTS_CODEC = RollupCodec(accounts.encode, accounts.decode)
PORTFOLIOS_CODEC = RollupCodec(portfolios.encode, portfolios.decode)


def tell_accounts(cycle: Cycle[Any], entries: Sequence[AccountSignal]) -> None:
    """Send what a contact gives to its accounts."""
    for entry in entries:
        fact = entry.fact
        assert isinstance(fact, _OF_MEMBERS)
        cycle.send(HEALTH_ACCOUNT_SIGNALS, encode(entry), account_key(fact.tenant, fact.account))


def day_done(
    cycle: Cycle[Any],
    to: str,
    entry: type[AccountSignal] | type[PortfolioSignal],
    pending: Any,
    partition: int,
    partitions: dict[str, int],
    topic: str,
) -> None:
    """Tell all partitions of a roll-up's log that a partition of `topic` is done with a day."""
    done = TickDone(day=date.fromordinal(pending.day), partition=partition, partitions=partitions[topic])
    value = encode(entry(at=pending.now, mode=pending.mode, fact=done))
    for reader in range(partitions[to]):
        cycle.send(to, value, None, None, reader)
