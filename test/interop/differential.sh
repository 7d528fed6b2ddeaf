#!/bin/bash
# Zones made from a seed and signed by other people's software; the same questions to Anchorite,
# Unbound, BIND, Knot Resolver and PowerDNS Recursor; what differs. Needs root and Debian.
#   test/interop/differential.sh [--seed N] [--zones N] [--questions N] [--keep FOLDER] [--verbose]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${ANCHORITE_BUILD:-$root/build}
export ANCHORITE_INTEROP_PREFIX=anch-diff-

if [ "$(id -u)" != 0 ] || ! grep -qs '^ID=debian$' /etc/os-release; then
  echo 'differential: SKIPPED: it needs root, for network namespaces, and Debian'
  exit 0
fi
# One run at a time: the names of the namespaces are fixed.
exec 9>/run/lock/anchorite-differential.lock
flock -w 600 9 || { echo 'differential: another run does not end' >&2; exit 1; }
"$here/install.sh"
if [ ! -f "$build/test/interop/differential/main.js" ]; then
  (cd "$root" && npx tsc -p tsconfig.json --outDir "$build")
fi
if [ -n "${ANCHORITE_SEED:-}" ]; then set -- --seed "$ANCHORITE_SEED" "$@"; fi
exec node "$build/test/interop/differential/main.js" "$@"
