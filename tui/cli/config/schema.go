package config

import (
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"holter/model/alert"
)

// schemaCommand is holter config schema.
type schemaCommand struct{}

// Help is shown by holter config schema --help.
func (schemaCommand) Help() string {
	return `Editors with a YAML language server take it from the first line of the file:

    # yaml-language-server: $schema=holter.schema.json`
}

// Run prints the schema.
func (schemaCommand) Run(k *kong.Kong) error {
	_, err := io.WriteString(k.Stdout, Schema(k.Model))
	return err
}

// object is one in JSON. Its fields come out sorted.
type object = map[string]any

// Schema is the JSON schema of the configuration file for the commands of app: draft 7, which editors know.
func Schema(app *kong.Application) string {
	names := settable(app)
	settings, top, kinds, sections := object{}, object{}, object{}, object{}
	for _, flag := range flags(app) {
		if name := flag.Name; slices.Contains(names, name) {
			kinds[name] = either(kinds[name], described(flag))
			settings[name] = object{"$ref": "#/definitions/" + name}
			top[name] = settings[name]
		}
	}
	kinds["profile"], kinds["a duration"], kinds["a rule"] = mapping("", settings), durationSchema(), ruleSchema()
	for _, name := range profiles {
		sections[name] = object{"$ref": "#/definitions/profile"}
	}
	top["profiles"] = mapping("What is set otherwise with --profile NAME.", sections)
	schema := mapping("The settings of "+app.Name+": the keys are its flags, without their dashes.", top)
	schema["$schema"], schema["title"], schema["definitions"] = "http://json-schema.org/draft-07/schema#", "The configuration file of "+app.Name, kinds
	schema["type"] = []string{"object", "null"}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	e.Encode(schema) // of texts, lists and maps: it cannot fail
	return b.String()
}

// mapping is the schema of a mapping with these fields and no others. It may be empty.
func mapping(about string, fields object) object {
	m := object{"type": []string{"object", "null"}, "properties": fields, "additionalProperties": false}
	if about != "" {
		m["description"] = about
	}
	return m
}

// either is the schema for a name that two commands have, the first of which may be nil.
func either(first any, second object) any {
	if first == nil || reflect.DeepEqual(first, second) {
		return second
	}
	if _, ok := first.(object)["anyOf"]; !ok || first.(object)["description"] != nil {
		first = object{"anyOf": []any{first}}
	}
	list := first.(object)["anyOf"].([]any)
	if !slices.ContainsFunc(list, func(s any) bool { return reflect.DeepEqual(s, second) }) {
		first.(object)["anyOf"] = append(list, second)
	}
	return first
}

// described is the schema of a flag's value.
func described(flag *kong.Flag) object {
	t := flag.Target.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	s := object{}
	switch words := flag.EnumSlice(); {
	case flag.Enum != "":
		s["enum"] = words
	case flag.PlaceHolder == "HOST:PORT":
		s["type"], s["pattern"] = "string", "^$|:[0-9]+$"
	case flag.IsSlice():
		element := kindOf(t.Elem())
		s["anyOf"] = []any{element, object{"type": "array", "items": element}}
	default:
		s = kindOf(t)
	}
	if s["$ref"] != nil { // draft 7 sees nothing beside it
		s = object{"allOf": []any{s}}
	}
	if known, ok := flag.Target.Interface().(interface{ Suggest() []string }); ok {
		s["examples"] = known.Suggest()
	}
	s["description"] = flag.Help
	if flag.Default != "" {
		s["default"] = defaultOf(t, flag.Default)
	}
	return s
}

// durationSchema is that of what Go writes as a duration: a number needs its unit, except for 0.
func durationSchema() object {
	return object{"anyOf": []any{object{"type": "string", "pattern": durations}, object{"const": 0}}}
}

// durations are those of settings, none of which may be negative.
const durations = `^[+]?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`

// kindOf is the schema of a type.
func kindOf(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[alert.Rule]():
		return object{"$ref": "#/definitions/a%20rule"}
	case t == reflect.TypeFor[time.Duration]():
		return object{"$ref": "#/definitions/a%20duration"}
	case t.Kind() == reflect.Bool:
		return object{"enum": []any{true, false, "true", "false", "yes", "no", "1", "0", 1, 0}}
	case t.PkgPath() == "" && t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return object{"type": []string{"integer", "string"}, "pattern": `^[-+]?[0-9]`} // in quotes too
	case t.PkgPath() == "" && t.Kind() == reflect.Float64:
		return object{"type": []string{"number", "string"}, "pattern": `^[-+]?[.0-9]`}
	}
	s := object{"type": []string{"string", "number"}} // a text of digits too
	if written, ok := reflect.Zero(t).Interface().(interface{ Pattern() string }); ok {
		s["pattern"], s["minimum"] = written.Pattern(), 0
	}
	return s
}

// ruleSchema is that of a rule of alerts.
func ruleSchema() object {
	text := object{"type": "string"}
	texts := object{"type": "object", "additionalProperties": object{"type": []string{"string", "number"}}}
	duration := kindOf(reflect.TypeFor[time.Duration]())
	return object{"anyOf": []any{
		object{"type": "string", "pattern": "^[^=]+="},
		object{
			"type": "object", "additionalProperties": false, "required": []string{"alert", "expr"},
			"properties": object{"alert": text, "expr": text, "for": duration, "keep_firing_for": duration, "labels": texts, "annotations": texts},
		},
	}}
}

// defaultOf is a default in JSON.
func defaultOf(t reflect.Type, text string) any {
	switch {
	case t.Kind() == reflect.Bool:
		return text == "true"
	case t.PkgPath() == "" && t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64:
		return json.Number(text)
	}
	return text
}
