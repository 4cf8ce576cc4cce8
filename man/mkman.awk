# SPDX-License-Identifier: GPL-2.0-or-later
#
# Puts the list of options into the manual, from the table the program is
# made of, so that neither is built by running the other:
#
#   awk -v def=src/conf/options.def -f mkman.awk dns-firewall.8.in
#
# The line @OPTIONS@ becomes one mdoc item for each row of def.

# Prints text for mdoc: each sentence on a line of its own, none too long.
function print_text(text,	word, n, i, line)
{
	gsub(/\\/, "\\e", text)
	gsub(/->/, "\\->", text)
	gsub(/~>/, "\\(ti>", text)
	n = split(text, word, " ")
	for (i = 1; i <= n; i++) {
		if (line != "" && length(line) + length(word[i]) >= 79) {
			print line
			line = ""
		}
		line = line (line == "" ? "" : " ") word[i]
		if (line ~ /\.$/) {
			print line
			line = ""
		}
	}
	if (line != "")
		print line
}

# Cuts a row at the commas outside of strings; strings that follow each other
# are one. The count of fields is returned.
function fields(row, field,	n, c, i, quoted)
{
	n = 1
	field[1] = ""
	for (i = 1; i <= length(row); i++) {
		c = substr(row, i, 1)
		if (c == "\"")
			quoted = !quoted
		else if (c == "," && !quoted)
			field[++n] = ""
		else if (quoted || c !~ /[ \t]/)
			field[n] = field[n] c
	}
	return n
}

function keep_choices(row,	field, n, i)
{
	n = fields(row, field)
	for (i = 2; i <= n; i++)
		choices[field[1]] = choices[field[1]] (i > 2 ? ", " : "") \
		    field[i]
}

function keep_option(row,	field, env)
{
	fields(row, field)
	env = toupper(field[3])
	gsub(/-/, "_", env)
	options++
	kind[options] = field[1]
	key[options] = field[2]
	name[options] = field[3]
	variable[options] = (field[4] == "OURS" ? "DNSFW_" : "") env
	fallback[options] = field[7]
	meta[options] = field[8]
	help[options] = field[9]
}

# A row begins at OPT( or CHOICES( and ends where a line ends in a bracket.
function read_table(	line, row, open)
{
	while ((getline line < def) > 0) {
		if (!open && line !~ /^(OPT|CHOICES)\(/)
			continue
		row = open ? row " " line : line
		open = line !~ /\)$/
		if (open)
			continue
		sub(/\)$/, "", row)
		if (sub(/^OPT\(/, "", row))
			keep_option(row)
		else if (sub(/^CHOICES\(/, "", row))
			keep_choices(row)
	}
	close(def)
}

# A flag that is on is shown with what switches it off.
function print_option(i,	on)
{
	on = kind[i] == "flag" && fallback[i] == "yes"
	printf ".It Fl Fl %s", name[i] (on ? "[=no]" : "")
	print (kind[i] == "flag") ? "" : " Ar " meta[i]
	print_text(help[i])
	if (kind[i] == "choice")
		print "Possible values: " choices[key[i]] "."
	print "Environment:"
	print ".Ev " variable[i] " ."
	if (fallback[i] != "" && (kind[i] != "flag" || on)) {
		print "Default:"
		print ".Ql " fallback[i] " ."
	}
}

BEGIN {
	if (def == "") {
		print "mkman.awk: -v def=OPTIONS.DEF is missing" > "/dev/stderr"
		failed = 1
		exit
	}
	read_table()
	if (options == 0) {
		print "mkman.awk: no options in " def > "/dev/stderr"
		failed = 1
		exit
	}
}

/^@OPTIONS@$/ {
	for (i = 1; i <= options; i++)
		print_option(i)
	next
}

{ print }

END { exit failed }
