package completion

// scripts ask NAME complete for the candidates, and offer files where there are none. The words go
// after a --, so that they are not taken for flags of that call.
var scripts = map[string]string{
	"bash": `_NAME() {
    local IFS=$'\n'
    COMPREPLY=($(NAME complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1))
}
complete -o default -F _NAME NAME
`,
	"zsh": `#compdef NAME
_NAME() {
    local -a found
    found=(${(f)"$(NAME complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    found=("${(@)found//:/\\:}")
    found=("${(@)found/$'\t'/:}")
    if (( $#found )); then
        _describe NAME found
    else
        _files
    fi
}
if [[ $funcstack[1] = _NAME ]]; then
    _NAME
else
    compdef _NAME NAME
fi
`,
	"fish": `function __NAME_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found (NAME complete -- $words[2..] 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c NAME -f -a '(__NAME_complete)'
`,
}
