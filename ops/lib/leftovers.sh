# shellcheck shell=bash
# Every process that a run starts inherits a mark in its environment; at the end none may be alive.

mark_processes() {
    export HONE_OPS_RUN="hone-ops-$$-$EPOCHSECONDS"
}

marked_processes() {
    local environment id
    for environment in /proc/[0-9]*/environ; do
        id=${environment//[!0-9]/}
        ((id == $$ || id == BASHPID)) || { grep -qzsF "HONE_OPS_RUN=$HONE_OPS_RUN" "$environment" && printf '%s\n' "$id"; }
    done 2>/dev/null
    return 0
}

# Stops what is still alive and names it; returns 1 if there was any.
stop_leftovers() {
    local ids deadline=$((SECONDS + 60))
    # The watchdogs of test clusters need a moment to clear up behind the tests.
    while mapfile -t ids < <(marked_processes) && ((${#ids[@]} > 0 && SECONDS < deadline)); do sleep 0.5; done
    ((${#ids[@]} > 0)) || return 0
    printf '%s: left running, stopped now:\n' "$program" >&2
    ps -o pid=,args= -p "$(IFS=,; printf '%s' "${ids[*]}")" >&2 || return 0
    kill -TERM "${ids[@]}" 2>/dev/null || true
    return 1
}
