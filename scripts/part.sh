# shellcheck shell=bash
# Sourced by the scripts that have many parts.

# part NAME COMMAND…  runs the command under a headline, and says how long it took
part() {
    local name=$1 start=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    "$@"
    printf -- '-- %s: %d s\n' "$name" $((SECONDS - start))
}

# beside NAME COMMAND…  starts a part beside those that follow; `joined` shows what it printed
besides=()
beside() {
    local printed
    printed=$(mktemp)
    part "$@" >"$printed" 2>&1 &
    besides+=("$! $printed")
}

# joined  waits for the parts that were started beside others, and fails where one of them did
joined() {
    local started pid printed failed=0
    for started in "${besides[@]}"; do
        read -r pid printed <<<"$started"
        wait "$pid" || failed=$?
        cat "$printed"
        rm "$printed"
    done
    besides=()
    return "$failed"
}

# use_tools  puts the tools of scripts/tools.txt on the PATH
use_tools() {
    local tools
    tools=$(scripts/tools)
    PATH=$tools:$PATH
}
