# SPDX-License-Identifier: GPL-2.0-or-later
# The rules of the house, over src/<room>/*.[ch] named relative to src:
# rooms lean only downwards, a file is at most 500 lines, a function 60, a
# line 80 columns (a tab goes to the next multiple of 8), the licence is first.

BEGIN {
	# room: what it may include besides itself
	may["base"] = ""
	may["conf"] = "base"
	may["wire"] = "base"
	may["proc"] = "base conf wire"
	may["net"] = "base conf wire"
	may["policy"] = "base conf wire proc"
	may["lists"] = "base conf wire proc policy"
	may["supply"] = "base conf wire proc net policy lists"
	may["cache"] = "base conf wire proc net policy lists"
	may["upstream"] = may["cache"]
	may["record"] = may["cache"]
	may["firewall"] = may["cache"] " record"
	may["witness"] = may["cache"] " record firewall"
	may["ctl"] = may["witness"] " witness"
	may["query"] = may["cache"] " cache upstream firewall record"
	may["listen"] = may["query"] " query"
	may["main"] = may["listen"] " listen ctl witness supply"
	status = 0
}

function say(line, text) {
	printf "src/%s:%d: %s\n", FILENAME, line, text
	status = 1
}

function columns(text,    i, n, c) {
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		n = c == "\t" ? n - n % 8 + 8 : n + 1
	}
	return n + 0
}

function check_include(path,    to) {
	to = path
	if (to !~ /\//)
		return
	sub(/\/.*/, "", to)
	if (!(to in may))
		say(FNR, "no such room: \"" path "\"")
	else if (to != room && index(" " may[room] " ", " " to " ") == 0)
		say(FNR, room " may not include \"" path "\"")
}

function end_file() {
	if (file != "" && lines > 500)
		printf "src/%s:%d: %d lines; at most 500\n", file, lines, lines
	if (file != "" && lines > 500)
		status = 1
}

FNR == 1 {
	end_file()
	file = FILENAME
	room = file
	sub(/\/.*/, "", room)
	inside = 0
	if (!(room in may))
		say(1, "no such room: " room)
	if ($0 !~ /SPDX-License-Identifier: GPL-2\.0-or-later/)
		say(1, "the SPDX line is not first")
}

{
	lines = FNR
	if (columns($0) > 80)
		say(FNR, columns($0) " columns; at most 80")
	if ($0 ~ /[ \t]$/)
		say(FNR, "blanks at the end of the line")
}

/^#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	check_include(part[2])
}

/^\{/ {
	begun = FNR
	inside = 1
}

inside && /^\}/ {
	if (FNR - begun - 1 > 60)
		say(begun, FNR - begun - 1 " lines in a function; at most 60")
	inside = 0
}

END {
	end_file()
	exit status
}
