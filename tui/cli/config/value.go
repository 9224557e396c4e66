package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Values lets a flag's value begin with a minus sign if it is a number, and has an error say what to write.
// What a number may be is the flag's own to judge, and its answer is better than that -1s is no value.
func Values() kong.Option {
	return kong.PostBuild(func(k *kong.Kong) error {
		for _, flag := range flags(k.Model) {
			if !flag.IsBool() {
				flag.Mapper = reader{flag.Mapper}
			}
		}
		return nil
	})
}

// reader reads the value of a flag.
type reader struct{ kong.Mapper }

func (r reader) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	next := ctx.Scan.Peek()
	if read, ok := next.Value.(ruleList); ok {
		ctx.Scan.Pop()
		target.Set(reflect.ValueOf(read.rules))
		return nil
	}
	text := next.String()
	switch {
	case negative(next):
		ctx.Scan.Pop()
		ctx.Scan.PushTyped(text, kong.FlagValueToken)
	case !next.IsValue():
		return fmt.Errorf("no value follows: write %s", ctx.Value.Summary())
	}
	err := r.Mapper.Decode(ctx, target)
	if what, example := wanted(target.Type()); err != nil && what != "" {
		return fmt.Errorf("expected %s but got %.40q: write %s", what, text, example)
	}
	return err
}

// negative reports whether a token that looks like a short flag is a number.
func negative(t kong.Token) bool {
	rest, ok := strings.CutPrefix(t.String(), "-")
	return ok && t.Type == kong.UntypedToken && rest != "" && strings.IndexByte("0123456789.", rest[0]) >= 0
}

// wanted is what a value of that type looks like; nothing for a type with errors of its own.
func wanted(t reflect.Type) (what, example string) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration", "a number and its unit, such as 5s or 500ms"
	case t == reflect.TypeFor[float64]():
		return "number", "one such as 0.5"
	case t.PkgPath() == "" && t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return "whole number", "one such as 100"
	}
	return "", ""
}
