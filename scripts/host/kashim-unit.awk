# SPDX-License-Identifier: MIT
# What the files of a systemd unit say of LD_PRELOAD, read in the order in which systemd does: lines of "environment VALUE",
# "file PATH", "unset" and "starts COMMAND", as they hold at the end. See systemd.exec(5), systemd.syntax(7).

# Divide a value into words, which may be quoted; into word[1] and so on. Returns how many there are.
function split_words(value,    count, at, letter, quote, inside) {
	count = 0
	quote = ""
	inside = 0
	for (at = 1; at <= length(value); at++) {
		letter = substr(value, at, 1)
		if (quote == "" && letter ~ /[ \t]/) {
			inside = 0
			continue
		}
		if (!inside) {
			word[++count] = ""
			inside = 1
		}
		if (letter == "\\" && at < length(value)) {
			word[count] = word[count] substr(value, ++at, 1)
		} else if (quote == "" && (letter == "\"" || letter == "'")) {
			quote = letter
		} else if (letter == quote) {
			quote = ""
		} else {
			word[count] = word[count] letter
		}
	}
	return count
}

function set_key(key, value,    count, i) {
	if (key == "Environment") {
		if (value == "")
			has_preload = 0
		count = split_words(value)
		for (i = 1; i <= count; i++) {
			if (word[i] !~ /^LD_PRELOAD=/)
				continue
			has_preload = 1
			preload = substr(word[i], 12)
		}
	} else if (key == "EnvironmentFile") {
		if (value == "")
			file_count = 0
		else
			files[++file_count] = value
	} else if (key == "UnsetEnvironment") {
		if (value == "")
			is_unset = 0
		count = split_words(value)
		for (i = 1; i <= count; i++)
			if (word[i] ~ /^LD_PRELOAD(=|$)/)
				is_unset = 1
	} else if (key == "ExecStart") {
		command = value
	}
}

FNR == 1 {
	section = ""
	line = ""
}

# Comments may stand between the lines of one setting.
/^[ \t]*[#;]/ { next }

/\\$/ {
	line = line substr($0, 1, length($0) - 1) " "
	next
}

{
	line = line $0
	if (line ~ /^[ \t]*\[/) {
		section = line
		gsub(/[ \t]/, "", section)
	} else if (section == "[Service]" && (at = index(line, "=")) > 0) {
		key = substr(line, 1, at - 1)
		value = substr(line, at + 1)
		gsub(/^[ \t]+|[ \t]+$/, "", key)
		gsub(/^[ \t]+|[ \t\r]+$/, "", value)
		set_key(key, value)
	}
	line = ""
}

END {
	if (has_preload)
		print "environment " preload
	for (i = 1; i <= file_count; i++)
		print "file " files[i]
	if (is_unset)
		print "unset"
	if (command != "")
		print "starts " command
}
