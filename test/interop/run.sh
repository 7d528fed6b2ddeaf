#!/bin/bash
# The whole interoperability run: installs other people's servers from Debian, walks the world
# they sign and serve, and lets Postfix, Exim and sendmail deliver with DANE. Needs root and Debian; elsewhere it
# says so and succeeds, because there is nothing it could judge.
#   test/interop/run.sh [--subject anchorite|unbound] [--part walk|mta|rounds|attack|service|canary]
set -uo pipefail

subject=anchorite
wanted=all
while [ $# -gt 0 ]; do
  case "$1" in
    --subject) subject=${2:?--subject needs a name}; shift 2 ;;
    --subject=*) subject=${1#*=}; shift ;;
    --part) wanted=${2:?--part needs a name}; shift 2 ;;
    --part=*) wanted=${1#*=}; shift ;;
    *) echo "usage: $0 [--subject anchorite|unbound] [--part walk|mta|rounds|attack|service|canary]" >&2; exit 2 ;;
  esac
done
case "$subject" in
  anchorite | unbound) ;;
  *) echo "no such subject: $subject" >&2; exit 2 ;;
esac

skip() {
  echo "interop: SKIPPED: $1"
  exit 0
}
[ "$(id -u)" = 0 ] || skip 'it needs root, to make network namespaces'
grep -qs '^ID=debian$' /etc/os-release || skip 'it needs Debian, to install other resolvers'
command -v apt-get >/dev/null || skip 'it needs apt-get'

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
# The parts need not wait for the lock that is taken below.
export ANCHORITE_INTEROP_LOCKED=yes
export ANCHORITE_BUILD=${ANCHORITE_BUILD:-$root/build}
prefix=${ANCHORITE_INTEROP_PREFIX:-anch-iop-}

# One run at a time: the names of the namespaces are fixed.
exec 9>"/run/lock/anchorite-interop${ANCHORITE_INTEROP_PREFIX:+-$ANCHORITE_INTEROP_PREFIX}.lock"
flock -w 600 9 || { echo 'interop: another run does not end' >&2; exit 1; }

scratch=$(mktemp -d -t anchorite-interop-XXXXXX)
# Postfix drops its privileges and must still reach its folder in here.
chmod 755 "$scratch"
clean_up() {
  # Whatever still runs in our namespaces was started by this run.
  local namespace pid
  for namespace in $(ip netns list 2>/dev/null | grep -o "^$prefix[a-z-]*"); do
    for pid in $(ip netns pids "$namespace" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null; done
    ip netns delete "$namespace" 2>/dev/null
    rm -rf "/etc/netns/$namespace"
  done
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$here/install.sh" || exit 1
ip netns list >/dev/null 2>&1 || skip 'ip netns does not work here'
if [ ! -f "$ANCHORITE_BUILD/test/interop/walk.js" ]; then
  (cd "$root" && npx tsc -p tsconfig.json --outDir "$ANCHORITE_BUILD") || exit 1
fi

passed=0
failed=0
# wants PART: is it asked for?
wants() {
  [ "$wanted" = all ] || [ "$wanted" = "$1" ]
}

# Runs one part, shows its output, and adds the counts of its last line.
part() {
  local name=$1 seconds=$2
  shift 2
  wants "$name" || return 0
  echo
  echo "== $name"
  timeout --kill-after=10 "$seconds" "$@" 9>&- | tee "$scratch/$name.out"
  local status=${PIPESTATUS[0]}
  local last
  last=$(tail -n 1 "$scratch/$name.out")
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    [ "$status" = 0 ] || [ "${BASH_REMATCH[2]}" != 0 ] || failed=$((failed + 1))
  else
    echo "$name did not finish (status $status)"
    failed=$((failed + 1))
  fi
  if [ "$status" != 0 ] && [ -f "$scratch/world/subject.log" ]; then
    echo "-- the end of the subject's log"
    tail -n 25 "$scratch/world/subject.log" | cut -c 1-400
  fi
}

# A resolver that does not validate must fail, or the walk proves nothing.
canary() {
  echo
  echo '== canary: a resolver that does not validate'
  local status
  for command in "walk --only forged.se." "mta --programs postfix"; do
    # shellcheck disable=SC2086
    timeout --kill-after=10 60 "$here"/$command --subject blind --zones "$scratch/world" \
      >"$scratch/canary.out" 2>&1 9>&-
    status=$?
    last=$(tail -n 1 "$scratch/canary.out")
    if [ "$status" = 1 ] && [[ $last =~ ^[0-9]+\ passed,\ [1-9][0-9]*\ failed$ ]]; then
      echo "${command%% *} notices it ($last)"
      passed=$((passed + 1))
    else
      echo "${command%% *} does NOT notice it (status $status): $last"
      failed=$((failed + 1))
    fi
  done
}

part walk 150 "$here/walk" --subject "$subject" --zones "$scratch/world"
part mta 240 "$here/mta" --subject "$subject" --zones "$scratch/world"
part rounds 120 "$here/rounds" --zones "$scratch/world"
part attack 420 "$here/attack" --zones "$scratch/world"
part service 90 "$here/service" --zones "$scratch/world"
if wants canary; then canary; fi

echo
echo "interop with $subject: $SECONDS s"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
