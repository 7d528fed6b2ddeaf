#!/bin/bash
# Exim and sendmail, which cannot be installed beside Postfix: each wants to be the mail transfer
# agent of the machine. They lie in a folder of their own and touch nothing outside it.
#   test/interop/install-mailers.sh      called by install.sh
#   exim/      unpacked from Debian's exim4-daemon-heavy
#   sendmail/  built from Debian's source package, because Debian's own build leaves DANE out
set -euo pipefail

folder=/var/cache/anchorite-interop
mkdir -p "$folder"
work=$(mktemp -d)
log=$work/log
trap 'rm -rf "$work"' EXIT
is_fresh=

quietly() {
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "install: failed: $*" >&2
    exit 1
  fi
}

candidate() {
  apt-cache policy "$1" | sed -n 's/^  Candidate: //p'
}

# is_current NAME VERSION: what lies in the folder was made from this version.
is_current() {
  # Where no list of packages says otherwise, what is there will do.
  [ -z "$2" ] && [ -e "$folder/$1/version" ] && return 0
  [ "$(cat "$folder/$1/version" 2>/dev/null)" = "$2" ]
}

# What the lists of an old image name is gone from the archive.
refresh_lists() {
  if [ -z "$is_fresh" ]; then quietly apt-get update; fi
  is_fresh=yes
}

# keep NAME VERSION FOLDER: puts the finished folder in its place at one stroke.
keep() {
  echo "$2" >"$3/version"
  rm -rf "${folder:?}/$1"
  mv "$3" "$folder/$1"
}

install_exim() {
  local version
  version=$(candidate exim4-daemon-heavy)
  if is_current exim "$version"; then return; fi
  refresh_lists
  version=$(candidate exim4-daemon-heavy)
  echo "install: exim4-daemon-heavy $version, unpacked"
  (cd "$work" && quietly apt-get download exim4-daemon-heavy)
  dpkg-deb -x "$work"/exim4-daemon-heavy_*.deb "$work/exim"
  keep exim "$version" "$work/exim"
}

# Debian's source packages, from wherever this machine gets its binary ones.
write_source_lists() {
  mkdir -p "$work/sources" "$work/lists/partial"
  local file
  for file in /etc/apt/sources.list.d/debian.sources; do
    if [ -e "$file" ]; then sed 's/^Types:.*/Types: deb-src/' "$file" >"$work/sources/debian.sources"; fi
  done
  { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true; } |
    sed -n 's/^deb \(.*\/debian.* main.*\)/deb-src \1/p' >"$work/sources/debian.list"
}

install_sendmail() {
  local version
  version=$(candidate sendmail-bin)
  if is_current sendmail "$version"; then return; fi
  refresh_lists
  version=$(candidate sendmail-bin)
  echo "install: sendmail $version, built with DANE"
  write_source_lists
  local options=(
    -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/sources"
    -o "Dir::State::lists=$work/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
    -o APT::Sandbox::User=root
  )
  quietly apt-get "${options[@]}" update
  # Unpacks with Debian's patches applied.
  (cd "$work" && quietly apt-get "${options[@]}" source "sendmail=$version")
  local source
  source=$(find "$work" -maxdepth 1 -type d -name 'sendmail-*')
  cat >"$work/site.m4" <<'M4'
define(`confCC', `gcc')
define(`confOPTIMIZE', `-O1')
APPENDDEF(`confMAPDEF', `-UNEWDB -UNIS')
APPENDDEF(`confENVDEF', `-DNETINET6')
APPENDDEF(`conf_sendmail_ENVDEF', `-DSTARTTLS -DDANE -DTLS_EC=1')
APPENDDEF(`conf_sendmail_LIBS', `-lssl -lcrypto')
M4
  local part
  for part in libsm libsmutil sendmail; do
    (cd "$source/$part" && quietly sh ../devtools/bin/Build -c -f "$work/site.m4" -O "$work/objects")
  done
  mkdir "$work/sendmail"
  cp "$work"/objects/obj.*/sendmail/sendmail "$work/sendmail/sendmail"
  cp -r "$source/cf" "$work/sendmail/cf"
  keep sendmail "$version" "$work/sendmail"
}

install_exim
install_sendmail
