"""`/metrics`, `/live` and `/ready` of a worker."""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from stream.errors import ConfigurationError
from stream.metrics import Metrics


class HealthServer:
    """Serves what an orchestrator and Prometheus ask for.

    Live: the process answers. Ready: it has its partitions and their state; not while it recovers or the group
    rebalances.
    """

    def __init__(self, host: str, port: int, metrics: Metrics, ready: Callable[[], bool]) -> None:
        self._host, self._port = host, port
        self._metrics = metrics
        self._ready = ready
        app = web.Application()
        app.add_routes(
            [web.get("/metrics", self._scrape), web.get("/live", self._live), web.get("/ready", self._readiness)]
        )
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self) -> int:
        """Listen; returns the port. Raises `ConfigurationError` where that cannot be: the port is taken, say."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigurationError(
                f"HEARTLINE_HTTP_HOST={self._host} and HEARTLINE_HTTP_PORT={self._port}: nobody can listen there "
                f"({error.strerror}); choose another port, or 0 for any that is free"
            ) from error
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _scrape(self, _request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _live(self, _request: web.Request) -> web.Response:
        return web.Response(text="live\n")

    async def _readiness(self, _request: web.Request) -> web.Response:
        return (
            web.Response(text="ready\n")
            if self._ready()
            else web.Response(text="recovering or rebalancing\n", status=503)
        )
