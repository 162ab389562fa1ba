# shellcheck shell=bash
# `hone dev` in the background for the length of a program, or longer when asked to keep it.

: "${hone:=}" "${keep:=false}"
dev_group=
dev_log=
connection_file=

start_services() {
    local deadline=$((EPOCHSECONDS + 120)) ready
    dev_log=$scratch/dev.log
    ! "$keep" || dev_log=$(mktemp "${TMPDIR:-/tmp}/hone-dev.XXXXXX.log")
    say "Starting PostgreSQL and the worker"
    setsid "$hone" dev --json >"$dev_log" 2>&1 </dev/null &
    dev_group=$!
    trap 'stop_services; leave' EXIT
    until ready=$(grep -m 1 '"connection_file"' "$dev_log"); do
        kill -0 "$dev_group" 2>/dev/null || fail_services
        ((EPOCHSECONDS < deadline)) || fail "'hone dev' was not ready within 120 s; its log is in $dev_log." "'hone doctor' says what is wrong."
        sleep 0.2
    done
    connection_file=$(sed -nE 's/.*"connection_file":"([^"]+)".*/\1/p' <<<"$ready")
}

fail_services() {
    tail -n 5 "$dev_log" >&2
    dev_group=
    fail "'hone dev' ended; its last lines above say why." "'$hone doctor' checks the set-up and names the mend."
}

# Drains the worker and stops PostgreSQL, unless they are to be kept.
stop_services() {
    [[ -n $dev_group ]] || return 0
    if "$keep"; then
        say "Kept running: stop it with 'kill $dev_group'; its log is $dev_log"
    elif kill -TERM "$dev_group" 2>/dev/null; then
        say "Stopping what was started"
        wait "$dev_group" 2>/dev/null || true
    fi
    dev_group=
}

# sql [psql options]: a script on standard input, stopped at its first error.
sql() {
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@" "$(<"$connection_file")"
}
