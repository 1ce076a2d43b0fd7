// Completion scripts for shells: short scripts that get their candidates from `latchkey completion words`.

export const shells = ['bash', 'zsh', 'fish'] as const;
export type CompletionShell = (typeof shells)[number];

/** Without candidates, the shell completes file names; after `--`, it completes commands. */
export const completionScripts: Record<CompletionShell, string> = {
  bash: `# latchkey completions for bash: eval "$(latchkey completion bash)"
_latchkey() {
  local i
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ "\${COMP_WORDS[i]}" == -- ]]; then
      if declare -F _command_offset >/dev/null; then _command_offset $((i + 1)); return; fi
      if ((i + 1 == COMP_CWORD)); then COMPREPLY=($(compgen -c -- "\${COMP_WORDS[COMP_CWORD]}" | sort -u)); fi
      return
    fi
  done
  # readline breaks ROLE@ACCOUNT at the @, and completes what follows it
  local -a words=()
  local word at=0 current prefix="" IFS=$'\\n'
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if ((at > 0)) && [[ "$word" == @* || "\${words[at-1]}" == *@ ]]; then words[at-1]+="$word"; else words[at++]="$word"; fi
  done
  current="\${words[at-1]}"
  if [[ "$current" == "=" ]]; then current=""; fi
  if [[ "$current" == *@* ]]; then prefix="\${current%@*}@"; fi
  COMPREPLY=($(latchkey completion words -- "\${words[@]:0:at-1}" "$current" 2>/dev/null | cut -f 1))
  COMPREPLY=("\${COMPREPLY[@]#"$prefix"}")
}
complete -o default -F _latchkey latchkey
`,
  zsh: `#compdef latchkey
# latchkey completions for zsh: latchkey completion zsh > "\${fpath[1]}/_latchkey", or eval "$(latchkey completion zsh)"
_latchkey() {
  local -a found words_before
  words_before=("\${(@)words[2,CURRENT-1]}")
  local rest=\${words_before[(i)--]}
  if (( rest <= $#words_before )); then
    shift $(( rest + 1 )) words
    (( CURRENT -= rest + 1 ))
    _normal
    return
  fi
  local word summary
  latchkey completion words -- "\${words_before[@]}" "$PREFIX" 2>/dev/null | while IFS=$'\\t' read -r word summary; do
    found+=("\${word//:/\\\\:}\${summary:+:$summary}")
  done
  if (( $#found )); then _describe -V latchkey found; else _files; fi
}
if [ "$funcstack[1]" = "_latchkey" ]; then
  _latchkey "$@"
else
  # compdef comes with compinit, which may run later: then this is registered at the first prompt
  autoload -Uz add-zsh-hook
  _latchkey_register() {
    (( $+functions[compdef] )) || return 0
    add-zsh-hook -d precmd _latchkey_register
    compdef _latchkey latchkey
  }
  add-zsh-hook precmd _latchkey_register
  _latchkey_register
fi
`,
  fish: `# latchkey completions for fish: latchkey completion fish | source
function __latchkey_complete
    set -l before (commandline -opc)[2..]
    set -l current (commandline -ct)
    if set -l rest (contains -i -- -- $before)
        complete -C "$(string join ' ' -- (string escape -- $before[(math $rest + 1)..]) $current)"
        return
    end
    set -l found (latchkey completion words -- $before "$current" 2>/dev/null)
    if test (count $found) -gt 0
        string join \\n -- $found
    else
        complete -C "'' $current"
    end
end
complete -c latchkey -f -a '(__latchkey_complete)'
`,
};
