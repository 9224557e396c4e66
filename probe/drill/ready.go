package drill

import (
	"embed"
	"fmt"
	"io"
	"os"
	"strings"

	"holter/model"
)

//go:embed ready/*.yaml
var ready embed.FS

// Names are the built-in drills.
var Names = []string{"deploy", "blip", "herd"}

// Name is the name of a built-in drill, or the path of a file with a drill.
type Name string

// Suggest lists the built-in drills.
func (Name) Suggest() []string { return Names }

// Template returns the text of a built-in drill. The error lists their names.
func Template(name string) (string, error) {
	text, err := ready.ReadFile("ready/" + name + ".yaml")
	if err != nil {
		if near := model.Nearest(name, Names); near != "" {
			return "", fmt.Errorf("there is no built-in drill %.60q: did you mean %s?", name, near)
		}
		return "", fmt.Errorf("there is no built-in drill %.60q: write one of %s", name, strings.Join(Names, ", "))
	}
	return string(text), nil
}

// maxScript bounds a file, in bytes.
const maxScript = 1 << 20

// Open reads the built-in drill of that name, or else the file. The error lists all mistakes with their lines,
// and says for each what to write.
func Open(name string) (*Drill, error) {
	if text, err := Template(name); err == nil {
		return Parse(name+".yaml", []byte(text))
	}
	file, err := os.Open(name)
	if near := model.Nearest(name, Names); os.IsNotExist(err) && near != "" {
		return nil, fmt.Errorf("there is no file and no built-in drill named %s: did you mean %s?", name, near)
	} else if os.IsNotExist(err) {
		return nil, fmt.Errorf("there is no file and no built-in drill named %s: write a file, or one of %s", name, strings.Join(Names, ", "))
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
		return nil, fmt.Errorf("%s has more than %d bytes, which is too long for a drill", name, maxScript)
	}
	return Parse(name, text)
}
