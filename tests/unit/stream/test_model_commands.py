"""`heartline model …`, over records of `health.control` that are made here."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from schemas.base import Event
from schemas.control import ModelPublished, TenantRegistered
from schemas.decoding import encode
from stream.commands import model
from stream.commands.app import app
from stream.errors import BadInput, ConfigurationError, ModelRefused
from stream.model_difference import differences
from stream.published_models import Publications, listed

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples" / "models"
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Record:
    """A record of `health.control`."""

    def __init__(self, event: Event, offset: int) -> None:
        self._event, self._offset = event, offset

    def value(self) -> bytes:
        return encode(self._event)

    def offset(self) -> int:
        return self._offset

    def timestamp(self) -> tuple[int, int]:
        return 1, round(self._event.occurred_at.timestamp() * 1000)


def published(version: str, document: dict[str, Any] | None = None, **more: Any) -> ModelPublished:
    said = {"version": version, "components": {"nps": {}}} if document is None else document
    event = {"event_id": version, "occurred_at": DAY, "tenant": "acme", "author": "carol", **more}
    return ModelPublished(**event, version=version, model=msgspec.Raw(msgspec.json.encode(said)))


class Desk:
    """A topic of events, and what the commands send."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: list[Event] = []
        self.sent: list[ModelPublished] = []
        monkeypatch.setattr(model, "published_by", self._published)
        monkeypatch.setattr(model, "Sender", lambda settings: self)

    def _published(self, settings: object, tenant: str) -> Publications:
        records: Any = [Record(event, offset) for offset, event in enumerate(self.events)]
        return listed(records, tenant, frozenset({"default", "acme"}))

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *error: object) -> None:
        self.events += self.sent[-1:]

    def send_event(self, event: ModelPublished) -> None:
        self.sent.append(event)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, ["model", *arguments], input=text)


def output(*arguments: str) -> str:
    done = run(*arguments)
    assert done.exit_code == 0, done.exception
    return done.output


def file(tmp_path: Path, text: str, name: str = "model.yaml") -> str:
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def test_a_valid_model_is_told_in_a_line() -> None:
    said = output("validate", str(EXAMPLES / "high-touch-b2b.yaml"))
    assert said.endswith("is a valid model: high-touch-b2b-1, 8 components, 2 exceptions, 2 segments\n")
    assert json.loads(output("validate", "--json", str(EXAMPLES / "default.yaml")))["valid"] is True


def test_all_that_is_wrong_is_told_with_file_and_line(tmp_path: Path) -> None:
    bad = file(tmp_path, "version: v\ncomponents:\n  luck: {}\n  nps: {weight: -1}\n")
    error = run("validate", bad).exception
    assert isinstance(error, BadInput)
    first, second = str(error).splitlines()
    assert first.startswith(f"{bad}: line 3: components.luck: there is no such field")
    assert second == f"{bad}: line 4: components.nps.weight: must be greater than or equal to 0"


def test_programs_get_the_problems_as_json_and_the_same_exit_code(tmp_path: Path) -> None:
    done = run("validate", "--json", file(tmp_path, "version: v\ncomponents:\n  nps: {weight: -1}\n"))
    assert done.exit_code == BadInput.exit_code
    assert json.loads(done.output) == {
        "valid": False,
        "problems": [
            {"line": 3, "path": ["components", "nps", "weight"], "message": "must be greater than or equal to 0"}
        ],
    }


def test_a_model_may_come_by_standard_input() -> None:
    assert "valid model: v, 1 component" in run("validate", "-", text="version: v\ncomponents: {nps: {}}\n").output


def test_a_file_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    assert isinstance(run("validate", str(tmp_path / "none.yaml")).exception, BadInput)


def test_a_tenant_that_published_nothing_has_the_model_that_comes_with_heartline(desk: Desk) -> None:
    said = output("show", "--tenant", "acme")
    assert "has published no model" in said
    assert "engagement" in said
    assert json.loads(output("show", "--tenant", "acme", "--json"))["offset"] is None


@pytest.mark.parametrize("command", [["show"], ["show", "--json"], ["history"]], ids=" ".join)
def test_a_tenant_that_nobody_knows_is_an_error_unless_it_has_published_something(
    desk: Desk, command: list[str]
) -> None:
    with pytest.raises(ConfigurationError, match="tenant 'acmee' is neither in HEARTLINE_TENANTS nor registered"):
        raise run(*command, "--tenant", "acmee").exception or AssertionError
    desk.events = [published("1", tenant="acmee")]
    output(*command, "--tenant", "acmee")


