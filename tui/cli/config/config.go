// Package config brings settings from the environment and from a configuration file to the flags of
// a kong command line. Flags win over the environment, the environment over the file, and in the
// file the section of the chosen profile over the rest.
//
// The file is YAML. Its keys are the names of flags; profiles hold more of them:
//
//	interval: 5s
//	allow-origin: [https://app.example]
//	profiles:
//	  prod:
//	    listen: 0.0.0.0:7070
//	    headless: true
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"holter/model"
)

// profiles are the sections that a file may have.
var profiles = []string{"dev", "test", "staging", "prod"}

// profile is the name of one of them.
type profile string

// Suggest are all of them.
func (profile) Suggest() []string { return profiles }

// Options are the flags that say where settings come from. A command that embeds them takes its
// settings from the environment and the file too.
type Options struct {
	Config  string  `placeholder:"FILE" type:"path" help:"Configuration file. The default is holter.yaml here, else holter/config.yaml in your configuration directory, if there is one."`
	Profile profile `placeholder:"NAME" help:"Section of the configuration file to use: dev, test, staging or prod."`

	file *file // nil for none
}

// BeforeResolve is called by kong once flags and environment are parsed.
func (o *Options) BeforeResolve(ctx *kong.Context) error {
	if err := checkEnvironment(ctx.Model, os.Environ()); err != nil {
		return each(err)[0]
	}
	file, err := open(given(ctx, "config"), given(ctx, "profile"), ctx.Model)
	if err != nil {
		return err
	}
	if o.file = file; file == nil {
		return nil
	}
	ctx.Call(func(w wrong) { file.leaveOut(w, given(ctx, "profile")) }) // only while a check looks for more mistakes
	if len(file.mistakes) > 0 {
		return file.mistakes[0]
	}
	ctx.AddResolver(file)
	ctx.Bind(file)
	return nil
}

// fileOf is the file that ctx has its settings from, nil if there is none.
func fileOf(ctx *kong.Context) (used *file) {
	ctx.Call(func(f *file) { used = f }) // fails without one
	return used
}

// given is the value of a flag that is a text, from the command line or the environment.
func given(ctx *kong.Context, name string) string {
	for _, flag := range ctx.Flags() {
		if flag.Name == name {
			return fmt.Sprint(ctx.FlagValue(flag))
		}
	}
	return ""
}

// longest bounds a configuration file in bytes: a thousand rules of alerts are a third of that.
const longest = 1 << 20

// readFile reads a file that is one, and not too long. A pipe is a file too, as in --config <(command), but not one that is empty: a
// reload finds it so, and must not take that for a file without settings.
func readFile(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	kind := info.Mode().Type()
	if kind != 0 && kind != fs.ModeNamedPipe {
		return nil, fmt.Errorf("%s is no file: write the path of one", path)
	}
	f.SetReadDeadline(time.Now().Add(5 * time.Second)) // only a pipe has one
	text, err := io.ReadAll(io.LimitReader(f, longest+1))
	switch {
	case len(text) > longest:
		return nil, fmt.Errorf("%s is longer than %d bytes: leave out what is no setting", path, longest)
	case err == nil && len(text) == 0 && kind == fs.ModeNamedPipe:
		return nil, fmt.Errorf("%s %w", path, errEmptyPipe)
	}
	return text, err
}

var errEmptyPipe = errors.New("is a pipe with nothing in it, and can be read once only: for a reload write the path of a file")

// open reads the file at path, or the one that is there if path is empty. It answers nil if there is none.
func open(path, profile string, app *kong.Application) (*file, error) {
	if profile != "" && !slices.Contains(profiles, profile) {
		return nil, fmt.Errorf("--profile %q is unknown: write %s", profile, model.OneOf(profiles))
	}
	candidates := []string{path}
	if path == "" {
		candidates = places()
	}
	for _, c := range candidates {
		text, err := readFile(c)
		if path == "" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the configuration: %w", err)
		}
		file := parse(c, text, profile, app)
		file.found = path == "" && c == here
		return file, nil
	}
	if profile != "" {
		return nil, fmt.Errorf("--profile %s needs a configuration file: write --config FILE, or create %s", profile, model.OneOf(candidates))
	}
	return nil, nil
}

// places are where a configuration file is looked for, the first that exists wins.
func places() []string {
	list := []string{here}
	if dir, err := os.UserConfigDir(); err == nil {
		list = append(list, filepath.Join(dir, "holter", "config.yaml"))
	}
	return list
}
