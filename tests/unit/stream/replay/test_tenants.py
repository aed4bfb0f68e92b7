"""A tenant that the log has nothing of is an error, and not a model that changes nothing."""

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from schemas.decoding import encode
from stream.commands import preview
from stream.commands.app import app
from stream.errors import BadInput, ConfigurationError, NotScored
from stream.parallel import Advance
from stream.preview.comparing import Comparison
from stream.preview.states import States
from stream.replay.tenants import NAMED, Tenants, require_tenant
from stream.simulate import simulate
from tests.unit.stream.replay.logs import START

TENANTS = ("acme", "globex")
OF_ONE = ["--tenant", "acmee"]
TOLD = r"has nothing of tenant 'acmee', only of acme, globex: correct --tenant"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of events of two tenants, a model, and an outcome."""
    folder = tmp_path_factory.mktemp("desk")
    events = list(simulate(seed=3, contacts=12, start=START, days=20, tenants=TENANTS))
    (folder / "events.jsonl").write_bytes(b"".join(encode(event) + b"\n" for event in events))
    (folder / "model.yaml").write_text("version: mine\ncomponents: {engagement: {}}\n")
    day = START + timedelta(days=10)
    (folder / "outcomes.csv").write_text(f"tenant,contact,date,outcome\n,c000001,{day:%Y-%m-%d},churned\n")
    return folder


def run(folder: Path, *arguments: str) -> Result:
    file = str(folder / "events.jsonl")
    return CliRunner().invoke(app, [*arguments, "--events", file], env={"HEARTLINE_CLASSIFIER": "vader"})


def test_some_of_the_tenants_that_there_are_are_named() -> None:
    with pytest.raises(ConfigurationError, match="nothing of tenant 'x', nor of any other tenant"):
        require_tenant("x", set(), "the log")
    many = {f"t{number:02}" for number in range(NAMED + 2)}
    with pytest.raises(ConfigurationError, match=r"only of t00, .*, t09 and 2 more: correct --tenant"):
        require_tenant("x", many, "the log")
    require_tenant("t11", many, "the log")


def test_tenants_are_those_of_keys() -> None:
    tenants = Tenants()
    assert all(tenants.note(key) for key in (b"acme/a/b", b"acme/c", b"globex/d"))
    assert tenants.seen == {"acme", "globex"}


def test_a_replay_for_a_tenant_that_is_not_there_fails_and_leaves_no_file(folder: Path, tmp_path: Path) -> None:
    by_model = ["replay", "--model", str(folder / "model.yaml")]
    done = run(folder, *by_model, *OF_ONE, "--to-dir", str(tmp_path / "out"))
    with pytest.raises(ConfigurationError, match=TOLD):
        raise done.exception or AssertionError
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []
    assert run(folder, *by_model, "--tenant", "acme").exit_code == 0


def test_a_replay_for_a_tenant_without_a_model_is_refused(folder: Path) -> None:
    assert "--tenant says whose contacts --model scores" in str(run(folder, "replay", *OF_ONE).exception)


def test_a_preview_over_the_log_names_the_tenants_that_there_are(folder: Path) -> None:
    done = run(folder, "model", "preview", str(folder / "model.yaml"), "--since", "2026-01-06", *OF_ONE)
    with pytest.raises(ConfigurationError, match=TOLD):
        raise done.exception or AssertionError


class TwoTenants(States):
    """The present states, without a broker."""

    def partitions(self) -> int:
        return 1

    def size(self) -> int:
        return 0

    def compare(self, partition: int, advance: Advance) -> tuple[Comparison, frozenset[str]]:
        return Comparison(), frozenset(TENANTS)


def test_a_preview_of_the_present_states_does_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "States", TwoTenants)
    done = CliRunner().invoke(app, ["model", "preview", str(folder / "model.yaml"), *OF_ONE])
    with pytest.raises(ConfigurationError, match=f"the state of scoring {TOLD}"):
        raise done.exception or AssertionError


@pytest.mark.parametrize("skip", [[], ["--skip-unknown"]], ids=["", "skipping what is unknown"])
def test_a_backtest_says_that_the_tenant_is_not_there(folder: Path, skip: list[str]) -> None:
    arguments = ["backtest", "--outcomes", str(folder / "outcomes.csv"), *skip]
    with pytest.raises(BadInput, match="the log has nothing of tenant 'acmee' until then"):
        raise run(folder, *arguments, *OF_ONE).exception or AssertionError
    with pytest.raises(ConfigurationError, match=TOLD):
        raise run(folder, *arguments, *OF_ONE, "--model", str(folder / "model.yaml")).exception or AssertionError


@pytest.mark.parametrize("whom", [["c000001"], ["--account", "a00000"]], ids=["a contact", "an account"])
def test_an_explanation_asks_for_the_tenant(folder: Path, whom: list[str]) -> None:
    with pytest.raises(NotScored, match="of another --tenant"):
        raise run(folder, "explain", *whom, *OF_ONE).exception or AssertionError
