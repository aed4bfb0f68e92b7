"""`heartline backtest` of accounts: what their daily closes were worth."""

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from typer.testing import CliRunner

from models.sentiment.vader import VaderClassifier
from schemas.base import Event, from_milliseconds, to_milliseconds
from schemas.catalogue import HEALTH_ACCOUNT_SIGNALS, HEALTH_SIGNALS
from schemas.decoding import encode
from schemas.keys import contact_key, partition_for
from schemas.signals import AccountSignal, Clock, LoggedFact, Tick, TickDone
from stream.backtest.known import History
from stream.backtest.known_accounts import AccountsPast
from stream.backtest.measures import judge
from stream.backtest.outcomes import Happened, Outcome
from stream.commands.app import app
from stream.commands.replay import account_log_of
from stream.errors import BadInput, ConfigurationError
from stream.history import entries
from stream.imports import with_ticks
from stream.local import LocalFold
from stream.local_rollups import LocalRollups, account_entries
from stream.replay.account_log import AccountEntry, EventsAccountLog
from stream.replay.folding import Chosen
from stream.routing import Entry
from stream.settings import Settings
from stream.simulate import simulate
from tests.unit.models.health.building import answer, erased, message, ms, profile
from tests.unit.stream.replay.logs import START, tick

MINUTE_MS = 60_000


class Accounts(NamedTuple):
    """A log of accounts in memory, of one partition."""

    entries: tuple[AccountEntry, ...]

    def partitions(self) -> int:
        return 1

    def size(self) -> int:
        return len(self.entries)

    def read(self, partition: int) -> Iterator[AccountEntry]:
        return iter(self.entries)


def numbered(found: Iterable[tuple[bytes | None, AccountSignal]]) -> Accounts:
    return Accounts(tuple(AccountEntry(offset, key, signal) for offset, (key, signal) in enumerate(found)))


def logged(*facts: LoggedFact | tuple[float, LoggedFact]) -> Accounts:
    """What contacts give by facts, each logged as it occurred, or so many days after the start."""
    contacts, found = LocalFold(), []
    for one in facts:
        days, fact = one if isinstance(one, tuple) else (None, one)
        at = to_milliseconds(fact.occurred_at) if days is None else ms(days)  # type: ignore[union-attr]
        contact = getattr(fact, "contact", None)
        entry = Entry(HEALTH_SIGNALS, None if contact is None else contact_key("acme", contact), fact)  # type: ignore[arg-type]
        found += list(account_entries(entry, at, "live", contacts.log(entry, at, "live")))
    return numbered(found)


def days(*numbers: int) -> list[tuple[float, Tick]]:
    """The ticks of some days, a fifth of the day after their beginning."""
    return [tick(day + 0.2) for day in numbers]


def outcome(day: int, happened: Happened = "churned", account: str = "a", line: int = 2) -> Outcome:
    return Outcome(line, "acme", "account", account, from_milliseconds(ms(day)).date(), happened)


def known(log: Accounts, *outcomes: Outcome) -> History:
    return AccountsPast(log, outcomes).fold(0, lambda _: None)


def band(log: Accounts, one: Outcome, lead: int = 0) -> str:
    judged, _ = judge([one], known(log, one), lead)
    return judged[0].band


MEMBER = profile(0, account="a")


def test_the_band_of_an_account_is_that_of_its_last_close_before_the_day() -> None:
    log = logged(MEMBER, answer(0, 9), *days(*range(1, 5)), answer(5, 0, event="e2"), *days(*range(5, 21)))
    assert band(log, outcome(5)) == "champion"
    assert band(log, outcome(6)) == "needs_attention"
    assert band(log, outcome(10), lead=5) == "champion"
    assert band(log, outcome(10), lead=4) == "needs_attention"


def test_what_came_between_the_close_and_the_day_is_in_the_next_close() -> None:
    log = logged(MEMBER, answer(0, 9), *days(1, 2, 3, 4, 5), answer(5.5, 0, event="e2"), *days(6, 7))
    assert band(log, outcome(6)) == "champion"
    assert band(log, outcome(7)) == "needs_attention"


def test_what_was_logged_later_of_a_contact_does_not_count_for_its_account_however_early_it_occurred() -> None:
    bad = [message(2 + n / 10, "negative", message=f"m{n}", conversation=f"c{n}") for n in range(5)]
    angry = [answer(1.5, 0, event="e2"), answer(1.6, 0, "csat", event="e3"), *bad]
    in_time = logged(MEMBER, answer(0, 9), *[(3.0, fact) for fact in angry], *days(*range(4, 21)))
    leaked = logged(
        MEMBER, answer(0, 9), *days(*range(4, 12)), *[(12.0, fact) for fact in angry], *days(*range(12, 21))
    )
    assert band(in_time, outcome(10)) == "at_risk"
    assert band(leaked, outcome(10)) == "champion", "it occurred before the outcome, and was not known then"
    assert band(leaked, outcome(13)) == "at_risk"


