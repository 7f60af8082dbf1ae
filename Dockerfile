# One image for webserver, daemon and runs.
#   docker build -t clipper .                                        light: no torch
#   docker build -t clipper:gpu --build-arg EXTRAS=[whisperx] .      WhisperX on CUDA (torch's wheels carry CUDA itself)
#   docker run -p 127.0.0.1:3000:3000 -v "$PWD/data:/data" clipper   UI on http://127.0.0.1:3000; drop videos into ./data
# The UI has no authentication: publish its port on loopback only, or behind your own proxy.
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}

ARG EXTRAS=""
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1 \
    PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/var/lib/clipper \
    DAGSTER_HOME=/var/lib/dagster \
    CLIPPER_STORAGE=/data

RUN python3 -m venv /opt/venv \
 && install -d -o 1000 -g 1000 /data /var/lib/clipper /var/lib/dagster

WORKDIR /opt/clipper
# The dependencies in a layer of their own: a change of code does not install them again.
COPY pyproject.toml constraints.txt LICENSE README.md ./
COPY clipper_assets/__init__.py clipper_assets/
COPY clipper_assets/clips/captions/fonts clipper_assets/clips/captions/fonts
RUN pip install --constraint constraints.txt --editable ".$EXTRAS"

COPY clipper_assets clipper_assets
COPY workspace.yaml dagster.yaml ./
COPY --chown=1000:1000 dagster.yaml /var/lib/dagster/dagster.yaml

USER 1000:1000
EXPOSE 3000
CMD ["dagster", "dev", "--host", "0.0.0.0", "--port", "3000"]