def test_the_model_in_force_is_shown_with_who_published_it_and_can_be_published_again(
    desk: Desk, tmp_path: Path
) -> None:
    desk.events = [published("1"), published("2"), published("3", tenant="default")]
    said = output("show", "--tenant", "acme")
    assert said.startswith("# acme: published 2026-03-01 12:00:00 UTC by carol, offset 1\nversion: '2'\n")
    assert json.loads(output("show", "--tenant", "acme", "--version", "1", "--json"))["offset"] == 0
    again = file(tmp_path, said)
    assert "in force already" in output("publish", again, "--tenant", "acme", "--author", "dave")
    assert desk.sent == []
    assert isinstance(run("show", "--tenant", "acme", "--version", "9").exception, ModelRefused)


def test_a_model_is_shown_with_where_its_bands_put_the_alerts_of_decline(desk: Desk) -> None:
    segment = {"name": "gold", "when": {"role": "x"}, "bands": {"needs_attention": 41}}
    document = {"version": "1", "components": {"nps": {}}, "bands": {"needs_attention": 51}, "segments": [segment]}
    desk.events = [published("1", document)]
    assert output("show", "--tenant", "acme").splitlines()[-3:] == [
        "# contact_health_declined: at 50, rearm_at 55",
        "# account_health_declined: at 50, rearm_at 55",
        "# contact_health_declined of segment gold: at 40, rearm_at 45",
    ]


def test_publishing_sends_the_document_with_its_author(desk: Desk, tmp_path: Path) -> None:
    mine = file(tmp_path, "version: mine\ncomponents: {nps: {weight: 3}}   # words for us\n")
    assert "acme is scored by mine, 1 component" in output("publish", mine, "--tenant", "acme", "--author", "carol")
    (event,) = desk.sent
    assert (event.version, event.author, event.tenant) == ("mine", "carol", "acme")
    assert bytes(event.model) == b'{"version":"mine","components":{"nps":{"weight":3}}}'
    assert "in force already" in output("publish", mine, "--tenant", "acme", "--author", "carol")


def test_a_version_means_one_thing_for_ever(desk: Desk, tmp_path: Path) -> None:
    desk.events = [published("1"), published("2")]
    other = file(tmp_path, "version: '1'\ncomponents: {csat: {}}\n")
    refused = run("publish", other, "--tenant", "acme", "--author", "carol").exception
    assert isinstance(refused, ModelRefused)
    assert "version '1' was published on 2026-03-01 12:00 with another content" in str(refused)
    assert desk.sent == []


def test_an_earlier_version_may_be_put_in_force_again(desk: Desk, tmp_path: Path) -> None:
    desk.events = [published("1"), published("2")]
    back = file(tmp_path, "version: '1'\ncomponents: {nps: {}}\n")
    output("publish", back, "--tenant", "acme", "--author", "carol")
    assert [event.version for event in desk.sent] == ["1"]
    assert desk.sent[0].event_id != "1", "another event than the first one"


@pytest.mark.parametrize(
    ("text", "arguments", "error"),
    [
        ("version: v\ncomponents: {luck: {}}\n", ["--author", "carol"], BadInput),
        ("version: default\ncomponents: {nps: {}}\n", ["--author", "carol"], ModelRefused),
        ("version: v\ncomponents: {nps: {}}\n", ["--author", "carol@example.org"], ModelRefused),
        ("version: v\ndescription: ask carol@example.org\ncomponents: {nps: {}}\n", ["--author", "c"], ModelRefused),
        ("version: v\ncomponents: {nps: {}}\n", ["--author", "carol", "--tenant", "nobody"], ConfigurationError),
    ],
)
def test_what_intake_would_refuse_is_not_sent(
    desk: Desk, tmp_path: Path, text: str, arguments: list[str], error: type[Exception]
) -> None:
    assert isinstance(run("publish", file(tmp_path, text), *arguments).exception, error)
    assert desk.sent == []


def test_a_tenant_that_was_registered_is_known(desk: Desk, tmp_path: Path) -> None:
    desk.events = [TenantRegistered(event_id="r", occurred_at=DAY, tenant="new")]
    mine = file(tmp_path, "version: v\ncomponents: {nps: {}}\n")
    assert "published" in output("publish", mine, "--tenant", "new", "--author", "carol")


def test_the_history_tells_which_was_refused_and_which_is_in_force(desk: Desk) -> None:
    bad = {"version": "2", "components": {"luck": {}}}
    desk.events = [published("1"), published("2", bad), published("3", tenant="default")]
    (first, second) = json.loads(output("history", "--tenant", "acme", "--json"))
    assert (first["version"], first["author"], first["offset"], first["refused"]) == ("1", "carol", 0, None)
    assert "components.luck" in second["refused"]
    table = output("history", "--tenant", "acme")
    assert "in force" in table
    assert "refused" in table
    assert json.loads(output("show", "--tenant", "acme", "--json"))["version"] == "1"


def test_a_publication_that_names_another_version_than_its_model_was_refused(desk: Desk) -> None:
    desk.events = [published("1", {"version": "2", "components": {"nps": {}}})]
    (one,) = json.loads(output("history", "--tenant", "acme", "--json"))
    assert one["refused"] == "version: the publication names another version than its model"


