"""Exports of which each row stands by itself."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.base import Event
from schemas.messages import MessageCreated
from schemas.profiles import AccountUpdated, ContactUpdated
from schemas.surveys import SurveyAnswered
from schemas.tickets import TicketOpened, TicketSolved
from stream.imports import BadRow, ImportFailure, MappingError, load_mapping, read_events
from stream.imports.fields import pseudonym

Read = Callable[..., list[Event]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(mapping: str, **files: str) -> list[Event]:
        (tmp_path / "mapping.yaml").write_text(mapping)
        paths = [tmp_path / f"{name}.csv" for name in files]
        for path, text in zip(paths, files.values(), strict=True):
            path.write_text(text)
        return list(read_events(load_mapping(tmp_path / "mapping.yaml"), paths))

    return read


MESSAGES = """
tenant: {column: Brand, slug: true}
sources:
  - events:
      - event: message.created
        fields: {message: Id, contact: Who, occurred_at: At, author: {value: customer}, text: Text}
"""


def test_a_row_becomes_an_event(read: Read) -> None:
    (event,) = read(MESSAGES, m="Id,Who,At,Brand,Text\n9,ann,2026-03-01T10:00:00+01:00,US Airways, Hello \n")
    assert event == MessageCreated(
        event_id="message.created:9:1772355600000",
        occurred_at=datetime(2026, 3, 1, 9, tzinfo=UTC),
        tenant="us-airways",
        contact="ann",
        message="9",
        author="customer",
        text=" Hello ",
    )


def test_the_same_row_has_the_same_id_wherever_it_stands(read: Read) -> None:
    row = "9,ann,2026-03-01T10:00:00Z,b,x\n"
    other = "8,ann,2026-03-01T11:00:00Z,b,x\n"
    head = "Id,Who,At,Brand,Text\n"
    alone, with_others = read(MESSAGES, m=head + row), read(MESSAGES, m=head + other + row)
    assert alone[0] == with_others[0]


def test_an_address_is_refused_as_an_id(read: Read) -> None:
    with pytest.raises(BadRow, match=r"m\.csv, line 2: column 'Who' holds an address .* add `hash: true`"):
        read(MESSAGES, m="Id,Who,At,Brand,Text\n9,ann@example.com,2026-03-01T10:00:00Z,b,x\n")


def test_an_address_may_be_hashed_whatever_its_case(read: Read) -> None:
    mapping = MESSAGES.replace("contact: Who", "contact: {column: Who, hash: true}")
    text = (
        "Id,Who,At,Brand,Text\n1,Ann@Example.com,2026-03-01T10:00:00Z,b,x\n2,ann@example.com ,2026-03-01T10:00:00Z,b,\n"
    )
    contacts = {event.contact for event in read(mapping, m=text) if isinstance(event, MessageCreated)}
    assert contacts == {pseudonym("ann@example.com")}


def test_a_time_without_a_zone_is_refused(read: Read) -> None:
    with pytest.raises(BadRow, match="has no time zone; give `zone` under `times`"):
        read(MESSAGES, m="Id,Who,At,Brand,Text\n9,ann,2026-03-01 10:00:00,b,x\n")


@pytest.mark.parametrize("at", ["yesterday", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59-14:00"])
def test_what_is_no_time_is_refused(read: Read, at: str) -> None:
    with pytest.raises(BadRow, match="column 'At'"):
        read(MESSAGES, m=f"Id,Who,At,Brand,Text\n9,ann,{at},b,x\n")


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])
def test_what_intake_would_refuse_is_refused_here(read: Read, at: str) -> None:
    with pytest.raises(BadRow, match=r"`occurred_at` is (before 1990|more than 1 day ahead)"):
        read(MESSAGES, m=f"Id,Who,At,Brand,Text\n9,ann,{at},b,x\n")


def test_a_tenant_must_be_one(read: Read) -> None:
    with pytest.raises(BadRow, match="`tenant` must be"):
        read(MESSAGES.replace(", slug: true", ""), m="Id,Who,At,Brand,Text\n9,ann,2026-03-01T10:00:00Z,US Air,x\n")


@pytest.mark.parametrize(
    ("written", "cell"), [("unix", "1772355600"), ("unix_ms", "1772355600000"), ("%d/%m/%y", "01/03/26")]
)
def test_times_have_a_format(read: Read, written: str, cell: str) -> None:
    (event,) = read(
        f"times: {{format: '{written}', zone: UTC}}\n" + MESSAGES, m=f"Id,Who,At,Brand,Text\n9,ann,{cell},b,x\n"
    )
    assert event.occurred_at.date() == datetime(2026, 3, 1, tzinfo=UTC).date()


def test_one_row_may_make_several_events_and_an_empty_time_makes_none(read: Read) -> None:
    mapping = """
sources:
  - events:
      - event: ticket.opened
        fields:
          ticket: Id
          contact: Who
          occurred_at: Opened
          severity: {column: P, values: {P1: urgent}, otherwise: low}
      - event: ticket.solved
        fields: {ticket: Id, contact: Who, occurred_at: Solved}
