import socket
from collections.abc import Iterator

import pytest

from stream.errors import ConfigurationError
from stream.http import HealthServer
from stream.metrics import Metrics


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


async def test_a_port_that_is_taken_is_an_error_that_names_its_settings(taken: int) -> None:
    server = HealthServer("127.0.0.1", taken, Metrics(), lambda: True)
    with pytest.raises(
        ConfigurationError, match=f"HEARTLINE_HTTP_HOST=127.0.0.1 and HEARTLINE_HTTP_PORT={taken}"
    ) as said:
        await server.start()
    assert "address already in use" in str(said.value)
    assert "\n" not in str(said.value)


async def test_a_host_that_is_not_ours_is_the_same() -> None:
    server = HealthServer("192.0.2.1", 0, Metrics(), lambda: True)
    with pytest.raises(ConfigurationError, match=r"HEARTLINE_HTTP_HOST=192\.0\.2\.1"):
        await server.start()


async def test_port_0_is_any_that_is_free(taken: int) -> None:
    server = HealthServer("127.0.0.1", 0, Metrics(), lambda: True)
    try:
        assert await server.start() not in (0, taken)
    finally:
        await server.stop()
