package bearer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"holter/probe/trust"
)

// content is what the files with keys hold. It never changes.
type content struct {
	own []any
	set *set // of --jwt-jwks, or a set among the files of --jwt-key
}

// openFiles reads the files with keys that o names, which may be none.
func openFiles(o Options) (*trust.Files[content], error) {
	var flags []string
	if len(o.Key) > 0 {
		flags = append(flags, "--jwt-key")
	}
	paths, jwks := o.Key, o.jwksFile()
	if jwks != "" {
		flags, paths = append(flags, "--jwt-jwks"), append(slices.Clip(paths), jwks)
	}
	return trust.Open(strings.Join(flags, " and "), func(texts [][]byte) (c content, err error) {
		for i, text := range texts {
			if err := c.add(text, i == len(o.Key)); err != nil {
				return content{}, fmt.Errorf("%s: %w", paths[i], err)
			}
		}
		return c, nil
	}, paths...)
}

// add adds the keys of a file. mustBeSet is for that of --jwt-jwks.
func (c *content) add(text []byte, mustBeSet bool) error {
	keys, s, err := parseKeys(text)
	switch {
	case err != nil:
		return err
	case s != nil && c.set != nil:
		return errors.New("this is a second set of keys: write one with --jwt-jwks, and other keys with --jwt-key")
	case s == nil && mustBeSet:
		return errors.New("this is no JSON Web Key Set, which begins with {\"keys\":[: write it with --jwt-key")
	case s != nil:
		c.set = s
	}
	c.own = append(c.own, keys...)
	return nil
}

// keyFiles are the files of a guard, which takes over what is new in them.
type keyFiles struct {
	*trust.Files[content]
	guard *Guard
}

func (f keyFiles) Refresh() (changed bool, err error) {
	if changed, err = f.Files.Refresh(); changed {
		f.guard.combine()
	}
	return changed, err
}
