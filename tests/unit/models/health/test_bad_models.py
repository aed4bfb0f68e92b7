"""Models that are refused, and the place that the error names."""

import msgspec
import pytest
import yaml

from models.health.errors import ModelError
from models.health.model import parse_model
from models.health.reading import read_model

BASE = "version: v1\ncomponents:\n  nps: {weight: 1}\n"
NPS = "version: v1\ncomponents: {nps: {}}\n"

BAD = {
    "empty": ("", "there is nothing in it"),
    "a comment alone": ("# later\n", "there is nothing in it"),
    "a word": ("health", "a model is a mapping"),
    "a list": ("- nps\n", "a model is a mapping"),
    "null": ("null", "a model is a mapping"),
    "bytes that are no text": (b"version: \xff\xfe\xfa", "this is not YAML"),
    "a control character": ("version: \x07\n", "this is not YAML"),
    "a bracket left open": (BASE + "bands: {healthy: 61\n", "line 5: this is not YAML"),
    "a tab for an indent": ("version: v\ncomponents:\n\tnps: {}\n", "line 3: this is not YAML"),
    "two documents": (BASE + "---\n" + BASE, "line 4: a second document begins"),
    "a YAML bomb": (
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(8)),
        "line 2: b[0]: aliases are not allowed",
    ),
    "a value that holds itself": (BASE + "description: &a [*a]\n", "line 4: description[0]: aliases are not allowed"),
    "an anchor": (BASE + "bands: &edges {healthy: 50}\n", "line 4: bands: anchors are not allowed"),
    "a merge key": (BASE + "bands: {<<: {healthy: 50}}\n", "line 4: bands.<<: there is no such field"),
    "a tag that runs code": (BASE + "description: !!python/object/apply:os.system [ls]\n", "line 4: description: tags"),
    "a harmless tag": (BASE + "description: !!str 5\n", "line 4: description: tags are not allowed"),
    "a field twice": (BASE + "version: v2\n", "line 4: version: it is here twice, first in line 1"),
    "a component twice": (BASE + "  nps: {weight: 2}\n", "line 4: components.nps: it is here twice, first in line 3"),
    "a thousand levels": (BASE + "bands: " + "[" * 1000 + "]" * 1000, "line 4: bands[0][0][0]: it is nested deeper"),
    "a field named by a list": (BASE + "? [a, b]\n: 1\n", "line 4: the name of a field has to be a word"),
    "a huge text": ("# " + "x" * 600_000, "longer than"),
    "a number of a thousand digits": (NPS + f"bands: {{healthy: {'9' * 1000}}}", "line 3: bands.healthy: this number"),
    "no version": ("components: {nps: {}}\n", "line 1: version: it is missing"),
    "an empty version": ('version: ""\ncomponents: {nps: {}}\n', "line 1: version: must match"),
    "a version that is a number": ("version: 2\ncomponents: {nps: {}}\n", "line 1: version: must be text: put it in"),
    "a version with a slash": ("version: a/b\ncomponents: {nps: {}}\n", "line 1: version: must match pattern"),
    "a version that is too long": (f"version: {'v' * 64}\ncomponents: {{nps: {{}}}}\n", "line 1: version: must match"),
    "no components": ("version: v\n", "line 1: components: it is missing"),
    "components of nothing": ("version: v\ncomponents: {}\n", "line 2: components: no component is enabled"),
    "components as a list": ("version: v\ncomponents: [nps]\n", "line 2: components: must be a block of fields"),
    "a component that is null": ("version: v\ncomponents:\n  nps:\n", "line 3: components.nps: must be a block"),
    "an unknown factor": (BASE + "  mood: {}\n", "line 4: components.mood: there is no such field; there are: nps"),
    "a factor with a typo": (BASE + "  tenur: {}\n", "line 4: components.tenur: there is no such field; did you mean"),
    "an unknown parameter": (BASE + "  tone: {wieght: 1}\n", "line 4: components.tone.wieght: there is no such field"),
    "a negative weight": (BASE + "  csat: {weight: -1}\n", "line 4: components.csat.weight: must be greater than"),
    "a weight that is a word": (BASE + "  csat: {weight: much}\n", "line 4: components.csat.weight: must be a number"),
    "a weight that is not a number": (BASE + "  csat: {weight: .nan}\n", "line 4: components.csat.weight: must be a"),
    "a weight beyond all bounds": (BASE + "  csat: {weight: 1e9}\n", "line 4: components.csat.weight: must be less"),
    "a weight without end": (BASE + "  csat: {weight: 1e999}\n", "line 4: components.csat.weight: this number"),
    "everything turned off": ("version: v\ncomponents: {nps: {enabled: false}}\n", "line 2: components: no component"),
    "all weights 0": ("version: v\ncomponents: {nps: {weight: 0}, csat: {weight: 0}}\n", "line 2: components: no comp"),
    "on for true": (
        "version: v\ncomponents: {nps: {enabled: on}}\n",
        "line 2: components.nps.enabled: must be true or",
    ),
    "equal thresholds": (BASE + "  severity: {good: 2, poor: 2}\n", "line 4: components.severity: `good` and `poor`"),
    "a threshold equal to a default": (BASE + "  severity: {good: 2.5}\n", "line 4: components.severity: `good` and"),
    "a threshold that is a list": (BASE + "  severity: {good: [1]}\n", "line 4: components.severity.good: must be a n"),
    "an inverted U turned over": (BASE + "  support_load: {good: [5, 4]}\n", "line 4: components.support_load: `low`"),
    "an inverted U with three edges": (
        BASE + "  support_load: {good: [1, 2, 3]}\n",
        "line 4: components.support_load.",
    ),
    "a window of no days": (BASE + "  tone: {}\n  severity: {window_days: 0}\n", "line 5: components.severity.window_"),
    "a window longer than the memory": (
        BASE + "  severity: {window_days: 91}\n",
        "line 4: components.severity.window_",
    ),
    "half a day": (
        BASE + "  severity: {window_days: 0.5}\n",
        "line 4: components.severity.window_days: must be a whole",
    ),
    "a source that is none": (BASE + "  csat: {source: best}\n", "line 4: components.csat.source: must be 'latest' or"),
    "no conversations": (
        BASE + "  sentiment: {conversations: 0}\n",
        "line 4: components.sentiment.conversations: must",
    ),
    "overlapping bands": (BASE + "bands: {healthy: 31}\n", "line 4: bands: band edges must rise"),
    "bands in the wrong order": (BASE + "bands:\n  champion: 40\n", "line 4: bands: band edges must rise"),
    "a band above 100": (BASE + "bands: {champion: 101}\n", "line 4: bands: band edges must rise"),
    "a band at 0": (BASE + "bands: {needs_attention: 0}\n", "line 4: bands: band edges must rise"),
    "a band with a fraction": (BASE + "bands: {champion: 80.5}\n", "line 4: bands.champion: must be a whole number"),
    "a band nobody knows": (
        BASE + "bands: {good: 50}\n",
        "line 4: bands.good: there is no such field; there are: need",
    ),
    "an unknown block": (BASE + "weights: {}\n", "line 4: weights: there is no such field"),
    "an unknown kind of alert": (BASE + "alerts: {earthquake: {}}\n", "line 4: alerts.earthquake: there is no such"),
    "a description as long as a book": (
        BASE + f"description: {'x' * 2001}\n",
        "line 4: description: must have at most",
    ),
    "an exception without a cap": (
        BASE + "exceptions:\n- name: a\n  when: {open_ticket: {}}\n",
        "exceptions[0].cap: it",
    ),
    "a cap of 100": (
        BASE + "exceptions:\n- name: a\n  when: {open_ticket: {}}\n  cap: 100\n",
        "line 7: exceptions[0].cap: must be less than or equal to 99",
    ),
    "a negative cap": (
        BASE + "exceptions:\n- {name: a, when: {open_ticket: {}}, cap: -1}\n",
        "line 5: exceptions[0].cap: must be greater than or equal to 0",
    ),
    "an exception without a condition": (
        BASE + "exceptions:\n- {name: a, when: {}, cap: 9}\n",
        "line 5: exceptions[0].when: it names no condition; there are: open_ticket, answer, component",
    ),
    "an unknown condition": (
        BASE + "exceptions:\n- {name: a, when: {full_moon: {}}, cap: 9}\n",
        "line 5: exceptions[0].when.full_moon: there is no such field",
    ),
    "a severity that is none": (
        BASE + "exceptions:\n- {name: a, when: {open_ticket: {severity: terrible}}, cap: 9}\n",
        "line 5: exceptions[0].when.open_ticket.severity: must be 'low', 'normal', 'high' or 'urgent'",
    ),
    "an exception by what does not count": (
        BASE + "exceptions:\n- {name: a, when: {component: {name: tone, at_most: 0.2}}, cap: 9}\n",
        "line 5: exceptions[0].when.component.name: 'tone' does not count",
    ),
    "two exceptions of one name": (
        BASE + "exceptions:\n" + "- {name: a, when: {open_ticket: {}}, cap: 9}\n" * 2,
        "line 6: exceptions[1].name: another exception is named 'a'",
    ),
    "a segment without a name": (BASE + "segments:\n- when: {role: x}\n", "line 5: segments[0].name: it is missing"),
    "a segment for everybody": (BASE + "segments:\n- {name: a, when: {}}\n", "line 5: segments[0].when: it names no"),
    "a segment without a predicate": (BASE + "segments:\n- {name: a}\n", "line 5: segments[0].when: it is missing"),
    "a segment named with capitals": (BASE + "segments:\n- {name: VIP, when: {role: x}}\n", "line 5: segments[0].name"),
    "segments that build on each other": (
        BASE + "segments:\n- {name: a, extends: b, when: {role: x}}\n- {name: b, extends: a, when: {role: y}}\n",
        "line 5: segments[0].extends: segments do not build on each other",
    ),
    "two segments of one name": (
        BASE + "segments:\n- {name: a, when: {role: x}}\n- {name: a, when: {role: y}}\n",
        "line 6: segments[1].name: another segment is named 'a'",
    ),
    "a segment that nobody can be in": (
        BASE + "segments:\n- {name: a, when: {role: x}}\n- {name: b, when: {role: x}}\n",
        "line 6: segments[1].when: an earlier segment has all of these",
    ),
    "a segment that is an earlier one in other words": (
        BASE + "segments:\n- {name: a, when: {role: x}}\n- {name: b, when: {role: [x]}}\n",
        "line 6: segments[1].when: an earlier segment has all of these",
    ),
    "a segment whose values an earlier one lists in another order": (
        BASE + "segments:\n- {name: a, when: {role: [x, y]}}\n- {name: b, when: {role: [y, x, y]}}\n",
        "line 6: segments[1].when: an earlier segment has all of these",
    ),
    "a segment within an earlier one": (
        BASE + "segments:\n- {name: a, when: {attributes: {plan: [gold, 1]}}}\n"
        "- {name: b, when: {team: t, attributes: {plan: 1.0, size: 5}}}\n",
        "line 6: segments[1].when: an earlier segment has all of these",
    ),
    "a dwell of what waits for days": (
        BASE + "alerts:\n  no_recovery: {dwell_minutes: 99}\n",
        "line 5: alerts.no_recovery.dwell_minutes: there is no such field",
    ),
    "a dwell of what has no condition": (
        BASE + "alerts: {contact_health_recovered: {dwell_minutes: 99}}\n",
        "line 4: alerts.contact_health_recovered.dwell_minutes: there is no such field; there are: enabled",
    ),
    "a cooldown of what has no condition": (
        BASE + "alerts: {contact_health_recovered: {cooldown_hours: 9}}\n",
        "line 4: alerts.contact_health_recovered.cooldown_hours: there is no such field",
    ),
    "what has no condition, on another model": (
        BASE + "alerts: {contact_health_recovered: {on_model_change: true}}\n",
        "line 4: alerts.contact_health_recovered.on_model_change: there is no such field",
    ),
    "a dwell of what has no condition, in a segment": (
        BASE + "segments:\n- {name: a, when: {role: x}, alerts: {contact_health_recovered: {dwell_minutes: 1}}}\n",
        "line 5: segments[0].alerts.contact_health_recovered.dwell_minutes: there is no such field",
    ),
    "a dwell of an account's alert without a condition": (
        BASE + "account:\n  alerts: {account_health_recovered: {dwell_minutes: 99}}\n",
        "line 5: account.alerts.account_health_recovered.dwell_minutes: there is no such field",
    ),
    "a segment by the seats of the account": (
        BASE + "segments:\n- name: a\n  when: {seats: 500}\n",
        "line 6: segments[0].when.seats: accounts' fields are not known",
    ),
    "a segment by age": (
        BASE + "segments:\n- name: a\n  when: {customer_since: 2020-01-01}\n",
        "line 6: segments[0].when.customer_since: a segment does not go by times",
    ),
    "a segment by no value": (
        BASE + "segments:\n- name: a\n  when: {role: []}\n",
        "line 6: segments[0].when.role: must",
    ),
    "a segment that turns everything off": (
        BASE + "segments:\n- {name: a, when: {role: x}, components: {nps: {enabled: false}}}\n",
        "line 5: segments[0].components: no component is enabled",
    ),
    "a segment whose thresholds meet the base's": (
        BASE + "  severity: {good: 1, poor: 2}\nsegments:\n"
        "- name: a\n  when: {role: x}\n  components: {severity: {good: 2}}\n",
        "line 8: segments[0].components.severity: `good` and `poor` must differ",
    ),
    "a segment whose bands overlap the base's": (
        BASE + "bands: {champion: 90}\nsegments:\n- name: a\n  when: {role: x}\n  bands: {healthy: 95}\n",
        "line 8: segments[0].bands: band edges must rise",
    ),
    "a segment without what an exception goes by": (
        BASE
        + "  csat: {}\nexceptions:\n- {name: x, when: {component: {name: csat, at_most: 0}}, cap: 9}\n"
        + "segments:\n- name: a\n  when: {role: x}\n  components: {csat: {enabled: false}}\n",
        "line 8: segments[0].exceptions[0].when.component.name: 'csat' does not count",
    ),
    "an account's factor for a contact": (BASE + "  seats: {}\n", "line 4: components.seats: there is no such field"),
    "a contact's factor for accounts": (
        BASE + "account:\n  components:\n    nps: {}\n",
        "line 6: account.components.nps: there is no such field",
    ),
    "accounts scored by nothing": (
        BASE + "account:\n  components: {members: {enabled: false}}\n",
        "line 5: account.components: no component is enabled",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_model_is_refused_with_an_error_that_names_the_place(case: str) -> None:
    text, words = BAD[case]
    with pytest.raises(ModelError) as caught:
        read_model(text)
    assert any(words in str(problem) for problem in caught.value.problems), caught.value.problems


def test_there_are_more_than_fifty_kinds() -> None:
    assert len(BAD) > 50


def _as_json(text: str | bytes) -> bytes | None:
    """What another writer might publish of it; None where JSON cannot say what is wrong with the text."""
    try:
        return msgspec.json.encode(yaml.safe_load(text))
    except (yaml.YAMLError, TypeError, msgspec.MsgspecError, RecursionError, OverflowError, UnicodeError):
        return None


# What only a text can be guilty of: in JSON it is another thing, and a right one.
OF_TEXTS = {
    "an anchor", "a merge key", "a harmless tag", "a field twice", "a component twice", "on for true", "a huge text",
}  # fmt: skip
DOCUMENTS = {
    case: document
    for case, (text, _) in BAD.items()
    if case not in OF_TEXTS and (document := _as_json(text)) is not None
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_intake_refuses_the_same_models_from_other_writers(case: str) -> None:
    with pytest.raises(ModelError):
        parse_model(DOCUMENTS[case])
