# shellcheck shell=bash
# `hone dev` in the background for the length of a program, or longer when asked to keep it.

: "${hone:=}" "${keep:=false}"
dev_process=
dev_log=
connection_file=

at_exit() { stop_services; }

start_services() {
    export HONE_OPS_DEMO=$$ # by which a later run knows a 'hone dev' that this one left behind
    unset HONE_DATABASE_URL # the demo keeps to its own database
    dev_log=$scratch/dev.log
    ! "$keep" || dev_log=$(mktemp "${TMPDIR:-/tmp}/hone-dev.XXXXXX.log")
    say "Starting PostgreSQL and the worker"
    start_dev || { stop_leftover_dev && start_dev; } || fail_services
}

# Starts `hone dev` and waits until it is ready; returns 1 if it ends before.
start_dev() {
    local deadline=$((EPOCHSECONDS + 120)) ready
    setsid "$hone" dev --json >"$dev_log" 2>&1 </dev/null &
    dev_process=$!
    until ready=$(grep -m 1 '"connection_file"' "$dev_log"); do
        kill -0 "$dev_process" 2>/dev/null || { dev_process=; return 1; }
        ((EPOCHSECONDS < deadline)) || fail "'hone dev' was not ready within 120 s." "'$hone doctor' says what is wrong."
        sleep 0.2
    done
    connection_file=$(sed -nE 's/.*"connection_file":"([^"]+)".*/\1/p' <<<"$ready")
    until [[ $(sql --tuples-only --no-align --command \
        "SELECT count(*) FROM hone.workers WHERE stopped_at IS NULL AND beat_at > now() - interval '10 s'") -gt 0 ]]; do
        kill -0 "$dev_process" 2>/dev/null || { dev_process=; return 1; }
        ((EPOCHSECONDS < deadline)) || fail "No worker was ready within 120 s." "'$hone doctor' says what is wrong."
        sleep 0.2
    done
}

# Ends the `hone dev` of an earlier demo that was killed, or that kept it; one that somebody else started is left alone.
stop_leftover_dev() {
    local process
    process=$(sed -nE "s/.*another 'hone dev' \(process ([0-9]+)\).*/\1/p" "$dev_log")
    [[ -n $process ]] && grep -qzs '^HONE_OPS_DEMO=' "/proc/$process/environ" || return 1
    say "Stopping what an earlier demo left running (process $process)"
    kill -TERM "$process" 2>/dev/null || true
    tail --pid="$process" -f /dev/null
}

fail_services() {
    tail -n 5 "$dev_log" >&2
    fail "'hone dev' ended; its last lines above say why." "'$hone doctor' checks the set-up and names the mend."
}

# Drains the worker and stops PostgreSQL, unless they are to be kept.
stop_services() {
    [[ -n $dev_process ]] || return 0
    if "$keep"; then
        say "Kept running: stop it with 'kill $dev_process'; its log is $dev_log"
    elif kill -TERM "$dev_process" 2>/dev/null; then
        say "Stopping what was started"
        wait "$dev_process" 2>/dev/null || true
    fi
    dev_process=
}

# sql [psql options]: runs them against the demo's database, stopping at the first error.
sql() {
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@" "$(<"$connection_file")"
}
