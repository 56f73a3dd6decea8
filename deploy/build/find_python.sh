#!/bin/sh
# Prints the Python to build the virtual environment with: 3.11 or later, with venv, and readable by this user.
set -u

for name in python3.13 python3.12 python3.11 python3 /usr/bin/python3; do
    found=$(
        "$name" - 2>/dev/null <<'CHECK'
import ensurepip, os, sys, venv

assert sys.version_info >= (3, 11)
assert os.access(sys.base_prefix, os.R_OK | os.X_OK)
print(sys.executable)
CHECK
    ) && [ -x "$found" ] && echo "$found" && exit 0
done

cat >&2 <<'WHY'
No Python can be used here. Needed: Python 3.11 or later with venv and ensurepip, readable by this user.
On Debian and Ubuntu: apt-get install python3 python3-venv
WHY
exit 1
