# Names of profiles: those of --config, else of the usual files.
_rebackoff_profiles() {
    local n files=(rebackoff.toml "${XDG_CONFIG_HOME:-$HOME/.config}/rebackoff/rebackoff.toml")
    for ((n = 2; n < COMP_CWORD; n++)); do
        if [[ ${COMP_WORDS[n]} == --config ]]; then
            [[ ${COMP_WORDS[n + 1]} == = ]] && ((n++))
            files=("${COMP_WORDS[n + 1]/#\~/$HOME}")
        fi
    done
    sed -n 's/^[[:space:]]*\[[[:space:]"]*\([A-Za-z0-9_-]*\)[[:space:]"]*\].*/\1/p' "${files[@]}" 2>/dev/null
}

# Bash 3.2 of macOS has no mapfile.
_rebackoff_reply() {
    local word
    COMPREPLY=()
    while IFS= read -r word; do
        COMPREPLY+=("$word")
    done
}

_rebackoff() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local action=${COMP_WORDS[1]} options='' words='' kind='' ended='' n
    COMPREPLY=()
    # `--option=value` is three words.
    if [[ $cur == = ]]; then
        cur=''
    elif [[ $prev == = ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if ((COMP_CWORD == 1)); then
        _rebackoff_reply < <(compgen -W '@actions@ help --help --version' -- "$cur")
        return
    fi
    # The first word that is no option begins the command.
    for ((n = 2; n < COMP_CWORD; n++)); do
        case ${COMP_WORDS[n]} in
        --)
            ended=1
            ((n++))
            break
            ;;
        @valued@)
            [[ ${COMP_WORDS[n + 1]} == = ]] && ((n++))
            ((n++))
            ;;
        -*) ;;
        *) break ;;
        esac
    done
    if [[ $action == run ]] && ((n <= COMP_CWORD)) && [[ $ended || $n -lt $COMP_CWORD || $cur != -* ]]; then
        if declare -F _comp_command_offset >/dev/null; then
            _comp_command_offset "$n"
        elif declare -F _command_offset >/dev/null; then
            _command_offset "$n"
        elif ((n == COMP_CWORD)); then
            _rebackoff_reply < <(compgen -c -- "$cur")
        else
            _rebackoff_reply < <(compgen -f -- "$cur")
        fi
        return
    fi
    if ((n > COMP_CWORD)); then
        case $action,$prev in
        @values@
        esac
        if [[ $kind ]]; then
            compopt -o filenames 2>/dev/null
            _rebackoff_reply < <(compgen "$kind" -- "$cur")
            return
        fi
    else
        case $action in
        @options@
        help) words='@actions@' ;;
        esac
        words+=$options
    fi
    _rebackoff_reply < <(compgen -W "$words" -- "$cur")
}

complete -F _rebackoff rebackoff
