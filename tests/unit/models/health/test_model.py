"""A model is data, validated as a whole (2-scoring §4)."""

import re

import msgspec
import pytest

from models.health.bands import HEALTHY
from models.health.errors import ModelError
from models.health.model import DEFAULT_MODEL, parse_model

GOOD = {"version": "v1", "components": {"nps": {"weight": 2}}}


def refused(**changes: object) -> str:
    with pytest.raises(ModelError) as caught:
        parse_model(msgspec.json.encode({**GOOD, **changes}))
    return str(caught.value)


def test_the_default_model_is_four_equal_components() -> None:
    assert [(one.name, one.weight) for one in DEFAULT_MODEL.components] == [
        ("nps", 25),
        ("csat", 25),
        ("sentiment", 25),
        ("engagement", 25),
    ]


def test_a_model_sets_weights_parameters_and_edges() -> None:
    model = parse_model(
        b'{"version":"v2","components":{"nps":{"weight":1},"csat":{"weight":2.5,"source":"mean_60d"}},'
        b'"bands":{"champion":90}}'
    )
    assert model.version == "v2"
    assert [one.weight for one in model.components] == [1, 2.5]
    assert model.bands.band(85) == HEALTHY


def test_a_component_that_is_off_or_weighs_nothing_does_not_count() -> None:
    document = b'{"version":"v","components":{"nps":{},"csat":{"enabled":false},"sentiment":{"weight":0}}}'
    assert [one.name for one in parse_model(document).components] == ["nps"]


def test_a_model_may_come_as_part_of_a_record() -> None:
    assert parse_model(msgspec.Raw(msgspec.json.encode(GOOD))).version == "v1"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"components": {"mood": {}}}, "components.mood: there is no such component; there are: nps, csat"),
        ({"components": {"nps": {"weight": -1}}}, "components.nps.weight: .*>= 0"),
        ({"components": {"nps": {"wieght": 1}}}, "components.nps: .*wieght"),
        ({"components": {"csat": {"source": "best"}}}, "components.csat.source: .*best"),
        ({"components": {"sentiment": {"conversations": 0}}}, "components.sentiment.conversations: "),
        ({"components": {"nps": {"enabled": False}}}, "nothing to score by"),
        ({"components": {}}, "nothing to score by"),
        ({"bands": {"healthy": 20}}, "band edges must rise"),
        ({"bands": {"good": 20}}, "good"),
        ({"colour": "red"}, "colour"),
        ({"version": ""}, "version"),
        ({"version": 3}, "version"),
    ],
)
def test_a_bad_model_is_refused_with_the_name_of_the_field(changes: dict[str, object], words: str) -> None:
    assert re.search(words, refused(**changes))


def test_bytes_that_are_no_model_are_refused() -> None:
    with pytest.raises(ModelError, match="truncated"):
        parse_model(b"{")
