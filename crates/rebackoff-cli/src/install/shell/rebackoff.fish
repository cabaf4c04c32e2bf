
# Prints the command that is run, from its first word on; fails before it has begun.
function __fish_rebackoff_command
    set -l words (commandline -opc)[3..]
    while set -q words[1]
        switch $words[1]
            case --
                set -e words[1]
                string join \n -- $words
                return 0
            case '--*=*'
                set -e words[1]
            case @valued@
                set -e words[1..2]
            case '-*'
                set -e words[1]
            case '*'
                string join \n -- $words
                return 0
        end
    end
    return 1
end

# The completions of the command that is run.
function __fish_rebackoff_complete_command
    set -l words (__fish_rebackoff_command)
    set -l current (commandline -ct)
    if set -q words[1]
        complete -C (string join ' ' -- (string escape -- $words) $current)
    else if not string match -q -- '-*' $current
        complete -C $current
    end
end

# Names of profiles: those of --config, else of the usual files.
function __fish_rebackoff_profiles
    set -l config $HOME/.config
    set -q XDG_CONFIG_HOME; and set config $XDG_CONFIG_HOME
    set -l files rebackoff.toml $config/rebackoff/rebackoff.toml
    set -l words (commandline -opc)
    for n in (seq (count $words))
        switch $words[$n]
            case --config
                set files $words[(math $n + 1)]
            case '--config=*'
                set files (string replace -- --config= '' $words[$n])
        end
    end
    sed -n 's/^[[:space:]]*\[[[:space:]"]*\([A-Za-z0-9_-]*\)[[:space:]"]*\].*/\1/p' $files 2>/dev/null
end

complete -c rebackoff -n "__fish_rebackoff_using_subcommand run" -f -a "(__fish_rebackoff_complete_command)"
complete -c rebackoff -n "__fish_rebackoff_using_subcommand run plan" -s p -l profile -x -a "(__fish_rebackoff_profiles)"
complete -c rebackoff -n "__fish_rebackoff_needs_command" -f -a help -d 'Print help'
