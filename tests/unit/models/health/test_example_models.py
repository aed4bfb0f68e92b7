"""The examples are valid models, by our own reading and by the schema that editors use."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from models.health.accounts.components.registry import ACCOUNT_COMPONENTS
from models.health.bands import BandEdges
from models.health.components.component import Component
from models.health.components.registry import COMPONENTS
from models.health.forms import json_schema, model_form
from models.health.model import DEFAULT_MODEL, HealthModel, parse_model
from models.health.reading import read_model
from stream.published_models import DEFAULT_DOCUMENT
from tests.unit.models.health.building import Row
from tests.unit.models.health.test_bad_models import BAD
from tests.unit.models.health.test_state import busy_row

ROOT = Path(__file__).parents[4]
EXAMPLES = sorted((ROOT / "examples" / "models").glob("*.yaml"))
SCHEMA = ROOT / "schemas" / "health-model.json"


def names(model: HealthModel) -> list[str]:
    return [component.name for component in model.components]


def read(name: str) -> HealthModel:
    return parse_model(read_model((ROOT / "examples" / "models" / f"{name}.yaml").read_bytes()))


def test_the_published_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema(), "run `make schemas`"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_valid_fits_the_schema_and_scores(path: Path) -> None:
    model = parse_model(read_model(path.read_bytes()))
    assert model.version.startswith(path.stem)
    jsonschema.validate(yaml.safe_load(path.read_text()), json.loads(SCHEMA.read_text()))
    assert "$schema=../../schemas/health-model.json" in path.read_text().splitlines()[0]
    row = Row(model=model)
    row.state = busy_row().facts
    for one in (model, *(segment for _, segment in model.segments)):
        row.model = one
        assert 0 <= row.at(100).score <= 100


@pytest.mark.parametrize("case", ["an unknown factor", "a negative weight", "no version", "an unknown block"])
def test_the_schema_refuses_what_one_field_shows(case: str) -> None:
    text, _ = BAD[case]
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(yaml.safe_load(text))


def test_the_schema_has_every_component_with_all_of_its_parameters() -> None:
    described = json_schema()["$defs"]
    parts = [("Components", *one) for one in COMPONENTS.items()]
    parts += [("AccountComponents", *one) for one in ACCOUNT_COMPONENTS.items()]
    for block, name, kind in parts:
        assert name in described[block]["properties"]
        assert list(described[kind.__name__]["properties"]) == list(kind.__struct_fields__)
        assert described[kind.__name__]["additionalProperties"] is False
    assert len(model_form().model_fields) == 8


def test_the_model_on_the_page_is_valid() -> None:
    page = (ROOT / "docs" / "models.md").read_text()
    model = parse_model(read_model(page.split("```yaml\n")[1].split("```")[0]))
    assert [segment.segment for _, segment in model.segments] == ["enterprise"]


def test_the_default_example_and_the_default_document_are_the_default_model() -> None:
    for model in (read("default"), read("source-002"), parse_model(DEFAULT_DOCUMENT)):
        assert model.components == DEFAULT_MODEL.components
        assert model.bands == DEFAULT_MODEL.bands == BandEdges()


def test_each_source_document_has_a_model_of_its_own_factors() -> None:
    """By the source marks of the table in docs/scoring.md; what is an account's is not a contact's."""
    assert names(read("source-000")) == ["interactions_per_ticket", "open_tickets", "ticket_count", "csat_mean"]
    assert names(read("source-001")) == ["tenure", "severity", "tone", "nps", "reviews"]
    assert set(names(read("source-003"))) == {
        "ticket_trend", "severity_trend", "severity", "resolution_time", "unanswered",
    }  # fmt: skip
    assert names(read("source-004")) == ["nps", "csat", "ces", "response_time", "support_load"]


def test_an_example_writes_down_the_defaults_of_its_factors_where_it_follows_the_source() -> None:
    count: Component = read("source-000").components[2]
    assert count == COMPONENTS["ticket_count"](good=10, poor=40, window_days=None)  # type: ignore[call-arg]
