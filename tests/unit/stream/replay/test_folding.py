from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models.health.fold import PartitionFold, Subject
from models.health.reaction import Reaction
from models.health.state import ContactState
from schemas.base import to_milliseconds
from schemas.catalogue import HEALTH_BAND_CHANGES, HEALTH_SCORE_HISTORY, HEALTH_SCORES
from schemas.decoding import decode_signal, encode
from schemas.keys import split_key
from schemas.signals import Signal
from stream.dataplane import Record
from stream.errors import BadInput
from stream.replay import folding as module
from stream.replay.census import Census
from stream.replay.folding import Chosen, Folding, Sent, in_runs
from stream.replay.outputs import Files, line
from stream.replay.running import Replay, Span, fold_until, run
from tests.unit.models.health.building import answer, erased, ms, restored
from tests.unit.stream.replay.logs import START, FactsLog, logged, simulated, tick

Outputs = dict[tuple[str, bytes], list[bytes | None]]


def by_worker(log: FactsLog) -> Outputs:
    """The fold as rules have it: every row at every tick, at once."""
    fold, rows, found = PartitionFold(), dict[bytes, ContactState](), Outputs()
    for record in log.read(0):
        signal = decode_signal(record.value)
        assert isinstance(signal, Signal)
        if record.key is None:
            fold.enter(record.offset, signal)
            while fold.sweep_due():
                for key, row in rows.items():
                    keep(found, key, fold.sweep_row(Subject(*split_key(key)), row))
                fold.sweep_done()
        else:
            subject = Subject(*split_key(record.key))
            after, reactions = fold.signal(record.offset, subject, rows.get(record.key), signal)
            assert after is not None
            rows[record.key] = after
            keep(found, record.key, reactions)
    return found


def keep(found: Outputs, key: bytes, reactions: list[Reaction]) -> None:
    for reaction in reactions:
        if reaction.tombstone:
            found.setdefault((HEALTH_SCORES, key), []).append(None)
        for topic, record in (
            (HEALTH_SCORE_HISTORY, reaction.close),
            (HEALTH_SCORES, reaction.score),
            (HEALTH_BAND_CHANGES, reaction.band),
        ):
            if record is not None:
                found.setdefault((topic, key), []).append(encode(record))


def replayed(log: FactsLog, end: int | None = None, **options: Any) -> list[Sent]:
    sent: list[Sent] = []
    with Folding(0, **options) as folding:
        fold_until(folding, log, end, sent.append, lambda _: None)
    return sent


def outputs(sent: list[Sent]) -> Outputs:
    found = Outputs()
    for one in sent:
        if one.topic in (HEALTH_SCORES, HEALTH_BAND_CHANGES, HEALTH_SCORE_HISTORY):
            found.setdefault((one.topic, one.key), []).append(one.value)
    return found


@pytest.mark.parametrize(("ticks_at_once", "run_records"), [(1, 1), (16, 97), (1000, 1000)])
def test_ticks_swept_together_give_what_ticks_swept_one_by_one_give(
    ticks_at_once: int, run_records: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RUN_RECORDS", run_records)
    monkeypatch.setattr(module, "TICKS_AT_ONCE", ticks_at_once)
    log = simulated()
    expected = by_worker(log)
    assert outputs(replayed(log)) == expected
    assert {topic for topic, _ in expected} == {HEALTH_SCORES, HEALTH_BAND_CHANGES, HEALTH_SCORE_HISTORY}


def test_a_replay_that_ends_early_has_all_that_went_out_before() -> None:
    log, end = simulated(), to_milliseconds(START + timedelta(days=20))
    whole = [one for one in replayed(log) if one.at < end]
    early = [one for one in replayed(log, end) if one.at < end]
    assert outputs(early) == outputs(whole)
    assert early


def test_only_the_contacts_that_are_asked_for_are_folded() -> None:
    log = simulated()
    everybody = replayed(log)
    key = everybody[0].key
    assert outputs(replayed(log, wanted=lambda one: one == key)) == outputs(
        [one for one in everybody if one.key == key]
    )


def test_the_time_of_a_deletion_and_the_band_it_ends_are_known() -> None:
    log = logged(answer(0, 9), answer(1, 2, event="e2"), erased(2), restored(3), answer(4, 9, event="e3"), erased(5))
    deletions = [one for one in replayed(log) if one.value is None and one.topic == HEALTH_SCORES]
    assert [(one.at, one.left) for one in deletions] == [(ms(2), "needs_attention"), (ms(5), "champion")]


def test_contacts_are_counted_by_band_at_the_end_of_each_period() -> None:
    census = Census("month")
    log = logged(answer(0, 9), (20, answer(20, 0, event="e2")), tick(29.2), (31, answer(31, 1, event="e3")), erased(65))
    for sent in replayed(log):
        census.take(sent)
    bands = {period: {band: n for band, n in counts.items() if n} for period, counts in census.bands().items()}
    assert list(bands) == ["2026-03", "2026-05"]
    assert sum(bands["2026-03"].values()) == 1
    assert bands["2026-05"] == {}
    assert census.changes["2026-03"]["initial"] == 1


def test_periods_before_the_time_span_are_not_shown_but_their_contacts_are_still_there() -> None:
    census = Census("month", first=ms(31))
    for sent in replayed(logged(answer(0, 9), answer(35, 0, event="e2"))):
        census.take(sent)
    assert list(census.bands()) == ["2026-04"]
    assert sum(census.bands()["2026-04"].values()) == 1
    assert census.changes == {"2026-04": {"declined": 1}}


def test_a_model_of_ones_own_scores_from_the_first_entry_to_the_last() -> None:
    chosen = Chosen("default", b'{"version": "mine", "components": {"engagement": {}}}')
    scores = [one.value for one in replayed(simulated(), chosen=chosen) if one.topic == HEALTH_SCORES and one.value]
    assert scores
    assert all(b'"model":"mine"' in one for one in scores)
    assert not any(b"model_change" in one for one in scores)


def test_several_processes_write_the_files_that_one_writes(tmp_path: Path) -> None:
    log, steps = simulated(partitions=2), list[int]()
    census = [
        run(Replay(log, Span(), Files(tmp_path / name)), processes, steps.append)
        for name, processes in (("one", 1), ("two", 2))
    ]
    assert census[0] == census[1]
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == sorted(f"{topic}.jsonl" for topic in census[0].written)
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert sum(steps) == 2 * log.size()


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(BadInput, match="is not empty"), Files(tmp_path).prepared():
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_line_has_the_key_and_the_value_as_it_stands_on_the_topic() -> None:
    assert line(b'a/"b', b'{"x": 1}') == b'{"key":"a/\\"b","value":{"x": 1}}\n'
    assert line(b"a/b", None) == b'{"key":"a/b","value":null}\n'


def test_runs_hold_all_records_in_order() -> None:
    records = [Record(offset, None, b"{}", None, 0) for offset in range(2500)]
    assert [len(each) for each in in_runs(records)] == [1000, 1000, 500]
    assert [one for each in in_runs(records) for one in each] == records
