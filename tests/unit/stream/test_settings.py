from pathlib import Path

import pytest
from pydantic import ValidationError

from stream.commands.settings import markdown
from stream.settings import Settings

DOCS = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_documented_table_is_current() -> None:
    assert markdown() in DOCS.read_text(), "run `heartline settings --markdown` and put its table into docs/settings.md"


def test_tenants_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTLINE_TENANTS", "acme, globex")
    assert Settings().tenants == {"acme", "globex"}


def test_a_secret_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTLINE_SASL_PASSWORD", "hunter2")
    monkeypatch.setenv("HEARTLINE_SECURITY_PROTOCOL", "SASL_SSL")
    settings = Settings()
    assert "hunter2" not in repr(settings)
    assert settings.kafka()["sasl.password"] == "hunter2"


def test_a_wrong_value_names_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTLINE_PARTITIONS", "none")
    with pytest.raises(ValidationError, match="partitions"):
        Settings()


def test_without_security_only_the_brokers_are_named() -> None:
    assert Settings(bootstrap_servers="k:9092").kafka() == {"bootstrap.servers": "k:9092"}
