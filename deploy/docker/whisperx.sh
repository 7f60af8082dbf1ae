# Installs the project with WhisperX, and torch for `cuda` or `cpu`. whisperx asks for the torch of CUDA: with that of the
# CPU it needs the lock of the Makefile's test-whisperx, less what only tests need.
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
    # torchaudio's own libraries want CUDA; it falls back to Python without them.
    rm -f /opt/venv/lib/python3*/site-packages/torchaudio/lib/*.so /tmp/requirements.txt
    ;;
  *) echo "TORCH is '$1'; it must be cuda or cpu" >&2; exit 2 ;;
esac
