package trust

import (
	"errors"
	"strings"
)

// OpenSecret reads a file that holds a token and nothing else but the end of the line.
func OpenSecret(flag, file string) (*Files[string], error) {
	return Open(flag, func(contents [][]byte) (string, error) {
		secret := strings.TrimRight(string(contents[0]), "\r\n")
		if secret == "" {
			return "", errors.New(file + " is empty: write the token into it")
		}
		if err := ValidSecret(secret); err != nil {
			return "", errors.New(file + " holds no token: " + err.Error())
		}
		return secret, nil
	}, file)
}

// ValidSecret refuses a token that cannot stand in a header. The error does not repeat it.
func ValidSecret(secret string) error {
	if strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("it goes into a header: write it in visible ASCII characters, without spaces")
	}
	return nil
}
