# One image for every process: its command says which, for example `worker scoring`.

FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /opt/heartline
COPY requirements.lock .
RUN /opt/heartline/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml LICENSE ./
COPY schemas schemas
COPY models models
COPY stream stream
RUN /opt/heartline/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
LABEL org.opencontainers.image.title="Heartline" \
      org.opencontainers.image.description="Customer health scores in real time, from Kafka to Kafka" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 heartline \
 && useradd --system --uid 10001 --gid heartline --no-create-home --home-dir /var/lib/heartline heartline \
 && install --directory --owner=heartline --group=heartline /var/lib/heartline
COPY --from=build /opt/heartline /opt/heartline
ENV PATH=/opt/heartline/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HEARTLINE_DATA_DIRECTORY=/var/lib/heartline \
    HEARTLINE_HTTP_PORT=8080
USER 10001:10001
WORKDIR /var/lib/heartline
EXPOSE 8080
# Alive, not ready: a worker that restores a large state is healthy for as long as it takes.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['HEARTLINE_HTTP_PORT']}/live\", timeout=4)"]
ENTRYPOINT ["heartline"]
CMD ["--help"]
