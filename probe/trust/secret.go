package trust

import (
	"errors"
	"os"
	"strings"
)

// OpenSecret reads a file that holds a token and nothing else but the end of the line.
func OpenSecret(flag, file string) (*Files[string], error) { return Open(flag, secretIn(file), file) }

// Secret reads such a file for a command that a person has typed: it may be a pipe, as in --token-file <(command), which is read
// now and not again. now reads any other file anew; if that fails, the token is what it was.
func Secret(flag, file string) (now func() string, err error) {
	f, err := openOnce(flag, secretIn(file), file)
	if err != nil {
		return nil, err
	}
	return func() string {
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			f.Reload()
		}
		return f.Value()
	}, nil
}

// secretIn makes a token of what is in a file.
func secretIn(file string) func(contents [][]byte) (string, error) {
	return func(contents [][]byte) (string, error) {
		secret := strings.TrimRight(string(contents[0]), "\r\n")
		if secret == "" {
			return "", errors.New(file + " is empty: write the token into it")
		}
		if err := ValidSecret(secret); err != nil {
			return "", errors.New(file + " holds no token: " + err.Error())
		}
		return secret, nil
	}
}

// ValidSecret refuses a token that cannot stand in a header. The error does not repeat it.
func ValidSecret(secret string) error {
	if strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("it goes into a header: write it in visible ASCII characters, without spaces")
	}
	return nil
}
