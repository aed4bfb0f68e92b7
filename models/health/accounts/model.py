"""How an account is scored: the block `account` of a tenant's model."""

import msgspec

from models.health.accounts.components.component import AccountComponent
from models.health.accounts.components.members import Members
from models.health.accounts.components.registry import ACCOUNT_COMPONENTS
from models.health.bands import BandEdges
from models.health.document import AccountBlock, Document, decode_document, problem
from models.health.errors import ModelError, Problem


class AccountModel(msgspec.Struct, frozen=True):
    """A model of accounts that is valid. `components` are those that count, in the model's order."""

    version: str
    components: tuple[AccountComponent, ...]
    bands: BandEdges = BandEdges()


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
    return AccountModel(document.version, counting, bands)


def _components(block: AccountBlock, problems: list[Problem]) -> list[AccountComponent]:
    components = []
    for name, parameters in block.components.items():
        where = ("account", "components", name)
        kind = ACCOUNT_COMPONENTS.get(name)
        if kind is None:
            known = ", ".join(ACCOUNT_COMPONENTS)
            problems.append(Problem(where, f"there is no such component of accounts; there are: {known}"))
            continue
        try:
            components.append(msgspec.convert(parameters, kind))
        except msgspec.ValidationError as error:
            problems.append(problem(where, error))
    return components


DEFAULT_ACCOUNT_MODEL = AccountModel("default", (Members(),))
"""The members alone."""
