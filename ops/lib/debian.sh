# shellcheck shell=bash
# The Debian packages: what is missing is installed, what is there is left alone (so a repeat needs no network).

missing_packages() {
    [[ -e /usr/include/postgresql/libpq-fe.h ]] || printf '%s\n' libpq-dev
    compgen -G '/usr/include/*/curl/curl.h' >/dev/null || [[ -e /usr/include/curl/curl.h ]] || printf '%s\n' libcurl4-openssl-dev
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || printf '%s\n' postgresql
    compgen -G '/usr/include/c++/*/vector' >/dev/null || printf '%s\n' g++
    # What SwiftPM itself is linked to; an image of the toolchain has it, an unpacked archive does not.
    local loadable
    loadable=$(/sbin/ldconfig -p)
    [[ $loadable == *libncurses.so.6* ]] || printf '%s\n' libncurses6
    [[ $loadable == *libsqlite3.so.0* ]] || printf '%s\n' libsqlite3-0
    [[ $loadable == *libxml2.so.2* ]] || printf '%s\n' libxml2
    command -v git >/dev/null || printf '%s\n' git ca-certificates
    command -v pkg-config >/dev/null || printf '%s\n' pkg-config
}

# as_root COMMAND...: sudo only where it is needed, asked for before any step hides the terminal.
as_root() {
    if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

require_root() {
    ((EUID == 0)) && return
    command -v sudo >/dev/null || fail "these Debian packages are missing and 'sudo' is not installed: $*." \
        "run 'apt-get install $*' as root, then $program again."
    sudo -n true 2>/dev/null || sudo -v || fail "installing $* needs administrator rights." "have an administrator run 'apt-get install $*'."
}

install_packages() {
    local packages=("$@")
    ((${#packages[@]} > 0)) || return 0
    command -v apt-get >/dev/null || fail "these packages are missing and this is not a Debian machine: ${packages[*]}." \
        "install what your system calls them, then run $program again."
    require_root "${packages[@]}"
    need_space /usr 600 "Installing ${packages[*]}"
    step "Refreshing the package list" as_root apt-get -o DPkg::Lock::Timeout=60 -o APT::Update::Error-Mode=any update ||
        fail_step "The Debian package list could not be read"
    [[ " ${packages[*]} " != *' postgresql '* ]] || without_system_cluster
    step "Installing ${packages[*]}" apt_install "${packages[@]}" || fail_step "The Debian packages could not be installed"
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=60 install -y --no-install-recommends "$@"
}

# Debian's postgresql package starts a cluster on port 5432; Hone keeps its own, so none is made by our installing it.
# An administrator makes one at any time with pg_createcluster.
without_system_cluster() {
    step "Installing postgresql-common" apt_install postgresql-common || fail_step "postgresql-common could not be installed"
    as_root mkdir -p /etc/postgresql-common/createcluster.d
    as_root tee /etc/postgresql-common/createcluster.d/hone.conf >/dev/null <<<'create_main_cluster = false'
}
