package drill

import (
	"fmt"
	"strings"

	"holter/model"
	"holter/probe/tty"
)

// Reference is the part of the README that lists all keys, expectations and names, in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString("| key of a drill | |\n| --- | --- |\n")
	for _, k := range drillKeys {
		fmt.Fprintf(&b, "| `%s` | %s |\n", k.example, k.about)
	}
	b.WriteString("\n| key of a step | with | |\n| --- | --- | --- |\n")
	for _, k := range stepKeys {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.example, k.with(), k.about)
	}
	b.WriteString("\n| expectation | |\n| --- | --- |\n")
	for _, e := range language.Examples() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", e.Text, e.About)
	}
	names := likes()
	for i, name := range names {
		names[i] = "`" + name + "`"
	}
	fmt.Fprintf(&b, "\n%s\n\nNames for `like=`: %s.\n", aliases("`"), strings.Join(names, ", "))
	return b.String()
}

// aliases says which subjects have another name, with these quotes around both.
func aliases(quote string) string {
	var list []string
	for i := range language {
		if s := &language[i]; s.Alias != "" {
			list = append(list, fmt.Sprintf("%[1]s%[2]s%[1]s for %[1]s%[3]s%[1]s", quote, s.Alias, s.Name))
		}
	}
	return "One may also write " + strings.Join(list, ", and ") + "."
}

// with lists the kinds of step that have the key.
func (k *key[T]) with() string {
	var list []string
	for _, kind := range k.kinds {
		if string(kind) != k.name {
			list = append(list, "`"+string(kind)+"`")
		}
	}
	return strings.Join(list, ", ")
}

// likes returns the names for like= as they are to be written there.
func likes() []string {
	var names []string
	for i := range language {
		if language[i].Name == "like" {
			names = append(names, language[i].Words...)
		}
	}
	for i, name := range names {
		if strings.Contains(name, " ") {
			names[i] = `"` + name + `"`
		}
	}
	return names
}

const (
	helpWidth  = 80
	helpIndent = "    "
)

// help lists the same for the command line.
func help() string {
	var b strings.Builder
	section := func(title string, column int, rows [][2]string) {
		fmt.Fprintf(&b, "\n%s:\n\n", title)
		for _, r := range rows {
			writeRow(&b, column, r[0], r[1])
		}
	}
	section("Keys of a drill", 24, rows(drillKeys))
	section("Keys of a step, which has one of "+model.OneOf(kindNames()), 20, rows(stepKeys))
	var expectations [][2]string
	for _, e := range language.Examples() {
		expectations = append(expectations, [2]string{e.Text, e.About})
	}
	section("Expectations, with = != > >= < or <=", 28, expectations)
	fmt.Fprintf(&b, "\n%s\n\nNames for like=:\n\n", aliases(""))
	names := likes()
	for i := range names[:len(names)-1] {
		names[i] += ","
	}
	for _, line := range tty.Wrap(names, helpWidth-len(helpIndent)) {
		b.WriteString(helpIndent + line + "\n")
	}
	return b.String()
}

func kindNames() []string {
	var list []string
	for _, k := range kinds {
		list = append(list, string(k))
	}
	return list
}

func rows[T any](keys []key[T]) (rows [][2]string) {
	for _, k := range keys {
		about := k.about
		if with := strings.ReplaceAll(k.with(), "`", ""); with != "" {
			about = with + ": " + about
		}
		rows = append(rows, [2]string{k.example, about})
	}
	return rows
}

// writeRow writes two columns, the second from the given column of the first on. A long first column has a line of its own.
func writeRow(b *strings.Builder, column int, first, second string) {
	blank := helpIndent + strings.Repeat(" ", column)
	if len(first)+2 > column {
		fmt.Fprintf(b, "%s%s\n%s", helpIndent, first, blank)
	} else {
		fmt.Fprintf(b, "%s%-*s", helpIndent, column, first)
	}
	b.WriteString(strings.Join(tty.Wrap(strings.Fields(second), helpWidth-len(blank)), "\n"+blank))
	b.WriteByte('\n')
}
