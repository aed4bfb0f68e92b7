"""`docs/wire.md` says what the code says."""

from pathlib import Path
from typing import get_args

import pytest

from schemas import catalogue
from schemas.catalogue import TOPICS, KeyKind, Topic, days
from schemas.decoding import Reason
from schemas.event_ids import NAMESPACE
from schemas.headers import cloud_event_headers
from schemas.json_schema import wire_name

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "wire.md").read_text()
KEYS: dict[KeyKind, str] = {
    "source": "(not read)",
    "contact": "tenant/contact",
    "account": "tenant/account",
    "subject": "tenant/kind/id",
    "portfolio": "tenant/kind/id",
}


def kept(topic: Topic) -> str:
    if topic.cleanup == "compact":
        return "latest per key"
    return "without limit" if topic.retention_ms is None else f"{topic.retention_ms // days(1)} d"


@pytest.mark.parametrize(
    "topic", [topic for topic in TOPICS.values() if topic.role != "internal"], ids=lambda t: t.name
)
def test_the_page_has_a_row_for_each_topic(topic: Topic) -> None:
    types = ", ".join(f"`{wire_name(value)}`" for value in topic.values)
    assert f"| `{topic.name}` | {topic.role} | {KEYS[topic.key]} | {kept(topic)} | {types} |\n" in PAGE


def test_the_page_says_truly_on_which_topics_nothing_is_sent_yet() -> None:
    told = PAGE.partition("Nothing is sent yet on ")[2].partition(":")[0]
    code = "".join(path.read_text() for folder in ("stream", "models") for path in (ROOT / folder).rglob("*.py"))
    constants = {name: value for name, value in vars(catalogue).items() if isinstance(value, str) and value in TOPICS}
    written = (topic.name for topic in TOPICS.values() if topic.role in ("log", "output"))
    unsent = {name for name in written if not any(c in code for c, topic in constants.items() if topic == name)}
    assert set(told.replace("`", "").split(", ") if told else ()) == unsent


def test_the_page_explains_every_reason_for_a_dead_letter() -> None:
    explained = [line.split("`")[1] for line in PAGE.partition("| reason |")[2].splitlines() if line.startswith("| `")]
    assert explained == list(get_args(Reason))


def test_the_page_names_every_header_and_the_namespace_of_ids() -> None:
    for name, _ in cloud_event_headers("e", "t", "acme", 0):
        assert f"`{name}`" in PAGE
    assert str(NAMESPACE) in PAGE
