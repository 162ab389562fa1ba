# shellcheck shell=bash
# libtorch: $LIBTORCH, else what .deps/torch links already, else one copy per machine in the user's cache, unpacked once.

torch_version=2.13.0
torch_minimum=2.11
torch_archive=https://download.pytorch.org/libtorch/cpu/libtorch-shared-with-deps-$torch_version%2Bcpu.zip
torch_cache=${XDG_CACHE_HOME:-$HOME/.cache}/hone

# The wheels' SHA-256 as their index states them. A file of another name (another platform) is checked by pip against its
# index alone; the archive's publisher states no digest, so there TLS and the zip's own CRCs must do.
torch_digests='
6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b  torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl
60fcdcb2f3876e21146cb4524ef06397d727ca9ad5f020818547e25075fe3cb7  torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl
092790c696a760c729fd5722835f50b9d81fd7c8f141571f3f3cf4081a8f664c  torch-2.13.0-cp311-cp311-manylinux_2_28_aarch64.whl
'

link_libtorch() {
    local found
    if [[ -n ${LIBTORCH:-} ]]; then
        torch_serves "$LIBTORCH" || fail "LIBTORCH=$LIBTORCH holds no libtorch $torch_minimum or newer (lib/libtorch_cpu.so, include/torch)." \
            "point it at an unpacked libtorch, or unset it to have one fetched."
        found=$(cd "$LIBTORCH" && pwd)
    elif torch_serves .deps/torch; then
        return
    else
        found=$(cached_torch) || { fetch_torch && found=$(cached_torch); }
    fi
    mkdir -p .deps
    ln -sfn "$found" .deps/torch
}

cached_torch() {
    local place
    for place in "$torch_cache/torch-$torch_version+cpu" "$torch_cache/torch-$torch_version"; do
        ! torch_serves "$place/torch" || { printf '%s\n' "$place/torch"; return; }
    done
    return 1
}

torch_serves() {
    [[ -e $1/lib/libtorch_cpu.so && -e $1/lib/libc10.so && -d $1/include/torch ]] &&
        at_least "$(torch_version_of "$1")" "$torch_minimum" && [[ -z $(missing_libraries "$1") ]]
}

missing_libraries() { ldd "$1/lib/libtorch_cpu.so" | awk '/not found/ { print $1 }'; }

# The version stands in one of two headers, depending on the release.
torch_version_of() {
    cat "$1"/include/torch/headeronly/version.h "$1"/include/torch/csrc/api/include/torch/version.h 2>/dev/null |
        sed -nE 's/^#define TORCH_VERSION_(MAJOR|MINOR) ([0-9]+)$/\2/p' | head -n 2 | paste -sd.
}

# Fetches into the cache under a lock, so that two set-ups on one machine unpack once.
fetch_torch() {
    mkdir -p "$torch_cache"
    exec 9>"$torch_cache/lock"
    flock -n 9 || { say "Waiting for another set-up that fetches libtorch"; flock 9; }
    cached_torch >/dev/null || fetch_first_source
    exec 9>&-
}

fetch_first_source() {
    need_space "$torch_cache" 1200 "Unpacking libtorch"
    rm -rf "$torch_cache"/.staging.* # of a run that was killed: the lock is ours
    staging=$(mktemp -d "$torch_cache/.staging.XXXXXX")
    at_exit() { rm -rf "$staging"; }
    fetch_wheel "torch==$torch_version+cpu" "$staging" || fetch_archive "$staging" ||
        fetch_wheel "torch===$torch_version" "$staging" ||
        fail_step "libtorch $torch_version could not be fetched, neither as a wheel nor as the official archive" \
            "check the network, or unpack a libtorch by hand and set LIBTORCH to its folder."
    rm -rf "$staging"
}

fetch_wheel() {
    local requirement=$1 staging=$2 file
    python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip
    download_wheel "$requirement" "$staging" || return 1
    file=$(compgen -G "$staging/torch-*.whl")
    verify_digest "$file"
    unpack_torch "$file" "$staging" "$torch_cache/${requirement//==*(=)/-}"
}

download_wheel() {
    local tag platforms=()
    # pip takes no older tag for a newer platform by itself.
    for tag in _2_28 _2_27 _2_26 _2_25 _2_24 _2_17 2014; do platforms+=(--platform "manylinux${tag}_$(uname -m)"); done
    step "Fetching $1" python3 -m pip download --progress-bar off --no-deps --only-binary=:all: --dest "$2" \
        --implementation cp --python-version 3.11 --abi cp311 --abi none "${platforms[@]}" "$1"
}

# A wheel that is made for GPUs too links a few of CUDA's libraries even where there is no GPU. They are wheels of their own.
fetch_missing_libraries() {
    local torch=$1 staging=$2 name package
    for name in $(missing_libraries "$torch"); do
        case $name in
        libcupti.so.*) package=nvidia-cuda-cupti ;;
        libcudart.so.*) package=nvidia-cuda-runtime ;;
        *) return 1 ;;
        esac
        download_wheel "$package==${name##*.}.*" "$staging" || return 1
        python3 "$here/lib/unpack_torch.py" "$(compgen -G "$staging/${package//-/_}-*.whl")" "$torch" "$name" || return 1
    done
}

fetch_archive() {
    [[ $(uname -m) == x86_64 ]] || return 1
    step "Fetching the official libtorch archive" python3 "$here/lib/fetch.py" "$torch_archive" "$1/libtorch.zip" || return 1
    unpack_torch "$1/libtorch.zip" "$1" "$torch_cache/torch-$torch_version+cpu"
}

verify_digest() {
    local name expected
    name=$(basename "$1")
    expected=$(awk -v name="$name" '$2 == name { print $1 }' <<<"$torch_digests")
    [[ -n $expected ]] || { say "No pinned checksum for $name; pip checked it against its index"; return 0; }
    sha256sum --quiet --check <<<"$expected  $1" >/dev/null 2>&1 ||
        fail "$name does not have the checksum that its index stated." "remove it from pip's cache ('python3 -m pip cache purge') and run $program again."
}

# Unpacks aside and renames, so that a half-unpacked libtorch is never found.
unpack_torch() {
    step "Unpacking $(basename "$1")" python3 "$here/lib/unpack_torch.py" "$1" "$2/unpacked/torch" ||
        fail_step "$(basename "$1") could not be unpacked"
    fetch_missing_libraries "$2/unpacked/torch" "$2" ||
        fail_step "$(basename "$1") needs libraries that are not to be had: $(missing_libraries "$2/unpacked/torch" | paste -sd' ')" \
            "unpack a libtorch for CPUs by hand and set LIBTORCH to its folder."
    torch_serves "$2/unpacked/torch" || fail "$(basename "$1") holds no libtorch $torch_minimum or newer."
    rm -rf "$3"
    mv "$2/unpacked" "$3"
}
