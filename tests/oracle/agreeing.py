"""Folds a log by the model beside the oracle, which itself knows nothing of the model, and says where they differ."""

from collections.abc import Iterator
from itertools import count, islice

from models.health.fold import PartitionFold
from models.health.fold import Subject as Row
from models.health.reaction import Reaction
from models.health.state import ContactState, decode, encode
from schemas.decoding import decode_signal
from schemas.decoding import encode as encode_record
from schemas.signals import Signal
from tests.oracle.comparing import (
    alert_as_expected,
    alert_as_told,
    band_as_expected,
    band_as_told,
    close_as_expected,
    close_as_told,
    differences,
    in_order,
    score_as_expected,
    score_as_told,
)
from tests.oracle.contact import OracleContact
from tests.oracle.log import Entry, Subject, run_oracle

SHOWN = 3


class Told:
    """What went out about one contact."""

    def __init__(self, subject: Subject) -> None:
        self.row = Row(*subject)
        self.state: ContactState | None = None
        self.reactions: list[Reaction] = []


def folded(log: list[Entry], sweep_every: int) -> dict[Subject, Told]:
    """The log folded by the model; rows go through their stored form each time they are touched."""
    told: dict[Subject, Told] = {}
    fold, offsets = PartitionFold(), count()
    for entry in log:
        signal = Signal(at=entry.at, fact=entry.fact, mode=entry.mode, alerts=entry.alerts)
        if entry.subject is not None:
            _tell(fold, offsets, told, entry.subject, signal)
            continue
        offset = next(offsets)
        fold.enter(offset, signal)
        if offset % sweep_every == 0:
            _sweep(fold, told)
    _sweep(fold, told)
    assert fold.audit.drifted == 0
    return told


def _tell(
    fold: PartitionFold, offsets: Iterator[int], told: dict[Subject, Told], subject: Subject, signal: Signal
) -> None:
    contact = told.setdefault(subject, Told(subject))
    row = decode(encode(contact.state)) if contact.state is not None else None
    contact.state, reactions = fold.signal(next(offsets), contact.row, row, signal)
    contact.reactions += reactions
    for reaction in reactions:
        if reaction.gone is not None and reaction.gone.forward is not None:
            forward = reaction.gone.forward
            through_the_wire = decode_signal(encode_record(forward.signal))
            assert isinstance(through_the_wire, Signal)
            _tell(fold, offsets, told, (subject[0], forward.contact), through_the_wire)


def _sweep(fold: PartitionFold, told: dict[Subject, Told]) -> None:
    _fall_due(fold, told)
    while fold.sweep_due():
        for contact in told.values():
            assert contact.state is not None
            contact.reactions += fold.sweep_row(contact.row, contact.state)
        fold.sweep_done()
    _fall_due(fold, told)


def _fall_due(fold: PartitionFold, told: dict[Subject, Told]) -> None:
    until = fold.due_until
    for contact in told.values():
        assert contact.state is not None
        if until is not None and contact.state.due_at is not None and contact.state.due_at <= until:
            contact.reactions += fold.due_row(contact.row, contact.state)
    due_times = [contact.state.due_at for contact in told.values() if contact.state is not None]
    fold.due_done(min((due_at for due_at in due_times if due_at is not None), default=None))


def disagreements(log: list[Entry], sweep_every: int = 1) -> list[str]:
    """What differs, contact by contact: the first few lines of each kind of record."""
    expected, told = run_oracle(log), folded(log, sweep_every)
    return [
        f"{'/'.join(subject)} {kind}: {line}"
        for subject, oracle in expected.items()
        for kind, lines in _differing(told[subject].reactions, oracle)
        for line in islice(lines, SHOWN)
    ]


def _differing(reactions: list[Reaction], oracle: OracleContact) -> Iterator[tuple[str, list[str]]]:
    scores = [score_as_told(reaction.score) for reaction in reactions if reaction.score is not None]
    yield "scores", differences(scores, [score_as_expected(one) for one in oracle.published])
    bands = [band_as_told(reaction.band) for reaction in reactions if reaction.band is not None]
    yield "bands", differences(bands, [band_as_expected(one) for one in oracle.band_changes])
    closes = [close_as_told(reaction.close) for reaction in reactions if reaction.close is not None]
    yield "closes", differences(closes, [close_as_expected(one) for one in oracle.closes])
    raised = [alert for reaction in reactions for alert in reaction.alerts]
    yield "reasons", [f"none of {one.kind} at {one.at}" for one in raised if not one.reasons]
    alerts = [alert_as_told(alert) for alert in raised]
    yield "alerts", differences(in_order(alerts), in_order([alert_as_expected(one) for one in oracle.alerts.told]))
    yield "names", differences(list(_unnamed(reactions, oracle)), [{"name": name} for name in oracle.unnamed])
    tombstones = sum(reaction.tombstone for reaction in reactions)
    if tombstones != len(oracle.tombstones):
        yield "tombstones", [f"{tombstones}, not {len(oracle.tombstones)}"]


def _unnamed(reactions: list[Reaction], oracle: OracleContact) -> Iterator[dict[str, object]]:
    for gone in (reaction.gone for reaction in reactions if reaction.gone is not None):
        yield from ({"name": name} for name in gone.erased)
        if gone.named:
            yield {"name": oracle.contact}
