import pytest
from confluent_kafka import KafkaError, KafkaException

from stream.commands import running
from stream.settings import Settings


def exits(monkeypatch: pytest.MonkeyPatch, raises: object) -> int:
    """The exit code of a command that does this."""

    def app() -> None:
        if isinstance(raises, Exception):
            raise raises
        Settings()

    monkeypatch.setattr(running, "app", app)
    with pytest.raises(SystemExit) as ended:
        running.run()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_wrong_setting_is_one_line_that_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEARTLINE_HTTP_PORT", "ninety")
    assert exits(monkeypatch, None) == 10
    assert capsys.readouterr().err.startswith("ConfigurationError: HEARTLINE_HTTP_PORT: ")


def test_a_wrong_secret_is_not_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HEARTLINE_SASL_PASSWORD", "hunter2")
    monkeypatch.setenv("HEARTLINE_PARTITIONS", "-1")
    exits(monkeypatch, None)
    assert "hunter2" not in capsys.readouterr().err


def test_a_file_that_cannot_be_opened_is_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exits(monkeypatch, FileNotFoundError(2, "No such file or directory", "exports/events.jsonl")) == 11
    assert capsys.readouterr().err == "BadInput: exports/events.jsonl: No such file or directory\n"


def refused() -> None:
    raise ConnectionError(111, "Connection refused")


def test_an_error_of_the_system_that_names_no_file_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "app", refused)
    with pytest.raises(ConnectionError):
        running.run()


def test_what_kafka_refuses_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    refused = KafkaException(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))
    assert exits(monkeypatch, refused) == 20
    assert capsys.readouterr().err.startswith("BrokerError: Kafka refused: ")
