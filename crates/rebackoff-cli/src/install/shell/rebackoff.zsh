(( $+functions[_rebackoff_profiles] )) ||
_rebackoff_profiles() {
    local -a files profiles
    files=(rebackoff.toml ${XDG_CONFIG_HOME:-$HOME/.config}/rebackoff/rebackoff.toml)
    local config=${opt_args[--config]}
    [[ -n $config ]] && files=(${~config})
    profiles=(${(f)"$(sed -n 's/^[[:space:]]*\[[[:space:]"]*\([A-Za-z0-9_-]*\)[[:space:]"]*\].*/\1/p' $files 2>/dev/null)"})
    _describe -t profiles profile profiles
}