def test_a_difference_is_told_field_by_field_with_the_defaults_of_what_is_left_out(tmp_path: Path) -> None:
    one = file(tmp_path, "version: a\ncomponents: {nps: {}, csat: {weight: 5}}\n", "one.yaml")
    other = file(
        tmp_path,
        "version: b\ncomponents: {nps: {weight: 25}, csat: {weight: 7.5, source: mean_60d}, tone: {}}\n"
        "bands: {champion: 90}\n"
        "exceptions: [{name: x, when: {open_ticket: {}}, cap: 9}]\n"
        "segments: [{name: s, when: {role: [a, b]}, components: {nps: {weight: 1}}}]\n",
        "other.yaml",
    )
    assert output("diff", one, other).splitlines() == [
        "version: a → b",
        "components.csat.weight: 5 → 7.5",
        "components.csat.source: latest → mean_60d",
        "bands.champion: 81 → 90",
        "components.tone: new, weight 25, enabled true, good 0.1, poor 0.5, messages 10",
        "exceptions.x: new, when open_ticket severity null, count 1, cap 9",
        "segments: new, s",
        "segments.s: new, when role a and b, components.nps weight 1",
    ]
    assert output("diff", one, one) == "no difference\n"
    assert {one["path"] for one in json.loads(output("diff", other, one, "--json"))} >= {"version", "segments"}


def test_null_is_a_value_and_no_absence(tmp_path: Path) -> None:
    days = file(tmp_path, "version: a\ndescription: x\ncomponents: {nps: {}, ticket_count: {}}\n", "days.yaml")
    ever = file(tmp_path, "version: a\ncomponents: {ticket_count: {window_days: null}}\n", "ever.yaml")
    gone = "components.nps: gone, was weight 25, enabled true"
    assert output("diff", days, ever).splitlines() == [
        "description: gone, was x", gone, "components.ticket_count.window_days: 60 → null",
    ]  # fmt: skip
    assert "components.ticket_count.window_days: null → 60" in output("diff", ever, days)
    assert json.loads(output("diff", days, ever, "--json"))[1:] == [
        {"path": "components.nps", "before": {"weight": 25, "enabled": True}},
        {"path": "components.ticket_count.window_days", "before": 60, "after": None},
    ]


def test_alerts_that_go_by_the_bands_are_told_with_them(tmp_path: Path) -> None:
    one = file(tmp_path, "version: a\ncomponents: {nps: {}}\n", "one.yaml")
    other = file(tmp_path, "version: a\ncomponents: {nps: {}}\nbands: {needs_attention: 51}\n", "other.yaml")
    assert output("diff", one, other).splitlines() == [
        "bands.needs_attention: 31 → 51",
        "alerts.contact_health_declined.at: 30 → 50",
        "alerts.contact_health_declined.rearm_at: 35 → 55",
        "account.alerts.account_health_declined.at: 30 → 50",
        "account.alerts.account_health_declined.rearm_at: 35 → 55",
    ]


def test_what_a_model_says_of_accounts_is_compared_too(tmp_path: Path) -> None:
    one = file(tmp_path, "version: a\ncomponents: {nps: {}}\n", "one.yaml")
    other = file(
        tmp_path,
        "version: a\ncomponents: {nps: {}}\n"
        "account: {components: {members: {weight: 7}, seats: {}}, bands: {champion: 90}}\n",
        "other.yaml",
    )
    assert output("diff", one, other).splitlines() == [
        "account.components.members.weight: 60 → 7",
        "account.components.seats: new, weight 20, enabled true, good 0, poor -0.25, window_days 90",
        "account.bands: new, needs_attention 31, healthy 61, champion 90",
    ]


def test_one_file_is_compared_with_the_model_in_force(desk: Desk, tmp_path: Path) -> None:
    desk.events = [published("1")]
    mine = file(tmp_path, "version: '1'\ncomponents: {nps: {weight: 26}}\n")
    assert output("diff", mine, "--tenant", "acme") == "components.nps.weight: 25 → 26\n"


def test_the_schema_is_printed_for_editors() -> None:
    assert json.loads(output("schema"))["title"] == "Health model"


def test_every_field_of_a_segment_is_compared() -> None:
    def document(**segment: Any) -> bytes:
        own = {"name": "s", "when": {"role": "a"}, **segment}
        return msgspec.json.encode({"version": "v", "components": {"nps": {}}, "segments": [own]})

    capped = [{"name": "x", "when": {"open_ticket": {}}, "cap": 9}]
    changes = [{"when": {"role": "b"}}, {"bands": {"champion": 90}}, {"exceptions": capped}, {"exceptions": []}]
    for change in (*changes, {"components": {"csat": {}}}):
        (one,) = differences(document(), document(**change))
        assert one.path.startswith("segments.s.")
