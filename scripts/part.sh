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

# use_tools  puts the tools of scripts/tools.txt on the PATH
use_tools() {
    local tools
    tools=$(scripts/tools)
    PATH=$tools:$PATH
}
