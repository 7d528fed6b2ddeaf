#!/bin/bash
# Installs the software that the interoperability runs talk to, from Debian's own archive.
# Nothing is started: the runs start their own copies, with their own configuration, inside
# network namespaces. Safe to run again; when everything is present it does nothing.
set -euo pipefail

# One line for each part that the packages play.
packages=(
  iproute2 openssl                              # namespaces, certificates
  unbound                                       # the reference resolver
  bind9 bind9-utils bind9-dnsutils              # named, dnssec-signzone, dig, delv
  nsd ldnsutils                                 # NSD, ldns-signzone
  knot knot-dnsutils knot-dnssecutils           # knotd, kdig, kzonesign
  pdns-server pdns-tools pdns-backend-bind      # PowerDNS, signing while it answers
  yadifa                                        # YADIFA
  tinydns axfrdns ucspi-tcp                     # tinydns, and TCP for it
  systemd                                       # checks the unit
  postfix                                       # the mail transfer agent with DANE
  # What Exim links to, and what builds sendmail (install-mailers.sh).
  libgnutls-dane0 libidn12 libldap-2.5-0 libmariadb3 libnsl2 libpcre2-8-0 libperl5.36 libpq5
  libsasl2-2 libspf2-2 libsqlite3-0
  dpkg-dev gcc libc6-dev libssl-dev m4 make xz-utils
  pdns-recursor knot-resolver dnsperf           # peers and load for the benchmark
  dnsviz python3-dnspython                      # judges and clients of our answers
  gcc libc6-dev musl-tools golang-go            # clients are compiled for glibc, musl and Go
)

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [ "$status" = 'install ok installed' ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo 'install: everything is present'
  exec "$(dirname "$0")/install-mailers.sh"
fi
echo "install: ${missing[*]}"

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
wrote_policy=

finish() {
  if [ -n "$wrote_policy" ]; then rm -f "$policy"; fi
  rm -f "$log"
}
trap finish EXIT

# While this file answers 101, package scripts may not start or restart a service
# (Debian Policy, 9.3.3.1 and /usr/share/doc/init-system-helpers/README.policy-rc.d).
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  wrote_policy=yes
fi

quietly() {
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "install: failed: $*" >&2
    exit 1
  fi
}

# A machine that has just been started may be busy with updates of its own.
update_lists() {
  local tries
  for tries in 1 2 3 4 5 6; do
    if apt-get update; then return; fi
    sleep $((tries * 5))
  done
  return 1
}

quietly update_lists
# Postfix asks for a kind of set-up on installation; ours is written by the run itself.
quietly apt-get install -y --no-install-recommends -o Dpkg::Lock::Timeout=120 debconf
echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
quietly apt-get install -y --no-install-recommends \
  -o Dpkg::Options::=--force-confold -o Dpkg::Lock::Timeout=120 "${missing[@]}"

# Enabled units would start at the next boot and hold port 53 of a developer's machine.
# Only those of packages that were not here before: the rest is the owner's business.
if [ -d /run/systemd/system ]; then
  for package in "${missing[@]}"; do
    for unit in $(dpkg -L "$package" | grep -E '/systemd/system/[^/@]+\.service$' || true); do
      systemctl disable --quiet "$(basename "$unit")" >/dev/null 2>&1 || true
    done
  done
fi
echo 'install: done'
# exec runs no traps.
finish
trap - EXIT
exec "$(dirname "$0")/install-mailers.sh"
