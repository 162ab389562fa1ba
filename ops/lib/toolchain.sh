# shellcheck shell=bash
# Finds a Swift toolchain that can build the package; puts it on PATH when it lies in a usual place off it.

swift_minimum=6.2

find_swift() {
    local place
    if ! command -v swift >/dev/null; then
        for place in /opt/swift/usr/bin /usr/local/swift/usr/bin "$HOME/.local/share/swiftly/bin"; do
            [[ ! -x $place/swift ]] || PATH=$PATH:$place
        done
        export PATH
    fi
    command -v swift >/dev/null || fail "Swift $swift_minimum or newer is not installed (no 'swift' on PATH)." \
        "install it as https://www.swift.org/install/linux says (swiftly does it in one line), then run $program again."
}

check_swift() {
    local version
    version=$(swift_version)
    [[ -n $version ]] || fail "'swift --version' does not run: $(swift --version 2>&1 | head -n 1 || true)" \
        "install the libraries that https://www.swift.org/install/linux lists for your system."
    at_least "$version" "$swift_minimum" || fail "Swift $version is too old: Hone needs $swift_minimum." \
        "install a newer one as https://www.swift.org/install/linux says ('swiftly install latest')."
}

swift_version() {
    { swift --version 2>/dev/null || true; } | sed -nE 's/.*Swift version ([0-9]+(\.[0-9]+)+).*/\1/p' | head -n 1
}

# at_least VERSION MINIMUM
at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }
