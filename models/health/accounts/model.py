"""How an account is scored: the block `account` of a tenant's model."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from models.health.accounts.alerts.registry import ACCOUNT_ALERTS, AccountRule
from models.health.accounts.components.component import AccountComponent
from models.health.accounts.components.members import Members
from models.health.accounts.components.registry import ACCOUNT_COMPONENTS
from models.health.alerts.rule import in_bands
from models.health.bands import BandEdges
from models.health.document import AccountBlock, Document, Parameters, decode_document, idle, problem
from models.health.errors import ModelError, Problem

Rule = TypeVar("Rule", AccountComponent, AccountRule)


class AccountModel(msgspec.Struct, frozen=True):
    """A model of accounts that is valid. `components` are those that count, in the model's order; `alerts` are on."""

    version: str
    components: tuple[AccountComponent, ...]
    bands: BandEdges = BandEdges()
    alerts: tuple[AccountRule, ...] = tuple(kind().in_bands(BandEdges()) for kind in ACCOUNT_ALERTS.values())


def parse_account_model(document: bytes | msgspec.Raw) -> AccountModel:
    """How accounts are scored by a JSON document. Raises ModelError, which names the fields."""
    problems: list[Problem] = []
    model = build_account_model(decode_document(document), problems)
    if problems:
        raise ModelError(problems)
    return model


def build_account_model(document: Document, problems: list[Problem]) -> AccountModel:
    """How accounts are scored by a document; what is wrong with its block is added to `problems`.

    The members count unless they are turned off, and are all that counts without a block. Without bands of its own
    those of the contacts hold.
    """
    block = AccountBlock() if document.account is None else document.account
    known = len(problems)
    components = _components(block, problems)
    if Members.name not in block.components:
        components.insert(0, Members())
    counting = tuple(component for component in components if component.enabled and component.weight > 0)
    if not counting and len(problems) == known:
        words = "no component is enabled with a weight above 0: nothing to score accounts by"
        problems.append(Problem(("account", "components"), words))
    bands = BandEdges()
    try:
        bands = msgspec.convert({**document.bands, **block.bands}, BandEdges)
    except msgspec.ValidationError as error:
        if block.bands:
            problems.append(problem(("account", "bands"), error))
    return AccountModel(document.version, counting, bands, _alerts(block, bands, problems))


def _components(block: AccountBlock, problems: list[Problem]) -> list[AccountComponent]:
    return _converted(ACCOUNT_COMPONENTS, "component of accounts", block.components, "components", problems)


def _alerts(block: AccountBlock, bands: BandEdges, problems: list[Problem]) -> tuple[AccountRule, ...]:
    """The rules that are on, in the registry's order: those that the block does not name have their defaults."""
    named = {
        rule.name: rule
        for rule in _converted(ACCOUNT_ALERTS, "kind of account alert", block.alerts, "alerts", problems)
    }
    rules = [named.get(name) or kind() for name, kind in ACCOUNT_ALERTS.items()]
    return tuple(rule for rule in in_bands(rules, bands, ("account", "alerts"), problems) if rule.enabled)


def _converted(
    kinds: Mapping[str, type[Rule]], what: str, blocks: dict[str, Parameters], place: str, problems: list[Problem]
) -> list[Rule]:
    rules = []
    for name, parameters in blocks.items():
        where = ("account", place, name)
        kind = kinds.get(name)
        if kind is None:
            problems.append(Problem(where, f"there is no such {what}; there are: {', '.join(kinds)}"))
            continue
        problems += idle(kind, parameters, where)
        try:
            rules.append(msgspec.convert(parameters, kind))
        except msgspec.ValidationError as error:
            problems.append(problem(where, error))
    return rules


DEFAULT_ACCOUNT_MODEL = AccountModel("default", (Members(),))
"""The members alone."""
