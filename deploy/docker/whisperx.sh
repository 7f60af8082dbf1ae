# Installs the project with WhisperX, and torch for `cuda` or `cpu`. WhisperX requires the CUDA build of torch; for the CPU
# build, use the lock file of the Makefile's test-whisperx, without the packages that only tests need.
set -eu
case "$1" in
  cuda)
    pip install --constraint requirements/whisperx-cuda.txt --editable '.[whisperx,docker,k8s,ecs]'
    pip check
    ;;
  cpu)
    grep -Ev '^(axe-|boto3-stubs|duckdb|hypothesis|kubernetes-validate|moto|mypy|pandas-stubs|playwright|pyarrow-stubs|pytest|ruff|schemathesis|trustme|types-)' \
      requirements/whisperx-cpu.txt > /tmp/requirements.txt
    pip install --no-deps --requirement /tmp/requirements.txt --editable .
    # The libraries of torchaudio need CUDA; without them it falls back to Python.
    rm -f /opt/venv/lib/python3*/site-packages/torchaudio/lib/*.so /tmp/requirements.txt
    ;;
  *) echo "TORCH is '$1'; it must be cuda or cpu" >&2; exit 2 ;;
esac
