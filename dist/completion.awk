# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion for the shell, from the tables the programs are made of:
#
#   awk -v shell=bash -f completion.awk src/conf/options.def src/ctl/commands.def
#   awk -v shell=zsh  -f completion.awk src/conf/options.def src/ctl/commands.def

# The first string of a row.
function first_string(row)
{
	sub(/^[^"]*"/, "", row)
	sub(/".*/, "", row)
	return row
}

/^OPT\(/ {
	row = $0
	kind = row
	sub(/^OPT\(/, "", kind)
	sub(/,.*/, "", kind)
	field = row
	sub(/^[^,]*, */, "", field)
	sub(/,.*/, "", field)
	name = first_string(row)
	options = options " --" name
	if (kind == "path")
		paths = paths (paths == "" ? "" : "|") "--" name
	if (kind == "choice")
		of_choice[field] = name
	next
}

/^CHOICES\(/ {
	row = $0
	field = row
	sub(/^CHOICES\(/, "", field)
	sub(/,.*/, "", field)
	sub(/^[^"]*/, "", row)
	gsub(/[",)]/, "", row)
	choices[of_choice[field]] = row
	next
}

/^COMMAND\(/ {
	name = $0
	sub(/^COMMAND\(/, "", name)
	sub(/,.*/, "", name)
	commands = commands (commands == "" ? "" : " ") name
}

function bash(	name)
{
	print "# Completion for dns-firewall and dns-firewallctl."
	print "_dns_firewall() {"
	print "\tlocal word=${COMP_WORDS[COMP_CWORD]}"
	print "\tlocal before=${COMP_WORDS[COMP_CWORD-1]}"
	print "\tcase $before in"
	print "\t" paths "|--check|--compile)"
	print "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;"
	for (name in choices) {
		print "\t--" name ")"
		print "\t\tmapfile -t COMPREPLY < <(compgen -W '" \
		    choices[name] "' -- \"$word\") ;;"
	}
	print "\t*)"
	print "\t\tmapfile -t COMPREPLY < <(compgen -W '--help --version" \
	    " --check --compile --cleanup" options "' -- \"$word\") ;;"
	print "\tesac"
	print "}"
	print "_dns_firewallctl() {"
	print "\tlocal word=${COMP_WORDS[COMP_CWORD]}"
	print "\tcase ${COMP_WORDS[COMP_CWORD-1]} in"
	print "\tcache)"
	print "\t\tmapfile -t COMPREPLY < <(compgen -W 'dump flush'" \
	    " -- \"$word\") ;;"
	print "\tflush)"
	print "\t\t[[ ${COMP_WORDS[COMP_CWORD-2]} == cache ]] &&"
	print "\t\tmapfile -t COMPREPLY < <(compgen -W '--all'" \
	    " -- \"$word\") ;;"
	print "\tgrants)"
	print "\t\tmapfile -t COMPREPLY < <(compgen -W '--json'" \
	    " -- \"$word\") ;;"
	print "\treload)"
	print "\t\tmapfile -t COMPREPLY < <(compgen -W '--confirm'" \
	    " -- \"$word\") ;;"
	print "\tcheck|diff|--control)"
	print "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;"
	print "\t*)"
	print "\t\tmapfile -t COMPREPLY < <(compgen -W '--control --help" \
	    " --version " commands "' -- \"$word\") ;;"
	print "\tesac"
	print "}"
	print "complete -F _dns_firewall dns-firewall"
	print "complete -F _dns_firewallctl dns-firewallctl"
}

function zsh(	name, n, i, word)
{
	print "#compdef dns-firewall dns-firewallctl"
	print "case $service in"
	print "dns-firewallctl)"
	print "\tif (( CURRENT > 2 )) && [[ $words[CURRENT-1] == cache ]]; then"
	print "\t\tcompadd dump flush"
	print "\telif [[ $words[CURRENT-1] == flush ]]; then"
	print "\t\t[[ $words[CURRENT-2] == cache ]] && compadd -- --all"
	print "\telif [[ $words[CURRENT-1] == grants ]]; then"
	print "\t\tcompadd -- --json"
	print "\telif [[ $words[CURRENT-1] == reload ]]; then"
	print "\t\tcompadd -- --confirm"
	print "\telif [[ $words[CURRENT-1] == (check|diff|--control) ]]; then"
	print "\t\t_files"
	print "\telse"
	print "\t\tcompadd -- --control --help --version " commands
	print "\tfi ;;"
	print "*)"
	print "\tcase $words[CURRENT-1] in"
	print "\t" paths "|--check|--compile) _files ;;"
	for (name in choices)
		print "\t--" name ") compadd " choices[name] " ;;"
	print "\t*) compadd -- --help --version --check --compile --cleanup" options " ;;"
	print "\tesac ;;"
	print "esac"
}

END {
	if (shell == "zsh")
		zsh()
	else
		bash()
}
