package drill

import (
	"embed"
	"fmt"
	"io"
	"os"
	"strings"
)

//go:embed ready/*.yaml
var ready embed.FS

// Names are the drills that are ready made.
var Names = []string{"deploy", "blip", "herd"}

// Name is that of a drill which is ready made, or of a file with one's own.
type Name string

// Suggest are those that are ready made.
func (Name) Suggest() []string { return Names }

// Template is the text of a drill that is ready made, to begin one's own with. The error says which
// there are.
func Template(name string) (string, error) {
	text, err := ready.ReadFile("ready/" + name + ".yaml")
	if err != nil {
		return "", fmt.Errorf("there is no drill %.60q ready made: write one of %s", name, strings.Join(Names, ", "))
	}
	return string(text), nil
}

// maxScript bounds a file, in bytes.
const maxScript = 1 << 20

// Open reads a drill: one that is ready made, or the file of that name. The error names every mistake in
// it, by its line, and what to write there.
func Open(name string) (*Drill, error) {
	if text, err := Template(name); err == nil {
		return Parse(name+".yaml", []byte(text))
	}
	file, err := os.Open(name)
	if os.IsNotExist(err) {
		return nil, fmt.Errorf("there is no file %s, and no such drill ready made: write a file, or one of %s", name, strings.Join(Names, ", "))
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxScript+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxScript {
		return nil, fmt.Errorf("%s has more than %d bytes: it is no drill", name, maxScript)
	}
	return Parse(name, text)
}