def test_a_contact_that_joined_later_does_not_count_before() -> None:
    late = profile(1, event="late", account="a", contact="bob")
    facts = [answer(1, 0, event="e2", contact="bob"), answer(1, 0, "csat", event="e3", contact="bob")]
    log = logged(MEMBER, answer(0, 9), *days(*range(1, 9)), (8.9, late), *[(8.9, fact) for fact in facts], *days(9, 10))
    assert band(log, outcome(9)) == "champion"
    assert band(log, outcome(10)) == "needs_attention"


def test_an_outcome_of_an_account_after_the_end_of_its_log_is_refused() -> None:
    log = logged(MEMBER, answer(0, 9), *days(*range(1, 21)))
    assert band(log, outcome(20)) == "healthy"
    with pytest.raises(
        BadInput, match=r"line 2: account acme/a churned on .* after the log's end .* look into the future"
    ):
        band(log, outcome(21))


def test_the_clock_of_the_log_says_that_it_has_gone_on() -> None:
    log = logged(MEMBER, answer(0, 9), *days(1, 2))
    clock = AccountEntry(len(log.entries), None, AccountSignal(at=ms(3.1), fact=Clock()))
    assert band(Accounts((*log.entries, clock)), outcome(3)) == "champion"


def test_an_account_that_was_not_known_in_time_is_refused_or_skipped_and_counted() -> None:
    log = logged((8.0, MEMBER), (8.0, answer(0, 9)), *days(*range(9, 21)))
    early = outcome(5, line=7)
    with pytest.raises(
        BadInput, match=r"line 7: account acme/a .* \(its first score is of 2026-03-11\).*--skip-unknown"
    ):
        judge([early], known(log, early), 0)
    stranger = outcome(15, account="b", line=9)
    with pytest.raises(BadInput, match=r"line 9: account acme/b .* \(the log has none of it until then\)"):
        judge([stranger], known(log, stranger), 0)
    judged, skipped = judge([early, outcome(15)], known(log, early, outcome(15)), 0, skip_unknown=True)
    assert (len(judged), skipped) == (1, 1)


def test_an_account_that_everybody_has_left_has_no_known_score() -> None:
    log = logged(MEMBER, answer(0, 9), *days(1, 2), erased(3), *days(*range(3, 21)))
    with pytest.raises(BadInput, match="its score was deleted before"):
        judge([outcome(10)], known(log, outcome(10)), 0)
    judged, _ = judge([outcome(3)], known(log, outcome(3)), 0)
    assert judged[0].band == "champion"


def test_a_band_set_by_hand_is_the_one_that_was_known() -> None:
    by_hand = {"type": "override.set", "event_id": "o", "occurred_at": "2026-03-04T00:00:00Z", "tenant": "acme"}
    word = by_hand | {"account": "a", "band": "at_risk", "reason": "their champion left", "author": "carol"}
    signal = msgspec.convert({"at": ms(2), "fact": word}, AccountSignal)
    log = [(key, one) for _, key, one in logged(MEMBER, answer(0, 9), *days(1, 2, 3)).entries]
    place = next(n for n, (_, one) in enumerate(log) if isinstance(one.fact, TickDone) and one.at > ms(2))
    log.insert(place, (b"acme/a", signal))
    assert band(numbered(log), outcome(2)) == "champion"
    assert band(numbered(log), outcome(3)) == "at_risk"


# -- a whole helpdesk ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return list(simulate(seed=7, contacts=40, start=START, days=50))


def contributions(events: list[Event], partition: int, partitions: int) -> list[tuple[bytes | None, AccountSignal]]:
    """What the contacts of a partition give to accounts, and its word that it is done with each day."""
    contacts, found = LocalFold(), []
    for at, entry in entries(with_ticks(events), VaderClassifier()):
        own = entry.key is None or partition_for(entry.key, partitions) == partition
        if entry.topic != HEALTH_SIGNALS or not own:
            continue
        for key, signal in account_entries(entry, at, "import", contacts.log(entry, at)):
            fact = signal.fact
            if isinstance(fact, TickDone):
                fact = msgspec.structs.replace(fact, partition=partition, partitions=partitions)
            found.append((key, msgspec.structs.replace(signal, fact=fact)))
    return found


def told_by_accounts(events: list[Event]) -> list[tuple[bytes | None, AccountSignal]]:
    """What the log of accounts gets of events directly: profiles, models, ticks."""
    return [
        (entry.key, AccountSignal(at=at, mode="import", fact=entry.value))  # type: ignore[arg-type]
        for at, entry in entries(with_ticks(events), VaderClassifier())
        if entry.topic == HEALTH_ACCOUNT_SIGNALS
    ]


def everyone(events: list[Event]) -> tuple[Outcome, ...]:
    names = sorted({name for event in events if (name := getattr(event, "account", None)) is not None})
    return tuple(
        Outcome(2, "default", "account", name, (START + timedelta(days=50)).date(), "churned") for name in names
    )


