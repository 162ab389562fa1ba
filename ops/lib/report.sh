# shellcheck shell=bash
# Progress with elapsed time, one clear sentence on failure, and nothing left behind.
# Sourced by the programs of ops/; `program` names the one that runs.

: "${program:=ops}"
export HONE_BEGAN="${HONE_BEGAN:-$EPOCHSECONDS}" # nested programs count from the outermost one's start
scratch=$(mktemp -d "${TMPDIR:-/tmp}/hone-ops.XXXXXX")
step_log=$scratch/step.log
step_group=
explained=false # whether the user was told why the program ends

elapsed() { printf '%d:%02d' $(((EPOCHSECONDS - HONE_BEGAN) / 60)) $(((EPOCHSECONDS - HONE_BEGAN) % 60)); }

say() { printf '[%s] %s\n' "$(elapsed)" "$*" >&2; }

# fail SENTENCE [MEND]: what is wrong, then what to do about it.
fail() {
    explained=true
    printf '%s: %s\n' "$program" "$1" >&2
    [[ -z ${2:-} ]] || printf '  mend: %s\n' "$2" >&2
    exit 1
}

stop_step() {
    [[ -n $step_group ]] || return 0
    kill -TERM -- "-$step_group" 2>/dev/null || true
    wait "$step_group" 2>/dev/null || true
    step_group=
}

# Programs that have more to put away define their own.
at_exit() { :; }

leave() {
    local status=$?
    stop_step
    at_exit
    ((status == 0)) || "$explained" || printf '%s: stopped with status %d.\n' "$program" "$status" >&2
    rm -rf "$scratch"
}
trap leave EXIT
trap 'explained=true; say "Interrupted"; exit 130' INT
trap 'explained=true; exit 143' TERM HUP

# step LABEL COMMAND...: runs the command in a process group of its own, its output kept in $step_log, and returns its
# status. A terminal sees the seconds run; a log file sees a line twice a minute.
step() {
    local label=$1 began=$EPOCHSECONDS shown=$EPOCHSECONDS status=0
    shift
    say "$label"
    set -m
    "$@" >"$step_log" 2>&1 </dev/null &
    step_group=$!
    set +m
    while kill -0 "$step_group" 2>/dev/null; do
        sleep 0.2
        if [[ -t 2 ]]; then
            printf '\r[%s] %s … %d s' "$(elapsed)" "$label" $((EPOCHSECONDS - began)) >&2
        elif ((EPOCHSECONDS - shown >= 30)); then
            shown=$EPOCHSECONDS
            say "$label … $((EPOCHSECONDS - began)) s"
        fi
    done
    [[ ! -t 2 ]] || printf '\r\033[K' >&2
    wait "$step_group" || status=$?
    step_group=
    return "$status"
}

# run_visibly COMMAND...: as `step`, but its output goes to the terminal.
run_visibly() {
    local status=0
    set -m
    "$@" </dev/null &
    step_group=$!
    set +m
    wait "$step_group" || status=$?
    step_group=
    return "$status"
}

# fail_step WHAT: explains the step that just failed by its log, naming the mend for the causes that are not ours.
fail_step() {
    tail -n 20 "$step_log" >&2
    if grep -qE 'No space left on device|Disk quota exceeded' "$step_log"; then
        fail "$1: the disk is full." "free some space ('df -h' shows where) and run $program again."
    elif grep -qE 'Could not get lock|Unable to acquire the dpkg' "$step_log"; then
        fail "$1: another package manager holds apt's lock." "let it finish ('ps aux | grep apt'), then run $program again."
    elif grep -qiE 'resolve host|resolving|name resolution|name or service not known|NewConnectionError|network is unreachable|unable to connect|connection (refused|timed out)|failed to (fetch|connect)|Max retries' "$step_log"; then
        fail "$1: the network cannot be reached." "check the connection or the proxy settings, then run $program again."
    fi
    fail "$1; the last lines above say why." "${2:-}"
}

# need_space DIRECTORY MEGABYTES WHAT: the directory, or its nearest existing parent, has room for it.
need_space() {
    local place=$1 free
    while [[ ! -e $place ]]; do place=$(dirname "$place"); done
    free=$(df -Pm "$place" | awk 'NR == 2 { print $4 }')
    ((free >= $2)) || fail "$3 needs $2 MB in $1, which has $free MB free." "free some space, or set TMPDIR or XDG_CACHE_HOME to a roomier disk."
}
