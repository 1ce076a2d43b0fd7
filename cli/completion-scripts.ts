// Completions for shells: short scripts that ask `latchkey completion words` what can stand in the place of the word that is being typed.

export const shells = ['bash', 'zsh', 'fish'] as const;
export type CompletionShell = (typeof shells)[number];

/** Where there is nothing to offer, the shell's own completion of files takes over; behind `--`, that of commands. */
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
  local current="\${COMP_WORDS[COMP_CWORD]}" IFS=$'\\n'
  if [[ "$current" == "=" ]]; then current=""; fi
  COMPREPLY=($(latchkey completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" "$current" 2>/dev/null | cut -f 1))
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
if [ "$funcstack[1]" = "_latchkey" ]; then _latchkey "$@"; else compdef _latchkey latchkey; fi
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