def test_closes_are_the_same_whichever_partition_of_contacts_was_first(events: list[Event]) -> None:
    events = [event for event in events if type(event).__name__ not in {"ContactMerged", "ContactErased"}]
    one, other, own = contributions(events, 0, 2), contributions(events, 1, 2), told_by_accounts(events)
    by_turns = [entry for pair in zip_longest(one, other) for entry in pair if entry is not None]
    first = known(numbered([*own, *one, *other]), *everyone(events))
    second = known(numbered([*own, *by_turns]), *everyone(events))
    assert len(first.scores) >= 5
    assert sum(map(len, first.scores.values())) >= 100
    assert first.scores == second.scores


def test_what_is_known_of_an_account_is_what_its_records_say_that_it_closed_with(events: list[Event]) -> None:
    rollups, closes = LocalRollups(), {}
    local = LocalFold(rollups)
    for at, entry in entries(with_ticks(events), VaderClassifier()):
        local.log(Entry(HEALTH_SIGNALS, None, Clock()), at - at % MINUTE_MS)
        local.log(Entry(HEALTH_ACCOUNT_SIGNALS, None, Clock()), at - at % MINUTE_MS)
        local.log(entry, at)
        if isinstance(entry.value, Tick):
            for key, record in rollups.accounts.items():
                closes.update({(key, close.day): close.score for close in record.closes})
    log = numbered(list(_without_offsets(events)))
    found = known(log, *everyone(events))
    for (key, day), score in closes.items():
        if day > (START + timedelta(days=50)).date():
            continue
        then = found.before(key, to_milliseconds(START + timedelta(days=(day - START.date()).days + 1)))
        assert then[-1].score == score, (key, day)
    assert len(closes) >= 100


def _without_offsets(events: list[Event]) -> Iterator[tuple[bytes | None, AccountSignal]]:
    contacts = LocalFold()
    for at, entry in entries(with_ticks(events), VaderClassifier()):
        yield from account_entries(entry, at, "import", contacts.log(entry, at))


def written(folder: Path, events: list[Event]) -> Path:
    file = folder / "events.jsonl"
    file.write_bytes(b"".join(encode(event) + b"\n" for event in events))
    return file


def test_the_accounts_of_a_file_of_events_are_judged_without_a_broker(events: list[Event], tmp_path: Path) -> None:
    file, table = written(tmp_path, events), tmp_path / "outcomes.csv"
    names = sorted({one.subject for one in everyone(events)})
    day = START + timedelta(days=45)
    lines = [f"{name},{day:%Y-%m-%d},{('churned', 'renewed')[n % 2]}" for n, name in enumerate(names)]
    table.write_text("\n".join(["account,date,outcome", *lines, "nobody,2026-01-20,churned"]))
    env = {"HEARTLINE_CLASSIFIER": "vader", "COLUMNS": "200"}
    arguments = ["backtest", "--outcomes", str(table), "--events", str(file), "--lead", "10"]
    refused = CliRunner().invoke(app, arguments, env=env)
    assert isinstance(refused.exception, BadInput)
    assert "account default/nobody churned on 2026-01-20" in str(refused.exception)
    shown = CliRunner().invoke(app, [*arguments, "--skip-unknown"], env=env)
    assert shown.exit_code == 0, shown.output
    assert f"outcomes of accounts ({(len(names) + 1) // 2} churned), as known 10 days before" in shown.output
    report = json.loads(CliRunner().invoke(app, [*arguments, "--skip-unknown", "--json"], env=env).stdout)
    assert (report["kind"], report["lead"], report["skipped"]) == ("account", 10, 1)
    found = AccountsPast(EventsAccountLog(file, Settings(classifier="vader")), everyone(events)).fold(0, lambda _: None)
    moment = to_milliseconds(day - timedelta(days=10))
    then = [found.before(f"default/{name}".encode(), moment)[-1].band for name in names]
    assert {one["band"]: one["outcomes"] for one in report["bands"]} == {
        band: then.count(band) for band in ("at_risk", "needs_attention", "healthy", "champion")
    }


def test_a_model_given_scores_the_accounts_of_a_file_throughout(events: list[Event], tmp_path: Path) -> None:
    document = b'{"version": "mine", "components": {"engagement": {}}}'
    file, settings = written(tmp_path, events), Settings(classifier="vader")
    by_own = AccountsPast(EventsAccountLog(file, settings), everyone(events)).fold(0, lambda _: None)
    log = EventsAccountLog(file, settings, Chosen("default", document))
    by_model = AccountsPast(log, everyone(events)).fold(0, lambda _: None)
    assert by_model.scores.keys() == by_own.scores.keys()
    assert by_model.scores != by_own.scores
    of_nobody = EventsAccountLog(file, settings, Chosen("umbrella", document))
    assert AccountsPast(of_nobody, everyone(events)).fold(0, lambda _: None) == by_own


def test_a_file_without_events_gives_accounts_nothing(tmp_path: Path) -> None:
    log = EventsAccountLog(written(tmp_path, []), Settings(classifier="vader"), Chosen("default", b"{}"))
    assert AccountsPast(log, (outcome(1),)).fold(0, lambda _: None) == History()


def test_the_log_of_a_broker_has_what_contacts_gave_by_the_models_in_force() -> None:
    with pytest.raises(ConfigurationError, match="--model is for --events"):
        account_log_of(None, Settings(), Chosen("default", b"{}"))
