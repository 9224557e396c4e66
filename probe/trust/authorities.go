package trust

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// Authorities are whose certificates are believed.
type Authorities struct{ *Files[*x509.CertPool] }

// OpenAuthorities reads a file of PEM blocks, whose certificates are believed beside those that the system believes.
func OpenAuthorities(flag, file string) (Authorities, error) {
	f, err := Open(flag, poolIn(file, true), file)
	return Authorities{f}, err
}

// ReadAuthorities reads such a file once, for a command that a person has typed: it may be a pipe. Others are not believed then.
func ReadAuthorities(flag, file string) (Authorities, error) {
	f, err := openOnce(flag, poolIn(file, false), file)
	return Authorities{f}, err
}

// poolIn makes a set of authorities of what is in a file.
func poolIn(file string, system bool) func(contents [][]byte) (*x509.CertPool, error) {
	return func(contents [][]byte) (*x509.CertPool, error) {
		pool := x509.NewCertPool()
		if all, err := x509.SystemCertPool(); system && err == nil {
			pool = all
		}
		if !pool.AppendCertsFromPEM(contents[0]) {
			return nil, fmt.Errorf("%s has no certificate in it: write a file of PEM blocks", file)
		}
		return pool, nil
	}
}

// Within returns c with the authorities of now, and c itself if a is the zero value.
func (a Authorities) Within(c *tls.Config) *tls.Config {
	if a.Files == nil {
		return c
	}
	c = c.Clone()
	c.RootCAs = a.Value()
	return c
}
