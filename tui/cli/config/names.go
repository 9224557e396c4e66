package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"holter/model"
)

// fromCommandLine are the flags that a file cannot hold: those that say which file it is, and those of config show and man, which
// read none.
var fromCommandLine = []string{"help", "config", "profile", "given", "to"}

// flags are those of all commands of app.
func flags(app *kong.Application) []*kong.Flag {
	var list []*kong.Flag
	for _, node := range append(app.Leaves(false), app.Node) {
		list = append(list, node.Flags...)
	}
	return list
}

// settable are the names that a file may use: those of all commands, so that one file serves them all.
func settable(app *kong.Application) []string {
	var names []string
	for _, flag := range flags(app) {
		if !slices.Contains(fromCommandLine, flag.Name) {
			names = append(names, flag.Name)
		}
	}
	return names
}

// checkEnvironment refuses variables that are nearly one of app's. Others that merely begin alike are
// none of our business: for a service called holter, Kubernetes sets HOLTER_PORT and half a dozen more.
func checkEnvironment(app *kong.Application, environ []string) error {
	var known []string
	for _, flag := range flags(app) {
		known = append(known, flag.Envs...)
	}
	var wrong mistakes
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "HOLTER_") || slices.Contains(known, name) {
			continue
		}
		if near := model.Nearest(name, known); near != "" {
			wrong.add(fmt.Errorf("unknown environment variable %s: did you mean %s?", name, near))
		}
	}
	return wrong.join()
}
