package trust

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// Authorities are whose certificates are believed.
type Authorities struct{ *Files[*x509.CertPool] }

// OpenAuthorities reads a file of PEM blocks, whose certificates are believed and, beside them, those that the system
// believes if that is wanted.
func OpenAuthorities(flag, file string, system bool) (Authorities, error) {
	f, err := Open(flag, func(contents [][]byte) (*x509.CertPool, error) {
		pool := x509.NewCertPool()
		if all, err := x509.SystemCertPool(); system && err == nil {
			pool = all
		}
		if !pool.AppendCertsFromPEM(contents[0]) {
			return nil, fmt.Errorf("%s has no certificate in it: write a file of PEM blocks", file)
		}
		return pool, nil
	}, file)
	return Authorities{f}, err
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
