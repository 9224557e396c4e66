package manual

import (
	"fmt"
	"go/doc/comment"
	"strings"
)

// roff is a manual page in the making, in the macros of man(7).
type roff struct {
	strings.Builder
	begun bool // the section has text: what follows is a paragraph of its own
}

// title begins a page of section 1.
func (r *roff) title(name, source string) {
	fmt.Fprintf(r, ".TH %s 1 \"\" \"%s\" \"User Commands\"\n", escape(strings.ToUpper(name)), escape(source))
	r.WriteString(".nh\n.ad l\n") // nothing is hyphenated, for names would be, nor set in block
}

func (r *roff) section(name string) {
	fmt.Fprintf(r, ".SH \"%s\"\n", escape(strings.ToUpper(name)))
	r.begun = false
}

func (r *roff) subsection(name string) {
	fmt.Fprintf(r, ".SS \"%s\"\n", escape(name))
	r.begun = false
}

// line writes text that is escaped already.
func (r *roff) line(text string) {
	r.WriteString(text + "\n")
	r.begun = true
}

// apart begins a paragraph.
func (r *roff) apart() {
	if r.begun {
		r.line(".PP")
	}
}

// usage is a line of a synopsis.
func (r *roff) usage(text string) {
	if r.begun {
		r.line(".br")
	}
	program, rest, _ := strings.Cut(text, " ")
	r.line(bold(program) + " " + escape(rest))
}

// item is a term, escaped already, and what is said of it.
func (r *roff) item(term, text string) {
	r.line(".TP\n" + term)
	r.line(guard(escape(strings.Join(strings.Fields(text), " "))))
}

// prose writes text in the form that help has in the command line: that of Go's doc comments.
func (r *roff) prose(text string) {
	doc := new(comment.Parser).Parse(text)
	for _, block := range doc.Content {
		r.block(block)
	}
}

func (r *roff) block(block comment.Block) {
	switch b := block.(type) {
	case *comment.Heading:
		r.apart()
		r.line(bold(plain(b.Text)))
	case *comment.Paragraph:
		r.apart()
		r.line(guard(escape(plain(b.Text))))
	case *comment.Code:
		r.apart()
		r.line(".in +4n\n.nf")
		for line := range strings.Lines(b.Text) {
			r.line(guard(escape(strings.TrimRight(line, "\n"))))
		}
		r.line(".fi\n.in")
	case *comment.List:
		for _, item := range b.Items {
			r.line(".IP \\(bu 2")
			for _, inner := range item.Content {
				if p, ok := inner.(*comment.Paragraph); ok {
					r.line(guard(escape(plain(p.Text))))
				}
			}
		}
	}
}

// plain is the text of a paragraph in one line.
func plain(text []comment.Text) string {
	var b strings.Builder
	for _, t := range text {
		switch t := t.(type) {
		case comment.Plain:
			b.WriteString(string(t))
		case comment.Italic:
			b.WriteString(string(t))
		case *comment.Link:
			b.WriteString(plain(t.Text))
		case *comment.DocLink:
			b.WriteString(plain(t.Text))
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func bold(text string) string   { return `\fB` + escape(text) + `\fR` }
func italic(text string) string { return `\fI` + escape(text) + `\fR` }

// escape gives text as it is to be read: roff has a meaning for some characters, and sets others as typographers would,
// such as a hyphen where a user has to type a minus sign.
func escape(text string) string {
	var b strings.Builder
	for _, c := range text {
		switch {
		case escapes[c] != "":
			b.WriteString(escapes[c])
		case c > 126:
			fmt.Fprintf(&b, `\[u%04X]`, c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

var escapes = map[rune]string{
	'\\': `\e`, '-': `\-`, '\'': `\(aq`, '"': `\(dq`, '`': `\(ga`, '^': `\(ha`, '~': `\(ti`,
}

// guard keeps a line from being taken for a macro.
func guard(line string) string {
	if strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}
