"""Mapping files: accepted ones, and refused ones with the field named."""

from pathlib import Path

import pytest

from stream.imports import MappingError, load_mapping

EXAMPLES = Path(__file__).parents[4] / "examples" / "mappings"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_are_valid(path: Path) -> None:
    assert load_mapping(path).sources


REFUSED = {
    "sources: []": "sources: List should have at least 1 item",
    "[1]": r"\(document\): Input should be a valid dictionary",
    "sources: [{file: a}]": "exactly one of `events` and `ticket_log` must be given",
    "sources: [{events: [{event: ticket.eaten, fields: {}}]}]": r"sources\.0\.events\.0: no such event: 'ticket.eaten'",
    "sources: [{events: [{event: ticket.solved, fields: {ticket: Id}}]}]": "ticket.solved needs contact, occurred_at",
    "sources: [{events: [{event: ticket.solved, fields: {ticket: Id, contact: W, occurred_at: A, mood: M}}]}]": (
        "ticket.solved has no field 'mood'"
    ),
    "sources: [{events: [{event: ticket.solved, attributes: {a: b}, fields: {contact: W, occurred_at: A}}]}]": (
        "ticket.solved has no attributes"
    ),
    "{times: {zone: Mars/Olympus}, sources: [{events: []}]}": r"times\.zone: no such time zone: 'Mars/Olympus'",
    "{tenant: {column: A, value: b}, sources: [{events: []}]}": "tenant: exactly one of `column` and `value`",
    "{tenant: {column: A, values: {Yes: b}}, sources: [{events: []}]}": "YAML reads the bare key True",
    "{tenant: {column: A, otherwise: b}, sources: [{events: []}]}": "give `values` too",
    "{colour: red, sources: []}": "colour: Extra inputs are not permitted",
    "{": "cannot read the mapping",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_mapping_that_is_wrong_is_refused_with_its_field(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(text)
    with pytest.raises(MappingError, match=REFUSED[text]):
        load_mapping(path)


def test_a_mapping_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot read the mapping"):
        load_mapping(tmp_path / "none.yaml")
