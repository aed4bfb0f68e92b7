"""Structured logs: one JSON object a line, without message texts, names or addresses."""

import logging
import sys

import structlog

from stream.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Send structlog's and the libraries' records (Faust, aiokafka) through one renderer to standard error."""
    level = logging.getLevelName(settings.log_level.upper())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if settings.log_format == "json" else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Membership and fetching are reported by our own events; the libraries speak when something is wrong.
    for name in ("faust", "mode", "aiokafka", "aiohttp.access", "stream.dataplane.control"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def only_warnings() -> None:
    """For commands that run a worker's code: its news are not for a terminal, its warnings are."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
