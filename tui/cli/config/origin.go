package config

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"holter/model/alert"
)

// source is a kind of place where settings come from. A later one wins over an earlier one.
type source int

const (
	byDefault source = iota
	inFile
	inEnvironment
	onCommandLine
)

// setting is the value of a flag, and where it comes from.
type setting struct {
	flag *kong.Flag
	from source
	at   string // the place in the file, or the variable
	text string // as it is written there
}

// origin says where a setting comes from: "default", "holter.yaml:3", "HOLTER_INTERVAL" or "command line".
func (s *setting) origin() string {
	switch s.from {
	case byDefault:
		return "default"
	case onCommandLine:
		return "command line"
	}
	return s.at
}

// settingsOf are the settings of the command that ctx has parsed, in the order of its help, without those that say where the
// others are.
func settingsOf(ctx *kong.Context) []setting {
	given := make(map[*kong.Flag]bool)
	for _, step := range ctx.Path {
		if step.Flag != nil && !step.Resolved {
			given[step.Flag] = true
		}
	}
	f := fileOf(ctx)
	var list []setting
	for _, flag := range ctx.Flags() {
		if !slices.Contains(fromCommandLine, flag.Name) {
			list = append(list, settingOf(flag, f, given[flag]))
		}
	}
	return list
}

// settingOf finds where a flag has its value from. given says that the command line has it.
func settingOf(flag *kong.Flag, f *file, given bool) setting {
	if given {
		return setting{flag, onCommandLine, "", readable(flag.Target)}
	}
	if i := slices.IndexFunc(flag.Envs, isSet); i >= 0 {
		return setting{flag, inEnvironment, flag.Envs[i], os.Getenv(flag.Envs[i])}
	}
	if f != nil {
		if node, written := f.settings[flag.Name]; written {
			return setting{flag, inFile, fmt.Sprintf("%s:%d", f.path, node.Line()), fmt.Sprint(f.values[flag.Name])}
		}
	}
	return setting{flag, byDefault, "", flag.Default}
}

// same reports whether two settings of one flag have the same value.
func (s *setting) same(other *setting) bool {
	return s.text == other.text || reflect.DeepEqual(s.flag.Target.Interface(), other.flag.Target.Interface())
}

// hidden stands for what may be secret.
const hidden = "(not shown)"

// shown is the value for people to read, on one line.
func (s *setting) shown() string {
	switch v := s.shownValue().(type) {
	case nil:
		return ""
	case []any:
		texts := make([]string, len(v))
		for i := range v {
			texts[i] = inText(v[i])
		}
		return strings.Join(texts, ", ")
	default:
		return inText(v)
	}
}

// inText is a value that is no list as text.
func inText(v any) string {
	if w, ok := v.(alert.Written); ok {
		return inJSON(w)
	}
	return fmt.Sprint(v)
}

// shownValue is the value for people and programs to read: true or false, a number, a text, a list of these, or nil if there is none.
func (s *setting) shownValue() any {
	v := s.flag.Target
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	secret := s.flag.Tag.Has("secret")
	if v.Kind() != reflect.Slice {
		return one(v, secret)
	}
	list := make([]any, v.Len())
	for i := range list {
		list[i] = one(v.Index(i), secret)
	}
	return list
}

// one is a value that is no list.
func one(v reflect.Value, secret bool) any {
	x := v.Interface()
	rule, isRule := x.(alert.Rule)
	switch {
	case secret && !v.IsZero():
		return hidden
	case isRule && len(rule.Labels)+len(rule.Annotations) > 0:
		return rule.Written()
	case v.Kind() == reflect.Bool:
		return v.Bool()
	case v.Type().PkgPath() == "" && (v.CanInt() || v.CanUint() || v.CanFloat()):
		return json.Number(fmt.Sprint(x))
	}
	return masked(fmt.Sprint(x))
}

// inAddress are the parts of an address that may be secret: a user with a password, and a query.
var inAddress = regexp.MustCompile(`(://)[^/?#\s]*(@)|(\?)[^#\s]+`)

// masked hides what may be secret in an address.
func masked(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	return inAddress.ReplaceAllString(text, "${1}${3}"+hidden+"${2}")
}

// readable is the value of a variable as text. The elements of a list have commas between them.
func readable(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil():
		return ""
	case v.Kind() == reflect.Pointer:
		v = v.Elem()
	case v.Kind() == reflect.Slice:
		texts := make([]string, v.Len())
		for i := range texts {
			texts[i] = fmt.Sprint(v.Index(i).Interface())
		}
		return strings.Join(texts, ", ")
	}
	return fmt.Sprint(v.Interface())
}
