"""What every test of the stream is put back to."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command that runs in a test's process sends its warnings to an error stream that is closed after the test."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
