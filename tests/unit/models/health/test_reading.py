"""People's YAML becomes the document for the log; what is wrong in it is told at once, with field and line."""

import msgspec
import pytest

from models.health.document import MAX_BYTES
from models.health.errors import ModelError
from models.health.model import parse_model
from models.health.reading import read_model

GOOD = """\
version: 2026-04-01   # a word, not a date
components:
  nps: {weight: 2}
  csat: {weight: 1.5, source: mean_60d}
  ticket_count: {window_days: null}
segments:
  - name: enterprise
    when: {role: "no", attributes: {plan: [gold, 1, true]}}
    components: {nps: {weight: 5}}
"""


def problems(text: str | bytes) -> list[str]:
    with pytest.raises(ModelError) as caught:
        read_model(text)
    return [str(problem) for problem in caught.value.problems]


def test_yaml_becomes_json_with_its_fields_in_their_order() -> None:
    assert msgspec.json.decode(read_model(GOOD)) == {
        "version": "2026-04-01",
        "components": {
            "nps": {"weight": 2},
            "csat": {"weight": 1.5, "source": "mean_60d"},
            "ticket_count": {"window_days": None},
        },
        "segments": [
            {
                "name": "enterprise",
                "when": {"role": "no", "attributes": {"plan": ["gold", 1, True]}},
                "components": {"nps": {"weight": 5}},
            }
        ],
    }
    assert [one.name for one in parse_model(read_model(GOOD)).components] == ["nps", "csat", "ticket_count"]


def test_json_is_read_as_well_and_reading_a_document_again_gives_the_same_bytes() -> None:
    document = read_model(GOOD)
    assert read_model(document) == document


def test_what_json_can_say_and_yaml_cannot_is_read_too() -> None:
    text = (
        '{\n\t"version": "v\\u002d1",\n\t"components": {"nps": {"weight": 1e1}},\n'
        '\t"description": "\\ud83d\\ude00 \u2028\\/\\\\"\n}\n'
    )
    assert msgspec.json.decode(read_model(text)) == {
        "version": "v-1", "components": {"nps": {"weight": 10.0}}, "description": "\U0001f600 \u2028/\\",
    }  # fmt: skip
    assert read_model(b"\xef\xbb\xbf" + text.encode()) == read_model(text)
    assert read_model("{version: v, components: {nps: {}}}"), "YAML that only looks like JSON"


def test_what_is_wrong_in_json_has_its_line_as_well() -> None:
    assert problems('{\n\t"version": "v",\n\t"components": {\n\t\t"nps": {"weight": -1},\n\t\t"nps": {}\n\t}\n}') == [
        "line 5: components.nps: it is here twice, first in line 4",
    ]
    assert problems('{"version": "v",\n"components": {"nps": {"weight": "1"}}, "segments": [\n7]}') == [
        "line 2: components.nps.weight: must be a number",
        "line 3: segments[0]: must be a block of fields ({} for one that changes nothing)",
    ]
    half = problems('{"version": "v", "components": {"nps": {}}, "description": "\\ud83d"}')
    assert half[0].startswith("line 1: this is not YAML")


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_text() -> None:
    assert problems(
        "version: 1.10\n"
        "components:\n"
        "  nps: {weight: -1}\n"
        "  mood: {}\n"
        "  severity: {good: 2, poor: 2}\n"
        "  csat: {source: best, wieght: 3}\n"
        "bands: {healthy: 20}\n"
        "colour: red\n"
        "segments:\n"
        "  - name: vip\n"
        "    when: {seats: 5}\n"
    ) == [
        "line 1: version: must be text: put it in quotes",
        "line 3: components.nps.weight: must be greater than or equal to 0",
        "line 4: components.mood: there is no such field; there are: nps, csat, sentiment, engagement, "
        "interactions_per_ticket, open_tickets, ticket_count, csat_mean, tenure, severity, tone, reviews, "
        "ticket_trend, unanswered, severity_trend, ces, response_time, resolution_time, support_load",
        "line 5: components.severity: `good` and `poor` must differ: which is larger says which way is better",
        "line 6: components.csat.source: must be 'latest' or 'mean_60d'",
        "line 6: components.csat.wieght: there is no such field; did you mean weight?",
        "line 7: bands: band edges must rise: 0 < needs_attention < healthy < champion <= 100",
        "line 8: colour: there is no such field; there are: components, bands, alerts, exceptions, version, "
        "description, segments, account",
        "line 11: segments[0].when.seats: accounts' fields are not known where contacts are scored: send it as an "
        "attribute of the contact",
    ]


def test_a_document_may_be_256_kib_long_and_no_longer() -> None:
    named = ", ".join(f"a{number:05}: {'x' * 250}" for number in range(30))
    segments = "".join(
        f"  - {{name: s{number}, when: {{role: r{number}, attributes: {{{named}}}}}}}\n" for number in range(100)
    )
    assert any("longer" in one for one in problems(f"version: v\ncomponents: {{nps: {{}}}}\nsegments:\n{segments}"))
    half = "version: v\ncomponents: {nps: {}}\nsegments:\n" + "".join(segments.splitlines(keepends=True)[:36])
    assert any(f"it may have {MAX_BYTES}" in one for one in problems(half))
    parse_model(read_model("version: v\ncomponents: {nps: {}}\nsegments:\n" + segments.splitlines()[0]))


def test_a_long_document_is_refused_by_intake_too() -> None:
    with pytest.raises(ModelError, match="more than the 262144"):
        parse_model(b'{"version":"v","components":{"nps":{}},"description":"' + b"x" * MAX_BYTES + b'"}')