"""
    events = read(
        mapping,
        t="Id,Who,P,Opened,Solved\n1,ann,P1,2026-03-01T10:00:00Z,2026-03-03T10:00:00Z\n2,bob,P7,2026-03-02T10:00:00Z,\n",
    )
    assert [type(event) for event in events] == [TicketOpened, TicketOpened, TicketSolved], "in the order of time"
    assert [event.severity for event in events if isinstance(event, TicketOpened)] == ["urgent", "low"]


SURVEYS = """
sources:
  - file: "s*.csv"
    events:
      - event: survey.answered
        when: {column: Score, is_not: [""]}
        fields:
          answer: Id
          contact: Who
          occurred_at: At
          kind: {column: Kind, values: {CSAT: csat, NPS: nps}}
          value: Score
          scale_min: {column: Kind, values: {CSAT: 1, NPS: 0}}
          scale_max: {column: Kind, values: {CSAT: 5, NPS: 10}}
  - file: "c*.csv"
    events:
      - event: contact.updated
        fields: {contact: Who, occurred_at: At, decision_maker: {column: DM, values: {"yes": true, "no": false}}}
        attributes: {plan: Plan}
  - file: "a*.csv"
    events:
      - event: account.updated
        fields: {account: Id, occurred_at: At, seats: Seats}
"""


def test_several_files_of_several_kinds_are_merged_by_time(read: Read) -> None:
    events = read(
        SURVEYS,
        survey="Id,Who,At,Kind,Score\n1,ann,2026-03-02T10:00:00Z,CSAT,4\n2,ann,2026-03-02T11:00:00Z,NPS,\n",
        contacts="Who,At,DM,Plan\nann,2026-03-03T10:00:00Z,yes,Gold\n",
        accounts="Id,At,Seats\nacme,2026-03-01T10:00:00Z,12\n",
    )
    account, answer, contact = events
    assert isinstance(account, AccountUpdated)
    assert account.seats == 12
    assert isinstance(answer, SurveyAnswered)
    assert (answer.value, answer.scale_min, answer.scale_max) == (4.0, 1.0, 5.0)
    assert isinstance(contact, ContactUpdated)
    assert contact.decision_maker is True
    assert contact.attributes == {"plan": "Gold"}


def test_a_value_off_its_scale_is_refused_with_its_line(read: Read) -> None:
    with pytest.raises(BadRow, match=r"line 2: survey.answered: `value` is off its scale"):
        read(SURVEYS, s="Id,Who,At,Kind,Score\n1,ann,2026-03-02T10:00:00Z,NPS,11\n")


def test_a_cell_that_the_table_does_not_name_is_refused(read: Read) -> None:
    with pytest.raises(BadRow, match=r"column 'Kind': 'XXX' is not among the `values`"):
        read(SURVEYS, s="Id,Who,At,Kind,Score\n1,ann,2026-03-02T10:00:00Z,XXX,1\n")


def test_events_are_watched_while_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(MESSAGES)
    (tmp_path / "m.csv").write_text("Id,Who,At,Brand,Text\n" + "1,a,2026-03-01T10:00:00Z,b,x\n" * 3)
    seen: list[Event] = []

    def watch(events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            seen.append(event)
            yield event

    events = read_events(load_mapping(tmp_path / "mapping.yaml"), [tmp_path / "m.csv"], watch=watch)
    assert len(seen) == 3, "before the first is asked for"
    assert list(events) == seen


def test_the_first_bad_row_ends_the_import(read: Read) -> None:
    rows = "1,a,2026-03-01T10:00:00Z,b,x\n2,b@b.c,2026-03-01T10:00:00Z,b,x\n3,c\n"
    with pytest.raises(BadRow) as bad:
        read(MESSAGES, m="Id,Who,At,Brand,Text\n" + rows)
    assert bad.value.row == 3


def test_a_missing_column_is_named(read: Read) -> None:
    with pytest.raises(MappingError, match=r"m\.csv has no column 'Who'; its columns are: Id, At"):
        read(MESSAGES, m="Id,At,Brand,Text\n")


def test_a_file_for_which_there_is_no_source_is_refused(read: Read) -> None:
    with pytest.raises(MappingError, match=r"no source of the mapping is for x\.csv"):
        read(SURVEYS, x="Id\n")


def test_an_empty_file_is_refused(read: Read) -> None:
    with pytest.raises(ImportFailure, match="empty"):
        read(MESSAGES, m="")


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(MESSAGES)
    (tmp_path / "m.csv").write_bytes("Id,Who,At,Brand,Text\n1,b,2026-03-01T10:00:00Z,b,caf\xe9\n".encode("latin-1"))
    with pytest.raises(ImportFailure, match="is not utf-8-sig"):
        list(read_events(load_mapping(tmp_path / "mapping.yaml"), [tmp_path / "m.csv"]))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(MESSAGES)
    with pytest.raises(ImportFailure, match=r"cannot read .*nowhere\.csv"):
        list(read_events(load_mapping(tmp_path / "mapping.yaml"), [tmp_path / "nowhere.csv"]))
