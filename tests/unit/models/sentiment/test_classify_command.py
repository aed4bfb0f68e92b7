import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from stream.commands import classify as command
from stream.errors import BadInput, ConfigurationError

app = typer.Typer()
app.command(name="classify")(command.classify)
app.command(name="model-card")(command.model_card)


def run(*arguments: str, given: str = "") -> str:
    result = CliRunner().invoke(app, ["classify", "--model", "vader", *arguments], input=given, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_a_text_per_line_is_read_from_standard_input() -> None:
    lines = run(given="I love it\nI hate it\n\n").splitlines()
    assert [line.split()[0] for line in lines] == ["positive", "negative", "-"]
    assert lines[0].endswith("I love it")


def test_json_lines_give_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text('{"text": "I love it", "id": 7}\n{"text": "Das ist wirklich schlecht"}\n')
    answers = [json.loads(line) for line in run("--json", str(file)).splitlines()]
    assert answers[0]["reading"]["label"] == "positive"
    assert answers[0]["classifier"].startswith("vader ")
    assert answers[1]["reading"] == {"reason": "unknown_language", "language": "de"}


def test_empty_lines_between_json_lines_are_passed_over() -> None:
    assert len(run("--json", given='{"text": "ok"}\n\n{"text": "fine"}\n\n').splitlines()) == 2
    with pytest.raises(BadInput, match="line 3"):
        run("--json", given='{"text": "ok"}\n\nnot json\n')


def test_a_line_that_is_no_json_is_named() -> None:
    with pytest.raises(BadInput, match="line 2"):
        run("--json", given='{"text": "ok"}\nnot json\n')


def test_an_unknown_model_is_an_error_of_the_configuration() -> None:
    with pytest.raises(ConfigurationError, match="onnx:DIRECTORY"):
        CliRunner().invoke(app, ["classify", "--model", "nonsense"], catch_exceptions=False)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere"):
        run(str(tmp_path / "nowhere"))
