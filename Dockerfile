# Two images of one project, for every deployment in deploy/.
#   docker build --target service -t clipper:service .    light, without torch: servers, and runs on the CPU
#   docker build --target gpu -t clipper:gpu .            runs with WhisperX on CUDA 12, encodes with NVENC
# Bases are arguments, and so is TORCH=cpu, which makes a `gpu` without CUDA, to test on a machine without one.
ARG SERVICE_BASE=python:3.11-slim-bookworm
ARG GPU_BASE=nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04

FROM ${SERVICE_BASE} AS service
COPY deploy/docker/system.sh /opt/clipper/deploy/docker/
RUN sh /opt/clipper/deploy/docker/system.sh
# Caches go to /tmp, models to /models, Dagster's state to DAGSTER_HOME: all else can be read-only.
ENV PATH=/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    HOME=/tmp \
    HF_HOME=/models \
    CLIPPER_STORAGE=/data \
    DAGSTER_HOME=/var/lib/dagster
WORKDIR /opt/clipper
# The dependencies in a layer of their own: a change of code does not install them again.
# Where else pip is to look, if anywhere.
ARG PIP_FIND_LINKS
ARG PIP_EXTRA_INDEX_URL
COPY pyproject.toml constraints.txt LICENSE ./
COPY clipper_assets/__init__.py clipper_assets/
COPY clipper_assets/captions/fonts clipper_assets/captions/fonts
RUN touch README.md && python3 -m venv /opt/venv \
 && pip install --constraint constraints.txt --editable '.[docker,k8s,ecs]'
COPY . .
COPY --chown=1000:1000 dagster.yaml /var/lib/dagster/
RUN python3 -m compileall -q clipper_assets
ENV PYTHONDONTWRITEBYTECODE=1 \
    CLIPPER_MODELS_DIR=/models
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s \
  CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:3000/server_info')"]
ENTRYPOINT ["tini", "--"]
CMD ["dagster", "dev", "--host", "0.0.0.0", "--port", "3000"]

# Another base, so nothing above can be in it: the same again, and what runs on a GPU need.
FROM ${GPU_BASE} AS gpu
COPY deploy/docker/system.sh /opt/clipper/deploy/docker/
RUN sh /opt/clipper/deploy/docker/system.sh
ENV PATH=/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    HOME=/tmp \
    HF_HOME=/models \
    CLIPPER_STORAGE=/data \
    DAGSTER_HOME=/var/lib/dagster \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility,video
WORKDIR /opt/clipper
ARG PIP_FIND_LINKS
ARG PIP_EXTRA_INDEX_URL
ARG TORCH=cuda
COPY pyproject.toml constraints.txt LICENSE ./
COPY requirements requirements
COPY clipper_assets/__init__.py clipper_assets/
COPY clipper_assets/captions/fonts clipper_assets/captions/fonts
COPY deploy/docker/whisperx.sh deploy/docker/
RUN touch README.md && python3 -m venv /opt/venv && sh deploy/docker/whisperx.sh "${TORCH}"
COPY . .
RUN python3 -m compileall -q clipper_assets
ENV PYTHONDONTWRITEBYTECODE=1 \
    CLIPPER_MODELS_DIR=/models
USER 1000:1000
HEALTHCHECK NONE
ENTRYPOINT ["tini", "--"]
CMD ["clipper", "doctor"]
