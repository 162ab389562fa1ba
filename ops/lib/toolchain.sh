# shellcheck shell=bash
# Finds a Swift toolchain that can build the package; puts it on PATH when it lies in a usual place off it.

swift_minimum=6.2

find_swift() {
    local place version
    if ! command -v swift >/dev/null; then
        for place in /opt/swift/usr/bin /usr/local/swift/usr/bin "$HOME/.local/share/swiftly/bin"; do
            [[ ! -x $place/swift ]] || PATH=$PATH:$place
        done
    fi
    command -v swift >/dev/null || fail "Swift $swift_minimum or newer is not installed (no 'swift' on PATH)." \
        "install it as https://www.swift.org/install/linux says (swiftly does it in one line), then run $program again."
    version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+(\.[0-9]+)+).*/\1/p' | head -n 1)
    at_least "${version:-0}" "$swift_minimum" || fail "Swift ${version:-of an unknown version} is too old: Hone needs $swift_minimum." \
        "install a newer one as https://www.swift.org/install/linux says ('swiftly install latest')."
    export PATH
}

# at_least VERSION MINIMUM
at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }
