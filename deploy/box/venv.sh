#!/bin/sh
# Create or refresh the environment from a lock file: venv.sh PYTHON VENV LOCK
set -eu
python=$1 venv=$2 lock=$3
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
  echo "yipan needs Python 3.11 or newer ($python is not); set PYTHON=/path/to/python3" >&2; exit 1; }
if [ ! -x "$venv/bin/pip" ]; then
  rm -rf "$venv"
  "$python" -m venv "$venv" || {
    rm -rf "$venv"; echo "could not create $venv: on Debian and Ubuntu, apt-get install python3-venv" >&2; exit 1; }
fi
echo "installing from $lock …" >&2
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$lock"
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
