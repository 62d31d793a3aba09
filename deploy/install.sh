#!/bin/sh
# Sets up a virtual environment from the hashed lock: install.sh LOCK FOLDER
# Uses the newest Python from 3.11 on that PATH has, with the modules that a set-up needs.
set -eu
lock=$1
venv=$2

usable() { # is this command a Python that is new enough and can make environments?
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if ! { [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; }; then
    python=
    for candidate in python3.14 python3.13 python3.12 python3.11 python3 python; do
        if usable "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "Recoup needs Python 3.11 or newer with its venv module on PATH, and found none." >&2
        echo "PATH is: $PATH" >&2
        echo "On Debian or Ubuntu: apt-get install python3 python3-venv" >&2
        exit 1
    fi
    echo "Setting up $venv with $("$python" --version)"
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi
exec "$venv/bin/python" -P "$(dirname "$0")/packages.py" "$lock"
