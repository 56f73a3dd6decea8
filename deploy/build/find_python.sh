#!/bin/sh
# Prints the Python to build the virtual environment with: 3.11 or later, with venv, and readable by this user.
# It prefers an optimised build, which takes up to a third less time for the same work, and says so if there is none.
# A build is optimised if it was configured so, or if it belongs to the distribution: they optimise theirs.
set -u

usable=
for name in python3.13 python3.12 python3.11 python3 /usr/bin/python3; do
    found=$(
        "$name" - 2>/dev/null <<'CHECK'
import ensurepip, os, sys, sysconfig, venv

assert sys.version_info >= (3, 11)
assert os.access(sys.base_prefix, os.R_OK | os.X_OK)
configured = sysconfig.get_config_var("CONFIG_ARGS") or ""
print("optimised" if "--enable-optimizations" in configured or sys.base_prefix == "/usr" else "plain", sys.executable)
CHECK
    ) && [ -x "${found#* }" ] || continue
    [ "${found%% *}" = optimised ] && echo "${found#* }" && exit 0
    usable=${usable:-${found#* }}
done

if [ -n "$usable" ]; then
    echo "$usable is not an optimised build of Python: the product runs slower on it than it could." >&2
    echo "$usable"
    exit 0
fi

cat >&2 <<'WHY'
No Python can be used here. Needed: Python 3.11 or later with venv and ensurepip, readable by this user.
On Debian and Ubuntu: apt-get install python3 python3-venv
WHY
exit 1
