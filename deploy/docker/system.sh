# System packages of both images, and the mount points of volumes, which must belong to user 1000.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
command -v python3 > /dev/null && python3 -c 'import ensurepip' 2> /dev/null || python='python3 python3-venv'
apt-get install -qq -y --no-install-recommends ca-certificates fonts-noto-cjk tini ${python:-} > /dev/null
rm -rf /var/lib/apt/lists/*
install -d -o 1000 -g 1000 /data /models /var/lib/dagster
